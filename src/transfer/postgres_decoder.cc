// Reading binary values.
#include "transfer/postgres_decoder.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/strings.h"
#include "transfer/kinds.h"

namespace stir::transfer {
namespace {

using adapter::FeedInterval;
using adapter::FeedKind;
using adapter::FeedList;
using adapter::FeedType;
using adapter::FeedVector;

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr int32_t kEpochDays = 10957;  // 2000-01-01
constexpr int64_t kEpochMicros = int64_t{kEpochDays} * 86400 * 1000000;
constexpr int kMaxDimensions = 6;

template <typename T>
T Read(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (sizeof(T) > 1) value = static_cast<T>(std::byteswap(static_cast<std::make_unsigned_t<T>>(value)));
  return value;
}

template <typename T>
void Put(FeedVector& into, size_t row, T value) {
  static_cast<T*>(into.data())[row] = value;
}

constexpr auto kPowers = [] {
  std::array<UnsignedWide, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// A numeric as it is sent: digits of base 10000, the first one worth 10000^weight.
struct Numeric {
  int digits;
  int weight;
  uint16_t sign;
  int scale;  // decimal places that are shown
  const char* at;

  explicit Numeric(const char* from)
      : digits(Read<int16_t>(from)),
        weight(Read<int16_t>(from + 2)),
        sign(Read<uint16_t>(from + 4)),
        scale(Read<uint16_t>(from + 6) & 0x3fff),
        at(from + 8) {}
  unsigned digit(int index) const { return Read<uint16_t>(at + 2 * index); }
  bool negative() const { return sign == 0x4000; }
  bool finite() const { return sign == 0 || sign == 0x4000; }
};

// The digits as one whole number, of the last one only a `cut`-th.
template <typename T>
T Whole(const Numeric& number, unsigned cut) {
  T value = 0;
  for (int i = 0; i < number.digits - 1; ++i) value = static_cast<T>(value * 10000 + number.digit(i));
  return static_cast<T>(value * (10000 / cut) + number.digit(number.digits - 1) / cut);
}

// The number times 10^scale. False: it has more than `width` digits or `scale` places, or is none.
bool Unscale(const Numeric& number, int width, int scale, UnsignedWide& out) {
  if (!number.finite()) return false;
  out = 0;
  if (number.digits == 0) return true;
  // 10^exponent is what the digits, read as one whole number, are worth.
  const int exponent = scale - 4 * (number.digits - number.weight - 1);
  if (exponent < -3) return false;
  const auto cut = static_cast<unsigned>(kPowers[static_cast<size_t>(std::max(-exponent, 0))]);
  if (number.digit(number.digits - 1) % cut != 0) return false;
  // The first digit is never 0.
  const unsigned first = number.digit(0);
  const int lead = first >= 1000 ? 4 : first >= 100 ? 3 : first >= 10 ? 2 : 1;
  const int digits = 4 * (number.digits - 1) + lead + exponent;
  if (digits > width) return false;
  if (digits <= 19) {
    const auto value = Whole<uint64_t>(number, cut);
    out = exponent > 0 ? value * static_cast<uint64_t>(kPowers[static_cast<size_t>(exponent)]) : value;
  } else {
    out = Whole<UnsignedWide>(number, cut);
    if (exponent > 0) out *= kPowers[static_cast<size_t>(exponent)];
  }
  return true;
}

enum class Short : uint8_t { kFits, kDoesNot, kIsLong };

// The same for what is computed in 64 bits, as nearly all numbers are. kIsLong: Unscale tells.
Short UnscaleShort(const Numeric& number, int width, int scale, uint64_t& out) {
  const int exponent = scale - 4 * (number.digits - number.weight - 1);
  const bool is_long = width > 18 || 4 * number.digits + std::max(exponent, 0) > 18 || exponent < -3;
  if (is_long || !number.finite() || number.digits == 0) return Short::kIsLong;
  uint64_t value = 0;
  for (int i = 0; i < number.digits; ++i) value = value * 10000 + number.digit(i);
  const auto whole_part = [&](uint64_t cut) {
    out = value / cut;
    return out * cut == value;
  };
  bool exact = true;
  switch (exponent) {  // divisions by numbers that are known are cheap
    case -3:
      exact = whole_part(1000);
      break;
    case -2:
      exact = whole_part(100);
      break;
    case -1:
      exact = whole_part(10);
      break;
    default:
      out = value * static_cast<uint64_t>(kPowers[static_cast<size_t>(exponent)]);
  }
  return exact && out < static_cast<uint64_t>(kPowers[static_cast<size_t>(width)]) ? Short::kFits : Short::kDoesNot;
}

template <typename T>
bool PutDecimal(FeedVector& into, size_t row, const Numeric& number, const FeedType& type) {
  uint64_t small = 0;
  const Short is = UnscaleShort(number, type.width, type.scale, small);
  if (is == Short::kFits) {
    const auto magnitude = static_cast<int64_t>(small);
    Put<T>(into, row, static_cast<T>(number.negative() ? -magnitude : magnitude));
    return true;
  }
  if (is == Short::kDoesNot) return false;
  UnsignedWide value = 0;
  if (!Unscale(number, type.width, type.scale, value)) return false;
  Put<T>(into, row, static_cast<T>(number.negative() ? -static_cast<Wide>(value) : static_cast<Wide>(value)));
  return true;
}

bool DecodeDecimal(FeedVector& into, size_t row, const Numeric& number, const FeedType& type) {
  if (type.width <= 4) return PutDecimal<int16_t>(into, row, number, type);
  if (type.width <= 9) return PutDecimal<int32_t>(into, row, number, type);
  if (type.width <= 18) return PutDecimal<int64_t>(into, row, number, type);
  return PutDecimal<Wide>(into, row, number, type);
}

// As PostgreSQL writes it.
std::string NumericText(const Numeric& number) {
  if (number.sign == 0xC000) return "NaN";
  if (number.sign == 0xD000) return "Infinity";
  if (number.sign == 0xF000) return "-Infinity";
  std::string out;
  if (number.negative()) out.push_back('-');
  if (number.weight < 0) out.push_back('0');
  for (int i = 0; i <= number.weight; ++i) {
    const unsigned digit = i < number.digits ? number.digit(i) : 0;
    i == 0 ? fmt::format_to(std::back_inserter(out), "{}", digit)
           : fmt::format_to(std::back_inserter(out), "{:04}", digit);
  }
  if (number.scale == 0) return out;
  out.push_back('.');
  const size_t whole = out.size();
  for (int i = number.weight + 1; out.size() - whole < static_cast<size_t>(number.scale); ++i) {
    const unsigned digit = i >= 0 && i < number.digits ? number.digit(i) : 0;
    fmt::format_to(std::back_inserter(out), "{:04}", digit);
  }
  out.resize(whole + static_cast<size_t>(number.scale));
  return out;
}

// Beyond the engine's last moment: years 294247 to 294276.
std::string LateTimestamp(int64_t micros, bool with_zone) {
  constexpr int64_t kDay = int64_t{86400} * 1000000;
  const int64_t days = micros / kDay + kEpochDays;
  const int64_t time = micros % kDay;
  // Howard Hinnant's civil_from_days, for days after 1970.
  const int64_t shifted = days + 719468;
  const int64_t era = shifted / 146097;
  const int64_t of_era = shifted % 146097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * of_year + 2) / 153;
  const int64_t day = of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  const int64_t seconds = time / 1000000;
  std::string out = fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, seconds / 3600, seconds / 60 % 60,
                                seconds % 60);
  if (time % 1000000 != 0) out += fmt::format(".{:06}", time % 1000000);
  return with_zone ? out + "+00" : out;
}

bool DecodeTimestamp(FeedVector& into, size_t row, int64_t micros) {
  int64_t value = 0;
  if (micros == std::numeric_limits<int64_t>::max()) {
    value = adapter::kTimestampInfinity;
  } else if (micros == std::numeric_limits<int64_t>::min()) {
    value = -adapter::kTimestampInfinity;
  } else if (micros >= adapter::kTimestampInfinity - kEpochMicros) {
    return false;
  } else {
    value = micros + kEpochMicros;
  }
  Put(into, row, value);
  return true;
}

int32_t DateOf(int32_t days) {
  if (days == std::numeric_limits<int32_t>::max()) return adapter::kDateInfinity;
  if (days == std::numeric_limits<int32_t>::min()) return -adapter::kDateInfinity;
  return days + kEpochDays;
}

bool DecodeInterval(FeedVector& into, size_t row, const char* at) {
  const FeedInterval value{
      .months = Read<int32_t>(at + 12), .days = Read<int32_t>(at + 8), .micros = Read<int64_t>(at)};
  // The infinite ones of PostgreSQL 17.
  const bool greatest = value.months == std::numeric_limits<int32_t>::max() &&
                        value.days == std::numeric_limits<int32_t>::max() &&
                        value.micros == std::numeric_limits<int64_t>::max();
  const bool least = value.months == std::numeric_limits<int32_t>::min() &&
                     value.days == std::numeric_limits<int32_t>::min() &&
                     value.micros == std::numeric_limits<int64_t>::min();
  if (greatest || least) return false;
  Put(into, row, value);
  return true;
}

// False: the value has no place in the column. Part of the loop over a row's values.
[[gnu::always_inline]] inline bool DecodeScalar(PgCodec codec, const FeedType& type, FeedVector& into, size_t row,
                                                const char* at, int32_t size, bool check_utf8) {
  switch (codec) {
    case PgCodec::kBool:
      Put(into, row, *at != 0);
      return true;
    case PgCodec::kInt2:
      Put(into, row, Read<int16_t>(at));
      return true;
    case PgCodec::kInt4:
      Put(into, row, Read<int32_t>(at));
      return true;
    case PgCodec::kInt8:
    case PgCodec::kTime:
      Put(into, row, Read<int64_t>(at));
      return true;
    case PgCodec::kFloat4:
      Put(into, row, std::bit_cast<float>(Read<uint32_t>(at)));
      return true;
    case PgCodec::kFloat8:
      Put(into, row, std::bit_cast<double>(Read<uint64_t>(at)));
      return true;
    case PgCodec::kDecimal:
      return DecodeDecimal(into, row, Numeric(at), type);
    case PgCodec::kNumber:
      into.SetBytes(row, NumericText(Numeric(at)));
      return true;
    case PgCodec::kJsonb:
      ++at;  // the version
      --size;
      [[fallthrough]];
    case PgCodec::kText:
      if (check_utf8 && !IsUtf8({at, static_cast<size_t>(size)})) return false;
      [[fallthrough]];
    case PgCodec::kBytes:
      into.SetBytes(row, {at, static_cast<size_t>(size)});
      return true;
    case PgCodec::kUuid:
      Put(into, row,
          static_cast<Wide>((static_cast<UnsignedWide>(Read<uint64_t>(at) ^ uint64_t{1} << 63) << 64) |
                            Read<uint64_t>(at + 8)));
      return true;
    case PgCodec::kDate:
      Put(into, row, DateOf(Read<int32_t>(at)));
      return true;
    case PgCodec::kTimeTz:
      Put(into, row,
          static_cast<uint64_t>(Read<int64_t>(at)) << 24 | static_cast<uint64_t>(57599 + Read<int32_t>(at + 8)));
      return true;
    case PgCodec::kTimestamp:
      return DecodeTimestamp(into, row, Read<int64_t>(at));
    case PgCodec::kInterval:
      return DecodeInterval(into, row, at);
    case PgCodec::kArray:
      return false;
  }
  return false;
}

std::string Hex(const char* at, int32_t size) {
  std::string out = "\\x";
  for (int32_t i = 0; i < size; ++i)
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(at[i]));
  return out;
}

