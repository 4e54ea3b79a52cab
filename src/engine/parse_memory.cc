#include "engine/parse_memory.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/state_folder.h"

namespace stir::engine {

std::string ProgramIdentity(const Host& host) {
  const Result<FileStat> program = host.files.Stat("/proc/self/exe");
  return program.ok() ? fmt::format("{} {} {}", program->size, program->mtime_ns, program->inode) : std::string();
}

std::shared_ptr<const project::ParseCache> OpenParseCache(const Host& host, const Options& options) {
  const std::filesystem::path path = StateFolder(options.project_dir).parse_cache();
  if (!options.partial_parse || !host.files.Exists(path)) return nullptr;
  Result<std::string> bytes = host.files.Read(path);
  return bytes.ok() ? project::ParseCache::Open(*std::move(bytes), ProgramIdentity(host)) : nullptr;
}

std::shared_future<std::optional<Hash128>> KeepParseCache(
    const Host& host, const Options& options, std::function<Result<Hash128>(const project::CacheSink&)> make) {
  const StateFolder folder(options.project_dir);
  if (!MakeStateFolder(host, folder).ok()) return {};
  const auto keep = [&files = host.files, path = folder.parse_cache(), make = std::move(make)] {
    std::optional<Hash128> identity;
    const Status written = files.WriteParts(path, [&](const Files::PartSink& sink) -> Status {
      STIR_ASSIGN(identity, make(sink));
      return {};
    });
    if (written.ok()) return identity;
    static_cast<void>(files.Remove(path));
    return std::optional<Hash128>();
  };
  return std::async(std::launch::async, keep).share();
}

namespace {

// The first two lines of a note: which manifest, which file.
std::optional<std::string> HeadOf(const Host& host, const std::filesystem::path& path, const Hash128& identity) {
  const Result<FileStat> stat = host.files.Stat(path);
  if (!stat.ok()) return std::nullopt;
  return fmt::format("{} {} {} {} {}\n{}\n", ToHex(identity), stat->size, stat->mtime_ns, stat->ctime_ns, stat->inode,
                     path.string());
}

}  // namespace

std::optional<WrittenManifest> FindWritten(const Host& host, const Options& options, const std::filesystem::path& path,
                                           const Hash128& identity) {
  const std::optional<std::string> head = HeadOf(host, path, identity);
  const std::filesystem::path note = StateFolder(options.project_dir).manifest_note();
  if (!head || !host.files.Exists(note)) return std::nullopt;
  const Result<std::string> noted = host.files.Read(note);
  if (!noted.ok() || !noted->starts_with(*head)) return std::nullopt;
  WrittenManifest written;
  std::string_view rest = std::string_view(*noted).substr(head->size());
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), written.nodes);
  if (error != std::errc() || end == rest.data() + rest.size()) return std::nullopt;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  written.stats = rest;
  return written;
}

void NoteWritten(const Host& host, const Options& options, const std::filesystem::path& path, const Hash128& identity,
                 const WrittenManifest& written) {
  const StateFolder folder(options.project_dir);
  const std::optional<std::string> head = HeadOf(host, path, identity);
  if (!head || !MakeStateFolder(host, folder).ok()) return;
  static_cast<void>(
      host.files.Write(folder.manifest_note(), fmt::format("{}{}\n{}", *head, written.nodes, written.stats)));
}

}  // namespace stir::engine
