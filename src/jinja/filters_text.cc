// Filters that make text.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/filters.h"
#include "jinja/inheritance.h"
#include "jinja/json_text.h"
#include "jinja/pretty.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

// soft_str: text stays what it is, everything else becomes text.
Value Soft(const Value& value) { return value.IsString() ? value : Value::String(ToText(value)); }
Value Like(const Value& original, std::string text) {
  return Cells::IsMarkup(original) ? Value::Markup(std::move(text)) : Value::String(std::move(text));
}

Value CallMethod(Evaluator& evaluator, const Value& text, std::string_view name, std::vector<Value> arguments) {
  return FindMethod(text, name)->apply(evaluator, text, {arguments, {}});
}

std::string TitleWords(std::string_view text) {
  // Words are what stands between white space and opening brackets or hyphens.
  std::string out;
  bool first = true;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    if (IsSpace(code) ||
        (code < 0x80 && std::string_view("-({[<").find(static_cast<char>(code)) != std::string_view::npos)) {
      AppendCodePoint(out, code);
      first = true;
      continue;
    }
    AppendCodePoint(out, first ? ToUpperCode(code) : ToLowerCode(code));
    first = false;
  }
  return out;
}

// s += "\n", as Python's types take it.
Value WithNewline(const Value& input) {
  if (input.type() == Type::kList) {
    input.MutableItems().push_back(Value::String("\n"));
    return input;
  }
  return Arithmetic(BinaryOp::kAdd, input, Value::String("\n"));
}

Value Indent(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_indent", arguments);
  Value width = reader.Optional("width", Value::Int(4));
  bool first = reader.OptionalBool("first", false), blank = reader.OptionalBool("blank", false);
  reader.Finish();
  const Value prefix_value = width.IsString() ? width : Arithmetic(BinaryOp::kMultiply, Value::String(" "), width);
  const std::string prefix(prefix_value.AsString());
  const Value whole = WithNewline(input);
  if (!whole.IsString())
    Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'splitlines'", whole.TypeName()));
  std::string out = first ? prefix : "";
  std::vector<std::string_view> lines = SplitLines(whole.AsString(), false);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i > 0 && (blank || !lines[i].empty())) out += prefix;
    out += lines[i];
  }
  return Like(input, std::move(out));
}

Value Truncate(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_truncate", arguments);
  Value length = reader.Optional("length", Value::Int(255));
  bool killwords = reader.OptionalBool("killwords", false);
  Value end = reader.Optional("end", Value::String("...")), leeway = reader.Optional("leeway");
  reader.Finish();
  if (leeway.IsNone()) leeway = Value::Int(5);
  const Value end_length = Value::Int(static_cast<int64_t>(LengthOf(end)));
  if (!Compare(CompareOp::kGreaterEqual, length, end_length))
    Fail(kTemplateAssert, fmt::format("expected length >= {}, got {}", ToText(end_length), ToText(length)));
  if (!Compare(CompareOp::kGreaterEqual, leeway, Value::Int(0)))
    Fail(kTemplateAssert, fmt::format("expected leeway >= 0, got {}", ToText(leeway)));
  const Value size = Value::Int(static_cast<int64_t>(LengthOf(input)));
  if (Compare(CompareOp::kLessEqual, size, Arithmetic(BinaryOp::kAdd, length, leeway))) return input;
  const Value stop = Arithmetic(BinaryOp::kSubtract, length, end_length);
  if (input.IsDict()) FailType("unhashable type: 'slice'");
  if (!input.IsString() && !input.IsSequence())
    FailType(fmt::format("'{}' object is not subscriptable", input.TypeName()));
  Value part = TakeSlice(input, Value::None(), stop, Value::None());
  if (!killwords) {
    if (!part.IsString())
      Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'rsplit'", part.TypeName()));
    part = CallMethod(evaluator, part, "rsplit", {Value::String(" "), Value::Int(1)}).Items()[0];
  }
  return Arithmetic(BinaryOp::kAdd, part, end);
}

bool IsWrapSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsWord(char32_t code) { return code == '_' || IsAlpha(code) || IsDigit(code); }
bool IsLetter(char32_t code) { return code == '_' || IsAlpha(code); }

// A line as Python's textwrap takes it apart: runs of white space, words, the parts of hyphenated words, dashes.
class Chunker {
 public:
  explicit Chunker(std::string_view line) {
    for (size_t offset = 0; offset < line.size();) codes_.push_back(NextCodePoint(line, offset));
  }