// A scalar that did not fit, as PostgreSQL writes it.
std::string WireText(const PgField& field, const char* at, int32_t size) {
  switch (field.codec) {
    case PgCodec::kDecimal:
      return NumericText(Numeric(at));
    case PgCodec::kTimestamp:
      return LateTimestamp(Read<int64_t>(at), field.type.kind == FeedKind::kTimestampTz);
    case PgCodec::kInterval:
      return Read<int64_t>(at) > 0 ? "infinity" : "-infinity";
    default:
      return Hex(at, size);
  }
}

}  // namespace

std::vector<adapter::FeedColumn> FeedColumnsOf(const std::vector<PgField>& fields) {
  std::vector<adapter::FeedColumn> columns;
  for (size_t i = 0; i < fields.size(); ++i) columns.push_back({fmt::format("_stir_t{}", i), fields[i].type});
  columns.push_back({kUnfit, {.kind = FeedKind::kInteger, .width = 0, .scale = 0, .element = {}}});
  columns.push_back({kUnfitText, {.kind = FeedKind::kVarchar, .width = 0, .scale = 0, .element = {}}});
  return columns;
}

PgDecoder::PgDecoder(std::vector<PgField> fields, bool check_utf8)
    : fields_(std::move(fields)), check_utf8_(check_utf8) {
  for (const PgField& field : fields_) {
    expected_ += FieldsOf(field);
    list_sizes_.emplace_back(static_cast<size_t>(field.dimensions), 0);
  }
}

