// The lists are one blob: a head that says whose it is, the lists, and the hash of those. Opening it hashes it once and
// makes views. The nodes are chunks one after another; the lists have the size and hash of each.
#include "project/parse_cache.h"

#include <algorithm>
#include <cstring>

#include "project/pack.h"

namespace stir::project {

namespace {

constexpr std::string_view kMagic = "stir parse cache 3\n";
constexpr size_t kPart = size_t{1} << 20;  // that much is gathered before it is written

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
  std::vector<CachedChunk> Chunks() {
    std::vector<CachedChunk> chunks;
    for (uint64_t left = Count(); left > 0 && !failed_; --left) {
      CachedChunk& chunk = chunks.emplace_back();
      chunk.size = Read<uint64_t>();
      chunk.content = Hash();
    }
    return chunks;
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
  file.shape = in.Hash();
  file.patch_path = in.Text();
  return file;
}

}  // namespace

std::shared_ptr<const ParseCache> ParseCache::Open(std::string lists, std::string_view program, ReadNodes read_nodes) {
  auto cache = std::make_shared<ParseCache>();
  cache->lists_ = std::move(lists);
  cache->read_nodes_ = std::move(read_nodes);
  return cache->Read(program) ? cache : nullptr;
}

bool ParseCache::Read(std::string_view program) {
  constexpr size_t kHash = 2 * sizeof(uint64_t);
  Cursor head(lists_);
  if (head.Take(kMagic.size()) != kMagic || head.Text() != program || head.rest().size() < kHash) return false;
  const std::string_view body = head.Take(head.rest().size() - kHash);
  if (ContentHash(body) != head.Hash()) return false;
  Cursor in(body);
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
  files_ = number;
  project_key_ = in.Hash();
  identity_ = in.Hash();
  reads_ = in.Text();
  project_ = in.Text();
  summary_ = in.Text();
  if (in.Read<bool>()) answers_ = in.Hash();
  enabled_ = in.Chunks();
  disabled_ = in.Chunks();
  return !in.failed() && in.rest().empty();
}

const CachedPackage* ParseCache::Find(std::string_view folder) const {
  auto found = std::ranges::find(packages_, folder, &CachedPackage::folder);
  return found == packages_.end() ? nullptr : &*found;
}

const ParseCache::Chunks* ParseCache::ReadChunks() const {
  std::call_once(read_once_, [this] { CutChunks(); });
  return chunks_ ? &*chunks_ : nullptr;
}

void ParseCache::CutChunks() const {
  std::optional<std::string> nodes = read_nodes_ ? read_nodes_() : std::nullopt;
  if (!nodes) return;
  nodes_ = *std::move(nodes);
  Cursor in(nodes_);
  Chunks chunks;
  for (const CachedChunk& chunk : enabled_) chunks.enabled.push_back({in.Take(chunk.size), chunk.content});
  for (const CachedChunk& chunk : disabled_) chunks.disabled.push_back({in.Take(chunk.size), chunk.content});
  if (!in.failed() && in.rest().empty()) chunks_ = std::move(chunks);
}

void ParseCacheWriter::Begin(std::string_view program, size_t packages) {
  std::string head(kMagic);
  Put(head, program);
  status_ = sink_(head);
  Put(part_, static_cast<uint64_t>(packages));
}

void ParseCacheWriter::BeginPackage(std::string_view folder, size_t files) {
  Put(part_, folder);
  Put(part_, static_cast<uint64_t>(files));
}

void ParseCacheWriter::AddFile(const ProjectFile& file, const CachedFile& known) {
  Put(part_, file.kind);
  Put(part_, std::string_view(file.path));
  Put(part_, file.stat.size);
  Put(part_, file.stat.mtime_ns);
  Put(part_, file.stat.ctime_ns);
  Put(part_, file.stat.inode);
  Put(part_, file.content);
  Put(part_, file.settled);
  Put(part_, file.checksum_is_path);
  Put(part_, std::string_view(file.checksum));
  Put(part_, file.text);
  Put(part_, known.reusable);
  Put(part_, known.key);
  Put(part_, known.reads);
  Put(part_, known.result);
  Put(part_, known.shape);
  Put(part_, known.patch_path);
  if (part_.size() >= kPart) Flush();
}

void ParseCacheWriter::Flush() {
  hasher_.Add(part_);
  if (status_.ok()) status_ = sink_(part_);
  part_.clear();
}

CachedProject ParseCacheWriter::ProjectOf(const ParseCache& cache) {
  return {cache.project_key_, cache.identity_, cache.reads_,   cache.project_,
          cache.summary_,     cache.answers_,  cache.enabled_, cache.disabled_};
}

Status ParseCacheWriter::Finish(const CachedProject& project) {
  Put(part_, project.project_key);
  Put(part_, project.identity);
  Put(part_, project.reads);
  Put(part_, project.project);
  Put(part_, project.summary);
  Put(part_, project.answers.has_value());
  if (project.answers) Put(part_, *project.answers);
  for (const std::span<const CachedChunk> chunks : {project.enabled, project.disabled}) {
    Put(part_, static_cast<uint64_t>(chunks.size()));
    for (const CachedChunk& chunk : chunks) {
      Put(part_, chunk.size);
      Put(part_, chunk.content);
    }
  }
  Flush();
  Put(part_, hasher_.Hash());
  return status_.ok() ? sink_(part_) : std::move(status_);
}

}  // namespace stir::project
