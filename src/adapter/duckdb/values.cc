// The table of types: which Cell each becomes.
#include "adapter/duckdb/values.h"

#include <algorithm>
#include <limits>

namespace stir::adapter::duckdb {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

std::string Digits(UnsignedWide value) {
  std::string out;
  do {
    out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::ranges::reverse(out);
  return out;
}

// 150 with scale 2 is "1.50".
std::string DecimalDigits(Wide value, int scale) {
  const bool negative = value < 0;
  // The smallest value has no positive counterpart: negate as unsigned.
  std::string digits = Digits(negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value));
  const auto places = static_cast<size_t>(scale);
  if (places > 0) {
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  if (negative) digits.insert(0, 1, '-');
  return digits;
}

Cell IntegerCell(Wide value) {
  if (value >= std::numeric_limits<int64_t>::min() && value <= std::numeric_limits<int64_t>::max()) {
    return static_cast<int64_t>(value);
  }
  return Decimal{DecimalDigits(value, 0)};
}

template <typename T>
T At(const void* data, idx_t row) {
  return static_cast<const T*>(data)[row];
}

Wide HugeAt(const void* data, idx_t row) {
  const auto huge = At<duckdb_hugeint>(data, row);
  return static_cast<Wide>(static_cast<UnsignedWide>(static_cast<uint64_t>(huge.upper)) << 64 | huge.lower);
}

Cell UnsignedHugeCell(const void* data, idx_t row) {
  const auto huge = At<duckdb_uhugeint>(data, row);
  const UnsignedWide value = static_cast<UnsignedWide>(huge.upper) << 64 | huge.lower;
  if (value <= static_cast<UnsignedWide>(std::numeric_limits<int64_t>::max())) return static_cast<int64_t>(value);
  return Decimal{Digits(value)};
}

Wide DecimalAt(duckdb_type physical, const void* data, idx_t row) {
  switch (physical) {
    case DUCKDB_TYPE_SMALLINT:
      return At<int16_t>(data, row);
    case DUCKDB_TYPE_INTEGER:
      return At<int32_t>(data, row);
    case DUCKDB_TYPE_BIGINT:
      return At<int64_t>(data, row);
    default:
      return HugeAt(data, row);
  }
}

size_t EnumIndexAt(duckdb_type physical, const void* data, idx_t row) {
  switch (physical) {
    case DUCKDB_TYPE_UTINYINT:
      return At<uint8_t>(data, row);
    case DUCKDB_TYPE_USMALLINT:
      return At<uint16_t>(data, row);
    default:
      return At<uint32_t>(data, row);
  }
}

Cell DateCell(const std::string& type, int32_t days) {
  constexpr int32_t kInfinity = std::numeric_limits<int32_t>::max();
  if (days == kInfinity) return Other{type, "infinity"};
  if (days == -kInfinity) return Other{type, "-infinity"};
  return Date{days};
}

// `per_micro`: how many micro-seconds one unit of `value` is.
Cell TimestampCellOf(const std::string& type, int64_t value, int64_t per_micro) {
  constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
  if (value == kInfinity) return Other{type, "infinity"};
  if (value == -kInfinity) return Other{type, "-infinity"};
  return TimestampCell{value * per_micro, false};
}

struct NamedType {
  duckdb_type id;
  const char* name;
};

constexpr NamedType kPlainTypes[] = {
    {DUCKDB_TYPE_BOOLEAN, "BOOLEAN"},
    {DUCKDB_TYPE_TINYINT, "TINYINT"},
    {DUCKDB_TYPE_SMALLINT, "SMALLINT"},
    {DUCKDB_TYPE_INTEGER, "INTEGER"},
    {DUCKDB_TYPE_BIGINT, "BIGINT"},
    {DUCKDB_TYPE_UTINYINT, "UTINYINT"},
    {DUCKDB_TYPE_USMALLINT, "USMALLINT"},
    {DUCKDB_TYPE_UINTEGER, "UINTEGER"},
    {DUCKDB_TYPE_UBIGINT, "UBIGINT"},
    {DUCKDB_TYPE_HUGEINT, "HUGEINT"},
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"},
    {DUCKDB_TYPE_FLOAT, "FLOAT"},
    {DUCKDB_TYPE_DOUBLE, "DOUBLE"},
    {DUCKDB_TYPE_DATE, "DATE"},
    {DUCKDB_TYPE_TIME, "TIME"},
    {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"},
    {DUCKDB_TYPE_TIMESTAMP_S, "TIMESTAMP_S"},
    {DUCKDB_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS"},
    {DUCKDB_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS"},
    {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE"},
    {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
    {DUCKDB_TYPE_UUID, "UUID"},
    {DUCKDB_TYPE_BLOB, "BLOB"},
    {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
};

// Empty: only the scribe knows.
std::string PlainName(const Api& api, duckdb_logical_type type) {
  if (std::string alias = TakeString(api, api.logical_type_get_alias(type)); !alias.empty()) return alias;
  const duckdb_type id = api.get_type_id(type);
  if (id == DUCKDB_TYPE_DECIMAL) {
    return "DECIMAL(" + std::to_string(api.decimal_width(type)) + "," + std::to_string(api.decimal_scale(type)) + ")";
  }
  const auto* found = std::ranges::find(kPlainTypes, id, &NamedType::id);
  return found != std::end(kPlainTypes) ? found->name : "";
}

bool NeedsScribe(duckdb_type id) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_SQLNULL:
      return false;
    default:
      return true;
  }
}

}  // namespace

Result<std::vector<std::string>> TypeNames(const Api& api, std::span<const duckdb_logical_type> types,
                                           const ScribeSource& scribe) {
  std::vector<std::string> names;
  for (duckdb_logical_type type : types) names.push_back(PlainName(api, type));
  if (std::ranges::none_of(names, [](const std::string& name) { return name.empty(); })) return names;
  STIR_ASSIGN(Scribe * writer, scribe());
  return writer->TypeNames(types);
}

ChunkReader::ChunkReader(const Api& api, std::vector<TypeHandle> types, std::vector<std::string> names,
                         ScribeSource scribe)
    : api_(api), scribe_(std::move(scribe)) {
  for (size_t i = 0; i < types.size(); ++i) columns_.push_back(MakeColumn(std::move(types[i]), std::move(names[i])));
}

ChunkReader::Column ChunkReader::MakeColumn(TypeHandle type, std::string name) const {
  Column column(std::move(type), std::move(name));
  column.id = api_.get_type_id(column.type.get());
  column.by_scribe = NeedsScribe(column.id);
  if (column.id == DUCKDB_TYPE_DECIMAL) {
    column.physical = api_.decimal_internal_type(column.type.get());
    column.scale = api_.decimal_scale(column.type.get());
  }
  if (column.id == DUCKDB_TYPE_ENUM) {
    column.physical = api_.enum_internal_type(column.type.get());
    const uint32_t size = api_.enum_dictionary_size(column.type.get());
    for (uint32_t i = 0; i < size; ++i) {
      column.dictionary.push_back(TakeString(api_, api_.enum_dictionary_value(column.type.get(), i)));
    }
  }
  return column;
}

Status ChunkReader::Show(duckdb_data_chunk chunk) {
  rows_ = api_.data_chunk_get_size(chunk);
  for (size_t i = 0; i < columns_.size(); ++i) {
    duckdb_vector vector = api_.data_chunk_get_vector(chunk, i);
    columns_[i].data = api_.vector_get_data(vector);
    columns_[i].validity = api_.vector_get_validity(vector);
  }
  return Transcribe(chunk);
}

Status ChunkReader::Transcribe(duckdb_data_chunk chunk) {
  std::vector<size_t> which;
  std::vector<duckdb_logical_type> types;
  std::vector<duckdb_vector> vectors;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].by_scribe) continue;
    which.push_back(i);
    types.push_back(columns_[i].type.get());
    vectors.push_back(api_.data_chunk_get_vector(chunk, i));
  }
  if (which.empty()) return {};
  STIR_ASSIGN(Scribe * writer, scribe_());
  STIR_ASSIGN(auto texts, writer->Texts(types, vectors, rows_));
  for (size_t i = 0; i < which.size(); ++i) columns_[which[i]].texts = std::move(texts[i]);
  return {};
}

void ChunkReader::Read(idx_t row, std::vector<Cell>& out) const {
  out.resize(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) out[i] = CellAt(columns_[i], row);
}

Cell ChunkReader::CellAt(const Column& column, idx_t row) const {
  if (!ValidAt(column.validity, row)) return std::monostate{};
  if (column.by_scribe) return Other{column.name, column.texts[row]};
  const void* data = column.data;
  switch (column.id) {
    case DUCKDB_TYPE_BOOLEAN:
      return At<bool>(data, row);
    case DUCKDB_TYPE_TINYINT:
      return int64_t{At<int8_t>(data, row)};
    case DUCKDB_TYPE_SMALLINT:
      return int64_t{At<int16_t>(data, row)};
    case DUCKDB_TYPE_INTEGER:
      return int64_t{At<int32_t>(data, row)};
    case DUCKDB_TYPE_BIGINT:
      return At<int64_t>(data, row);
    case DUCKDB_TYPE_UTINYINT:
      return int64_t{At<uint8_t>(data, row)};
    case DUCKDB_TYPE_USMALLINT:
      return int64_t{At<uint16_t>(data, row)};
    case DUCKDB_TYPE_UINTEGER:
      return int64_t{At<uint32_t>(data, row)};
    case DUCKDB_TYPE_UBIGINT:
      return IntegerCell(At<uint64_t>(data, row));
    case DUCKDB_TYPE_HUGEINT:
      return IntegerCell(HugeAt(data, row));
    case DUCKDB_TYPE_UHUGEINT:
      return UnsignedHugeCell(data, row);
    case DUCKDB_TYPE_FLOAT:
      return double{At<float>(data, row)};
    case DUCKDB_TYPE_DOUBLE:
      return At<double>(data, row);
    case DUCKDB_TYPE_DECIMAL:
      return Decimal{DecimalDigits(DecimalAt(column.physical, data, row), column.scale)};
    case DUCKDB_TYPE_DATE:
      return DateCell(column.name, At<int32_t>(data, row));
    case DUCKDB_TYPE_TIMESTAMP:
      return TimestampCellOf(column.name, At<int64_t>(data, row), 1);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return TimestampCellOf(column.name, At<int64_t>(data, row), 1'000);
    case DUCKDB_TYPE_TIMESTAMP_S:
      return TimestampCellOf(column.name, At<int64_t>(data, row), 1'000'000);
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      Cell cell = TimestampCellOf(column.name, At<int64_t>(data, row), 1);
      if (auto* time = std::get_if<TimestampCell>(&cell)) time->with_zone = true;
      return cell;
    }
    case DUCKDB_TYPE_ENUM:
      return Text{column.dictionary[EnumIndexAt(column.physical, data, row)]};
    default:
      return Text{std::string(StringAt(data, row))};
  }
}

}  // namespace stir::adapter::duckdb
