// Rows of a query as the engine holds them, column by column, for who writes them somewhere else: the counterpart of a
// feed. Offered by engines that run in this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "adapter/feed.h"
#include "base/result.h"

namespace stir::adapter {

// One column of a batch. What data() is an array of, FeedKind says; of texts and blobs it is the engine's own.
class DrainVector {
 public:
  virtual ~DrainVector() = default;
  const void* data() const { return data_; }
  bool IsNull(size_t row) const {
    return validity_ != nullptr && (validity_[row / 64] >> (row % 64) & 1) == 0;  // NOLINT: the engine's bitmap
  }
  virtual std::string_view Bytes(size_t row) const = 0;  // of a text or blob that is not NULL
  virtual const DrainVector& Elements() const = 0;       // of a list, as its FeedLists count them

 protected:
  const void* data_ = nullptr;
  const uint64_t* validity_ = nullptr;
};

// May be read by another thread than the one that drains.
class DrainBatch {
 public:
  virtual ~DrainBatch() = default;
  virtual size_t rows() const = 0;
  virtual const DrainVector& column(size_t index) const = 0;
};

// Valid until its connection is used again.
class Drain {
 public:
  virtual ~Drain() = default;
  virtual Result<std::unique_ptr<DrainBatch>> Next() = 0;  // null: there are no more
};

// A Connection that is also this gives drains.
class DrainGiver {
 public:
  virtual ~DrainGiver() = default;
  // One SELECT, computed as it is read. Its columns have these types; others are an error.
  virtual Result<std::unique_ptr<Drain>> OpenDrain(std::string_view sql, const std::vector<FeedType>& types) = 0;
};

}  // namespace stir::adapter
