// Generations on disk.
#include "transfer/place.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/kinds.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;

std::optional<int64_t> NumberOf(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

Diagnostic DiskError(const stdfs::path& path, std::string_view doing, const std::error_code& error) {
  const bool full = error == std::errc::no_space_on_device;
  return Diagnostic(full ? kDiskFull : kFileUnwritable,
                    fmt::format("`{}` could not be {}: {}", path.string(), doing, error.message()))
      .Hint(full ? "make room on the disk" : "check that the folder can be written to");
}

// The names in a folder; none when there is no folder.
Result<std::vector<std::string>> EntriesOf(const stdfs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (stdfs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) return DiskError(folder, "listed", error);
  return names;
}

class FileHold final : public Hold {
 public:
  explicit FileHold(std::unique_ptr<FileLock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<FileLock> lock_;
};

class DuckDbFile final : public DiskPlace {
 public:
  DuckDbFile(stdfs::path file, Files& files) : DiskPlace(files), file_(std::move(file)) {}

  stdfs::path live() const override { return file_; }
  stdfs::path Of(int64_t generation) const override { return fmt::format("{}.{}", file_.string(), generation); }
  stdfs::path lock() const override { return file_.string() + ".lock"; }

  Result<std::vector<int64_t>> Generations() override {
    STIR_ASSIGN(const auto names, EntriesOf(file_.parent_path()));
    const std::string prefix = file_.filename().string() + ".";
    std::vector<int64_t> out;
    for (const std::string& name : names) {
      if (!name.starts_with(prefix)) continue;
      if (const auto number = NumberOf(std::string_view(name).substr(prefix.size()))) out.push_back(*number);
    }
    std::ranges::sort(out);
    return out;
  }

  // The generation whose file the live name is another name of.
  Result<int64_t> Live() override {
    if (!files_.Exists(file_)) return int64_t{0};
    STIR_ASSIGN(const auto generations, Generations());
    std::error_code error;
    for (int64_t generation : generations) {
      if (stdfs::equivalent(file_, Of(generation), error) && !error) return generation;
    }
    return int64_t{0};
  }

  Status Adopt() override {
    STIR_ASSIGN(const int64_t known, Live());
    if (known > 0 || !files_.Exists(file_)) return {};
    STIR_ASSIGN(const auto generations, Generations());
    const stdfs::path name = Of(generations.empty() ? 1 : generations.back() + 1);
    std::error_code error;
    stdfs::create_hard_link(file_, name, error);
    return error ? Status(DiskError(name, "linked", error)) : Status();
  }

  Status Switch(int64_t generation) override {
    STIR_TRY(files_.SyncFile(Of(generation)));
    const stdfs::path next = file_.string() + ".next";
    STIR_TRY(files_.Remove(next));
    std::error_code error;
    stdfs::create_hard_link(Of(generation), next, error);
    if (error) return DiskError(next, "linked", error);
    STIR_TRY(files_.SyncDirectory(file_.parent_path()));
    STIR_TRY(files_.Rename(next, file_));
    // rename() of two names of one file does nothing, and leaves both.
    return files_.Remove(next);
  }

  Status Remove(int64_t generation) override {
    STIR_TRY(files_.Remove(Of(generation).string() + ".wal"));
    return files_.Remove(Of(generation));
  }

 private:
  stdfs::path file_;
};

class Folder final : public DiskPlace {
 public:
  Folder(stdfs::path folder, Files& files) : DiskPlace(files), folder_(std::move(folder)) {}

  stdfs::path live() const override { return folder_ / "current"; }
  stdfs::path Of(int64_t generation) const override { return folder_ / "generations" / std::to_string(generation); }
  stdfs::path lock() const override { return folder_ / ".lock"; }

  Result<std::vector<int64_t>> Generations() override {
    STIR_ASSIGN(const auto names, EntriesOf(folder_ / "generations"));
    std::vector<int64_t> out;
    for (const std::string& name : names) {
      if (const auto number = NumberOf(name)) out.push_back(*number);
    }
    std::ranges::sort(out);
    return out;
  }

  Result<int64_t> Live() override {
    std::error_code error;
    const stdfs::path target = stdfs::read_symlink(live(), error);
    if (error) return int64_t{0};
    return NumberOf(target.filename().string()).value_or(0);
  }

  Status Switch(int64_t generation) override {
    STIR_TRY(SyncTree(Of(generation)));
    const stdfs::path next = folder_ / ".current.next";
    STIR_TRY(files_.Remove(next));
    std::error_code error;
    stdfs::create_directory_symlink(stdfs::path("generations") / std::to_string(generation), next, error);
    if (error) return DiskError(next, "linked", error);
    return files_.Rename(next, live());
  }

  Status Remove(int64_t generation) override { return files_.Remove(Of(generation)); }

 private:
  Status SyncTree(const stdfs::path& root) {
    std::error_code error;
    for (stdfs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
      STIR_TRY(it->is_directory() ? files_.SyncDirectory(it->path()) : files_.SyncFile(it->path()));
    }
    if (error) return DiskError(root, "synced", error);
    STIR_TRY(files_.SyncDirectory(root));
    return files_.SyncDirectory(root.parent_path());
  }

  stdfs::path folder_;
};

}  // namespace

Result<std::unique_ptr<Hold>> DiskPlace::Lock() {
  STIR_TRY(files_.MakeDirectories(lock().parent_path()));
  STIR_ASSIGN(auto held, files_.Lock(lock()));
  return std::unique_ptr<Hold>(std::make_unique<FileHold>(std::move(held)));
}

Result<int64_t> Place::Next() {
  STIR_ASSIGN(const int64_t live, Live());
  STIR_ASSIGN(const auto generations, Generations());
  return std::max(live, generations.empty() ? 0 : generations.back()) + 1;
}

std::unique_ptr<DiskPlace> DuckDbPlace(stdfs::path file, Files& files) {
  return std::make_unique<DuckDbFile>(std::move(file), files);
}

std::unique_ptr<DiskPlace> FolderPlace(stdfs::path folder, Files& files) {
  return std::make_unique<Folder>(std::move(folder), files);
}

Result<std::vector<int64_t>> Kept(Place& place) {
  STIR_ASSIGN(const int64_t live, place.Live());
  STIR_ASSIGN(auto generations, place.Generations());
  std::erase_if(generations, [&](int64_t generation) { return generation >= live; });
  std::ranges::reverse(generations);
  return generations;
}

Status Trim(Place& place, int keep) {
  STIR_ASSIGN(const int64_t live, place.Live());
  STIR_ASSIGN(const auto generations, place.Generations());
  STIR_ASSIGN(const auto kept, Kept(place));
  const size_t count = std::min(kept.size(), static_cast<size_t>(std::max(keep, 0)));
  for (int64_t generation : generations) {
    const bool stays = generation == live || std::find(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count),
                                                       generation) != kept.begin() + static_cast<std::ptrdiff_t>(count);
    if (!stays) STIR_TRY(place.Remove(generation));
  }
  return {};
}

}  // namespace stir::transfer
