// What parsing left behind for the next start (docs/decisions/0006): every file with its text, what parsing it read and
// what became of it. It is trusted only where all of that is the same, so a warm start never differs from a cold one.
// It has two parts: the lists, which tell whether something has changed, and the nodes, read only by who wants them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  bool reusable = false;        // nothing uncertain was read
  Hash128 key;                  // of what was read
  std::string_view reads;       // packed Reads
  std::string_view result;      // packed: what the file gave beside its nodes
  Hash128 shape;                // of the one node that its SQL makes (ShapeOf); zeros for other files
  std::string_view patch_path;  // that node's
};

// Where the nodes of a chunk stand in the part that holds the nodes.
struct CachedChunk {
  uint64_t size = 0;
  Hash128 content;
};

struct CachedPackage {
  std::string_view folder;        // below the project's; empty for the root
  std::vector<CachedFile> files;  // by kind, then by path, as in PackageFiles
};

// Immutable; what is made of it holds views into it.
class ParseCache {
 public:
  // Gives the part that holds the nodes, when they are wanted; nothing when it cannot be read.
  using ReadNodes = std::function<std::optional<std::string>()>;

  // Null when the lists are no cache of this program: another build, cut short, damaged.
  static std::shared_ptr<const ParseCache> Open(std::string lists, std::string_view program, ReadNodes read_nodes);

  std::span<const CachedPackage> packages() const { return packages_; }
  const CachedPackage* Find(std::string_view folder) const;
  size_t files() const { return files_; }  // of all packages
  const Hash128& project_key() const { return project_key_; }
  // Of what all files together asked for, and `answers` to it (WarmStart); nothing when something was uncertain.
  std::string_view reads() const { return reads_; }
  const std::optional<Hash128>& answers() const { return answers_; }
  std::string_view project() const { return project_; }  // packed: warnings and what is said of macros
  std::string_view summary() const { return summary_; }  // of the manifest, by whoever had it parsed
  const Hash128& identity() const { return identity_; }  // equal as long as the manifest is

  // Packed nodes in chunks, still to be compared with what the lists say of them. Reads them once; null when the part
  // is not that of these lists.
  struct Chunk {
    std::string_view bytes;
    Hash128 content;
  };
  struct Chunks {
    std::vector<Chunk> enabled, disabled;
  };
  const Chunks* ReadChunks() const;

 private:
  friend class ParseCacheWriter;
  bool Read(std::string_view program);
  void CutChunks() const;

  std::string lists_;
  std::vector<CachedPackage> packages_;
  size_t files_ = 0;
  Hash128 project_key_, identity_;
  std::string_view reads_, project_, summary_;
  std::optional<Hash128> answers_;
  std::vector<CachedChunk> enabled_, disabled_;
  ReadNodes read_nodes_;
  mutable std::once_flag read_once_;
  mutable std::string nodes_;
  mutable std::optional<Chunks> chunks_;
};

using CacheSink = std::function<Status(std::string_view part)>;

// Where the parts of a cache are kept. Each replaces what was there as a whole; the nodes are written before the lists
// that describe them, and not at all when they are as they were.
struct CacheStore {
  using Write = std::function<Status(const CacheSink&)>;
  std::function<Status(const Write& write)> nodes, lists;
};

// What the lists say of the whole project.
struct CachedProject {
  Hash128 project_key, identity;
  std::string_view reads, project, summary;
  std::optional<Hash128> answers;
  std::span<const CachedChunk> enabled, disabled;
};

// Writes the lists as they are made, so that they never stand in memory as a whole. The calls come in this order:
// Begin, then for each package BeginPackage and its files, Finish.
class ParseCacheWriter {
 public:
  explicit ParseCacheWriter(const CacheSink& sink) : sink_(sink) {}

  void Begin(std::string_view program, size_t packages);
  void BeginPackage(std::string_view folder, size_t files);
  // `known`: what became of the file; its look and text are those of `file`.
  void AddFile(const ProjectFile& file, const CachedFile& known);
  // The first error of the sink, which is not called again after it.
  Status Finish(const CachedProject& project);
  // What `cache` says of the whole project.
  static CachedProject ProjectOf(const ParseCache& cache);

 private:
  void Flush();

  const CacheSink& sink_;
  Status status_;
  std::string part_;
  ContentHasher hasher_;
};

}  // namespace stir::project