void PgDecoder::BeginStream() {
  header_ = true;
  ended_ = false;
  rest_.clear();
}

void PgDecoder::BeginBatch(adapter::FeedBatch& batch) {
  columns_.clear();
  for (size_t i = 0; i < fields_.size() + 2; ++i) columns_.push_back(&batch.column(i));
  row_ = 0;
  bytes_ = 0;
  for (auto& sizes : list_sizes_) std::ranges::fill(sizes, 0);
}

Status PgDecoder::EndStream() const {
  if (ended_ && rest_.empty()) return {};
  return Diagnostic(kSourceBroken, "the server's COPY ended in the middle");
}

Status PgDecoder::Take(std::string_view bytes) {
  if (rest_.empty()) {
    STIR_ASSIGN(const size_t taken, TakeFrom(bytes));
    rest_.assign(bytes.substr(taken));
    return {};
  }
  rest_ += bytes;
  STIR_ASSIGN(const size_t taken, TakeFrom(rest_));
  rest_.erase(0, taken);
  return {};
}

// Whole rows only; how many bytes they were.
Result<size_t> PgDecoder::TakeFrom(std::string_view bytes) {
  size_t taken = 0;
  if (header_) {
    if (bytes.size() < kSignature.size() + 8) return taken;
    if (!bytes.starts_with(kSignature)) return Diagnostic(kSourceBroken, "the server's COPY is not in binary form");
    const auto extension = Read<uint32_t>(bytes.data() + kSignature.size() + 4);
    if (bytes.size() < kSignature.size() + 8 + extension) return taken;
    taken = kSignature.size() + 8 + extension;
    header_ = false;
  }
  while (bytes.size() - taken >= 2 && !ended_) {
    const char* row = bytes.data() + taken;
    const auto count = Read<int16_t>(row);
    if (count == -1) {
      ended_ = true;
      return taken + 2;
    }
    if (count != expected_)
      return Diagnostic(kSourceBroken, fmt::format("the server sent {} columns, not {}", count, expected_));
    size_t size = 2;
    for (int16_t i = 0; i < count; ++i) {
      if (taken + size + 4 > bytes.size()) return taken;
      const auto length = Read<int32_t>(row + size);
      size += 4 + static_cast<size_t>(std::max(length, 0));
    }
    if (taken + size > bytes.size() || full()) return taken;
    DecodeRow(row + 2);
    bytes_ += size;
    taken += size;
  }
  return taken;
}

