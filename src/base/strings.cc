#include "base/strings.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace stir {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r\f\v";

template <typename Change>
std::string Mapped(std::string_view text, Change change) {
  std::string out(text);
  for (char& c : out) c = change(c);
  return out;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// The set that starts after '[' at `at`; `end` is the index of its closing ']', or npos when there is none.
size_t FindSetEnd(std::string_view pattern, size_t at) {
  if (at < pattern.size() && pattern[at] == '!') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  return pattern.find(']', at);
}

bool SetContains(std::string_view set, char32_t wanted) {
  const bool negated = !set.empty() && set[0] == '!';
  bool found = false;
  for (size_t at = negated ? 1 : 0; at < set.size();) {
    const CodePoint first = DecodeUtf8(set, at);
    at += first.length;
    char32_t last = first.value;
    if (at + 1 < set.size() && set[at] == '-') {
      const CodePoint end = DecodeUtf8(set, at + 1);
      last = end.value;
      at += 1u + end.length;
    }
    found = found || (first.value <= wanted && wanted <= last);
  }
  return found != negated;
}

// Matches one pattern element other than `*` against the code point at `text_at`; moves both on success.
bool MatchOne(std::string_view text, size_t& text_at, std::string_view pattern, size_t& pattern_at) {
  const CodePoint c = DecodeUtf8(text, text_at);
  if (pattern[pattern_at] == '?') {
    ++pattern_at;
  } else if (const size_t end =
                 pattern[pattern_at] == '[' ? FindSetEnd(pattern, pattern_at + 1) : std::string_view::npos;
             end != std::string_view::npos) {
    if (!SetContains(pattern.substr(pattern_at + 1, end - pattern_at - 1), c.value)) return false;
    pattern_at = end + 1;
  } else {
    if (text.substr(text_at, c.length) != pattern.substr(pattern_at, c.length)) return false;
    pattern_at += c.length;
  }
  text_at += c.length;
  return true;
}

// Edits (insert, remove, replace, swap of neighbours) from a to b without regard to ASCII case; anything over `limit`
// is reported as limit + 1.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) return limit + 1;
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({last[j - 1] + (same ? 0 : 1), last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string Join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view Strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

std::string ToLower(std::string_view text) { return Mapped(text, Lower); }
std::string ToUpper(std::string_view text) { return Mapped(text, Upper); }

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  if (from.empty()) return std::string(text);
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    uint64_t block = 0;
    if (at + sizeof block <= text.size()) {
      std::memcpy(&block, text.data() + at, sizeof block);
      if ((block & 0x8080808080808080u) == 0) {
        at += sizeof block;
        continue;
      }
    }
    const CodePoint c = DecodeUtf8(text, at);
    if (!c.valid) return false;
    at += c.length;
  }
  return true;
}

bool MatchesGlob(std::string_view text, std::string_view pattern) {
  // On a mismatch only the last `*` needs to be tried longer: linear in practice, quadratic at worst.
  size_t text_at = 0, pattern_at = 0;
  size_t star = std::string_view::npos, star_text = 0;
  while (text_at < text.size()) {
    if (pattern_at < pattern.size() && pattern[pattern_at] == '*') {
      star = ++pattern_at;
      star_text = text_at;
    } else if (pattern_at < pattern.size() && MatchOne(text, text_at, pattern, pattern_at)) {
      continue;
    } else if (star != std::string_view::npos) {
      star_text += DecodeUtf8(text, star_text).length;
      text_at = star_text;
      pattern_at = star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', pattern_at) == std::string_view::npos;
}

std::string DidYouMean(std::string_view word, std::span<const std::string> candidates) {
  const size_t allowed = std::max<size_t>(1, word.size() / 3);
  size_t best = std::min(allowed, word.empty() ? 0 : word.size() - 1) + 1;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    if (best == 0) break;
    const size_t distance = EditDistance(word, candidate, best - 1);
    if (distance >= best) continue;
    best = distance;
    nearest = &candidate;
  }
  return nearest == nullptr ? std::string() : "did you mean `" + *nearest + "`?";
}

}  // namespace stir
