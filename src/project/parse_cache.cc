// The cache is one blob: a head that says whose it is and what the rest hashes to, then the lists. Opening it hashes it
// once and makes views; nodes are unpacked only when they are wanted.
#include "project/parse_cache.h"

#include <algorithm>
#include <cstring>

#include "project/pack.h"

namespace stir::project {

namespace {

constexpr std::string_view kMagic = "stir parse cache 1\n";

void PutBytes(std::string& out, const void* data, size_t size) { out.append(static_cast<const char*>(data), size); }

template <Plain T>
void Put(std::string& out, T value) {
  PutBytes(out, &value, sizeof(value));
}

void Put(std::string& out, const Hash128& hash) {
  Put(out, hash.high);
  Put(out, hash.low);
}

void Put(std::string& out, std::string_view text) {
  Put(out, static_cast<uint64_t>(text.size()));
  out += text;
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <Plain T>
  T Read() {
    T value{};
    const std::string_view bytes = Take(sizeof(value));
    if (!failed_) std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
  }
  Hash128 Hash() {
    Hash128 hash;
    hash.high = Read<uint64_t>();
    hash.low = Read<uint64_t>();
    return hash;
  }
  std::string_view Text() { return Take(Read<uint64_t>()); }
  std::vector<std::string_view> Texts() {
    std::vector<std::string_view> texts;
    for (uint64_t left = Count(); left > 0 && !failed_; --left) texts.push_back(Text());
    return texts;
  }
  uint64_t Count() {
    const auto count = Read<uint64_t>();
    failed_ = failed_ || count > bytes_.size();
    return failed_ ? 0 : count;
  }
  std::string_view Take(uint64_t size) {
    if (failed_ || size > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view rest() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

CachedFile ReadFile(Cursor& in) {
  CachedFile file;
  file.kind = in.Read<FileKind>();
  file.path = in.Text();
  file.stat.size = in.Read<uint64_t>();
  file.stat.mtime_ns = in.Read<int64_t>();
  file.stat.ctime_ns = in.Read<int64_t>();
  file.stat.inode = in.Read<uint64_t>();
  file.content = in.Hash();
  file.settled = in.Read<bool>();
  file.checksum_is_path = in.Read<bool>();
  file.checksum = in.Text();
  file.text = in.Text();
  file.reusable = in.Read<bool>();
  file.key = in.Hash();
  file.reads = in.Text();
  file.result = in.Text();
  return file;
}

void WriteFile(std::string& out, const ProjectFile& file, const CacheContents::File& kept) {
  Put(out, file.kind);
  Put(out, std::string_view(file.path));
  Put(out, file.stat.size);
  Put(out, file.stat.mtime_ns);
  Put(out, file.stat.ctime_ns);
  Put(out, file.stat.inode);
  Put(out, file.content);
  Put(out, file.settled);
  Put(out, file.checksum_is_path);
  Put(out, std::string_view(file.checksum));
  Put(out, file.text);
  Put(out, kept.reusable);
  Put(out, kept.key);
  Put(out, std::string_view(kept.reads));
  Put(out, std::string_view(kept.result));
}

void PutTexts(std::string& out, std::span<const std::string> texts) {
  Put(out, static_cast<uint64_t>(texts.size()));
  for (const std::string& text : texts) Put(out, std::string_view(text));
}

}  // namespace

std::shared_ptr<const ParseCache> ParseCache::Open(std::string bytes, std::string_view program) {
  auto cache = std::make_shared<ParseCache>();
  cache->bytes_ = std::move(bytes);
  return cache->Read(program) ? cache : nullptr;
}

bool ParseCache::Read(std::string_view program) {
  Cursor in(bytes_);
  if (in.Take(kMagic.size()) != kMagic || in.Text() != program) return false;
  const Hash128 whole = in.Hash();
  if (in.failed() || ContentHash(in.rest()) != whole) return false;
  project_key_ = in.Hash();
  identity_ = in.Hash();
  uint32_t number = 0;
  for (uint64_t left = in.Count(); left > 0 && !in.failed(); --left) {
    CachedPackage& package = packages_.emplace_back();
    package.folder = in.Text();
    const uint64_t count = in.Count();
    package.files.reserve(count);
    for (uint64_t i = 0; i < count && !in.failed(); ++i) {
      package.files.push_back(ReadFile(in));
      package.files.back().number = number++;
    }
  }
  nodes_ = in.Texts();
  disabled_ = in.Texts();
  project_ = in.Text();
  return !in.failed() && in.rest().empty();
}

const CachedPackage* ParseCache::Find(std::string_view folder) const {
  auto found = std::ranges::find(packages_, folder, &CachedPackage::folder);
  return found == packages_.end() ? nullptr : &*found;
}

std::string WriteParseCache(const ProjectFiles& files, const CacheContents& contents, std::string_view program) {
  std::string body;
  Put(body, contents.project_key);
  Put(body, contents.identity);
  Put(body, static_cast<uint64_t>(files.packages.size()));
  size_t next = 0;
  for (const PackageFiles& package : files.packages) {
    Put(body, std::string_view(package.folder));
    Put(body, static_cast<uint64_t>(package.files.size()));
    for (const ProjectFile& file : package.files) WriteFile(body, file, contents.files[next++]);
  }
  PutTexts(body, contents.nodes);
  PutTexts(body, contents.disabled);
  Put(body, std::string_view(contents.project));
  std::string bytes(kMagic);
  bytes.reserve(body.size() + 256);
  Put(bytes, program);
  Put(bytes, ContentHash(body));
  bytes += body;
  return bytes;
}

}  // namespace stir::project
