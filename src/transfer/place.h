// Where the generations of a publication live, and the one rename that makes one of them the live one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace stir::transfer {

// Held by one publisher at a time; lets go when destroyed.
class Hold {
 public:
  virtual ~Hold() = default;
};

class Place {
 public:
  virtual ~Place() = default;
  // What readers open, for people.
  virtual std::string location() const = 0;
  // kLocked while another publisher holds the place.
  virtual Result<std::unique_ptr<Hold>> Lock() = 0;
  // Generations that are there, ascending, finished or not.
  virtual Result<std::vector<int64_t>> Generations() = 0;
  // A number that no generation has had, as far as the place can tell.
  virtual Result<int64_t> Next();
  // 0: nothing is live.
  virtual Result<int64_t> Live() = 0;
  // Gives what readers open now, if it was made by somebody else, a generation's name too: so it can be gone back to.
  virtual Status Adopt() { return {}; }
  // Makes the generation durable, then live. Readers see the old one or this one, never none.
  virtual Status Switch(int64_t generation) = 0;
  virtual Status Remove(int64_t generation) = 0;
};

// Generations that are files or folders.
class DiskPlace : public Place {
 public:
  std::string location() const override { return live().string(); }
  Result<std::unique_ptr<Hold>> Lock() override;
  virtual std::filesystem::path live() const = 0;
  // The file or folder of a generation.
  virtual std::filesystem::path Of(int64_t generation) const = 0;

 protected:
  explicit DiskPlace(Files& files) : files_(files) {}
  virtual std::filesystem::path lock() const = 0;
  Files& files_;
};

// A DuckDB file: `x.duckdb` and `x.duckdb.<generation>`.
std::unique_ptr<DiskPlace> DuckDbPlace(std::filesystem::path file, Files& files);
// A folder: `generations/<generation>` and the link `current`.
std::unique_ptr<DiskPlace> FolderPlace(std::filesystem::path folder, Files& files);

// Removes what is neither live nor among the newest `keep` before it. What is newer than the live one never became
// live, or was rolled back.
Status Trim(Place& place, int keep);
// The generations before the live one, newest first.
Result<std::vector<int64_t>> Kept(Place& place);

}  // namespace stir::transfer
