// The rules, as PyYAML 6 has them: https://yaml.org/type/ with its own deviations (a float needs a point, an exponent a
// sign; one-letter booleans are strings). Checked against PyYAML itself, see resolver_test.cc.
#include "yaml/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/strings.h"

namespace stir::yaml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A text that is read by trying patterns; Take* move only when they match.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool Done() const { return rest_.empty(); }
  bool Take(char c) { return !rest_.empty() && rest_.front() == c && Skip(1); }
  bool TakeAny(std::string_view set) {
    return !rest_.empty() && set.find(rest_.front()) != std::string_view::npos && Skip(1);
  }
  bool TakeDigit() { return !rest_.empty() && IsDigit(rest_.front()) && Skip(1); }
  // As many characters of the set as there are; true when there was one.
  bool TakeRun(std::string_view set) {
    const size_t size = std::min(rest_.find_first_not_of(set), rest_.size());
    return size > 0 && Skip(size);
  }
  bool TakeDigits(size_t least, size_t most) {
    size_t size = 0;
    while (size < most && size < rest_.size() && IsDigit(rest_[size])) ++size;
    return size >= least && Skip(size);
  }
  bool TakeText(std::string_view text) { return rest_.starts_with(text) && Skip(text.size()); }
  std::string_view rest() const { return rest_; }

 private:
  bool Skip(size_t size) {
    rest_.remove_prefix(size);
    return true;
  }
  std::string_view rest_;
};

constexpr std::string_view kDigits = "0123456789_";

// One or more `:SS`, each 0 to 59.
bool TakeSexagesimals(Cursor& cursor) {
  bool any = false;
  while (cursor.rest().size() >= 2 && cursor.rest()[0] == ':' && IsDigit(cursor.rest()[1])) {
    cursor.Take(':');
    const bool small = cursor.rest()[0] <= '5';
    cursor.TakeDigit();
    if (small) cursor.TakeDigit();
    any = true;
  }
  return any;
}

