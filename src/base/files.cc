// The disk through POSIX calls, because an error is only as good as its errno.
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>

#include "base/digest.h"
#include "base/io_error.h"
#include "base/kinds.h"
#include "base/parallel.h"
#include "base/strings.h"

namespace stir {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  // Closing can be the call that reports a full disk (network file systems).
  bool Close() { return close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

fs::path FolderOf(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

FileStat StatOf(const struct stat& s) {
  const auto nanoseconds = [](const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return {static_cast<uint64_t>(s.st_size), nanoseconds(s.st_mtim), nanoseconds(s.st_ctim), s.st_ino,
          S_ISDIR(s.st_mode)};
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Status SyncPath(const fs::path& path, int flags) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!fd.ok() || fsync(fd.get()) != 0) return IoError("sync", path, errno);
  return {};
}

// Creates what is missing, outermost first. With `sync`, each new folder's entry is on disk before this returns.
Status CreateFolders(const fs::path& path, bool sync) {
  if (path.empty() || mkdir(path.c_str(), 0777) == 0)
    return sync && !path.empty() ? SyncPath(FolderOf(path), O_DIRECTORY) : Status();
  const int error = errno;
  if (error == ENOENT && path.has_relative_path() && path.parent_path() != path) {
    STIR_TRY(CreateFolders(path.parent_path(), sync));
    if (mkdir(path.c_str(), 0777) == 0) return sync ? SyncPath(FolderOf(path), O_DIRECTORY) : Status();
    if (errno != EEXIST) return IoError("create", path, errno);
    return {};
  }
  struct stat s;
  if (error == EEXIST && stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) return {};
  return IoError("create", path, error == EEXIST ? ENOTDIR : error);
}

// A new file beside `path` that nobody else has; creates parents when there are none.
Result<int> OpenTemporary(const fs::path& path, fs::path& temporary, bool sync) {
  for (bool created_parents = false;;) {
    temporary = FolderOf(path) / fmt::format(".{}.{}.tmp", path.filename().string(), RandomUuid().substr(0, 8));
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno == EEXIST) continue;
    if (errno != ENOENT || created_parents) return IoError("write", path, errno);
    STIR_TRY(CreateFolders(FolderOf(path), sync));
    created_parents = true;
  }
}

Status ReplaceInParts(const fs::path& path, const std::function<Status(const Files::PartSink&)>& write, bool sync) {
  fs::path temporary;
  STIR_ASSIGN(const int raw, OpenTemporary(path, temporary, sync));
  Fd fd(raw);
  Status made = write([&](std::string_view part) -> Status {
    if (WriteAll(fd.get(), part)) return {};
    return IoError("write", path, errno);
  });
  const bool replaced =
      made.ok() && (!sync || fsync(fd.get()) == 0) && fd.Close() && rename(temporary.c_str(), path.c_str()) == 0;
  if (!replaced) {
    const int error = errno;
    unlink(temporary.c_str());
    if (!made.ok()) return made;
    return IoError("write", path, error);
  }
  return sync ? SyncPath(FolderOf(path), O_DIRECTORY) : Status();
}

Status Replace(const fs::path& path, std::string_view bytes, bool sync) {
  return ReplaceInParts(path, [&](const Files::PartSink& sink) { return sink(bytes); }, sync);
}

// The open file; creates parents when there are none.
Result<int> OpenToOverwrite(const fs::path& path) {
  for (bool created_parents = false;; created_parents = true) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != ENOENT || created_parents) return IoError("write", path, errno);
    STIR_TRY(CreateFolders(FolderOf(path), false));
  }
}

// Walks one tree. A link to a folder is followed unless it leads to one that was seen before, so no loop is endless.
class Walker {
 public:
  Walker(const fs::path& root, const std::function<bool(std::string_view)>& enter) : root_(root), enter_(enter) {}

