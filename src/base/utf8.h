// UTF-8 one code point at a time, for what is shown to people: columns, carets, escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stir {

inline constexpr char32_t kReplacement = 0xFFFD;

struct CodePoint {
  char32_t value = 0;
  uint8_t length = 0;  // bytes it took; 1 for an invalid byte
  bool valid = true;   // an invalid byte reads as kReplacement
};

// The code point that starts at `at` (< text.size()). Strict: no overlong forms, no surrogates, nothing over U+10FFFF.
CodePoint DecodeUtf8(std::string_view text, size_t at);
void AppendUtf8(std::string& out, char32_t code_point);
size_t CountCodePoints(std::string_view text);
// Columns that a terminal gives to a code point: 0 (combining), 1 or 2 (East Asian wide, emoji).
int DisplayWidth(char32_t code_point);

}  // namespace stir