bool IsBool(std::string_view text) {
  static constexpr std::array<std::string_view, 18> kWords = {"yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                                              "true", "True", "TRUE", "false", "False", "FALSE",
                                                              "on",   "On",   "ON",   "off",   "Off",   "OFF"};
  return text.size() <= 5 && std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

bool IsNull(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

bool IsSpecialFloat(Cursor cursor) {
  const bool sign = cursor.TakeAny("-+");
  if (!cursor.Take('.')) return false;
  const std::string_view word = cursor.rest();
  return word == "inf" || word == "Inf" || word == "INF" ||
         (!sign && (word == "nan" || word == "NaN" || word == "NAN"));
}

bool TakesExponentOrEnd(Cursor& cursor) {
  if (cursor.TakeAny("eE") && !(cursor.TakeAny("-+") && cursor.TakeDigits(1, std::string_view::npos))) return false;
  return cursor.Done();
}

bool IsFloat(std::string_view text) {
  if (IsSpecialFloat(Cursor(text))) return true;
  Cursor cursor(text);
  if (cursor.Take('.')) return cursor.TakeDigit() && (cursor.TakeRun(kDigits), TakesExponentOrEnd(cursor));
  cursor.TakeAny("-+");
  if (!cursor.TakeDigit()) return false;
  cursor.TakeRun(kDigits);
  if (TakeSexagesimals(cursor)) return cursor.Take('.') && (cursor.TakeRun(kDigits), cursor.Done());
  return cursor.Take('.') && (cursor.TakeRun(kDigits), TakesExponentOrEnd(cursor));
}

bool IsInt(std::string_view text) {
  Cursor cursor(text);
  cursor.TakeAny("-+");
  if (cursor.Take('0')) {
    if (cursor.Done()) return true;
    if (cursor.Take('b')) return cursor.TakeRun("01_") && cursor.Done();
    if (cursor.Take('x')) return cursor.TakeRun("0123456789abcdefABCDEF_") && cursor.Done();
    return cursor.TakeRun("01234567_") && cursor.Done();
  }
  if (!cursor.TakeDigit()) return false;
  cursor.TakeRun(kDigits);
  TakeSexagesimals(cursor);
  return cursor.Done();
}

bool IsDate(std::string_view text) {
  Cursor cursor(text);
  return text.size() == 10 && cursor.TakeDigits(4, 4) && cursor.Take('-') && cursor.TakeDigits(2, 2) &&
         cursor.Take('-') && cursor.TakeDigits(2, 2);
}

bool TakeZone(Cursor& cursor) {
  cursor.TakeRun(" \t");
  if (cursor.Take('Z')) return true;
  if (!cursor.TakeAny("-+") || !cursor.TakeDigits(1, 2)) return false;
  return !cursor.Take(':') || cursor.TakeDigits(2, 2);
}

bool IsTimestamp(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.TakeDigits(4, 4) || !cursor.Take('-') || !cursor.TakeDigits(1, 2) || !cursor.Take('-') ||
      !cursor.TakeDigits(1, 2))
    return false;
  if (!cursor.TakeAny("Tt") && !cursor.TakeRun(" \t")) return false;
  if (!cursor.TakeDigits(1, 2) || !cursor.Take(':') || !cursor.TakeDigits(2, 2) || !cursor.Take(':') ||
      !cursor.TakeDigits(2, 2))
    return false;
  if (cursor.Take('.')) cursor.TakeDigits(0, std::string_view::npos);
  return cursor.Done() || (TakeZone(cursor) && cursor.Done());
}

std::string WithoutUnderscores(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

// A whole number of any size, built by multiply-and-add.
class BigNumber {
 public:
  static constexpr uint64_t kLargestAddend = 1'000'000'000'000'000'000;
  // factor < 100, addend <= kLargestAddend
  void MultiplyAdd(uint64_t factor, uint64_t addend) {
    uint64_t carry = addend;
    for (uint64_t& limb : limbs_) {
      carry += limb * factor;
      limb = carry % kBase;
      carry /= kBase;
    }
    for (; carry != 0; carry /= kBase) limbs_.push_back(carry % kBase);
  }
  std::string Digits() const {
    if (limbs_.empty()) return "0";
    std::string text = fmt::format("{}", limbs_.back());
    for (size_t i = limbs_.size() - 1; i-- > 0;) text += fmt::format("{:09}", limbs_[i]);
    return text;
  }

 private:
  static constexpr uint64_t kBase = 1'000'000'000;
  std::vector<uint64_t> limbs_;  // lowest first
};

std::string SetInt(Node& node) {
  std::string text = WithoutUnderscores(node.text);
  const bool negative = text.starts_with('-');
  std::string_view digits = text;
  if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
  uint64_t base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    base = digits[1] == 'b' ? 2 : digits[1] == 'x' ? 16 : 8;
    digits.remove_prefix(base == 8 ? 1 : 2);
  }
  if (digits.empty()) return fmt::format("`{}` has no digits", node.text);
  BigNumber value;
  for (std::string_view part : Split(digits, ':')) {
    uint64_t low = 0;
    if (part.size() == digits.size()) {
      for (const char c : part)
        value.MultiplyAdd(base,
                          IsDigit(c) ? static_cast<uint64_t>(c - '0') : static_cast<uint64_t>((c | 32) - 'a' + 10));
    } else if (std::from_chars(part.data(), part.data() + part.size(), low).ec == std::errc() &&
               low <= BigNumber::kLargestAddend) {
      value.MultiplyAdd(60, low);
    } else {
      return fmt::format("`{}` is too large", node.text);
    }
  }
  std::string number = (negative ? "-" : "") + value.Digits();
  if (std::from_chars(number.data(), number.data() + number.size(), node.integer).ec != std::errc()) {
    node.big = true;
    node.verbatim = node.verbatim && node.text == number;
    node.text = std::move(number);
  }
  return {};
}

double ToDouble(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? std::strtod(text.c_str(), nullptr) : value;
}

void SetFloat(Node& node) {
  std::string text = ToLower(WithoutUnderscores(node.text));
  const double sign = text.starts_with('-') ? -1 : 1;
  if (text.starts_with('-') || text.starts_with('+')) text.erase(0, 1);
  if (text == ".inf") {
    node.real = sign * std::numeric_limits<double>::infinity();
  } else if (text == ".nan") {
    node.real = std::numeric_limits<double>::quiet_NaN();
  } else {
    const std::vector<std::string_view> parts = Split(text, ':');
    double value = 0, base = 1;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part, base *= 60)
      value += ToDouble(std::string(*part)) * base;
    node.real = sign * value;
  }
}

