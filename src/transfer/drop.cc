// Finding files and looking at their first and last bytes.
#include "transfer/drop.h"

#include <fmt/format.h>
#include <xxhash.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <span>

#include "base/process.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "transfer/kinds.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;

bool HasWildcard(std::string_view segment) { return segment.find_first_of("*?[") != std::string_view::npos; }

bool MatchesSegments(std::span<const std::string_view> name, std::span<const std::string_view> pattern) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == "**") {
    for (size_t skip = 0; skip <= name.size(); ++skip) {
      if (MatchesSegments(name.subspan(skip), pattern.subspan(1))) return true;
    }
    return false;
  }
  return !name.empty() && MatchesGlob(name.front(), pattern.front()) &&
         MatchesSegments(name.subspan(1), pattern.subspan(1));
}

// The folders of the pattern before its first wildcard: only they are walked.
std::string FixedFolder(std::string_view pattern) {
  std::string folder;
  const auto segments = Split(pattern, '/');
  for (size_t i = 0; i + 1 < segments.size() && !HasWildcard(segments[i]); ++i) {
    if (!folder.empty()) folder.push_back('/');
    folder += segments[i];
  }
  return folder;
}

std::string MissingHint(Files& files, const stdfs::path& root, const std::string& folder) {
  if (!files.Exists(root)) return fmt::format("the folder `{}` of the connection does not exist", root.string());
  if (!files.Exists(root / folder)) return fmt::format("there is no folder `{}` below `{}`", folder, root.string());
  auto walked = files.Walk(root / folder);
  if (!walked.ok() || walked->empty()) return fmt::format("the folder `{}` is empty", (root / folder).string());
  std::vector<std::string> names;
  for (const WalkEntry& entry : *walked) {
    if (names.size() == 3) break;
    names.push_back(entry.path);
  }
  return fmt::format("`{}` holds {} file(s): {}{}", (root / folder).string(), walked->size(), Join(names, ", "),
                     walked->size() > names.size() ? ", ..." : "");
}

struct Ends {
  std::string head;  // up to 64 KiB
  std::string tail;  // the last 4 bytes
};

Result<Ends> ReadEnds(const DropFile& file) {
  constexpr uint64_t kHead = 64 * 1024;
  std::ifstream in(file.path, std::ios::binary);
  Ends ends{.head = std::string(std::min(file.size, kHead), '\0'),
            .tail = std::string(std::min<uint64_t>(file.size, 4), '\0')};
  in.read(ends.head.data(), static_cast<std::streamsize>(ends.head.size()));
  in.seekg(static_cast<std::streamoff>(file.size - ends.tail.size()));
  in.read(ends.tail.data(), static_cast<std::streamsize>(ends.tail.size()));
  if (!in) {
    return Diagnostic(kDropUnreadable, fmt::format("`{}` could not be read", file.name))
        .Hint("check that the file still exists and that its permissions let you read it");
  }
  return ends;
}

Diagnostic HalfWritten(const DropFile& file, std::string_view seen) {
  return Diagnostic(kDropHalfWritten, fmt::format("`{}` is half written: {}", file.name, seen))
      .Hint("write a drop under another name and rename it when it is complete; then run this again");
}

Status CheckParquet(const DropFile& file, const Ends& ends) {
  constexpr std::string_view kMagic = "PAR1";
  if (!ends.head.starts_with(kMagic)) {
    return Diagnostic(kDropUnreadable, fmt::format("`{}` is not a Parquet file", file.name))
        .Hint("set `format` to what the file is: parquet, csv or jsonl");
  }
  if (ends.tail != kMagic || file.size < 12)
    return HalfWritten(file, "its end, where a Parquet file lists its columns, is missing");
  return {};
}

// gzip's own program reads the whole file and its checksum; the engine stops at the cut without a word.
Status CheckGzip(const DropFile& file) {
  std::string said;
  const ProcessSpec spec{.argv = {"gzip", "-t", file.path.string()}, .directory = {}, .environment = {}, .input = {}};
  STIR_ASSIGN(const ProcessResult result, RunProcess(spec, [&](Stream, std::string_view line) { said = line; }));
  if (result.end == ProcessResult::End::kExited && result.code == 0) return {};
  return HalfWritten(file, said.empty() ? "its compressed data are cut off" : said.substr(said.rfind(": ") + 2));
}

// The first byte that is not UTF-8.
std::optional<size_t> FirstBadByte(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    if (!point.valid) return at;
    at += point.length;
  }
  return std::nullopt;
}