void PgDecoder::DecodeRow(const char* at) {
  refused_ = false;
  for (size_t i = 0; i < fields_.size(); ++i) {
    const PgField& field = fields_[i];
    const auto size = Read<int32_t>(at);
    at += 4;
    if (field.codec == PgCodec::kArray) {
      DecodeList(i, at, size);
      at += std::max(size, 0);
      at += 4 + std::max(Read<int32_t>(at), 0);
    } else if (size < 0) {
      columns_[i]->SetNull(row_);
    } else {
      if (!DecodeScalar(field.codec, field.type, *columns_[i], row_, at, size, check_utf8_))
        Refuse(i, WireText(field, at, size));
      at += size;
    }
  }
  if (!refused_) {
    columns_[fields_.size()]->SetNull(row_);
    columns_[fields_.size() + 1]->SetNull(row_);
  }
  ++row_;
}

void PgDecoder::Refuse(size_t index, std::string text) {
  columns_[index]->SetNull(row_);
  if (refused_) return;
  refused_ = true;
  ++unfit_;
  Put(*columns_[fields_.size()], row_, static_cast<int32_t>(index));
  columns_[fields_.size() + 1]->SetBytes(row_, text);
}

void PgDecoder::DecodeList(size_t index, const char* at, int32_t size) {
  // Its text comes behind it where the server already knows that it is no list.
  const char* behind = at + std::max(size, 0);
  const auto text_size = Read<int32_t>(behind);
  if (size >= 0 && text_size < 0 && DecodeArray(index, at, size)) return;
  FeedVector& into = *columns_[index];
  Put(into, row_, FeedList());
  if (size < 0) return into.SetNull(row_);
  Refuse(index, text_size >= 0 ? std::string(behind + 4, static_cast<size_t>(text_size)) : Hex(at, size));
}

