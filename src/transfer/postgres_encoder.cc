#include "transfer/postgres_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>

namespace stir::transfer {
namespace {

using adapter::DrainVector;
using adapter::FeedInterval;
using adapter::FeedKind;
using adapter::FeedList;
using adapter::FeedType;

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr int32_t kPgEpochDays = 10957;  // 2000-01-01
constexpr int64_t kPgEpochMicros = int64_t{kPgEpochDays} * 86400 * 1000000;

// Grows as a string does; every piece says before how much it needs.
class Bytes {
 public:
  explicit Bytes(std::string& out) : out_(out), size_(out.size()) {}
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { out_.resize(size_); }

  void Need(size_t more) {
    if (out_.size() - size_ >= more) return;
    out_.resize_and_overwrite(std::max({size_ + more, out_.size() * 2, out_.capacity()}),
                              [](char*, size_t room) { return room; });
  }
  template <typename T>
  void Put(T value) {
    PutAt(size_, value);
    size_ += sizeof value;
  }
  template <typename T>
  void PutAt(size_t at, T value) {
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    if constexpr (sizeof(T) > 1) bits = std::byteswap(bits);
    std::memcpy(out_.data() + at, &bits, sizeof bits);
  }
  void Put(std::string_view bytes) {
    std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // For several values in a row: a pointer of the caller's own stays in a register, which members cannot.
  char* end() { return out_.data() + size_; }
  void EndAt(const char* end) { size_ = static_cast<size_t>(end - out_.data()); }
  size_t size() const { return size_; }

 private:
  std::string& out_;
  size_t size_;
};

template <typename T>
void Store(char*& at, T value) {
  auto bits = static_cast<std::make_unsigned_t<T>>(value);
  if constexpr (sizeof(T) > 1) bits = std::byteswap(bits);
  std::memcpy(at, &bits, sizeof bits);
  at += sizeof bits;
}

constexpr size_t kMostOfAScalar = 64;  // with its length, texts and blobs apart

template <typename T>
T At(const DrainVector& from, size_t row) {
  return static_cast<const T*>(from.data())[row];
}

template <typename T>
void PutNumber(Bytes& out, T value) {
  char* at = out.end();
  Store(at, static_cast<int32_t>(sizeof value));
  Store(at, value);
  out.EndAt(at);
}

// The last `kCut`-th of the number as a digit of base 10000. A division by a number that is known is cheap.
template <unsigned kCut, typename T>
uint16_t TakeLast(T& value) {
  const auto last = static_cast<unsigned>(value % kCut);
  value /= kCut;
  return static_cast<uint16_t>(last * (10000 / kCut));
}

template <typename T>
uint16_t TakeLast(T& value, int places) {
  switch (places) {
    case 1:
      return TakeLast<10>(value);
    case 2:
      return TakeLast<100>(value);
    case 3:
      return TakeLast<1000>(value);
    default:
      return TakeLast<10000>(value);
  }
}

// A numeric: digits of base 10000 around the point, without the zeros at both ends.
template <typename T>
void PutNumeric(Bytes& out, T value, bool negative, int scale) {
  std::array<uint16_t, 12> digits{};  // the last one first
  int count = 0;
  const int after = (scale + 3) / 4;  // digits after the point
  if (after > 0) digits[static_cast<size_t>(count++)] = TakeLast(value, scale - 4 * (after - 1));
  for (; value != 0; value /= 10000) digits[static_cast<size_t>(count++)] = static_cast<uint16_t>(value % 10000);
  int first = 0;  // of those that are kept
  while (first < count && digits[static_cast<size_t>(first)] == 0) ++first;
  while (count > first && digits[static_cast<size_t>(count - 1)] == 0) --count;
  const int kept = count - first;
  char* at = out.end();
  Store(at, 8 + 2 * kept);
  Store(at, static_cast<int16_t>(kept));
  Store(at, static_cast<int16_t>(kept == 0 ? 0 : count - after - 1));
  Store(at, static_cast<uint16_t>(negative && kept > 0 ? 0x4000 : 0));
  Store(at, static_cast<uint16_t>(scale));
  for (int i = count - 1; i >= first; --i) Store(at, digits[static_cast<size_t>(i)]);
  out.EndAt(at);
}

void PutDecimal(Bytes& out, const DrainVector& from, size_t row, const FeedType& type) {
  const auto narrow = [&](int64_t value) {
    const auto bits = static_cast<uint64_t>(value);
    PutNumeric<uint64_t>(out, value < 0 ? -bits : bits, value < 0, type.scale);
  };
  if (type.width <= 4) return narrow(At<int16_t>(from, row));
  if (type.width <= 9) return narrow(At<int32_t>(from, row));
  if (type.width <= 18) return narrow(At<int64_t>(from, row));
  const auto value = At<Wide>(from, row);
  if (value == static_cast<Wide>(static_cast<int64_t>(value)) && value != std::numeric_limits<int64_t>::min())
    return narrow(static_cast<int64_t>(value));
  const auto bits = static_cast<UnsignedWide>(value);
  PutNumeric<UnsignedWide>(out, value < 0 ? -bits : bits, value < 0, type.scale);
}

void PutText(Bytes& out, std::string_view text) {
  out.Need(4 + text.size());
  out.Put(static_cast<int32_t>(text.size()));
  out.Put(text);
}

int32_t PgDateOf(int32_t days) {
  if (days == adapter::kDateInfinity) return std::numeric_limits<int32_t>::max();
  if (days == -adapter::kDateInfinity) return std::numeric_limits<int32_t>::min();
  // What is earlier than any of the server's dates is earlier there, too, and refused.
  return std::max(days, std::numeric_limits<int32_t>::min() + kPgEpochDays + 1) - kPgEpochDays;
}

int64_t TimestampOf(int64_t micros) {
  if (micros == adapter::kTimestampInfinity) return std::numeric_limits<int64_t>::max();
  if (micros == -adapter::kTimestampInfinity) return std::numeric_limits<int64_t>::min();
  return std::max(micros, std::numeric_limits<int64_t>::min() + kPgEpochMicros + 1) - kPgEpochMicros;
}

void PutInterval(Bytes& out, const FeedInterval& value) {
  out.Put(int32_t{16});
  out.Put(value.micros);
  out.Put(value.days);
  out.Put(value.months);
}

void PutUuid(Bytes& out, Wide value) {
  const auto bits = static_cast<UnsignedWide>(value);
  out.Put(int32_t{16});
  out.Put(static_cast<uint64_t>(bits >> 64) ^ uint64_t{1} << 63);
  out.Put(static_cast<uint64_t>(bits));
}

void PutTimeTz(Bytes& out, uint64_t value) {
  out.Put(int32_t{12});
  out.Put(static_cast<int64_t>(value >> 24));
  out.Put(static_cast<int32_t>(value & 0xffffff) - 57599);
}

// There is room for kMostOfAScalar.
void PutScalar(Bytes& out, PgCodec codec, const FeedType& type, const DrainVector& from, size_t row) {
  if (from.IsNull(row)) return out.Put(int32_t{-1});
  switch (codec) {
    case PgCodec::kBool:
      return PutNumber(out, static_cast<uint8_t>(At<bool>(from, row) ? 1 : 0));
    case PgCodec::kInt2:
      return PutNumber(out, At<int16_t>(from, row));
    case PgCodec::kInt4:
      return PutNumber(out, At<int32_t>(from, row));
    case PgCodec::kInt8:
    case PgCodec::kTime:
      return PutNumber(out, At<int64_t>(from, row));
    case PgCodec::kFloat4:
      return PutNumber(out, std::bit_cast<uint32_t>(At<float>(from, row)));
    case PgCodec::kFloat8:
      return PutNumber(out, std::bit_cast<uint64_t>(At<double>(from, row)));
    case PgCodec::kDecimal:
      return PutDecimal(out, from, row, type);
    case PgCodec::kText:
    case PgCodec::kBytes:
      return PutText(out, from.Bytes(row));
    case PgCodec::kJsonb: {
      const std::string_view text = from.Bytes(row);
      out.Need(5 + text.size());
      out.Put(static_cast<int32_t>(text.size() + 1));
      out.Put(uint8_t{1});  // the version
      return out.Put(text);
    }
    case PgCodec::kUuid:
      return PutUuid(out, At<Wide>(from, row));
    case PgCodec::kDate:
      return PutNumber(out, PgDateOf(At<int32_t>(from, row)));
    case PgCodec::kTimeTz:
      return PutTimeTz(out, At<uint64_t>(from, row));
    case PgCodec::kTimestamp:
      return PutNumber(out, TimestampOf(At<int64_t>(from, row)));
    case PgCodec::kInterval:
      return PutInterval(out, At<FeedInterval>(from, row));
    case PgCodec::kNumber:
    case PgCodec::kArray:
      return out.Put(int32_t{-1});  // WritingOf gives none
  }
}

void PutArray(Bytes& out, const PgWriting& column, const DrainVector& from, size_t row) {
  if (from.IsNull(row)) return out.Put(int32_t{-1});
  const auto list = At<FeedList>(from, row);
  const DrainVector& elements = from.Elements();
  const size_t length_at = out.size();
  out.Put(int32_t{0});
  bool has_null = false;
  for (uint64_t i = list.begin; i < list.begin + list.size; ++i) has_null |= elements.IsNull(i);
  out.Put(static_cast<int32_t>(list.size == 0 ? 0 : 1));  // dimensions
  out.Put(static_cast<int32_t>(has_null ? 1 : 0));
  out.Put(column.element_oid);
  if (list.size > 0) {
    out.Put(static_cast<int32_t>(list.size));
    out.Put(int32_t{1});  // it counts from 1
  }
  for (uint64_t i = list.begin; i < list.begin + list.size; ++i) {
    out.Need(kMostOfAScalar);
    PutScalar(out, column.element, *column.type.element, elements, i);
  }
  out.PutAt(length_at, static_cast<int32_t>(out.size() - length_at - 4));
}

struct Way {
  std::string_view type;     // the engine's
  std::string_view typname;  // the server's
  PgCodec codec;
  FeedKind kind;
  uint32_t oid;  // of typname
  std::string_view cast = {};
};

constexpr Way kWays[] = {
    {"BOOLEAN", "bool", PgCodec::kBool, FeedKind::kBoolean, 16},
    {"TINYINT", "int2", PgCodec::kInt2, FeedKind::kSmallInt, 21, "SMALLINT"},
    {"UTINYINT", "int2", PgCodec::kInt2, FeedKind::kSmallInt, 21, "SMALLINT"},
    {"SMALLINT", "int2", PgCodec::kInt2, FeedKind::kSmallInt, 21},
    {"SMALLINT", "int4", PgCodec::kInt4, FeedKind::kInteger, 23, "INTEGER"},
    {"USMALLINT", "int4", PgCodec::kInt4, FeedKind::kInteger, 23, "INTEGER"},
    {"INTEGER", "int4", PgCodec::kInt4, FeedKind::kInteger, 23},
    {"SMALLINT", "int8", PgCodec::kInt8, FeedKind::kBigInt, 20, "BIGINT"},
    {"INTEGER", "int8", PgCodec::kInt8, FeedKind::kBigInt, 20, "BIGINT"},
    {"UINTEGER", "int8", PgCodec::kInt8, FeedKind::kBigInt, 20, "BIGINT"},
    {"BIGINT", "int8", PgCodec::kInt8, FeedKind::kBigInt, 20},
    {"FLOAT", "float4", PgCodec::kFloat4, FeedKind::kFloat, 700},
    {"DOUBLE", "float8", PgCodec::kFloat8, FeedKind::kDouble, 701},
    {"VARCHAR", "text", PgCodec::kText, FeedKind::kVarchar, 25},
    {"VARCHAR", "varchar", PgCodec::kText, FeedKind::kVarchar, 1043},
    {"JSON", "json", PgCodec::kText, FeedKind::kJson, 114},
    {"JSON", "jsonb", PgCodec::kJsonb, FeedKind::kJson, 3802},
    {"BLOB", "bytea", PgCodec::kBytes, FeedKind::kBlob, 17},
    {"UUID", "uuid", PgCodec::kUuid, FeedKind::kUuid, 2950},
    {"DATE", "date", PgCodec::kDate, FeedKind::kDate, 1082},
    {"TIME", "time", PgCodec::kTime, FeedKind::kTime, 1083},
    {"TIME WITH TIME ZONE", "timetz", PgCodec::kTimeTz, FeedKind::kTimeTz, 1266},
    {"TIMESTAMP", "timestamp", PgCodec::kTimestamp, FeedKind::kTimestamp, 1114},
    {"TIMESTAMP_S", "timestamp", PgCodec::kTimestamp, FeedKind::kTimestamp, 1114, "TIMESTAMP"},
    {"TIMESTAMP_MS", "timestamp", PgCodec::kTimestamp, FeedKind::kTimestamp, 1114, "TIMESTAMP"},
    {"TIMESTAMP WITH TIME ZONE", "timestamptz", PgCodec::kTimestamp, FeedKind::kTimestampTz, 1184},
    {"INTERVAL", "interval", PgCodec::kInterval, FeedKind::kInterval, 1186},
};

// "DECIMAL(12,2)"
std::optional<FeedType> DecimalOf(std::string_view type) {
  constexpr std::string_view kDecimal = "DECIMAL(";
  FeedType decimal{.kind = FeedKind::kDecimal, .width = 0, .scale = 0, .element = {}};
  if (!type.starts_with(kDecimal)) return std::nullopt;
  const char* end = type.data() + type.size();
  const auto width = std::from_chars(type.data() + kDecimal.size(), end, decimal.width);
  if (width.ec != std::errc() || width.ptr == end || *width.ptr != ',') return std::nullopt;
  const auto scale = std::from_chars(width.ptr + 1, end, decimal.scale);
  if (scale.ec != std::errc() || scale.ptr + 1 != end || *scale.ptr != ')') return std::nullopt;
  return decimal;
}

constexpr uint32_t kNumericElementOid = 1700;

struct Scalar {
  PgWriting writing;
  uint32_t oid = 0;
};

PgWriting PlainWriting(PgCodec codec, FeedType type, std::string_view cast) {
  return {
      .codec = codec, .element = PgCodec::kText, .element_oid = 0, .type = std::move(type), .cast = std::string(cast)};
}

std::optional<Scalar> ScalarOf(std::string_view type, std::string_view typname) {
  if (typname == "numeric") {
    const bool whole = type == "UBIGINT";  // the others are numbers of the server, too
    const auto decimal = DecimalOf(whole ? "DECIMAL(20,0)" : type);
    if (!decimal) return std::nullopt;
    return Scalar{PlainWriting(PgCodec::kDecimal, *decimal, whole ? "DECIMAL(20,0)" : ""), kNumericElementOid};
  }
  const auto* way =
      std::ranges::find_if(kWays, [&](const Way& each) { return each.type == type && each.typname == typname; });
  if (way == std::end(kWays)) return std::nullopt;
  FeedType made{.kind = way->kind, .width = 0, .scale = 0, .element = {}};
  return Scalar{PlainWriting(way->codec, std::move(made), way->cast), way->oid};
}

}  // namespace

constinit const std::string_view kCopyHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
constinit const std::string_view kCopyTrailer("\377\377", 2);

std::optional<PgWriting> WritingOf(std::string_view type, std::string_view typname) {
  if (!type.ends_with("[]") || !typname.starts_with('_')) {
    auto scalar = ScalarOf(type, typname);
    return scalar ? std::optional(std::move(scalar->writing)) : std::nullopt;
  }
  auto element = ScalarOf(type.substr(0, type.size() - 2), typname.substr(1));
  if (!element) return std::nullopt;
  PgWriting& inner = element->writing;
  PgWriting array{
      .codec = PgCodec::kArray,
      .element = inner.codec,
      .element_oid = element->oid,
      .type = {.kind = FeedKind::kList, .width = 0, .scale = 0, .element = std::make_shared<FeedType>(inner.type)},
      .cast = inner.cast.empty() ? "" : inner.cast + "[]"};
  return array;
}

void PgEncoder::Append(const adapter::DrainBatch& batch, std::string& to) const {
  Bytes out(to);
  std::vector<const DrainVector*> columns;
  for (size_t i = 0; i < columns_.size(); ++i) columns.push_back(&batch.column(i));
  const size_t rows = batch.rows();
  for (size_t row = 0; row < rows; ++row) {
    out.Need(2);
    out.Put(static_cast<int16_t>(columns_.size()));
    for (size_t i = 0; i < columns_.size(); ++i) {
      out.Need(kMostOfAScalar);
      const PgWriting& column = columns_[i];
      if (column.codec == PgCodec::kArray)
        PutArray(out, column, *columns[i], row);
      else
        PutScalar(out, column.codec, column.type, *columns[i], row);
    }
  }
}

}  // namespace stir::transfer
