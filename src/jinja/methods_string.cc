// The methods of str. Indices count code points.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/filters.h"
#include "jinja/methods.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

// What a method gives keeps the text's nature: HTML stays HTML.
Value Same(const Value& self, std::string text) {
  return Cells::IsMarkup(self) ? Value::Markup(std::move(text)) : Value::String(std::move(text));
}

// An argument that goes into the text: HTML takes HTML only.
std::string TextFor(const Value& self, const Value& argument) {
  if (Cells::IsMarkup(self)) return std::string(EscapeValue(argument).AsString());
  if (!argument.IsString()) FailType(fmt::format("expected str instance, {} found", argument.TypeName()));
  return std::string(argument.AsString());
}

template <typename Map>
Value MapText(const Value& self, Map map) {
  return Same(self, map(self.AsString()));
}

std::string Capitalize(std::string_view text) {
  if (text.empty()) return {};
  size_t first = 0;
  std::string out;
  AppendTitleCase(out, NextCodePoint(text, first));
  return out + LowerText(text.substr(first));
}

// Words begin where a letter follows something that is none.
std::string TitleText(std::string_view text) {
  std::string out;
  bool in_word = false;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    if (in_word) {
      AppendCodePoint(out, ToLowerCode(code));
    } else {
      AppendTitleCase(out, code);
    }
    in_word = IsUpper(code) || IsLower(code);
  }
  return out;
}

std::string SwapCase(std::string_view text) {
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    if (IsUpper(code)) {
      AppendCodePoint(out, ToLowerCode(code));
    } else {
      AppendUpperCase(out, code);
    }
  }
  return out;
}

bool IsTitle(std::string_view text) {
  bool in_word = false, any = false;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    bool upper = IsUpper(code), lower = IsLower(code);
    if ((upper && in_word) || (lower && !in_word)) return false;
    in_word = upper || lower;
    any = any || in_word;
  }
  return any;
}

template <typename Test>
bool All(std::string_view text, Test test) {
  for (size_t offset = 0; offset < text.size();) {
    if (!test(NextCodePoint(text, offset))) return false;
  }
  return !text.empty();
}

// Some letter has a case, and none has the other one.
bool IsCase(std::string_view text, bool (*wanted)(char32_t), bool (*other)(char32_t)) {
  bool any = false;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    if (other(code)) return false;
    any = any || wanted(code);
  }
  return any;
}

bool IsIdentifier(std::string_view text) {
  size_t first = 0;
  if (text.empty()) return false;
  char32_t code = NextCodePoint(text, first);
  return (code == '_' || IsAlpha(code)) && (first == text.size() || All(text.substr(first), [](char32_t c) {
                                              return c == '_' || IsAlpha(c) || IsDigit(c);
                                            }));
}

template <bool (*kTest)(std::string_view)>
Value Ask(Evaluator&, const Value& self, const Arguments&) {
  return Value::Bool(kTest(self.AsString()));
}

// The part of the text that optional start and end (code points) leave, and the offset of its first byte.
struct Part {
  std::string_view text;
  size_t first = 0;  // code points before it
  bool valid = true;
};

Part PartOf(std::string_view text, const Value& start, const Value& end) {
  if (start.IsNone() && end.IsNone()) return {text, 0, true};
  auto length = static_cast<int64_t>(CodePointCount(text));
  auto bound = [&](const Value& value, int64_t fallback) {
    int64_t at = value.IsNone() ? fallback : RequireInt(value);
    return at < 0 ? std::max<int64_t>(at + length, 0) : at;
  };
  int64_t from = bound(start, 0), to = std::min(bound(end, length), length);
  if (from > to) return {{}, 0, false};
  size_t begin = CodePointOffset(text, static_cast<size_t>(from)),
         stop = CodePointOffset(text, static_cast<size_t>(to));
  return {text.substr(begin, stop - begin), static_cast<size_t>(from), true};
}

int64_t FindText(std::string_view name, const Value& self, const Arguments& arguments, bool from_right) {
  Reader reader(name, arguments);
  std::string wanted = reader.RequiredText("sub");
  Value start = reader.Optional("start"), end = reader.Optional("end");
  reader.Finish();
  Part part = PartOf(self.AsString(), start, end);
  size_t at = !part.valid ? std::string_view::npos : from_right ? part.text.rfind(wanted) : part.text.find(wanted);
  return at == std::string_view::npos ? -1 : static_cast<int64_t>(part.first + CodePointCount(part.text.substr(0, at)));
}