  std::vector<std::u32string> Run(bool break_hyphens) {
    std::vector<std::u32string> chunks;
    for (size_t at = 0; at < codes_.size();) {
      const size_t end = IsSpaceAt(at) ? EndOfRun(at, true) : break_hyphens ? EndOfPart(at) : EndOfRun(at, false);
      chunks.emplace_back(codes_.begin() + static_cast<ptrdiff_t>(at), codes_.begin() + static_cast<ptrdiff_t>(end));
      at = end;
    }
    return chunks;
  }

 private:
  char32_t At(size_t i) const { return i < codes_.size() ? codes_[i] : U'\0'; }
  bool IsSpaceAt(size_t i) const {
    return i < codes_.size() && codes_[i] < 0x80 && IsWrapSpace(static_cast<char>(codes_[i]));
  }
  bool IsWordPunct(size_t i) const {
    const char32_t code = At(i);
    return i < codes_.size() &&
           (IsWord(code) ||
            (code < 0x80 && std::string_view("!\"'&.,?").find(static_cast<char>(code)) != std::string_view::npos));
  }
  bool LetterAt(size_t i) const { return i < codes_.size() && IsLetter(codes_[i]); }
  bool WordAt(size_t i) const { return i < codes_.size() && IsWord(codes_[i]); }

  size_t EndOfRun(size_t at, bool is_space) const {
    while (at < codes_.size() && IsSpaceAt(at) == is_space) ++at;
    return at;
  }

  // A dash of two or more hyphens between words begins at `at`: where it ends, or `at`.
  size_t EndOfDash(size_t at) const {
    size_t end = at;
    while (At(end) == '-') ++end;
    return at > 0 && IsWordPunct(at - 1) && end - at >= 2 && WordAt(end) ? end : at;
  }

  size_t EndOfPart(size_t at) const {
    if (const size_t dash = EndOfDash(at); dash > at) return dash;
    for (size_t end = at + 1;; ++end) {
      // A hyphen between letters ends a part.
      if (At(end) == '-' && end < codes_.size()) {
        const bool after_letters = (LetterAt(end - 1) && end >= 2 && LetterAt(end - 2)) ||
                                   (end >= 3 && IsWordPunct(end - 1) && At(end - 2) == '-' && LetterAt(end - 3));
        const bool before_letters =
            LetterAt(end + 1) && (LetterAt(end + 2) || (At(end + 2) == '-' && LetterAt(end + 3)));
        if (after_letters && before_letters) return end + 1;
      }
      if (end >= codes_.size() || IsSpaceAt(end)) return end;
      if (IsWordPunct(end - 1) && At(end) == '-' && At(end + 1) == '-') {
        size_t behind = end;
        while (At(behind) == '-') ++behind;
        if (WordAt(behind)) return end;
      }
    }
  }

  std::u32string codes_;
};

bool IsBlankChunk(const std::u32string& chunk) { return std::ranges::all_of(chunk, IsSpace); }

std::string Utf8Of(const std::u32string& codes) {
  std::string out;
  for (char32_t code : codes) AppendCodePoint(out, code);
  return out;
}

// Where a chunk that is longer than a line is cut, with so much room left.
size_t CutOf(const std::u32string& chunk, size_t room, bool break_hyphens) {
  if (!break_hyphens || chunk.size() <= room || room == 0) return std::min(room, chunk.size());
  const size_t hyphen = chunk.rfind(U'-', room - 1);
  const bool is_usable =
      hyphen != std::u32string::npos && hyphen > 0 &&
      std::any_of(chunk.begin(), chunk.begin() + static_cast<ptrdiff_t>(hyphen), [](char32_t c) { return c != U'-'; });
  return is_usable ? hyphen + 1 : room;
}

// One line in pieces of at most `width` characters.
std::vector<std::string> WrapLine(std::string_view text, size_t width, bool break_words, bool break_hyphens) {
  std::vector<std::u32string> chunks = Chunker(text).Run(break_hyphens);
  std::vector<std::string> lines;
  for (size_t i = 0; i < chunks.size();) {
    if (!lines.empty() && IsBlankChunk(chunks[i])) ++i;
    std::vector<std::u32string> line;
    size_t length = 0;
    for (; i < chunks.size() && length + chunks[i].size() <= width; ++i) {
      length += chunks[i].size();
      line.push_back(chunks[i]);
    }
    if (i < chunks.size() && chunks[i].size() > width) {
      if (break_words) {
        const size_t cut = CutOf(chunks[i], width - length, break_hyphens);
        line.push_back(chunks[i].substr(0, cut));
        chunks[i].erase(0, cut);
      } else if (line.empty()) {
        line.push_back(chunks[i++]);
      }
    }
    if (!line.empty() && IsBlankChunk(line.back())) line.pop_back();
    if (line.empty()) continue;
    std::string joined;
    for (const std::u32string& each : line) joined += Utf8Of(each);
    lines.push_back(std::move(joined));
  }
  return lines;
}

