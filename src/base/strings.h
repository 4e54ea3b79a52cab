// Small text helpers that the standard library lacks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stir {

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string Join(std::span<const std::string> parts, std::string_view separator);
std::string_view Strip(std::string_view text);  // ASCII white space on both sides
std::string ToLower(std::string_view text);     // ASCII
std::string ToUpper(std::string_view text);     // ASCII
std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);
bool IsUtf8(std::string_view text);
// fnmatch as Python's fnmatchcase: `*`, `?`, `[seq]`, `[!seq]`; '/' is an ordinary character.
bool MatchesGlob(std::string_view text, std::string_view pattern);
// "did you mean `x`?" for the nearest candidate within a third of the word's length, else empty.
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

}  // namespace stir