template <bool kFromRight>
Value Find(Evaluator&, const Value& self, const Arguments& arguments) {
  return Value::Int(FindText(kFromRight ? "rfind" : "find", self, arguments, kFromRight));
}

template <bool kFromRight>
Value Index(Evaluator&, const Value& self, const Arguments& arguments) {
  int64_t at = FindText(kFromRight ? "rindex" : "index", self, arguments, kFromRight);
  if (at < 0) FailValue("substring not found");
  return Value::Int(at);
}

Value Count(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("count", arguments);
  std::string wanted = reader.RequiredText("sub");
  Value start = reader.Optional("start"), end = reader.Optional("end");
  reader.Finish();
  Part part = PartOf(self.AsString(), start, end);
  if (!part.valid) return Value::Int(0);
  if (wanted.empty()) return Value::Int(static_cast<int64_t>(CodePointCount(part.text)) + 1);
  int64_t count = 0;
  for (size_t at = part.text.find(wanted); at != std::string_view::npos;
       at = part.text.find(wanted, at + wanted.size()))
    ++count;
  return Value::Int(count);
}

template <bool kEnd>
Value HasAffix(Evaluator&, const Value& self, const Arguments& arguments) {
  constexpr std::string_view kName = kEnd ? "endswith" : "startswith";
  Reader reader(kName, arguments);
  Value affix = reader.Required(kEnd ? "suffix" : "prefix"), start = reader.Optional("start"),
        end = reader.Optional("end");
  reader.Finish();
  Part part = PartOf(self.AsString(), start, end);
  auto matches = [&](const Value& each) {
    if (!each.IsString())
      FailType(fmt::format("{} first arg must be str or a tuple of str, not {}", kName, each.TypeName()));
    return part.valid && (kEnd ? part.text.ends_with(each.AsString()) : part.text.starts_with(each.AsString()));
  };
  if (affix.type() == Type::kTuple) return Value::Bool(std::ranges::any_of(affix.Items(), matches));
  return Value::Bool(matches(affix));
}

template <bool kLeft, bool kRight>
Value StripText(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader(kLeft && kRight ? "strip" : kLeft ? "lstrip" : "rstrip", arguments);
  Value characters = reader.Optional("chars");
  reader.Finish();
  if (!characters.IsNone() && !characters.IsString())
    FailType(fmt::format("{} arg must be None or str", kLeft && kRight ? "strip" : kLeft ? "lstrip" : "rstrip"));
  std::string_view text = self.AsString();
  if (kLeft) text = characters.IsNone() ? StripLeft(text) : StripLeft(text, characters.AsString());
  if (kRight) text = characters.IsNone() ? StripRight(text) : StripRight(text, characters.AsString());
  return Same(self, std::string(text));
}

// The last white space of the text: where it begins and ends.
bool LastSpace(std::string_view text, size_t& begin, size_t& end) {
  end = std::string_view::npos;
  for (size_t offset = 0; offset < text.size();) {
    size_t at = offset;
    if (!IsSpace(NextCodePoint(text, offset))) continue;
    begin = at;
    end = offset;
  }
  return end != std::string_view::npos;
}

std::vector<std::string_view> SplitSpace(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  text = StripLeft(text);
  while (!text.empty()) {
    if (limit >= 0 && static_cast<int64_t>(parts.size()) == limit) {
      parts.push_back(text);
      break;
    }
    size_t end = 0, next = 0;
    while (end < text.size() && !IsSpace(NextCodePoint(text, next))) end = next;
    parts.push_back(text.substr(0, end));
    text = StripLeft(text.substr(end));
  }
  return parts;
}

std::vector<std::string_view> SplitSpaceRight(std::string_view text, int64_t limit) {
  std::vector<std::string_view> parts;
  text = StripRight(text);
  while (!text.empty()) {
    size_t begin = 0, end = 0;
    if ((limit >= 0 && static_cast<int64_t>(parts.size()) == limit) || !LastSpace(text, begin, end)) {
      parts.push_back(limit >= 0 && static_cast<int64_t>(parts.size()) == limit ? text : StripLeft(text));
      break;
    }
    parts.push_back(text.substr(end));
    text = StripRight(text.substr(0, begin));
  }
  std::erase(parts, std::string_view());
  std::ranges::reverse(parts);
  return parts;
}

