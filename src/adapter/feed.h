// Rows from outside of the engine that stand in a statement as a table: their maker fills the engine's own memory
// column by column, the engine takes them while the statement runs. Offered by engines that run in this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir::adapter {

// With what a FeedVector's data() is an array of.
enum class FeedKind : uint8_t {
  kBoolean,      // bool
  kSmallInt,     // int16_t
  kInteger,      // int32_t
  kBigInt,       // int64_t
  kUInteger,     // uint32_t
  kUBigInt,      // uint64_t
  kFloat,        // float
  kDouble,       // double
  kDecimal,      // the unscaled number: int16_t up to width 4, int32_t up to 9, int64_t up to 18, __int128 up to 38
  kVarchar,      // SetBytes: UTF-8, which nobody checks
  kJson,         // likewise
  kBlob,         // SetBytes
  kUuid,         // __int128: the 16 bytes as a big-endian number, its highest bit flipped
  kDate,         // int32_t: days since 1970-01-01; kDateInfinity
  kTime,         // int64_t: microseconds
  kTimeTz,       // uint64_t: microseconds << 24 | (57599 - seconds east of UTC)
  kTimestamp,    // int64_t: microseconds since 1970-01-01; kTimestampInfinity
  kTimestampTz,  // likewise, in UTC
  kInterval,     // FeedInterval
  kList,         // FeedList, into Elements()
};

inline constexpr int32_t kDateInfinity = INT32_MAX;  // its negative: -infinity; beyond: no date
inline constexpr int64_t kTimestampInfinity = INT64_MAX;

struct FeedInterval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t micros = 0;
};

struct FeedList {
  uint64_t begin = 0;  // in Elements()
  uint64_t size = 0;
};

struct FeedType {
  FeedKind kind = FeedKind::kVarchar;
  int width = 0;  // decimals
  int scale = 0;
  std::shared_ptr<const FeedType> element = {};  // lists
};

struct FeedColumn {
  std::string name;
  FeedType type;
};

// One column of a batch. Rows that nobody sets are undefined.
class FeedVector {
 public:
  virtual ~FeedVector() = default;
  void* data() const { return data_; }
  void SetNull(size_t row) {
    if (validity_ == nullptr) AddValidity();
    validity_[row / 64] &= ~(uint64_t{1} << (row % 64));
  }
  virtual void SetBytes(size_t row, std::string_view bytes) = 0;
  // Of a list: the elements of all rows, one after the other, with room for `size`. data() of it may move.
  virtual FeedVector& Elements(size_t size) = 0;

 protected:
  virtual void AddValidity() = 0;
  void* data_ = nullptr;
  uint64_t* validity_ = nullptr;
};

// Used by one thread at a time.
class FeedBatch {
 public:
  static constexpr size_t kRows = 2048;  // at most
  virtual ~FeedBatch() = default;
  virtual FeedVector& column(size_t index) = 0;
  virtual void SetRows(size_t rows) = 0;
};

// What stands in a FROM clause. Lives longer than the statements that use it.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual std::string sql() const = 0;
  virtual std::unique_ptr<FeedBatch> MakeBatch() const = 0;  // from any thread
};

// Called by a thread of the engine, one at a time, while the statement runs; null: there are no more. The words of an
// error end the statement.
using FeedSource = std::function<Result<std::unique_ptr<FeedBatch>>()>;

// A Connection that is also this offers feeds; each is for one statement.
class FeedTaker {
 public:
  virtual ~FeedTaker() = default;
  virtual Result<std::unique_ptr<Feed>> OpenFeed(std::vector<FeedColumn> columns, FeedSource source) = 0;
};

}  // namespace stir::adapter