  Result<std::vector<WalkEntry>> Run() {
    struct stat s;
    if (stat(root_.c_str(), &s) != 0) {
      if (errno == ENOENT) return std::vector<WalkEntry>();
      return IoError("read", root_, errno);
    }
    seen_.emplace(s.st_dev, s.st_ino);
    STIR_TRY(Visit(""));
    std::sort(found_.begin(), found_.end(), [](const WalkEntry& a, const WalkEntry& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  Status Visit(const std::string& relative) {
    const fs::path folder = relative.empty() ? root_ : root_ / relative;
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    if (dir == nullptr) return IoError("read", folder, errno);
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* entry = readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") entries.push_back({.name = std::string(name)});
      errno = 0;
    }
    if (errno != 0) return IoError("read", folder, errno);
    ParallelFor(
        entries.size(), [&](size_t i) { entries[i].Look(dirfd(dir.get())); }, entries.size() < kManyEntries ? 1 : 0);
    dir.reset();
    std::vector<std::string> folders;
    for (Entry& entry : entries) {
      if (entry.there)
        Note(entry, relative.empty() ? std::move(entry.name) : fmt::format("{}/{}", relative, entry.name), folders);
    }
    std::sort(folders.begin(), folders.end());
    for (const std::string& each : folders) STIR_TRY(Visit(each));
    return {};
  }

  // What vanished meanwhile and dangling links are not there.
  struct Entry {
    std::string name;
    struct stat stat = {};
    bool there = false, link = false;

    void Look(int parent) {
      there = fstatat(parent, name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) == 0;
      link = there && S_ISLNK(stat.st_mode);
      if (link) there = fstatat(parent, name.c_str(), &stat, 0) == 0;
    }
  };
  static constexpr size_t kManyEntries = 256;  // of one folder: worth a second thread

  // Files are kept, folders put aside.
  void Note(const Entry& entry, std::string relative, std::vector<std::string>& folders) {
    if (S_ISREG(entry.stat.st_mode)) {
      found_.push_back({std::move(relative), StatOf(entry.stat)});
    } else if (S_ISDIR(entry.stat.st_mode)) {
      const bool fresh = seen_.emplace(entry.stat.st_dev, entry.stat.st_ino).second;
      if ((fresh || !entry.link) && (!enter_ || enter_(relative))) folders.push_back(std::move(relative));
    }
  }

  const fs::path& root_;
  const std::function<bool(std::string_view)>& enter_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::vector<WalkEntry> found_;
};

// Its file goes with it, while it is still held: who waits for the name finds another file, and looks again.
class SystemLock final : public FileLock {
 public:
  SystemLock(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}
  SystemLock(const SystemLock&) = delete;
  SystemLock& operator=(const SystemLock&) = delete;
  ~SystemLock() override {
    if (held_) unlink(path_.c_str());
  }

  bool Hold() { return held_ = flock(fd_.get(), LOCK_EX | LOCK_NB) == 0; }
  // Whether the name still leads to the file that is held.
  bool IsNamed() const {
    struct stat held, named;
    return fstat(fd_.get(), &held) == 0 && stat(path_.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
  }
  void Forget() { held_ = false; }

 private:
  const Fd fd_;
  const fs::path path_;
  bool held_ = false;
};

// Who wrote its pid into a lock file, in words; empty when it cannot be told.
std::string HolderOf(int fd) {
  char buffer[32];
  const ssize_t size = pread(fd, buffer, sizeof buffer, 0);
  long pid = 0;
  if (size <= 0 || std::from_chars(buffer, buffer + size, pid).ec != std::errc()) return {};
  Fd comm(open(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC));
  char name[64];
  const ssize_t length = comm.ok() ? read(comm.get(), name, sizeof name) : 0;
  if (length <= 0) return fmt::format("process {}", pid);
  return fmt::format("process {} (`{}`)", pid, Strip({name, static_cast<size_t>(length)}));
}

class OsFiles final : public Files {
 public:
  Result<std::string> Read(const fs::path& path) override {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat s;
    if (!fd.ok() || fstat(fd.get(), &s) != 0) return IoError("read", path, errno);
    if (S_ISDIR(s.st_mode)) return IoError("read", path, EISDIR);
    std::string bytes;
    // One byte more than the size: the read that fills a regular file's bytes also finds its end. They are not zeroed.
    bytes.resize_and_overwrite(static_cast<size_t>(s.st_size) + 1, [](char*, size_t size) { return size; });
    for (size_t filled = 0;;) {
      const ssize_t count = read(fd.get(), bytes.data() + filled, bytes.size() - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return IoError("read", path, errno);
      filled += static_cast<size_t>(count);
      const bool whole = S_ISREG(s.st_mode) && s.st_size > 0 && filled == static_cast<size_t>(s.st_size);
      if (count == 0 || whole) {
        bytes.resize(filled);
        return bytes;
      }
      if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    }
  }

  bool Exists(const fs::path& path) override { return access(path.c_str(), F_OK) == 0; }

  Result<FileStat> Stat(const fs::path& path) override {
    struct stat s;
    if (stat(path.c_str(), &s) != 0) return IoError("read", path, errno);
    return StatOf(s);
  }

  Status WriteAtomic(const fs::path& path, std::string_view bytes) override { return Replace(path, bytes, true); }
  Status Write(const fs::path& path, std::string_view bytes) override { return Replace(path, bytes, false); }
  Status WriteParts(const fs::path& path, const std::function<Status(const PartSink&)>& write) override {
    return ReplaceInParts(path, write, false);
  }
  Status Overwrite(const fs::path& path, std::string_view bytes) override {
    STIR_ASSIGN(const int raw, OpenToOverwrite(path));
    Fd fd(raw);
    if (WriteAll(fd.get(), bytes) && fd.Close()) return {};
    const int error = errno;
    unlink(path.c_str());
    return IoError("write", path, error);
  }
  Status MakeDirectories(const fs::path& path) override { return CreateFolders(path, false); }

  Status Rename(const fs::path& from, const fs::path& to) override {
    if (rename(from.c_str(), to.c_str()) != 0) return IoError("rename", from, errno);
    STIR_TRY(SyncDirectory(FolderOf(to)));
    return FolderOf(from) == FolderOf(to) ? Status() : SyncDirectory(FolderOf(from));
  }

  Status Remove(const fs::path& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return IoError("remove", path, error.value());
    return {};
  }

  Status SyncFile(const fs::path& path) override { return SyncPath(path, 0); }
  Status SyncDirectory(const fs::path& path) override { return SyncPath(path, O_DIRECTORY); }

  Result<std::vector<WalkEntry>> Walk(const fs::path& root,
                                      const std::function<bool(std::string_view)>& enter) override {
    return Walker(root, enter).Run();
  }

  Result<std::unique_ptr<FileLock>> Lock(const fs::path& path) override {
    STIR_TRY(CreateFolders(FolderOf(path), false));
    while (true) {
      const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
      if (fd < 0) return IoError("lock", path, errno);
      auto lock = std::make_unique<SystemLock>(fd, path);
      if (!lock->Hold()) {
        if (errno != EWOULDBLOCK) return IoError("lock", path, errno);
        const std::string holder = HolderOf(fd);
        return Diagnostic(kLocked,
                          fmt::format("`{}` is held by {}", path.string(), holder.empty() ? "another process" : holder))
            .Hint("wait until it has finished, or end it");
      }
      if (!lock->IsNamed()) {
        lock->Forget();  // the name is somebody else's now
        continue;
      }
      const std::string pid = fmt::format("{}\n", getpid());
      if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) return IoError("lock", path, errno);
      return std::unique_ptr<FileLock>(std::move(lock));
    }
  }
};

}  // namespace

Status Files::WriteParts(const fs::path& path, const std::function<Status(const PartSink&)>& write) {
  std::string whole;
  STIR_TRY(write([&](std::string_view part) {
    whole += part;
    return Status();
  }));
  return Write(path, whole);
}

Files& SystemFiles() {
  static OsFiles files;
  return files;
}

}  // namespace stir
