#include "base/testing/fake_files.h"

#include <cerrno>

#include "base/io_error.h"
#include "base/kinds.h"

namespace stir::test {
namespace {

std::string Key(const fs::path& path) {
  std::string key = path.lexically_normal().string();
  if (key.size() > 1 && key.ends_with('/')) key.pop_back();
  return key;
}

bool IsBelow(std::string_view path, std::string_view folder) {
  return folder == "." || (path.size() > folder.size() && path.starts_with(folder) &&
                           (folder.ends_with('/') || path[folder.size()] == '/'));
}

}  // namespace

class FakeFiles::Held final : public FileLock {
 public:
  Held(FakeFiles& files, std::string key) : files_(files), key_(std::move(key)) {}
  ~Held() override {
    std::lock_guard lock(files_.mutex_);
    files_.locked_.erase(key_);
  }

 private:
  FakeFiles& files_;
  const std::string key_;
};

void FakeFiles::Store(Tree& tree, const fs::path& path, std::string_view bytes) {
  tree[Key(path)] = {std::string(bytes), ++version_};
}

bool FakeFiles::HasFolder(const std::string& path) const {
  if (folders_.contains(path)) return true;
  for (const auto& [file, content] : seen_) {
    if (IsBelow(file, path)) return true;
  }
  return false;
}

void FakeFiles::Put(const fs::path& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  Store(seen_, path, bytes);
  durable_[Key(path)] = seen_[Key(path)];
}

void FakeFiles::LosePower() {
  std::lock_guard lock(mutex_);
  seen_ = durable_;
  locked_.clear();
}

Result<std::string> FakeFiles::Read(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const auto found = seen_.find(Key(path));
  if (found == seen_.end()) return IoError("read", path, HasFolder(Key(path)) ? EISDIR : ENOENT);
  return found->second.bytes;
}

bool FakeFiles::Exists(const fs::path& path) {
  std::lock_guard lock(mutex_);
  return seen_.contains(Key(path)) || HasFolder(Key(path));
}

Result<FileStat> FakeFiles::Stat(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const auto found = seen_.find(Key(path));
  if (found != seen_.end()) {
    return FileStat{found->second.bytes.size(), found->second.version, found->second.version, 0, false};
  }
  if (!HasFolder(Key(path))) return IoError("read", path, ENOENT);
  return FileStat{0, 0, 0, 0, true};
}

Status FakeFiles::WriteAtomic(const fs::path& path, std::string_view bytes) {
  Put(path, bytes);
  return {};
}

Status FakeFiles::Write(const fs::path& path, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  Store(seen_, path, bytes);
  return {};
}

Status FakeFiles::MakeDirectories(const fs::path& path) {
  std::lock_guard lock(mutex_);
  if (seen_.contains(Key(path))) return IoError("create", path, ENOTDIR);
  folders_.insert(Key(path));
  return {};
}

Status FakeFiles::Rename(const fs::path& from, const fs::path& to) {
  std::lock_guard lock(mutex_);
  const std::string old_name = Key(from), new_name = Key(to);
  if (!seen_.contains(old_name) && !HasFolder(old_name)) return IoError("rename", from, ENOENT);
  for (Tree* tree : {&seen_, &durable_}) {
    Tree moved;
    for (const auto& [path, content] : *tree) {
      const bool inside = path == old_name || IsBelow(path, old_name);
      moved[inside ? new_name + path.substr(old_name.size()) : path] = content;
    }
    *tree = std::move(moved);
  }
  if (folders_.erase(old_name) > 0) folders_.insert(new_name);
  return {};
}

Status FakeFiles::Remove(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const std::string key = Key(path);
  std::erase_if(seen_, [&](const auto& each) { return each.first == key || IsBelow(each.first, key); });
  std::erase_if(folders_, [&](const std::string& each) { return each == key || IsBelow(each, key); });
  return {};
}

Status FakeFiles::SyncFile(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const auto found = seen_.find(Key(path));
  if (found == seen_.end()) return IoError("sync", path, ENOENT);
  durable_[found->first] = found->second;
  return {};
}

Status FakeFiles::SyncDirectory(const fs::path& path) {
  std::lock_guard lock(mutex_);
  const std::string key = Key(path);
  std::erase_if(durable_, [&](const auto& each) { return IsBelow(each.first, key) && !seen_.contains(each.first); });
  return {};
}

Result<std::vector<WalkEntry>> FakeFiles::Walk(const fs::path& root,
                                               const std::function<bool(std::string_view)>& enter) {
  std::lock_guard lock(mutex_);
  const std::string key = Key(root);
  std::vector<WalkEntry> found;
  for (const auto& [path, content] : seen_) {
    if (!IsBelow(path, key)) continue;
    const std::string relative = key == "." ? path : path.substr(key.size() + (key.ends_with('/') ? 0 : 1));
    bool entered = true;
    for (size_t slash = relative.find('/'); enter && entered && slash != std::string::npos;
         slash = relative.find('/', slash + 1)) {
      entered = enter(std::string_view(relative).substr(0, slash));
    }
    if (entered) found.push_back({relative, {content.bytes.size(), content.version, content.version, 0, false}});
  }
  return found;
}

Result<std::unique_ptr<FileLock>> FakeFiles::Lock(const fs::path& path) {
  std::lock_guard lock(mutex_);
  if (!locked_.insert(Key(path)).second)
    return Diagnostic(kLocked, "`" + path.string() + "` is held by another process");
  return std::unique_ptr<FileLock>(std::make_unique<Held>(*this, Key(path)));
}

void FaultyFiles::FailAt(size_t change, int error) {
  fail_at_ = changes_ + change;
  error_ = error;
}

Status FaultyFiles::Change(std::string_view verb, const fs::path& path) {
  const size_t index = changes_++;
  if (before_) before_(index, verb);
  if (index >= fail_at_) return IoError(verb, path, error_);
  return {};
}

Status FaultyFiles::WriteAtomic(const fs::path& path, std::string_view bytes) {
  STIR_TRY(Change("write", path));
  return under_.WriteAtomic(path, bytes);
}

Status FaultyFiles::Write(const fs::path& path, std::string_view bytes) {
  STIR_TRY(Change("write", path));
  return under_.Write(path, bytes);
}

Status FaultyFiles::Overwrite(const fs::path& path, std::string_view bytes) {
  STIR_TRY(Change("write", path));
  return under_.Overwrite(path, bytes);
}

Status FaultyFiles::MakeDirectories(const fs::path& path) {
  STIR_TRY(Change("create", path));
  return under_.MakeDirectories(path);
}

Status FaultyFiles::Rename(const fs::path& from, const fs::path& to) {
  STIR_TRY(Change("rename", from));
  return under_.Rename(from, to);
}

Status FaultyFiles::Remove(const fs::path& path) {
  STIR_TRY(Change("remove", path));
  return under_.Remove(path);
}

Status FaultyFiles::SyncFile(const fs::path& path) {
  STIR_TRY(Change("sync", path));
  return under_.SyncFile(path);
}

Status FaultyFiles::SyncDirectory(const fs::path& path) {
  STIR_TRY(Change("sync", path));
  return under_.SyncDirectory(path);
}

}  // namespace stir::test
