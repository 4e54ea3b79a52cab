#include "adapter/duckdb/feed_types.h"

namespace stir::adapter::duckdb {

duckdb_type TypeIdOf(FeedKind kind) {
  switch (kind) {
    case FeedKind::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case FeedKind::kSmallInt:
      return DUCKDB_TYPE_SMALLINT;
    case FeedKind::kInteger:
      return DUCKDB_TYPE_INTEGER;
    case FeedKind::kBigInt:
      return DUCKDB_TYPE_BIGINT;
    case FeedKind::kUInteger:
      return DUCKDB_TYPE_UINTEGER;
    case FeedKind::kUBigInt:
      return DUCKDB_TYPE_UBIGINT;
    case FeedKind::kFloat:
      return DUCKDB_TYPE_FLOAT;
    case FeedKind::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case FeedKind::kDecimal:
      return DUCKDB_TYPE_DECIMAL;
    case FeedKind::kVarchar:
    case FeedKind::kJson:
      return DUCKDB_TYPE_VARCHAR;
    case FeedKind::kBlob:
      return DUCKDB_TYPE_BLOB;
    case FeedKind::kUuid:
      return DUCKDB_TYPE_UUID;
    case FeedKind::kDate:
      return DUCKDB_TYPE_DATE;
    case FeedKind::kTime:
      return DUCKDB_TYPE_TIME;
    case FeedKind::kTimeTz:
      return DUCKDB_TYPE_TIME_TZ;
    case FeedKind::kTimestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case FeedKind::kTimestampTz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case FeedKind::kInterval:
      return DUCKDB_TYPE_INTERVAL;
    case FeedKind::kList:
      return DUCKDB_TYPE_LIST;
  }
  return DUCKDB_TYPE_INVALID;
}

TypeHandle MakeType(const Api& api, const FeedType& type) {
  if (type.kind == FeedKind::kDecimal) {
    return TypeHandle(api, api.create_decimal_type(static_cast<uint8_t>(type.width), static_cast<uint8_t>(type.scale)));
  }
  if (type.kind == FeedKind::kList) {
    const TypeHandle element = MakeType(api, *type.element);
    return TypeHandle(api, api.create_list_type(element.get()));
  }
  TypeHandle made(api, api.create_logical_type(TypeIdOf(type.kind)));
  if (type.kind == FeedKind::kJson) api.logical_type_set_alias(made.get(), "JSON");
  return made;
}

}  // namespace stir::adapter::duckdb
