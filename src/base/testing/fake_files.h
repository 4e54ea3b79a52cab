// Disks for tests: one in memory that can lose its power, and one that breaks a chosen operation of another.
#pragma once

#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/files.h"

namespace stir::test {

// A disk in memory. It keeps what a real one would keep apart: what programs see, and what survives a loss of power
// (WriteAtomic, SyncFile, and what SyncDirectory made of renames and removals). Thread safe.
class FakeFiles final : public Files {
 public:
  void Put(const fs::path& path, std::string_view bytes);  // as if written long ago
  void LosePower();                                        // what was not synced is gone; locks are released

  Result<std::string> Read(const fs::path& path) override;
  bool Exists(const fs::path& path) override;
  Result<FileStat> Stat(const fs::path& path) override;
  Status WriteAtomic(const fs::path& path, std::string_view bytes) override;
  Status Write(const fs::path& path, std::string_view bytes) override;
  Status MakeDirectories(const fs::path& path) override;
  Status Rename(const fs::path& from, const fs::path& to) override;
  Status Remove(const fs::path& path) override;
  Status SyncFile(const fs::path& path) override;
  Status SyncDirectory(const fs::path& path) override;
  Result<std::vector<WalkEntry>> Walk(const fs::path& root,
                                      const std::function<bool(std::string_view)>& enter) override;
  Result<std::unique_ptr<FileLock>> Lock(const fs::path& path) override;

 private:
  struct Content {
    std::string bytes;
    int64_t version = 0;
  };
  using Tree = std::map<std::string, Content>;
  class Held;
  void Store(Tree& tree, const fs::path& path, std::string_view bytes);
  bool HasFolder(const std::string& path) const;

  std::mutex mutex_;
  Tree seen_, durable_;  // by normalised path
  std::set<std::string> folders_;
  std::set<std::string> locked_;
  int64_t version_ = 0;
};

// Passes everything on, but the n-th change (0 is the next one) fails as if the system had said `error` (ENOSPC,
// EACCES, EIO), and so do all after it until Heal. With `before`, a callback sees the index and the name of every
// change first: the place to end the process in a kill test.
class FaultyFiles final : public Files {
 public:
  explicit FaultyFiles(Files& under) : under_(under) {}
  void FailAt(size_t change, int error);
  void Heal() { fail_at_ = kNever; }
  void OnChange(std::function<void(size_t, std::string_view)> before) { before_ = std::move(before); }
  size_t changes() const { return changes_; }

  Result<std::string> Read(const fs::path& path) override { return under_.Read(path); }
  bool Exists(const fs::path& path) override { return under_.Exists(path); }
  Result<FileStat> Stat(const fs::path& path) override { return under_.Stat(path); }
  Status WriteAtomic(const fs::path& path, std::string_view bytes) override;
  Status Write(const fs::path& path, std::string_view bytes) override;
  Status Overwrite(const fs::path& path, std::string_view bytes) override;
  Status MakeDirectories(const fs::path& path) override;
  Status Rename(const fs::path& from, const fs::path& to) override;
  Status Remove(const fs::path& path) override;
  Status SyncFile(const fs::path& path) override;
  Status SyncDirectory(const fs::path& path) override;
  Result<std::vector<WalkEntry>> Walk(const fs::path& root,
                                      const std::function<bool(std::string_view)>& enter) override {
    return under_.Walk(root, enter);
  }
  Result<std::unique_ptr<FileLock>> Lock(const fs::path& path) override { return under_.Lock(path); }

 private:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();
  Status Change(std::string_view verb, const fs::path& path);

  Files& under_;
  std::function<void(size_t, std::string_view)> before_;
  size_t changes_ = 0;
  size_t fail_at_ = kNever;
  int error_ = 0;
};

}  // namespace stir::test
