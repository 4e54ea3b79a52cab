// Text as Python sees it: code points, white space, case, repr. Strings are UTF-8; bytes that are not are taken one by
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stir::jinja {

bool IsAscii(std::string_view text);
size_t CodePointCount(std::string_view text);
// Decodes the code point at `offset` and moves behind it.
char32_t NextCodePoint(std::string_view text, size_t& offset);
void AppendCodePoint(std::string& out, char32_t code);
// The byte offset of the index-th code point (the size of the text when there are fewer).
size_t CodePointOffset(std::string_view text, size_t index);
std::vector<std::string_view> CodePoints(std::string_view text);  // one view each

bool IsSpace(char32_t code);  // str.isspace
inline bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f'); }
bool IsDecimal(char32_t code);  // a digit of any script
bool IsDigit(char32_t code);    // also a raised, lowered or circled one
bool IsNumeric(char32_t code);  // also fractions and Roman numerals
bool IsAlpha(char32_t code);
bool IsUpper(char32_t code);
bool IsLower(char32_t code);
bool IsPrintable(char32_t code);
char32_t ToUpperCode(char32_t code);
char32_t ToLowerCode(char32_t code);
// Letters whose upper case is several letters become those.
void AppendUpperCase(std::string& out, char32_t code);
void AppendTitleCase(std::string& out, char32_t code);
std::string UpperText(std::string_view text);
std::string LowerText(std::string_view text);
std::string FoldText(std::string_view text);  // str.casefold

std::string_view StripLeft(std::string_view text);
std::string_view StripRight(std::string_view text);
// Characters in `set` (code points) instead of white space.
std::string_view StripLeft(std::string_view text, std::string_view set);
std::string_view StripRight(std::string_view text, std::string_view set);
std::vector<std::string_view> SplitLines(std::string_view text, bool keep_ends);

std::string ReprText(std::string_view text);  // quotes and escapes as Python's repr
std::string ReprFloat(double value);          // shortest round trip: 1.0, 1e+16, nan

std::string EscapeHtml(std::string_view text);
std::string UnescapeHtml(std::string_view text);  // numeric references and the named ones of Latin-1 and punctuation

}  // namespace stir::jinja
