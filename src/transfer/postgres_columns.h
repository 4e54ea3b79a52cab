// PostgreSQL's columns as the engine's: what each is read as, exactly, and what the server is asked for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/feed.h"

namespace stir::transfer {

// How the bytes of a value are read.
enum class PgCodec : uint8_t {
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kDecimal,  // numeric of at most 38 digits
  kNumber,   // numeric of any size, as text
  kText,
  kJsonb,
  kBytes,
  kUuid,
  kDate,
  kTime,
  kTimeTz,
  kTimestamp,  // with and without zone
  kInterval,
  kArray,
};

// A type of pg_type, as far as it matters here.
struct PgType {
  uint32_t oid = 0;
  char kind = 'b';       // typtype: b, c, d, e, r, m, p
  uint32_t element = 0;  // of a true array, domains resolved
  int32_t element_modifier = -1;
  char element_kind = 'b';
};

struct PgColumn {
  std::string name;
  uint32_t type = 0;       // pg_type.oid
  int32_t modifier = -1;   // atttypmod
  int dimensions = 1;      // of an array, as it was declared
  std::string shown = {};  // the server's name of the type: "numeric(10,2)"
};

// A column in a binary COPY.
struct PgField {
  PgCodec codec = PgCodec::kText;
  PgCodec element = PgCodec::kText;  // arrays
  int dimensions = 0;                // arrays
  adapter::FeedType type;
  adapter::FeedType leaf;  // of an array's elements; else the type itself
  std::string cast;        // what the server applies to the column: "::text", or nothing
};

// `type` describes column.type. What has no exact counterpart is read as the server's own text.
PgField FieldOf(const PgColumn& column, const PgType& type);

// What is selected for a column. An array is followed by its text where it does not have the shape of its column.
std::string SelectOf(const PgField& field, std::string_view quoted_name);
int FieldsOf(const PgField& field);  // how many that are

// The engine's name of the type.
std::string TypeName(const adapter::FeedType& type);

}  // namespace stir::transfer
