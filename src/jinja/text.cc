#include "jinja/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstring>
#include <cwctype>

#include <fmt/format.h>

namespace stir::jinja {
namespace {

// glibc's own Unicode tables, without touching the process's locale.
locale_t Unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool Classify(char32_t code, int (*ask)(wint_t, locale_t)) {
  return Unicode() && ask(static_cast<wint_t>(code), Unicode()) != 0;
}

bool Contains(std::string_view set, std::string_view character) {
  return set.find(character) != std::string_view::npos;
}

size_t PreviousCodePoint(std::string_view text, size_t end) {
  size_t at = end - 1;
  while (at > 0 && end - at < 4 && IsContinuation(text[at])) --at;
  return at;
}

}  // namespace

bool IsAscii(std::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t block;
    std::memcpy(&block, text.data() + i, 8);
    if (block & 0x8080808080808080ULL) return false;
  }
  for (; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) return false;
  }
  return true;
}

char32_t NextCodePoint(std::string_view text, size_t& offset) {
  auto lead = static_cast<unsigned char>(text[offset]);
  if (lead < 0x80) return ++offset, lead;
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (length == 1 || offset + length > text.size()) return ++offset, lead;
  char32_t code = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[offset + i])) return ++offset, lead;
    code = code << 6 | (static_cast<unsigned char>(text[offset + i]) & 0x3F);
  }
  offset += length;
  return code;
}

void AppendCodePoint(std::string& out, char32_t code) {
  auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

size_t CodePointCount(std::string_view text) {
  if (IsAscii(text)) return text.size();
  size_t count = 0;
  for (size_t offset = 0; offset < text.size(); ++count) NextCodePoint(text, offset);
  return count;
}

size_t CodePointOffset(std::string_view text, size_t index) {
  size_t offset = 0;
  while (index > 0 && offset < text.size()) NextCodePoint(text, offset), --index;
  return offset;
}

std::vector<std::string_view> CodePoints(std::string_view text) {
  std::vector<std::string_view> points;
  points.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) {
    size_t begin = offset;
    NextCodePoint(text, offset);
    points.push_back(text.substr(begin, offset - begin));
  }
  return points;
}

bool IsSpace(char32_t code) {
  if (code < 0x80) return IsAsciiSpace(static_cast<char>(code));
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
         code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool IsDecimal(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  // The zeros of the scripts that have ten digits in a row.
  constexpr std::array<char32_t, 37> kZeros{
      0x660,  0x6F0,  0x7C0,  0x966,  0x9E6,  0xA66,  0xAE6,  0xB66,  0xBE6,  0xC66,  0xCE6,  0xD66,  0xDE6,
      0xE50,  0xED0,  0xF20,  0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0,
      0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0};
  const auto* next = std::ranges::upper_bound(kZeros, code);
  return next != kZeros.begin() && code - next[-1] < 10;
}

bool IsDigit(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  const bool is_raised =
      code == 0xB2 || code == 0xB3 || code == 0xB9 || code == 0x2070 || (code >= 0x2074 && code <= 0x2079);
  return is_raised || (code >= 0x2080 && code <= 0x2089) || (code >= 0x2460 && code <= 0x2468) || IsDecimal(code);
}

bool IsNumeric(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return (code >= 0xBC && code <= 0xBE) || (code >= 0x2150 && code <= 0x218B) || (code >= 0x2469 && code <= 0x249B) ||
         IsDigit(code);
}

// glibc counts digits and numerals of other scripts as letters.
bool IsAlpha(char32_t code) {
  if (code < 0x80) return (code | 32) >= 'a' && (code | 32) <= 'z';
  return Classify(code, iswalpha_l) && !IsNumeric(code);
}
bool IsUpper(char32_t code) { return code < 0x80 ? code >= 'A' && code <= 'Z' : Classify(code, iswupper_l); }
bool IsLower(char32_t code) { return code < 0x80 ? code >= 'a' && code <= 'z' : Classify(code, iswlower_l); }
bool IsPrintable(char32_t code) {
  if (code < 0x80) return code >= 0x20 && code < 0x7F;
  // Marks that only steer the text around them, and characters for private use.
  const bool is_format = code == 0xAD || (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
                         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB) ||
                         (code >= 0x600 && code <= 0x605) || code == 0x61C || code == 0x6DD || code == 0x180E;
  const bool is_private = (code >= 0xE000 && code <= 0xF8FF) || code >= 0xE0001;
  return !IsSpace(code) && !is_format && !is_private && Classify(code, iswprint_l);
}

char32_t ToUpperCode(char32_t code) {
  if (code < 0x80) return code >= 'a' && code <= 'z' ? code - 32 : code;
  return Unicode() ? static_cast<char32_t>(towupper_l(static_cast<wint_t>(code), Unicode())) : code;
}

char32_t ToLowerCode(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return Unicode() ? static_cast<char32_t>(towlower_l(static_cast<wint_t>(code), Unicode())) : code;
}

namespace {

// Letters whose upper case is more than one letter, with that and their title case.
struct LongUpper {
  char32_t code;
  std::string_view upper, title;
};
constexpr LongUpper kLongUpper[] = {
    {0xDF, "SS", "Ss"},     {0x149, "\u02BCN", "\u02BCN"}, {0xFB00, "FF", "Ff"},
    {0xFB01, "FI", "Fi"},   {0xFB02, "FL", "Fl"},          {0xFB03, "FFI", "Ffi"},
    {0xFB04, "FFL", "Ffl"}, {0xFB05, "ST", "St"},          {0xFB06, "ST", "St"},
};

const LongUpper* FindLongUpper(char32_t code) {
  if (code < 0x80) return nullptr;
  const auto* at = std::ranges::find(kLongUpper, code, &LongUpper::code);
  return at == std::end(kLongUpper) ? nullptr : at;
}

}  // namespace

void AppendUpperCase(std::string& out, char32_t code) {
  if (const LongUpper* entry = FindLongUpper(code)) {
    out += entry->upper;
  } else {
    AppendCodePoint(out, ToUpperCode(code));
  }
}

void AppendTitleCase(std::string& out, char32_t code) {
  if (const LongUpper* entry = FindLongUpper(code)) {
    out += entry->title;
  } else {
    AppendCodePoint(out, ToUpperCode(code));
  }
}

std::string UpperText(std::string_view text) {
  std::string out;
  if (IsAscii(text)) {
    out = text;
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return out;
  }
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) AppendUpperCase(out, NextCodePoint(text, offset));
  return out;
}