std::vector<std::string_view> SplitBy(std::string_view text, std::string_view separator, int64_t limit,
                                      bool from_right) {
  std::vector<std::string_view> parts;
  while (limit < 0 || static_cast<int64_t>(parts.size()) < limit) {
    size_t at = from_right ? text.rfind(separator) : text.find(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(from_right ? text.substr(at + separator.size()) : text.substr(0, at));
    text = from_right ? text.substr(0, at) : text.substr(at + separator.size());
  }
  parts.push_back(text);
  if (from_right) std::ranges::reverse(parts);
  return parts;
}

template <bool kFromRight>
Value Split(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader(kFromRight ? "rsplit" : "split", arguments);
  Value separator = reader.Optional("sep");
  int64_t limit = reader.OptionalInt("maxsplit", -1);
  reader.Finish();
  std::vector<std::string_view> parts;
  if (separator.IsNone()) {
    parts = kFromRight ? SplitSpaceRight(self.AsString(), limit) : SplitSpace(self.AsString(), limit);
  } else {
    if (!separator.IsString()) FailType(fmt::format("must be str or None, not {}", separator.TypeName()));
    if (separator.AsString().empty()) FailValue("empty separator");
    parts = SplitBy(self.AsString(), separator.AsString(), limit, kFromRight);
  }
  std::vector<Value> items;
  for (std::string_view each : parts) items.push_back(Same(self, std::string(each)));
  return Value::List(std::move(items));
}

template <bool kFromRight>
Value PartitionText(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader(kFromRight ? "rpartition" : "partition", arguments);
  std::string separator = reader.RequiredText("sep");
  reader.Finish();
  if (separator.empty()) FailValue("empty separator");
  std::string_view text = self.AsString();
  size_t at = kFromRight ? text.rfind(separator) : text.find(separator);
  auto piece = [&](std::string_view part) { return Same(self, std::string(part)); };
  if (at != std::string_view::npos)
    return Value::Tuple({piece(text.substr(0, at)), piece(separator), piece(text.substr(at + separator.size()))});
  return kFromRight ? Value::Tuple({piece(""), piece(""), piece(text)})
                    : Value::Tuple({piece(text), piece(""), piece("")});
}

Value ReplaceMethod(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("replace", arguments);
  std::string from = reader.RequiredText("old"), to = TextFor(self, reader.Required("new"));
  int64_t limit = reader.OptionalInt("count", -1);
  reader.Finish();
  return Same(self, ReplaceText(self.AsString(), from, to, limit));
}

Value JoinMethod(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("join", arguments);
  Value items = reader.Required("iterable");
  reader.Finish();
  std::string out;
  std::unique_ptr<Iterator> iterator = Iterate(items);
  Value item;
  for (size_t i = 0; NextOf(*iterator, item); ++i) {
    if (i > 0) out += self.AsString();
    if (Cells::IsMarkup(self)) item = EscapeValue(item);
    if (!item.IsString())
      FailType(fmt::format("sequence item {}: expected str instance, {} found", i, item.TypeName()));
    out += item.AsString();
  }
  return Same(self, std::move(out));
}

// Where the text stands in a field of `width`: 0 left, 1 right, 2 middle.
template <int kWhere>
Value Justify(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader(kWhere == 0 ? "ljust" : kWhere == 1 ? "rjust" : "center", arguments);
  int64_t width = RequireInt(reader.Required("width"));
  Value fill = reader.Optional("fillchar", Value::String(" "));
  reader.Finish();
  if (Cells::IsMarkup(self)) fill = EscapeValue(fill);
  if (!fill.IsString() || CodePointCount(fill.AsString()) != 1)
    FailType("The fill character must be exactly one character long");
  auto length = static_cast<int64_t>(CodePointCount(self.AsString()));
  int64_t missing = std::max<int64_t>(width - length, 0);
  if (missing > (1 << 28)) Fail(kTemplateLimit, "the field is too wide");
  // Python puts the odd one left when the width is odd too.
  int64_t left = kWhere == 0 ? 0 : kWhere == 1 ? missing : missing / 2 + (missing & width & 1);
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill.AsString();
  out += self.AsString();
  for (int64_t i = left; i < missing; ++i) out += fill.AsString();
  return Same(self, std::move(out));
}

Value FillZeros(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("zfill", arguments);
  int64_t width = RequireInt(reader.Required("width"));
  reader.Finish();
  std::string_view text = self.AsString();
  bool has_sign = text.starts_with('-') || text.starts_with('+');
  int64_t missing = std::clamp<int64_t>(width - static_cast<int64_t>(CodePointCount(text)), 0, 1 << 28);
  return Same(self, std::string(text.substr(0, has_sign)) + std::string(static_cast<size_t>(missing), '0') +
                        std::string(text.substr(has_sign)));
}

Value ExpandTabs(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("expandtabs", arguments);
  int64_t size = reader.OptionalInt("tabsize", 8);
  reader.Finish();
  if (size > (1 << 20)) Fail(kTemplateLimit, "the tab is too wide");
  std::string out;
  int64_t column = 0;
  std::string_view text = self.AsString();
  for (size_t offset = 0; offset < text.size();) {
    size_t begin = offset;
    char32_t code = NextCodePoint(text, offset);
    if (code == '\t') {
      int64_t spaces = size > 0 ? size - column % size : 0;
      out.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
      continue;
    }
    out += text.substr(begin, offset - begin);
    column = code == '\n' || code == '\r' ? 0 : column + 1;
  }
  return Same(self, std::move(out));
}

template <bool kEnd>
Value RemoveAffix(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader(kEnd ? "removesuffix" : "removeprefix", arguments);
  std::string affix = reader.RequiredText("affix");
  reader.Finish();
  std::string_view text = self.AsString();
  if (kEnd ? text.ends_with(affix) : text.starts_with(affix))
    text = kEnd ? text.substr(0, text.size() - affix.size()) : text.substr(affix.size());
  return Same(self, std::string(text));
}

Value Lines(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("splitlines", arguments);
  bool keep_ends = reader.OptionalBool("keepends", false);
  reader.Finish();
  std::vector<Value> lines;
  for (std::string_view line : SplitLines(self.AsString(), keep_ends)) lines.push_back(Same(self, std::string(line)));
  return Value::List(std::move(lines));
}

// text.format_map(mapping): the mapping's items as keywords.
Value FormatMap(Evaluator& evaluator, const Value& self, const Arguments& arguments) {
  if (arguments.positional.size() != 1) {
    FailType(fmt::format("str.format_map() takes exactly one argument ({} given)", arguments.positional.size()));
  }
  std::vector<KeywordArgument> keywords;
  if (arguments.positional[0].IsDict()) {
    for (const auto& [key, value] : arguments.positional[0].AsDict().entries()) {
      if (key.IsString()) keywords.push_back({key.AsString(), value});
    }
  }
  return FormatBraces(evaluator, self, {{}, keywords});
}

// text.translate(table): code points to code points, texts or nothing.
Value Translate(Evaluator& evaluator, const Value& self, const Arguments& arguments) {
  Reader reader("translate", arguments);
  Value table = reader.Required("table");
  reader.Finish();
  std::string out;
  const std::string_view text = self.AsString();
  for (size_t offset = 0; offset < text.size();) {
    const char32_t code = NextCodePoint(text, offset);
    const Value to = evaluator.Item(table, Value::Int(code));
    if (to.IsUndefined()) {
      AppendCodePoint(out, code);
    } else if (to.IsString()) {
      out += to.AsString();
    } else if (!to.IsNone()) {
      AppendCodePoint(out, static_cast<char32_t>(RequireInt(to)));
    }
  }
  return Same(self, std::move(out));
}

Value Encode(Evaluator&, const Value&, const Arguments&) {
  Fail(kTemplateUnsupported, "bytes are not supported: a template's values are text");
}

constexpr MethodEntry kStringMethods[] = {
    {"format",
     [](Evaluator& e, const Value& self, const Arguments& arguments) { return FormatBraces(e, self, arguments); }, -1,
     true},
    {"format_map", FormatMap},
    {"translate", Translate},
    {"encode", Encode, -1, true},
    {"replace", ReplaceMethod},
    {"split", Split<false>, -1, true},
    {"join", JoinMethod},
    {"lower", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, LowerText); }, 0},
    {"upper", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, UpperText); }, 0},
    {"strip", StripText<true, true>},
    {"lstrip", StripText<true, false>},
    {"rstrip", StripText<false, true>},
    {"startswith", HasAffix<false>},
    {"endswith", HasAffix<true>},
    {"find", Find<false>},
    {"rfind", Find<true>},
    {"index", Index<false>},
    {"rindex", Index<true>},
    {"count", Count},
    {"rsplit", Split<true>, -1, true},
    {"splitlines", Lines, -1, true},
    {"partition", PartitionText<false>},
    {"rpartition", PartitionText<true>},
    {"title", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, TitleText); }, 0},
    {"capitalize", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, Capitalize); }, 0},
    {"swapcase", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, SwapCase); }, 0},
    {"casefold", [](Evaluator&, const Value& self, const Arguments&) { return MapText(self, FoldText); }, 0},
    {"ljust", Justify<0>},
    {"rjust", Justify<1>},
    {"center", Justify<2>},
    {"zfill", FillZeros},
    {"expandtabs", ExpandTabs, -1, true},
    {"removeprefix", RemoveAffix<false>},
    {"removesuffix", RemoveAffix<true>},
    {"isdigit", Ask<+[](std::string_view text) { return All(text, IsDigit); }>, 0},
    {"isdecimal", Ask<+[](std::string_view text) { return All(text, IsDecimal); }>, 0},
    {"isnumeric", Ask<+[](std::string_view text) { return All(text, IsNumeric); }>, 0},
    {"isalpha", Ask<+[](std::string_view text) { return All(text, IsAlpha); }>, 0},
    {"isalnum",
     Ask<+[](std::string_view text) { return All(text, [](char32_t c) { return IsAlpha(c) || IsNumeric(c); }); }>, 0},
    {"isspace", Ask<+[](std::string_view text) { return All(text, IsSpace); }>, 0},
    {"isprintable", Ask<+[](std::string_view text) { return text.empty() || All(text, IsPrintable); }>, 0},
    {"isascii", Ask<IsAscii>, 0},
    {"isidentifier", Ask<IsIdentifier>, 0},
    {"istitle", Ask<IsTitle>, 0},
    {"islower", Ask<+[](std::string_view text) { return IsCase(text, IsLower, IsUpper); }>, 0},
    {"isupper", Ask<+[](std::string_view text) { return IsCase(text, IsUpper, IsLower); }>, 0},
};

}  // namespace

