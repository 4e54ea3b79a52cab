// The bytes of PostgreSQL's binary COPY to columns of the engine. A value that the engine's type cannot hold is NULL in
// its column and named in two more: which column, and the value as PostgreSQL writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/feed.h"
#include "base/result.h"
#include "transfer/postgres_columns.h"

namespace stir::transfer {

// What follows the columns in a batch: INTEGER, 0-based index of the first column that did not fit, else NULL; VARCHAR.
inline constexpr const char* kUnfit = "_stir_unfit";
inline constexpr const char* kUnfitText = "_stir_unfit_text";

// Columns `_stir_t<i>` and the two.
std::vector<adapter::FeedColumn> FeedColumnsOf(const std::vector<PgField>& fields);

// One stream after the other. Used by one thread at a time.
class PgDecoder {
 public:
  // `check_utf8`: the server does not vouch for its texts.
  explicit PgDecoder(std::vector<PgField> fields, bool check_utf8 = false);

  void BeginStream();                          // the next bytes are a COPY's first
  void BeginBatch(adapter::FeedBatch& batch);  // rows go into it from its first row on
  size_t rows() const { return row_; }         // in the batch
  size_t bytes() const { return bytes_; }      // of values in the batch
  bool full() const { return row_ == adapter::FeedBatch::kRows; }

  // The next bytes of the stream: one row and part of one at most, as servers send them. The batch must not be full.
  Status Take(std::string_view bytes);
  // Nothing is missing at the end of a stream.
  Status EndStream() const;
  int64_t unfit() const { return unfit_; }  // rows so far that have a value which did not fit

 private:
  Result<size_t> TakeFrom(std::string_view bytes);
  void DecodeRow(const char* at);
  void DecodeList(size_t index, const char* at, int32_t size);
  // False: it did not fit.
  bool DecodeArray(size_t index, const char* at, int32_t size);
  bool FillList(const PgField& field, size_t index, int level, adapter::FeedVector& into, size_t row,
                const std::vector<uint32_t>& sizes, const char*& at);
  void Refuse(size_t index, std::string text);

  std::vector<PgField> fields_;
  std::vector<std::vector<uint64_t>> list_sizes_;  // by field and level: elements in the batch so far
  bool check_utf8_;
  int expected_ = 0;                           // fields of a row
  std::vector<adapter::FeedVector*> columns_;  // of the batch
  size_t row_ = 0;
  size_t bytes_ = 0;
  int64_t unfit_ = 0;
  bool refused_ = false;  // the row that is being read
  bool header_ = true;    // comes next
  bool ended_ = false;
  std::string rest_;  // the beginning of a row whose end has not come
};

}  // namespace stir::transfer