// The decimal numbers in a text, in order.
std::vector<int> NumbersIn(std::string_view text) {
  std::vector<int> numbers;
  for (size_t at = 0; at < text.size();) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error == std::errc()) numbers.push_back(value);
    at = std::max(at + 1, static_cast<size_t>(end - text.data()));
  }
  return numbers;
}

std::string CheckDate(std::string_view text) {
  const std::string plain = ReplaceAll(text.substr(0, text.find_first_of("Tt \t")), "-", " ");
  const std::vector<int> n = NumbersIn(plain);
  const std::chrono::year_month_day date{std::chrono::year(n[0]), std::chrono::month(static_cast<unsigned>(n[1])),
                                         std::chrono::day(static_cast<unsigned>(n[2]))};
  return date.ok() && n[0] >= 1 ? "" : fmt::format("`{}` is not a date", text);
}

std::string CheckTimestamp(std::string_view text) {
  if (std::string wrong = CheckDate(text); !wrong.empty()) return wrong;
  std::string_view clock = text.substr(text.find_first_of("Tt \t") + 1);
  const std::vector<int> n = NumbersIn(ReplaceAll(clock.substr(0, clock.find_first_of(".Z+-")), ":", " "));
  bool fine = n[0] <= 23 && n[1] <= 59 && n[2] <= 59;
  if (const size_t zone = clock.find_first_of("+-"); zone != std::string_view::npos) {
    const std::vector<int> z = NumbersIn(ReplaceAll(clock.substr(zone + 1), ":", " "));
    fine = fine && z[0] * 60 + (z.size() > 1 ? z[1] : 0) < 24 * 60;
  }
  return fine ? "" : fmt::format("`{}` is not a time", text);
}

}  // namespace

Type TypeOfPlain(std::string_view text) {
  if (text.empty()) return Type::kNull;
  switch (text.front()) {
    case 'y':
    case 'Y':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
      return IsBool(text) ? Type::kBool : Type::kString;
    case 'n':
    case 'N':
      return IsBool(text) ? Type::kBool : IsNull(text) ? Type::kNull : Type::kString;
    case '~':
      return IsNull(text) ? Type::kNull : Type::kString;
    case '-':
    case '+':
    case '.':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      if (IsFloat(text)) return Type::kFloat;
      if (IsInt(text)) return Type::kInt;
      return IsDate(text) ? Type::kDate : IsTimestamp(text) ? Type::kTimestamp : Type::kString;
    default:
      return Type::kString;
  }
}

bool IsDecimal(std::string_view text) {
  Cursor cursor(text);
  cursor.TakeAny("-+");
  return cursor.TakeDigits(1, std::string_view::npos) && cursor.Done();
}

std::string SetValue(Node& node, Type type) {
  node.type = type;
  switch (type) {
    case Type::kBool: {
      const char last = node.text.back();
      node.boolean = node.text.size() == 2   ? (last == 'n' || last == 'N')
                     : node.text.size() == 3 ? (node.text[0] | 32) == 'y'
                                             : node.text.size() == 4;
      return {};
    }
    case Type::kInt:
      return SetInt(node);
    case Type::kFloat:
      SetFloat(node);
      return {};
    case Type::kDate:
      return CheckDate(node.text);
    case Type::kTimestamp:
      return CheckTimestamp(node.text);
    default:
      return {};
  }
}

}  // namespace stir::yaml
