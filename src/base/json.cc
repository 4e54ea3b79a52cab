// Strings are scanned eight bytes at a time: artifacts of a large project are hundreds of megabytes of mostly plain
// text.
#include "base/json.h"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/utf8.h"

namespace stir {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101u;
constexpr uint64_t kHighs = 0x8080808080808080u;

// The high bit of each byte that is below 0x20, a quote, a backslash, or not ASCII. Bytes after the first such byte may
// be marked wrongly (borrow), the first never is.
uint64_t SpecialBytes(uint64_t block) {
  const auto zero_bytes = [](uint64_t value) { return (value - kOnes) & ~value; };
  const uint64_t below_space = (block - kOnes * 0x20) & ~block;
  return (below_space | zero_bytes(block ^ kOnes * '"') | zero_bytes(block ^ kOnes * '\\') | block) & kHighs;
}

bool IsSpecial(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || (c & 0x80) != 0; }

// The index of the first byte at or after `at` that cannot be copied as it is.
size_t FindSpecial(std::string_view text, size_t at) {
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t block;
    std::memcpy(&block, text.data() + at, 8);
    if (const uint64_t marks = SpecialBytes(block); marks != 0)
      return at + static_cast<size_t>(std::countr_zero(marks)) / 8;
  }
  while (at < text.size() && !IsSpecial(text[at])) ++at;
  return at;
}

void AppendEscape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view value) {
  out.push_back('"');
  for (size_t at = 0; at < value.size();) {
    const size_t special = FindSpecial(value, at);
    out.append(value, at, special - at);
    at = special;
    if (at == value.size()) break;
    if ((value[at] & 0x80) == 0) {
      AppendEscape(out, value[at++]);
    } else {
      const CodePoint c = DecodeUtf8(value, at);
      if (c.valid)
        out.append(value, at, c.length);
      else
        AppendUtf8(out, kReplacement);
      at += c.length;
    }
  }
  out.push_back('"');
}

void JsonWriter::Separate() {
  if (need_comma_) text_.push_back(',');
  need_comma_ = true;
}

JsonWriter& JsonWriter::BeginObject() {
  Separate();
  text_.push_back('{');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  text_.push_back('}');
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Separate();
  text_.push_back('[');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  text_.push_back(']');
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  assert(text_.empty() || text_.back() != ':');
  Separate();
  AppendJsonString(text_, key);
  text_.push_back(':');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  AppendJsonString(text_, value);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) {
  Separate();
  char buffer[24];
  text_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  Separate();
  if (std::isnan(value)) {
    text_ += "NaN";
  } else if (std::isinf(value)) {
    text_ += value < 0 ? "-Infinity" : "Infinity";
  } else {
    const size_t start = text_.size();
    fmt::format_to(std::back_inserter(text_), "{}", value);
    if (text_.find_first_of(".e", start) == std::string::npos) text_ += ".0";
  }
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

}  // namespace stir
