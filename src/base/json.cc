// Strings are scanned eight bytes at a time: artifacts of a large project are hundreds of megabytes of mostly plain
// text.
#include "base/json.h"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

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

// Appends `before`, the text up to its first byte that cannot be copied as it is and, when there is none, `after`.
// Gives the index of that byte. Nearly every text of an artifact is plain, and takes one look at the capacity.
size_t AppendPlain(std::string& out, std::string_view text, std::string_view before, std::string_view after) {
  const size_t plain = FindSpecial(text, 0);
  if (plain < text.size()) after = {};
  const size_t start = out.size(), size = before.size() + plain + after.size();
  // The size that g++ 12's library hands back may be the capacity that it took instead.
  out.resize_and_overwrite(start + size, [&](char* bytes, size_t) {
    char* next = bytes + start;
    for (std::string_view part : {before, text.substr(0, plain), after}) {
      if (!part.empty()) std::memcpy(next, part.data(), part.size());
      next += part.size();
    }
    return start + size;
  });
  return plain;
}

// The rest of a text from its first special byte on, and the closing quote.
void AppendEscaped(std::string& out, std::string_view value, size_t at) {
  while (at < value.size()) {
    if (!IsSpecial(value[at])) {
      const size_t special = FindSpecial(value, at);
      out.append(value, at, special - at);
      at = special;
    } else if ((value[at] & 0x80) == 0) {
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

}  // namespace

Json ReadJson(std::string_view text) { return Json::parse(text, nullptr, /*allow_exceptions=*/false); }

std::string WriteJson(const Json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

void AppendJsonString(std::string& out, std::string_view value) {
  const size_t at = AppendPlain(out, value, "\"", "\"");
  if (at == value.size()) return;
  AppendEscaped(out, value, at);
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
  const size_t plain = AppendPlain(text_, key, need_comma_ ? ",\"" : "\"", "\":");
  if (plain < key.size()) {
    AppendEscaped(text_, key, plain);
    text_.push_back(':');
  }
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  const size_t plain = AppendPlain(text_, value, need_comma_ ? ",\"" : "\"", "\"");
  if (plain < value.size()) AppendEscaped(text_, value, plain);
  need_comma_ = true;
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
