// What parsing left behind for the next start (docs/decisions/0006): every file with its text, what parsing it read and
// what became of it. It is trusted only where all of that is the same, so a warm start never differs from a cold one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/content_hasher.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/result.h"
#include "project/files.h"

namespace stir::project {

// A file as it was. Views are into the cache.
struct CachedFile {
  uint32_t number = 0;  // its place among the files of all packages
  FileKind kind = FileKind::kModel;
  std::string_view path;
  FileStat stat;
  Hash128 content;
  bool settled = false;  // older than the walk that saw it: the same stat means the same bytes
  bool checksum_is_path = false;
  std::string_view checksum, text;
  bool reusable = false;    // nothing uncertain was read
  Hash128 key;              // of what was read
  std::string_view reads;   // packed Reads
  std::string_view result;  // packed: what the file gave beside its nodes
};

struct CachedPackage {
  std::string_view folder;        // below the project's; empty for the root
  std::vector<CachedFile> files;  // by kind, then by path, as in PackageFiles
};

// Immutable; what is made of it holds views into it.
class ParseCache {
 public:
  // Null when the bytes are no cache of this program: another build, cut short, damaged.
  static std::shared_ptr<const ParseCache> Open(std::string bytes, std::string_view program);

  std::span<const CachedPackage> packages() const { return packages_; }
  const CachedPackage* Find(std::string_view folder) const;
  const Hash128& project_key() const { return project_key_; }
  std::span<const std::string_view> nodes() const { return nodes_; }        // packed, in chunks
  std::span<const std::string_view> disabled() const { return disabled_; }  // likewise
  std::string_view project() const { return project_; }  // packed: warnings and what is said of macros
  const Hash128& identity() const { return identity_; }  // equal as long as the manifest is

 private:
  bool Read(std::string_view program);

  std::string bytes_;
  std::vector<CachedPackage> packages_;
  Hash128 project_key_, identity_;
  std::vector<std::string_view> nodes_, disabled_;
  std::string_view project_;
};

// Writes a cache as it is made, so that it never stands in memory as a whole. The calls come in this order: Begin, then
// for each package BeginPackage and its files, the packed nodes, the disabled ones, Finish.
class ParseCacheWriter {
 public:
  using Sink = std::function<Status(std::string_view part)>;

  explicit ParseCacheWriter(const Sink& sink) : sink_(sink) {}

  void Begin(std::string_view program, const Hash128& project_key, size_t packages);
  void BeginPackage(std::string_view folder, size_t files);
  // `known`: what became of the file; its look and text are those of `file`.
  void AddFile(const ProjectFile& file, const CachedFile& known);
  void BeginPacks(size_t packs);  // once for the nodes, once for the disabled ones
  void AddPack(std::string_view pack);
  // The first error of the sink, which is not called again after it.
  Status Finish(std::string_view project, const Hash128& identity);

 private:
  void Flush();

  const Sink& sink_;
  Status status_;
  std::string part_;
  ContentHasher hasher_;
};

}  // namespace stir::project