Value WordWrap(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_wordwrap", arguments);
  Value width = reader.Optional("width", Value::Int(79));
  bool break_words = reader.OptionalBool("break_long_words", true);
  Value separator = reader.Optional("wrapstring", Value::None());
  bool break_hyphens = reader.OptionalBool("break_on_hyphens", true);
  reader.Finish();
  FailIfUndefined(input);
  if (!input.IsString())
    Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'splitlines'", input.TypeName()));
  if (separator.IsNone()) separator = Value::String("\n");
  if (!separator.IsString())
    Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'join'", separator.TypeName()));
  std::string out;
  bool first = true;
  for (std::string_view line : SplitLines(input.AsString(), false)) {
    if (Compare(CompareOp::kLessEqual, width, Value::Int(0)))
      FailValue(fmt::format("invalid width {} (must be > 0)", ToRepr(width)));
    const auto columns = static_cast<size_t>(std::min<int64_t>(RequireInt(width), 1 << 30));
    if (!std::exchange(first, false)) out += separator.AsString();
    const std::vector<std::string> wrapped = WrapLine(line, columns, break_words, break_hyphens);
    for (size_t i = 0; i < wrapped.size(); ++i) {
      if (i > 0) out += separator.AsString();
      out += wrapped[i];
    }
  }
  return Like(separator, std::move(out));
}

Value Format(Evaluator&, const Value& input, const Arguments& arguments) {
  if (!arguments.keywords.empty() && !arguments.positional.empty())
    Fail(kTemplateFilterArgument, "can't handle positional and keyword arguments at the same time");
  if (arguments.keywords.empty())
    return FormatPercent(Soft(input), Value::Tuple({arguments.positional.begin(), arguments.positional.end()}));
  auto values = MakeRef<Dict>();
  for (const KeywordArgument& each : arguments.keywords) values->Set(each.name, each.value);
  return FormatPercent(Soft(input), Value::FromDict(std::move(values)));
}

Value ReplaceFilter(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_replace", arguments);
  Value from = reader.Required("old"), to = reader.Required("new"), count = reader.Optional("count");
  reader.Finish();
  const int64_t limit = count.IsNone() ? -1 : RequireInt(count);
  if (!evaluator.autoescape()) {
    if (input.IsString() && from.IsString() && to.IsString())
      return Value::String(ReplaceText(input.AsString(), from.AsString(), to.AsString(), limit));
    return Value::String(ReplaceText(ToText(input), ToText(from), ToText(to), limit));
  }
  // Text that HTML goes into becomes HTML; HTML takes nothing else.
  const bool escapes = IsHtml(from) || (IsHtml(to) && !IsHtml(input));
  const Value text = escapes ? EscapeValue(input) : Soft(input);
  return CallMethod(evaluator, text, "replace", {Soft(from), Soft(to), Value::Int(limit)});
}

// join where text is escaped: one item that is HTML makes the whole HTML.
Value JoinHtml(Evaluator& evaluator, std::vector<Value> items, const Value& separator) {
  if (IsHtml(separator)) {
    for (Value& each : items) each = Soft(each);
    return CallMethod(evaluator, separator, "join", {Value::List(std::move(items))});
  }
  const bool escapes = std::ranges::any_of(items, IsHtml);
  for (Value& each : items) each = IsHtml(each) ? each : Value::String(ToText(each));
  return CallMethod(evaluator, escapes ? EscapeValue(separator) : Value::String(ToText(separator)), "join",
                    {Value::List(std::move(items))});
}

Value JoinFilter(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_join", arguments);
  Value separator = reader.Optional("d", Value::String(""));
  AttributePath path(reader.Optional("attribute"));
  reader.Finish();
  std::unique_ptr<Iterator> items = Iterate(input);
  Value item;
  if (evaluator.autoescape()) {
    std::vector<Value> values;
    while (NextOf(*items, item)) values.push_back(path.Of(evaluator, std::move(item)));
    return JoinHtml(evaluator, std::move(values), separator);
  }
  const std::string between = ToText(separator);
  std::string out;
  for (bool first = true; NextOf(*items, item); first = false) {
    if (!first) out += between;
    AppendText(out, path.Of(evaluator, std::move(item)));
  }
  return Value::String(std::move(out));
}