std::string FoldText(std::string_view text) {
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    const char32_t code = NextCodePoint(text, offset);
    const LongUpper* entry = FindLongUpper(code);
    if (entry) {
      out += LowerText(entry->upper);
    } else {
      AppendCodePoint(out, ToLowerCode(code));
    }
  }
  return out;
}

std::string LowerText(std::string_view text) {
  std::string out;
  if (IsAscii(text)) {
    out = text;
    for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
  }
  out.reserve(text.size());
  for (size_t offset = 0; offset < text.size();) AppendCodePoint(out, ToLowerCode(NextCodePoint(text, offset)));
  return out;
}

std::string_view StripLeft(std::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    size_t next = offset;
    if (!IsSpace(NextCodePoint(text, next))) break;
    offset = next;
  }
  return text.substr(offset);
}

std::string_view StripRight(std::string_view text) {
  while (!text.empty()) {
    size_t at = PreviousCodePoint(text, text.size()), next = at;
    if (!IsSpace(NextCodePoint(text, next))) break;
    text = text.substr(0, at);
  }
  return text;
}

std::string_view StripLeft(std::string_view text, std::string_view set) {
  size_t offset = 0;
  while (offset < text.size()) {
    size_t next = offset;
    NextCodePoint(text, next);
    if (!Contains(set, text.substr(offset, next - offset))) break;
    offset = next;
  }
  return text.substr(offset);
}

std::string_view StripRight(std::string_view text, std::string_view set) {
  while (!text.empty()) {
    size_t at = PreviousCodePoint(text, text.size());
    if (!Contains(set, text.substr(at))) break;
    text = text.substr(0, at);
  }
  return text;
}

std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t offset = 0; offset < text.size();) {
    size_t at = offset;
    char32_t code = NextCodePoint(text, offset);
    bool is_break = (code >= '\n' && code <= '\r') || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
                    code == 0x2028 || code == 0x2029;
    if (!is_break) continue;
    if (code == '\r' && offset < text.size() && text[offset] == '\n') ++offset;
    lines.push_back(text.substr(begin, (keep_ends ? offset : at) - begin));
    begin = offset;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::string ReprText(std::string_view text) {
  char quote = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (size_t offset = 0; offset < text.size();) {
    size_t begin = offset;
    char32_t code = NextCodePoint(text, offset);
    if (code == static_cast<char32_t>(quote) || code == '\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code == '\n' || code == '\r' || code == '\t') {
      out += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    } else if (IsPrintable(code)) {
      out += text.substr(begin, offset - begin);
    } else {
      out += code < 0x100     ? fmt::format("\\x{:02x}", static_cast<uint32_t>(code))
             : code < 0x10000 ? fmt::format("\\u{:04x}", static_cast<uint32_t>(code))
                              : fmt::format("\\U{:08x}", static_cast<uint32_t>(code));
    }
  }
  out += quote;
  return out;
}

std::string ReprFloat(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  auto scientific = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<size_t>(scientific.ptr - buffer));
  size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16)
    return std::string(text);  // two digits of exponent at least, as Python prints it
  char fixed[400];
  auto end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  std::string out(fixed, end.ptr);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace stir::jinja