bool PgDecoder::DecodeArray(size_t index, const char* at, int32_t size) {
  const PgField& field = fields_[index];
  if (size < 12) return false;
  const auto dimensions = Read<int32_t>(at);
  if (dimensions == 0) {
    Put(*columns_[index], row_, FeedList{list_sizes_[index][0], 0});
    return true;
  }
  if (dimensions != field.dimensions || dimensions > kMaxDimensions) return false;
  at += 12;
  std::vector<uint32_t> sizes;
  for (int32_t i = 0; i < dimensions; ++i, at += 8) sizes.push_back(Read<uint32_t>(at));
  return FillList(field, index, 0, *columns_[index], row_, sizes, at);
}

// Every element is written, also behind one that does not fit: the engine may look at all of them.
bool PgDecoder::FillList(const PgField& field, size_t index, int level, FeedVector& into, size_t row,
                         const std::vector<uint32_t>& sizes, const char*& at) {
  const auto depth = static_cast<size_t>(level);
  const uint64_t begin = list_sizes_[index][depth];
  const uint64_t size = sizes[depth];
  Put(into, row, FeedList{begin, size});
  list_sizes_[index][depth] = begin + size;
  FeedVector& elements = into.Elements(begin + size);
  bool fits = true;
  for (uint64_t i = begin; i < begin + size; ++i) {
    if (depth + 1 < sizes.size()) {
      fits &= FillList(field, index, level + 1, elements, i, sizes, at);
      continue;
    }
    const auto length = Read<int32_t>(at);
    at += 4;
    const bool fit = length >= 0 && DecodeScalar(field.element, field.leaf, elements, i, at, length, check_utf8_);
    if (!fit) elements.SetNull(i);
    fits &= fit || length < 0;
    at += std::max(length, 0);
  }
  return fits;
}

}  // namespace stir::transfer