Value WordCount(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader("do_wordcount", arguments).Finish();
  std::string text = ToText(input);
  int64_t words = 0;
  bool in_word = false;
  for (size_t offset = 0; offset < text.size();) {
    const bool is_word = IsWord(NextCodePoint(text, offset));
    words += is_word && !in_word ? 1 : 0;
    in_word = is_word;
  }
  return Value::Int(words);
}

std::string UrlQuote(std::string_view text, bool is_query) {
  std::string out;
  for (char c : text) {
    bool plain = std::isalnum(static_cast<unsigned char>(c)) ||
                 std::string_view("_.-~").find(c) != std::string_view::npos || (c == '/' && !is_query);
    if (plain) {
      out += c;
    } else if (c == ' ' && is_query) {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Value UrlEncode(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader("do_urlencode", arguments).Finish();
  if (input.IsString() || !IsIterable(input)) return Value::String(UrlQuote(ToText(input), false));
  std::vector<std::pair<Value, Value>> pairs;
  if (input.IsDict()) {
    pairs.assign(input.AsDict().entries().begin(), input.AsDict().entries().end());
  } else {
    for (const Value& each : ToVector(input)) {
      if (!IsIterable(each)) FailType(fmt::format("cannot unpack non-iterable {} object", each.TypeName()));
      std::vector<Value> pair = ToVector(each);
      if (pair.size() > 2) FailValue("too many values to unpack (expected 2)");
      if (pair.size() < 2) FailValue(fmt::format("not enough values to unpack (expected 2, got {})", pair.size()));
      pairs.emplace_back(pair[0], pair[1]);
    }
  }
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += UrlQuote(ToText(key), true) + "=" + UrlQuote(ToText(value), true);
  }
  return Value::String(std::move(out));
}

Value XmlAttributes(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_xmlattr", arguments);
  bool autospace = reader.OptionalBool("autospace", true);
  reader.Finish();
  RequireItems(evaluator, input);
  std::string out;
  for (const auto& [key, value] : input.AsDict().entries()) {
    if (value.IsNone() || value.IsUndefined()) continue;
    if (!key.IsString()) FailType(fmt::format("expected string or bytes-like object, got '{}'", key.TypeName()));
    if (key.AsString().find_first_of(" \t\n\v\f\r/>=") != std::string_view::npos)
      FailValue(fmt::format("Invalid character in attribute name: {}", ToRepr(key)));
    if (!out.empty()) out += ' ';
    out += fmt::format("{}=\"{}\"", EscapeValue(key).AsString(), EscapeValue(value).AsString());
  }
  if (autospace && !out.empty()) out.insert(0, " ");
  return evaluator.autoescape() ? Value::Markup(std::move(out)) : Value::String(std::move(out));
}

Value StripTags(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader("do_striptags", arguments).Finish();
  return StripTagsOf(ToText(input));
}

Value ToJson(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_tojson", arguments);
  Value indent = reader.Optional("indent");
  reader.Finish();
  JsonStyle style{.sort_keys = true};
  const bool has_items = (input.IsSequence() || input.IsDict()) && input.Truthy();
  if (!indent.IsNone() && has_items) {
    const Value prefix = indent.IsString() ? indent : Arithmetic(BinaryOp::kMultiply, Value::String(" "), indent);
    style.indent = std::string(prefix.AsString());
  }
  std::string text = Take(JsonText(input, style));
  for (auto [from, to] : {std::pair{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"'", "\\u0027"}})
    text = ReplaceText(text, from, to, -1);
  return Value::Markup(std::move(text));
}

Value FileSize(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_filesizeformat", arguments);
  bool binary = reader.OptionalBool("binary", false);
  reader.Finish();
  std::optional<double> bytes = input.IsString()  ? ParseFloat(input.AsString())
                                : IsNumber(input) ? std::optional(RealOf(input))
                                : IsBig(input)    ? std::optional(IntegerToReal(input))
                                                  : std::nullopt;
  FailIfUndefined(input);
  if (!bytes && !input.IsString())
    FailType(fmt::format("float() argument must be a string or a real number, not '{}'", input.TypeName()));
  if (!bytes) FailValue(fmt::format("could not convert string to float: {}", ToRepr(input)));
  double base = binary ? 1024 : 1000, unit = base;
  if (*bytes == 1) return Value::String("1 Byte");
  if (std::isinf(*bytes) && *bytes < 0) Fail(kTemplateOverflow, "cannot convert float infinity to integer");
  if (*bytes < base) return Value::String(fmt::format("{} Bytes", ToText(IntegerFrom(*bytes))));
  constexpr std::string_view kLetters = "kMGTPEZY";
  for (size_t i = 0;; ++i) {
    unit *= base;
    if (*bytes < unit || i + 1 == kLetters.size()) {
      std::string letter(1, binary && i == 0 ? 'K' : kLetters[i]);
      return Value::String(fmt::format("{:.1f} {}{}B", base * *bytes / unit, letter, binary ? "i" : ""));
    }
  }
}

Value Escape(Evaluator&, const Value& input, const Arguments& arguments) {
  RefuseArguments("escape", arguments);
  return EscapeValue(input);
}

template <std::string (*kMap)(std::string_view)>
Value Map(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader("filter", arguments).Finish();
  Value text = Soft(input);
  return Like(text, kMap(text.AsString()));
}

constexpr FilterEntry kTextFilters[] = {
    {"upper", Map<UpperText>},
    {"lower", Map<LowerText>},
    {"capitalize", Map<CapitalizeText>},
    {"title",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       Reader("do_title", arguments).Finish();
       return Value::String(TitleWords(ToText(input)));
     }},
    {"string",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       RefuseArguments("soft_str", arguments);
       return Soft(input);
     }},
    {"trim",
     [](Evaluator& evaluator, const Value& input, const Arguments& arguments) {
       Reader reader("do_trim", arguments);
       Value characters = reader.Optional("chars");
       reader.Finish();
       if (characters.IsNone() && input.IsString()) {
         const std::string_view text = StripLeft(StripRight(input.AsString()));
         return text.size() == input.AsString().size() ? input : Like(input, std::string(text));
       }
       return CallMethod(evaluator, Soft(input), "strip", {characters});
     }},
    {"center",
     [](Evaluator& evaluator, const Value& input, const Arguments& arguments) {
       Reader reader("do_center", arguments);
       Value width = reader.Optional("width", Value::Int(80));
       reader.Finish();
       return CallMethod(evaluator, Soft(input), "center", {width});
     }},
    {"replace", ReplaceFilter},
    {"join", JoinFilter},
    {"format", Format},
    {"indent", Indent},
    {"truncate", Truncate},
    {"wordwrap", WordWrap},
    {"wordcount", WordCount},
    {"tojson", ToJson},
    {"urlencode", UrlEncode},
    {"xmlattr", XmlAttributes},
    {"striptags", StripTags},
    {"filesizeformat", FileSize},
    {"urlize", Urlize},
    {"pprint",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       Reader("do_pprint", arguments).Finish();
       return Value::String(PrettyText(input));
     }},
    {"escape", Escape},
    {"e", Escape},
    {"forceescape",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       Reader("do_forceescape", arguments).Finish();
       const std::string* module = ModuleText(input);
       return Value::Markup(EscapeHtml(module ? *module : ToText(input)));
     }},
    {"safe",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       Reader("do_mark_safe", arguments).Finish();
       return Cells::IsMarkup(input) ? input : Value::Markup(ToText(input));
     }},
};

}  // namespace

