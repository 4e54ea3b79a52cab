// The files of stir/ as a service reads them: what is on disk, or, of a file that is wrong, its last good version. A
// wrong file never stops the others.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/files.h"
#include "engine/state_folder.h"

namespace stir::engine {

// Texts of stir/*.yml by their path below it; nullopt: as if the file were not there.
using DefinitionTexts = std::map<std::string, std::optional<std::string>>;

// A disk on which stir/ has given texts; everything else is as it is.
class DefinitionFiles final : public Files {
 public:
  DefinitionFiles(Files& disk, fs::path folder, DefinitionTexts texts)
      : disk_(disk), folder_(std::move(folder)), texts_(std::move(texts)) {}

  Result<std::string> Read(const fs::path& path) override;
  Result<std::vector<WalkEntry>> Walk(const fs::path& root,
                                      const std::function<bool(std::string_view)>& enter) override;
  bool Exists(const fs::path& path) override { return disk_.Exists(path); }
  Result<FileStat> Stat(const fs::path& path) override { return disk_.Stat(path); }
  Status WriteAtomic(const fs::path& path, std::string_view bytes) override { return disk_.WriteAtomic(path, bytes); }
  Status Write(const fs::path& path, std::string_view bytes) override { return disk_.Write(path, bytes); }
  Status WriteParts(const fs::path& path, const std::function<Status(const PartSink&)>& write) override {
    return disk_.WriteParts(path, write);
  }
  Status Overwrite(const fs::path& path, std::string_view bytes) override { return disk_.Overwrite(path, bytes); }
  Status MakeDirectories(const fs::path& path) override { return disk_.MakeDirectories(path); }
  Status Rename(const fs::path& from, const fs::path& to) override { return disk_.Rename(from, to); }
  Status Remove(const fs::path& path) override { return disk_.Remove(path); }
  Status SyncFile(const fs::path& path) override { return disk_.SyncFile(path); }
  Status SyncDirectory(const fs::path& path) override { return disk_.SyncDirectory(path); }
  Result<std::unique_ptr<FileLock>> Lock(const fs::path& path) override { return disk_.Lock(path); }

 private:
  Files& disk_;
  const fs::path folder_;
  const DefinitionTexts texts_;
};

// The last good versions, kept in .stir/definitions so that a restart has them too.
class GoodDefinitions {
 public:
  GoodDefinitions(Files& files, fs::path folder) : files_(files), folder_(std::move(folder)) {}
  Status Load();
  const DefinitionTexts& texts() const { return texts_; }
  // These are good; what is not among them is gone.
  Status Keep(const DefinitionTexts& good);

 private:
  Files& files_;
  const fs::path folder_;
  DefinitionTexts texts_;
};

// What is on disk below a folder.
Result<DefinitionTexts> ReadDefinitions(Files& files, const fs::path& folder);

// The next texts to try after `tried` was refused because of the files `blamed`: of those that differ from their last
// good version that one, else the blamed ones are left out. False: nothing is left to try.
bool StepBack(DefinitionTexts& tried, const std::vector<std::string>& blamed, const DefinitionTexts& good);

}  // namespace stir::engine
