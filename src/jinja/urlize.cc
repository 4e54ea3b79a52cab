// The filter `urlize`: what looks like an address becomes a link. What counts as one is Jinja2's choice: see its
// documentation of the filter.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "jinja/filters.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

bool IsWordCharacter(char32_t code) { return code == '_' || IsAlpha(code) || IsDigit(code); }
bool IsLatin(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool IsNumeral(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsNumeral(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

std::string Lower(std::string_view text) { return LowerText(text); }

// How many bytes of word characters, `%` and, if wanted, `-` stand at the beginning.
size_t LabelLength(std::string_view text, bool with_hyphen) {
  size_t end = 0;
  for (size_t next = 0; next < text.size(); end = next) {
    const char32_t code = NextCodePoint(text, next);
    if (!IsWordCharacter(code) && code != '%' && !(code == '-' && with_hyphen)) break;
  }
  return end;
}

// A port and a path may follow a host, and nothing else.
bool IsTail(std::string_view text) {
  if (text.starts_with(':')) {
    size_t digits = 1;
    while (digits < text.size() && IsNumeral(text[digits])) ++digits;
    if (digits > 1 && digits <= 6) {
      const std::string_view rest = text.substr(digits);
      if (rest.empty() || rest[0] == '/' || rest[0] == '?' || rest[0] == '#') return true;
    }
    return false;
  }
  return text.empty() || text[0] == '/' || text[0] == '?' || text[0] == '#';
}

bool IsTopLevel(std::string_view label) {
  const bool is_plain = label.size() >= 2 && label.size() <= 63 && std::ranges::all_of(label, IsLatin);
  if (is_plain) return true;
  if (!Lower(label).starts_with("xn--")) return false;
  const size_t length = CodePointCount(label.substr(4));
  return length >= 2 && length <= 59 && LabelLength(label.substr(4), false) == label.size() - 4;
}

// Where the top-level name of `label` may end: letters only count.
size_t TopLevelLength(std::string_view label) {
  size_t letters = 0;
  while (letters < label.size() && IsLatin(label[letters])) ++letters;
  return letters;
}

// A host of labels with dots between, the last of which passes; what follows it has to be a tail.
bool IsHost(std::string_view text, bool known_only) {
  constexpr std::string_view kKnown[] = {"com", "net", "int", "edu", "gov", "org", "info", "mil"};
  bool has_label = false;
  for (;;) {
    const std::string_view label = text.substr(0, LabelLength(text, true));
    if (known_only) {
      if (has_label) {
        for (std::string_view each : kKnown) {
          if (Lower(label.substr(0, each.size())) == each && IsTail(text.substr(each.size()))) return true;
        }
      }
    } else {
      for (size_t length : {label.size(), TopLevelLength(label)}) {
        if (IsTopLevel(label.substr(0, length)) && IsTail(text.substr(length))) return true;
      }
    }
    const size_t size = CodePointCount(label);
    const bool is_label = known_only ? size >= 2 && size <= 63 : size >= 1;
    if (!is_label || label.size() >= text.size() || text[label.size()] != '.') return false;
    has_label = true;
    text.remove_prefix(label.size() + 1);
  }
}

bool IsNumericHost(std::string_view text) {
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const size_t begin = at;
    while (at < text.size() && IsNumeral(text[at]) && at - begin < 3) ++at;
    if (at == begin) return false;
  }
  return IsTail(text.substr(at));
}

bool IsBracketedHost(std::string_view text) {
  const size_t close = text.find(']');
  if (!text.starts_with('[') || close == std::string_view::npos) return false;
  const std::string_view inner = text.substr(1, close - 1);
  if (!std::ranges::all_of(inner, [](char c) { return IsHex(c) || c == ':'; })) return false;
  const auto colons = std::ranges::count(inner, ':');
  size_t longest = 0, run = 0;
  for (char c : inner) longest = std::max(longest, run = c == ':' ? 0 : run + 1);
  return colons >= 2 && colons <= 8 && longest <= 4 && IsTail(text.substr(close + 1));
}

bool IsAddress(std::string_view text) {
  const std::string lower = Lower(text.substr(0, 8));
  const size_t scheme = lower.starts_with("https://") ? 8 : lower.starts_with("http://") ? 7 : 0;
  if (scheme > 0) {
    const std::string_view host = text.substr(scheme);
    if (IsHost(host, false) || IsNumericHost(host) || IsBracketedHost(host)) return true;
  }
  return (lower.starts_with("www.") && IsHost(text.substr(4), false)) || IsHost(text, true);
}

// someone@host.name
bool IsMail(std::string_view text) {
  for (size_t at = text.rfind('@'); at != std::string_view::npos && at > 0; at = text.rfind('@', at - 1)) {
    const std::string_view host = text.substr(at + 1);
    const size_t dot = host.rfind('.');
    const bool has_dot = dot != std::string_view::npos && dot > 0 && dot + 1 < host.size();
    auto all_words = [](std::string_view part, bool with_marks) {
      for (size_t offset = 0; offset < part.size();) {
        const char32_t code = NextCodePoint(part, offset);
        if (!IsWordCharacter(code) && !(with_marks && (code == '.' || code == '-'))) return false;
      }
      return true;
    };
    size_t first = 0;
    if (has_dot && IsWordCharacter(NextCodePoint(host, first)) && all_words(host.substr(0, dot), true) &&
        all_words(host.substr(dot + 1), false))
      return true;
    if (at == 0) break;
  }
  return false;
}

size_t CountOf(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

// A word of escaped text: punctuation around it is no part of an address.
struct Word {
  std::string head, middle, tail;
};

Word TakeApart(std::string_view word) {
  Word parts;
  auto skip = [&](std::string_view what) {
    if (!word.starts_with(what)) return false;
    parts.head += what;
    word.remove_prefix(what.size());
    return true;
  };
  while (skip("(") || skip("<") || skip("&lt;")) {
  }
  size_t end = word.size();
  auto drop = [&](std::string_view what) {
    if (!word.substr(0, end).ends_with(what)) return false;
    end -= what.size();
    return true;
  };
  while (drop(")") || drop(">") || drop(".") || drop(",") || drop("\n") || drop("&gt;")) {
  }
  parts.middle = word.substr(0, end);
  parts.tail = word.substr(end);
  // A closing bracket belongs to the address when the opening one does.
  for (auto [open, close] : {std::pair<std::string_view, std::string_view>{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}}) {
    const size_t opened = CountOf(parts.middle, open);
    if (opened <= CountOf(parts.middle, close)) continue;
    for (size_t left = std::min(opened, CountOf(parts.tail, close)); left > 0; --left) {
      const size_t length = parts.tail.find(close) + close.size();
      parts.middle += parts.tail.substr(0, length);
      parts.tail.erase(0, length);
    }
  }
  return parts;
}

struct Style {
  std::optional<int64_t> limit;
  std::string attributes;
  std::vector<std::string> schemes;
};

std::string LinkOf(const std::string& text, const Style& style) {
  auto shown = [&] {
    if (!style.limit || static_cast<int64_t>(CodePointCount(text)) <= *style.limit) return text;
    const Value part = TakeSlice(Value::String(text), Value::None(), Value::Int(*style.limit), Value::None());
    return std::string(part.AsString()) + "...";
  };
  if (IsAddress(text)) {
    const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
    return fmt::format("<a href=\"{}{}\"{}>{}</a>", has_scheme ? "" : "https://", text, style.attributes, shown());
  }
  if (text.starts_with("mailto:") && IsMail(text.substr(7)))
    return fmt::format("<a href=\"{}\">{}</a>", text, text.substr(7));
  const bool may_be_mail = text.find('@') != std::string::npos && !text.starts_with("www.") && !text.starts_with("@") &&
                           text.find(':') == std::string::npos;
  if (may_be_mail && IsMail(text)) return fmt::format("<a href=\"mailto:{0}\">{0}</a>", text);
  std::string out = text;
  for (const std::string& scheme : style.schemes) {
    if (out != scheme && out.starts_with(scheme))
      out = fmt::format("<a href=\"{0}\"{1}>{0}</a>", out, style.attributes);
  }
  return out;
}

// "name:", "name:/", "name://"
bool IsScheme(std::string_view text) {
  size_t end = 0;
  for (size_t next = 0; next < text.size(); end = next) {
    const char32_t code = NextCodePoint(text, next);
    if (!IsWordCharacter(code) && code != '.' && code != '+' && code != '-') break;
  }
  const std::string_view rest = text.substr(end);
  return CodePointCount(text.substr(0, end)) >= 2 && (rest == ":" || rest == ":/" || rest == "://");
}

Style ReadStyle(const Arguments& arguments) {
  Reader reader("do_urlize", arguments);
  Value limit = reader.Optional("trim_url_limit");
  const bool nofollow = reader.OptionalBool("nofollow", false);
  Value target = reader.Optional("target"), rel = reader.Optional("rel"), schemes = reader.Optional("extra_schemes");
  reader.Finish();
  Style style;
  std::set<std::string> parts{"noopener"};
  if (rel.Truthy()) {
    if (!rel.IsString()) Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'split'", rel.TypeName()));
    std::string_view rest = StripLeft(rel.AsString());
    while (!rest.empty()) {
      size_t end = 0, next = 0;
      while (end < rest.size() && !IsSpace(NextCodePoint(rest, next))) end = next;
      parts.emplace(rest.substr(0, end));
      rest = StripLeft(rest.substr(end));
    }
  }
  if (nofollow) parts.emplace("nofollow");
  std::string joined;
  for (const std::string& each : parts) joined += (joined.empty() ? "" : " ") + each;
  style.attributes = fmt::format(" rel=\"{}\"", EscapeHtml(joined));
  if (target.Truthy()) style.attributes += fmt::format(" target=\"{}\"", EscapeValue(target).AsString());
  if (!limit.IsNone()) style.limit = RequireInt(limit);
  for (const Value& each : schemes.IsNone() ? std::vector<Value>() : ToVector(schemes)) {
    if (!each.IsString()) FailType(fmt::format("expected string or bytes-like object, got '{}'", each.TypeName()));
    if (!IsScheme(each.AsString()))
      Fail(kTemplateFilterArgument, fmt::format("{} is not a valid URI scheme prefix.", ToRepr(each)));
    style.schemes.emplace_back(each.AsString());
  }
  return style;
}

}  // namespace

Value Urlize(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  const Style style = ReadStyle(arguments);
  const Value escaped = EscapeValue(input);
  const std::string_view text = escaped.AsString();
  std::string out;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin, next = begin;
    while (end < text.size() && !IsSpace(NextCodePoint(text, next))) end = next;
    const Word word = TakeApart(text.substr(begin, end - begin));
    out += word.head + LinkOf(word.middle, style) + word.tail;
    begin = end;
    next = end;
    while (end < text.size() && IsSpace(NextCodePoint(text, next))) end = next;
    out += text.substr(begin, end - begin);
    begin = end;
  }
  return evaluator.autoescape() ? Value::Markup(std::move(out)) : Value::String(std::move(out));
}

}  // namespace stir::jinja