Value StripTagsOf(std::string_view text) {
  std::string bare, out;
  size_t at = 0;
  for (size_t begin; (begin = text.find('<', at)) != std::string::npos;) {
    const bool is_comment = text.compare(begin, 4, "<!--") == 0;
    const size_t end = is_comment ? text.find("-->", begin + 4) : text.find('>', begin);
    if (end == std::string::npos) break;
    bare += text.substr(at, begin - at);
    at = end + (is_comment ? 3 : 1);
  }
  bare += text.substr(at);
  // White space runs become one space each.
  for (size_t offset = 0; offset < bare.size();) {
    const char32_t code = NextCodePoint(bare, offset);
    if (!IsSpace(code))
      AppendCodePoint(out, code);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return Value::String(UnescapeHtml(StripRight(out)));
}

bool IsHtml(const Value& value) { return Cells::IsMarkup(value) || ModuleText(value) != nullptr; }

Value EscapeValue(const Value& value) {
  if (Cells::IsMarkup(value)) return value;
  if (const std::string* text = ModuleText(value)) return Value::Markup(*text);
  return Value::Markup(value.IsString() ? EscapeHtml(value.AsString()) : EscapeHtml(ToText(value)));
}

std::span<const FilterEntry> TextFilters() { return kTextFilters; }

}  // namespace stir::jinja