std::span<const MethodEntry> StringMethods() { return kStringMethods; }

const MethodEntry* FindMarkupMethod(std::string_view name) {
  static constexpr MethodEntry kMarkupMethods[] = {
      {"unescape",
       [](Evaluator&, const Value& self, const Arguments&) { return Value::String(UnescapeHtml(self.AsString())); }, 0},
      {"striptags", [](Evaluator&, const Value& self, const Arguments&) { return StripTagsOf(self.AsString()); }, 0},
      {"__html__", [](Evaluator&, const Value& self, const Arguments&) { return self; }, 0},
  };
  const auto* at = std::ranges::find(kMarkupMethods, name, &MethodEntry::name);
  return at == std::end(kMarkupMethods) ? nullptr : at;
}

std::string ReplaceText(std::string_view text, std::string_view from, std::string_view to, int64_t limit) {
  uint64_t left = limit < 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(limit);
  std::string out;
  if (from.empty()) {
    // Between all characters, and at both ends.
    for (std::string_view point : CodePoints(text)) {
      if (left > 0) out += to, --left;
      out += point;
    }
    if (left > 0) out += to;
    return out;
  }
  size_t begin = 0;
  for (size_t at; left > 0 && (at = text.find(from, begin)) != std::string_view::npos; --left) {
    out += text.substr(begin, at - begin);
    out += to;
    begin = at + from.size();
  }
  return out += text.substr(begin);
}

std::string CapitalizeText(std::string_view text) { return Capitalize(text); }

}  // namespace stir::jinja
