// The disk as an interface: whole reads, atomic writes, walks, locks. Tests inject failures (ENOSPC, EACCES, torn
// writes). Every error names the path and what the system said, and for a full disk or a read-only folder what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir {

namespace fs = std::filesystem;

struct FileStat {
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  uint64_t inode = 0;
  bool is_directory = false;
};

struct WalkEntry {
  std::string path;  // relative to the walked root, '/' separated
  FileStat stat;
};

// Releases the lock when destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Files {
 public:
  virtual ~Files() = default;
  virtual Result<std::string> Read(const fs::path& path) = 0;
  virtual bool Exists(const fs::path& path) = 0;
  virtual Result<FileStat> Stat(const fs::path& path) = 0;
  // Temporary file beside it + fsync + rename + fsync of the folder; creates parents. All or nothing, also over a
  // crash.
  virtual Status WriteAtomic(const fs::path& path, std::string_view bytes) = 0;
  // Same without fsync, for files that can be made again (target/, caches).
  virtual Status Write(const fs::path& path, std::string_view bytes) = 0;
  // The same in parts: `write` gives each to its argument as it is made, so that the whole never stands in memory.
  using PartSink = std::function<Status(std::string_view part)>;
  virtual Status WriteParts(const fs::path& path, const std::function<Status(const PartSink&)>& write);
  // In place, for files of which there are thousands and which nobody reads before the command has ended (compiled
  // SQL). What cannot be written whole is removed.
  virtual Status Overwrite(const fs::path& path, std::string_view bytes) { return Write(path, bytes); }
  virtual Status MakeDirectories(const fs::path& path) = 0;
  virtual Status Rename(const fs::path& from, const fs::path& to) = 0;  // + fsync of the folder
  virtual Status Remove(const fs::path& path) = 0;                      // a file or a whole folder; missing is fine
  virtual Status SyncFile(const fs::path& path) = 0;
  virtual Status SyncDirectory(const fs::path& path) = 0;
  // Regular files below root, sorted by path; symbolic links are followed once (loops are skipped); a missing root is
  // empty. `enter(relative_dir)` may refuse a folder.
  virtual Result<std::vector<WalkEntry>> Walk(const fs::path& root,
                                              const std::function<bool(std::string_view)>& enter = {}) = 0;
  // An exclusive advisory lock on a file created for it; fails at once, naming the holder's pid when known.
  virtual Result<std::unique_ptr<FileLock>> Lock(const fs::path& path) = 0;
};

Files& SystemFiles();

}  // namespace stir
