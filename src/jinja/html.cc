// HTML's character references.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "jinja/text.h"

namespace stir::jinja {
namespace {

// The names of U+00A0 to U+00FF, in their order. These need no semicolon.
constexpr std::array<std::string_view, 96> kLatin{
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",   "ordf",
    "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",   "acute",  "micro",
    "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave",
    "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",
    "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",
    "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute",
    "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave",
    "iacute", "icirc",  "iuml",   "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide",
    "oslash", "ugrave", "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

struct Named {
  std::string_view name;
  char32_t code;
  bool bare = false;  // also without a semicolon
};

constexpr Named kNamed[] = {
    {"amp", '&', true}, {"lt", '<', true},  {"gt", '>', true},   {"quot", '"', true}, {"AMP", '&', true},
    {"LT", '<', true},  {"GT", '>', true},  {"QUOT", '"', true}, {"apos", '\''},      {"ndash", 0x2013},
    {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},   {"sbquo", 0x201A},   {"ldquo", 0x201C},
    {"rdquo", 0x201D},  {"bdquo", 0x201E},  {"dagger", 0x2020},  {"Dagger", 0x2021},  {"bull", 0x2022},
    {"hellip", 0x2026}, {"permil", 0x2030}, {"lsaquo", 0x2039},  {"rsaquo", 0x203A},  {"euro", 0x20AC},
    {"trade", 0x2122},  {"larr", 0x2190},   {"uarr", 0x2191},    {"rarr", 0x2192},    {"darr", 0x2193},
    {"harr", 0x2194},   {"minus", 0x2212},  {"infin", 0x221E},   {"ne", 0x2260},      {"le", 0x2264},
    {"ge", 0x2265},     {"OElig", 0x152},   {"oelig", 0x153},    {"Scaron", 0x160},   {"scaron", 0x161},
    {"Yuml", 0x178},    {"ensp", 0x2002},   {"emsp", 0x2003},    {"thinsp", 0x2009},  {"zwnj", 0x200C},
    {"zwj", 0x200D},    {"lrm", 0x200E},    {"rlm", 0x200F},     {"tilde", 0x2DC},    {"circ", 0x2C6},
};

// &#38; and &#x26; without the `&`. Moves behind it when it is one.
bool TakeNumber(std::string_view text, size_t& at, std::string& out) {
  const bool is_hex = text.size() > at + 1 && (text[at + 1] | 32) == 'x';
  const char* begin = text.data() + at + (is_hex ? 2 : 1);
  const char* end = text.data() + text.size();
  uint32_t code = 0;
  const auto result =
      begin < end ? std::from_chars(begin, end, code, is_hex ? 16 : 10) : std::from_chars_result{begin, {}};
  if (result.ptr == begin) return false;
  at = static_cast<size_t>(result.ptr - text.data());
  if (at < text.size() && text[at] == ';') ++at;
  const bool is_none = result.ec != std::errc() || code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000);
  AppendCodePoint(out, is_none ? 0xFFFD : code);
  return true;
}

bool TakeName(std::string_view text, size_t& at, std::string& out) {
  size_t end = at;
  while (end < text.size() && end - at < 32 && std::isalnum(static_cast<unsigned char>(text[end]))) ++end;
  const bool closed = end < text.size() && text[end] == ';';
  const std::string_view word = text.substr(at, end - at);
  auto take = [&](char32_t code, size_t length) {
    AppendCodePoint(out, code);
    at += length + (length == word.size() && closed ? 1 : 0);
    return true;
  };
  for (const Named& each : kNamed) {
    if (closed && each.name == word) return take(each.code, word.size());
  }
  // The longest name that begins the word.
  for (size_t length = word.size(); length > 1; --length) {
    const std::string_view name = word.substr(0, length);
    const auto* latin = std::ranges::find(kLatin, name);
    if (latin != kLatin.end()) return take(static_cast<char32_t>(0xA0 + (latin - kLatin.begin())), length);
    const auto* named = std::ranges::find(kNamed, name, &Named::name);
    if (named != std::end(kNamed) && named->bare) return take(named->code, length);
  }
  return false;
}

}  // namespace

std::string UnescapeHtml(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '&') {
      out += text[at++];
      continue;
    }
    size_t next = at + 1;
    const bool is_number = next < text.size() && text[next] == '#';
    if (is_number ? TakeNumber(text, next, out) : TakeName(text, next, out)) {
      at = next;
    } else {
      out += text[at++];
    }
  }
  return out;
}

}  // namespace stir::jinja
