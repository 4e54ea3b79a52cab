// The engine's columns to the bytes of PostgreSQL's binary COPY, and which types go that way: the mirror image of
// postgres_decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/drain.h"
#include "transfer/postgres_columns.h"

namespace stir::transfer {

// How values of one of the engine's types are written into a column of one of PostgreSQL's.
struct PgWriting {
  PgCodec codec = PgCodec::kText;
  PgCodec element = PgCodec::kText;  // arrays
  uint32_t element_oid = 0;          // arrays
  adapter::FeedType type;            // that the encoder reads; `cast` makes it
  std::string cast;                  // the engine's type that the value is cast to; empty: it is one
};

// `type`: the engine's name of it; `typname`: pg_type's of the column, of a domain its base's. Nothing where only the
// server's own reading of a text can tell: then the rows go as text.
std::optional<PgWriting> WritingOf(std::string_view type, std::string_view typname);

// A COPY begins with kCopyHeader and ends with kCopyTrailer.
extern const std::string_view kCopyHeader;
extern const std::string_view kCopyTrailer;

class PgEncoder {
 public:
  explicit PgEncoder(std::vector<PgWriting> columns) : columns_(std::move(columns)) {}
  // The batch has these columns, in this order.
  void Append(const adapter::DrainBatch& batch, std::string& out) const;

 private:
  std::vector<PgWriting> columns_;
};

}  // namespace stir::transfer