Status CheckEncoding(const DropFile& file, std::string_view head) {
  const bool utf16 = head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF");
  if (utf16 || (head.size() > 3 && head[1] == '\0' && head[3] == '\0')) {
    return Diagnostic(kDropEncoding, fmt::format("`{}` is encoded in UTF-16, not in UTF-8", file.name))
        .Hint("have it written in UTF-8");
  }
  const auto bad = FirstBadByte(head);
  constexpr size_t kLongestCharacter = 4;
  const bool is_sample = head.size() < file.size;
  if (!bad || (is_sample && *bad + kLongestCharacter > head.size())) return {};  // a sample may cut a character
  const auto line = 1 + std::count(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(*bad), '\n');
  return Diagnostic(kDropEncoding, fmt::format("`{}` is not UTF-8: line {} has the byte 0x{:02X}", file.name, line,
                                               static_cast<unsigned char>(head[*bad])))
      .Hint("if it is Latin-1, say so: `options: {encoding: latin-1}`; else have it written in UTF-8");
}

Status CheckFile(const DropFile& file, platform::Format format, std::string_view encoding) {
  if (file.size == 0) {
    return Diagnostic(kDropEmpty, fmt::format("`{}` is empty (0 bytes)", file.name))
        .Hint("a drop without rows still has its header or its schema; this one was probably never written");
  }
  STIR_ASSIGN(const Ends ends, ReadEnds(file));
  if (format == platform::Format::kParquet) return CheckParquet(file, ends);
  if (ends.head.starts_with("\x1F\x8B")) return CheckGzip(file);
  if (ends.head.starts_with("PAR1")) {
    return Diagnostic(kDropUnreadable, fmt::format("`{}` is a Parquet file", file.name)).Hint("set `format: parquet`");
  }
  if (encoding == "utf-8" && !IsCompressed(file)) return CheckEncoding(file, ends.head);
  return {};
}

}  // namespace

bool MatchesPath(std::string_view name, std::string_view pattern) {
  const auto names = Split(name, '/');
  const auto patterns = Split(pattern, '/');
  return MatchesSegments(names, patterns);
}

Result<std::vector<DropFile>> FindDrop(Files& files, const stdfs::path& root,
                                       const platform::Placed<std::string>& pattern) {
  const std::string folder = FixedFolder(*pattern);
  STIR_ASSIGN(const auto walked, files.Walk(root / folder));
  std::vector<DropFile> drop;
  for (const WalkEntry& entry : walked) {
    const std::string name = folder.empty() ? entry.path : fmt::format("{}/{}", folder, entry.path);
    if (!MatchesPath(name, *pattern)) continue;
    drop.push_back({.name = name,
                    .path = stdfs::absolute(root / name).lexically_normal(),
                    .size = entry.stat.size,
                    .mtime_ns = entry.stat.mtime_ns,
                    .hash = {}});
  }
  std::ranges::sort(drop, {}, &DropFile::name);
  if (!drop.empty()) return drop;
  return Diagnostic(kDropMissing, fmt::format("no file fits `{}`", *pattern), pattern.span)
      .Hint(MissingHint(files, root, folder));
}

Status HashFiles(std::vector<DropFile>& drop) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  std::vector<char> buffer(1 << 20);
  for (DropFile& file : drop) {
    XXH3_128bits_reset(state.get());
    std::ifstream in(file.path, std::ios::binary);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
      XXH3_128bits_update(state.get(), buffer.data(), static_cast<size_t>(in.gcount()));
    }
    if (in.bad() || !in.eof()) return Diagnostic(kDropUnreadable, fmt::format("`{}` could not be read", file.name));
    const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
    file.hash = fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  }
  return {};
}

Status CheckDrop(const std::vector<DropFile>& drop, platform::Format format, std::string_view encoding) {
  Diagnostics errors;
  for (const DropFile& file : drop) {
    if (auto checked = CheckFile(file, format, encoding); !checked.ok()) Append(errors, std::move(checked).error());
  }
  return StatusOf(std::move(errors));
}

Status CheckUnchanged(Files& files, const std::vector<DropFile>& drop) {
  for (const DropFile& file : drop) {
    const auto stat = files.Stat(file.path);
    if (stat.ok() && stat->size == file.size && stat->mtime_ns == file.mtime_ns) continue;
    return Diagnostic(kDropChanged,
                      fmt::format("`{}` {} while it was read", file.name, stat.ok() ? "changed" : "vanished"))
        .Hint("nothing was loaded; run this again when the drop is complete");
  }
  return {};
}

bool IsCompressed(const DropFile& file) {
  const std::string extension = file.path.extension().string();
  return extension == ".gz" || extension == ".zst";
}

bool EndsInNewline(const DropFile& file) {
  std::ifstream in(file.path, std::ios::binary);
  in.seekg(-1, std::ios::end);
  return in.get() == '\n';
}

}  // namespace stir::transfer
