// The table of types.
#include "transfer/postgres_columns.h"

#include <fmt/format.h>
#include <algorithm>
#include <memory>

namespace stir::transfer {
namespace {

using adapter::FeedKind;
using adapter::FeedType;

constexpr uint32_t kNumericOid = 1700;
constexpr int kMaxDigits = 38;

struct KnownType {
  uint32_t oid;
  PgCodec codec;
  FeedKind kind;
};

constexpr KnownType kKnownTypes[] = {
    {16, PgCodec::kBool, FeedKind::kBoolean},
    {17, PgCodec::kBytes, FeedKind::kBlob},
    {19, PgCodec::kText, FeedKind::kVarchar},    // name
    {20, PgCodec::kInt8, FeedKind::kBigInt},     // int8
    {21, PgCodec::kInt2, FeedKind::kSmallInt},   // int2
    {23, PgCodec::kInt4, FeedKind::kInteger},    // int4
    {25, PgCodec::kText, FeedKind::kVarchar},    // text
    {26, PgCodec::kInt4, FeedKind::kUInteger},   // oid
    {114, PgCodec::kText, FeedKind::kJson},      // json
    {700, PgCodec::kFloat4, FeedKind::kFloat},   // float4
    {701, PgCodec::kFloat8, FeedKind::kDouble},  // float8
    {1042, PgCodec::kText, FeedKind::kVarchar},  // char(n)
    {1043, PgCodec::kText, FeedKind::kVarchar},  // varchar
    {1082, PgCodec::kDate, FeedKind::kDate},
    {1083, PgCodec::kTime, FeedKind::kTime},
    {1114, PgCodec::kTimestamp, FeedKind::kTimestamp},
    {1184, PgCodec::kTimestamp, FeedKind::kTimestampTz},
    {1186, PgCodec::kInterval, FeedKind::kInterval},
    {1266, PgCodec::kTimeTz, FeedKind::kTimeTz},
    {2950, PgCodec::kUuid, FeedKind::kUuid},
    {3802, PgCodec::kJsonb, FeedKind::kJson},
};

FeedType Plain(FeedKind kind) { return {.kind = kind, .width = 0, .scale = 0, .element = {}}; }

// numeric(p,s), where s may be negative or more than p.
FeedType DecimalOf(int32_t modifier) {
  if (modifier < 4) return Plain(FeedKind::kVarchar);
  const int precision = (modifier - 4) >> 16 & 0xffff;
  const int scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  const int width = scale < 0 ? precision - scale : std::max(precision, scale);
  if (width > kMaxDigits) return Plain(FeedKind::kVarchar);
  return {.kind = FeedKind::kDecimal, .width = width, .scale = std::max(scale, 0), .element = {}};
}

PgField ScalarOf(uint32_t oid, int32_t modifier, char kind) {
  PgField field;
  if (oid == kNumericOid) {
    field.type = DecimalOf(modifier);
    field.codec = field.type.kind == FeedKind::kDecimal ? PgCodec::kDecimal : PgCodec::kNumber;
  } else if (const auto* known = std::ranges::find(kKnownTypes, oid, &KnownType::oid); known != std::end(kKnownTypes)) {
    field.codec = known->codec;
    field.type = Plain(known->kind);
  } else if (kind != 'e') {  // an enum's binary form is its label
    field.cast = "::text";
  }
  field.leaf = field.type;
  return field;
}

}  // namespace

PgField FieldOf(const PgColumn& column, const PgType& type) {
  if (type.element == 0) return ScalarOf(column.type, column.modifier, type.kind);
  // An array has the modifier of its elements.
  const int32_t modifier = column.modifier >= 0 ? column.modifier : type.element_modifier;
  PgField field = ScalarOf(type.element, modifier, type.element_kind);
  field.element = field.codec;
  field.codec = PgCodec::kArray;
  field.dimensions = std::max(column.dimensions, 1);
  if (!field.cast.empty()) field.cast += "[]";
  for (int i = 0; i < field.dimensions; ++i) {
    field.type = {
        .kind = FeedKind::kList, .width = 0, .scale = 0, .element = std::make_shared<const FeedType>(field.type)};
  }
  return field;
}

std::string SelectOf(const PgField& field, std::string_view quoted_name) {
  std::string select = fmt::format("{}{}", quoted_name, field.cast);
  if (field.codec != PgCodec::kArray) return select;
  std::string odd = fmt::format("array_ndims({0}) <> {1}", quoted_name, field.dimensions);
  for (int i = 1; i <= field.dimensions; ++i) odd += fmt::format(" or array_lower({}, {}) <> 1", quoted_name, i);
  if (field.element == PgCodec::kDecimal) odd += fmt::format(" or 'NaN' = any({})", quoted_name);
  return fmt::format("{}, case when {} then {}::text end", select, odd, quoted_name);
}

int FieldsOf(const PgField& field) { return field.codec == PgCodec::kArray ? 2 : 1; }

std::string TypeName(const FeedType& type) {
  switch (type.kind) {
    case FeedKind::kBoolean:
      return "BOOLEAN";
    case FeedKind::kSmallInt:
      return "SMALLINT";
    case FeedKind::kInteger:
      return "INTEGER";
    case FeedKind::kBigInt:
      return "BIGINT";
    case FeedKind::kUInteger:
      return "UINTEGER";
    case FeedKind::kUBigInt:
      return "UBIGINT";
    case FeedKind::kFloat:
      return "FLOAT";
    case FeedKind::kDouble:
      return "DOUBLE";
    case FeedKind::kDecimal:
      return fmt::format("DECIMAL({},{})", type.width, type.scale);
    case FeedKind::kVarchar:
      return "VARCHAR";
    case FeedKind::kJson:
      return "JSON";
    case FeedKind::kBlob:
      return "BLOB";
    case FeedKind::kUuid:
      return "UUID";
    case FeedKind::kDate:
      return "DATE";
    case FeedKind::kTime:
      return "TIME";
    case FeedKind::kTimeTz:
      return "TIME WITH TIME ZONE";
    case FeedKind::kTimestamp:
      return "TIMESTAMP";
    case FeedKind::kTimestampTz:
      return "TIMESTAMP WITH TIME ZONE";
    case FeedKind::kInterval:
      return "INTERVAL";
    case FeedKind::kList:
      return TypeName(*type.element) + "[]";
  }
  return {};
}

}  // namespace stir::transfer
