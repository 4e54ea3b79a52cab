// Where the generations of a publication live on disk, and the one rename that makes one of them the live one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace stir::transfer {

class Place {
 public:
  virtual ~Place() = default;
  // What readers open.
  virtual std::filesystem::path live() const = 0;
  // The file or folder of a generation.
  virtual std::filesystem::path Of(int64_t generation) const = 0;
  // One publisher at a time holds it.
  virtual std::filesystem::path lock() const = 0;
  // Generations on disk, ascending, finished or not.
  virtual Result<std::vector<int64_t>> Generations(Files& files) const = 0;
  // 0: nothing is live.
  virtual Result<int64_t> Live(Files& files) const = 0;
  // Gives what readers open now, if it was made by somebody else, a generation's name too: so it can be gone back to.
  virtual Status Adopt(Files&) const { return {}; }
  // Makes the generation durable, then live. Readers see the old one or this one, never none.
  virtual Status Switch(Files& files, int64_t generation) const = 0;
  virtual Status Remove(Files& files, int64_t generation) const = 0;
};

// A DuckDB file: `x.duckdb` and `x.duckdb.<generation>`.
std::unique_ptr<Place> DuckDbPlace(std::filesystem::path file);
// A folder: `generations/<generation>` and the link `current`.
std::unique_ptr<Place> FolderPlace(std::filesystem::path folder);

// Removes what is neither live nor among the newest `keep` before it. What is newer than the live one never became
// live, or was rolled back.
Status Trim(Files& files, const Place& place, int keep);
// The generations before the live one, newest first.
Result<std::vector<int64_t>> Kept(Files& files, const Place& place);

}  // namespace stir::transfer
