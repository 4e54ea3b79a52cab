// Filters that make text.
#include <algorithm>

#include <fmt/format.h>

#include "jinja/filters.h"
#include "jinja/json_text.h"
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

Value Escape(const Value& value) { return Cells::IsMarkup(value) ? value : Value::Markup(EscapeHtml(ToText(value))); }

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

Value Indent(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_indent", arguments);
  Value width = reader.Optional("width", Value::Int(4));
  bool first = reader.OptionalBool("first", false), blank = reader.OptionalBool("blank", false);
  reader.Finish();
  std::string prefix = width.IsString()
                           ? std::string(width.AsString())
                           : std::string(static_cast<size_t>(std::clamp<int64_t>(RequireInt(width), 0, 1 << 20)), ' ');
  FailIfUndefined(input);
  if (!input.IsString()) FailType(fmt::format("unsupported operand type(s) for +=: '{}' and 'str'", input.TypeName()));
  std::string text = std::string(input.AsString()) + "\n", out = first ? prefix : "";
  std::vector<std::string_view> lines = SplitLines(text, false);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i > 0 && (blank || !lines[i].empty())) out += prefix;
    out += lines[i];
  }
  return Like(input, std::move(out));
}

Value Truncate(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_truncate", arguments);
  int64_t length = reader.OptionalInt("length", 255);
  bool killwords = reader.OptionalBool("killwords", false);
  Value end_value = reader.Optional("end", Value::String("...")), end = Soft(end_value);
  Value leeway_value = reader.Optional("leeway");
  reader.Finish();
  int64_t leeway = leeway_value.IsNone() ? 5 : RequireInt(leeway_value),
          end_length = static_cast<int64_t>(CodePointCount(end.AsString()));
  if (length < end_length) FailValue(fmt::format("expected length >= {}, got {}", end_length, length));
  if (leeway < 0) FailValue(fmt::format("expected leeway >= 0, got {}", leeway));
  std::string_view text = input.IsString() ? input.AsString() : (LengthOf(input), "");
  if (static_cast<int64_t>(CodePointCount(text)) <= length + leeway) return input;
  text = text.substr(0, CodePointOffset(text, static_cast<size_t>(length - end_length)));
  if (!killwords) {
    if (size_t space = text.rfind(' '); space != std::string_view::npos) text = text.substr(0, space);
  }
  FailIfUndefined(end_value);
  return Like(input, std::string(text) + std::string(end.AsString()));
}

// One line in pieces of at most `width` characters, cut at spaces and after hyphens.
std::vector<std::string> WrapLine(std::string_view line, size_t width, bool break_words, bool break_hyphens) {
  std::vector<std::string> chunks, lines;
  for (size_t at = 0; at < line.size();) {
    size_t end = at;
    if (IsAsciiSpace(line[at])) {
      while (end < line.size() && IsAsciiSpace(line[end])) ++end;
    } else {
      while (end < line.size() && !IsAsciiSpace(line[end])) {
        bool hyphen = break_hyphens && line[end] == '-' && end > at && end + 1 < line.size() &&
                      std::isalpha(static_cast<unsigned char>(line[end - 1])) &&
                      std::isalpha(static_cast<unsigned char>(line[end + 1]));
        ++end;
        if (hyphen) break;
      }
    }
    chunks.emplace_back(line.substr(at, end - at));
    at = end;
  }
  std::string current;
  auto blank = [](std::string_view chunk) { return StripLeft(chunk).empty(); };
  auto flush = [&] {
    std::string_view text = StripRight(current);
    if (!text.empty()) lines.emplace_back(text);
    current.clear();
  };
  for (size_t i = 0; i < chunks.size();) {
    size_t used = CodePointCount(current), length = CodePointCount(chunks[i]);
    if (current.empty() && !lines.empty() && blank(chunks[i])) {
      ++i;
    } else if (used + length <= width) {
      current += chunks[i++];
    } else if (length > width && (break_words || current.empty())) {
      size_t room = std::max<size_t>(width - std::min(used, width), break_words ? (used < width ? 1 : 0) : length);
      size_t cut = CodePointOffset(chunks[i], room);
      if (size_t hyphen = chunks[i].substr(0, cut).rfind('-');
          break_hyphens && hyphen != 0 && hyphen != std::string::npos)
        cut = hyphen + 1;
      current += chunks[i].substr(0, cut);
      chunks[i].erase(0, cut);
      if (chunks[i].empty()) ++i;
      flush();
    } else {
      flush();
    }
  }
  flush();
  return lines;
}

Value WordWrap(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_wordwrap", arguments);
  int64_t width = reader.OptionalInt("width", 79);
  bool break_words = reader.OptionalBool("break_long_words", true);
  Value separator = reader.Optional("wrapstring");
  bool break_hyphens = reader.OptionalBool("break_on_hyphens", true);
  reader.Finish();
  if (width <= 0) FailValue(fmt::format("invalid width {} (must be > 0)", width));
  std::string newline = separator.IsNone() ? "\n" : ToText(separator), out;
  bool first = true;
  for (std::string_view line : SplitLines(Soft(input).AsString(), false)) {
    std::vector<std::string> wrapped = WrapLine(line, static_cast<size_t>(width), break_words, break_hyphens);
    if (!std::exchange(first, false)) out += newline;
    for (size_t i = 0; i < wrapped.size(); ++i) out += (i > 0 ? newline : "") + wrapped[i];
  }
  return Value::String(std::move(out));
}

Value Format(Evaluator&, const Value& input, const Arguments& arguments) {
  if (!arguments.keywords.empty() && !arguments.positional.empty())
    FailValue("can't handle positional and keyword arguments at the same time");
  if (arguments.keywords.empty())
    return FormatPercent(Soft(input), Value::Tuple({arguments.positional.begin(), arguments.positional.end()}));
  auto values = MakeRef<Dict>();
  for (const KeywordArgument& each : arguments.keywords) values->Set(each.name, each.value);
  return FormatPercent(Soft(input), Value::FromDict(std::move(values)));
}

Value Replace(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_replace", arguments);
  std::string from = ToText(reader.Required("old")), to = ToText(reader.Required("new"));
  Value count = reader.Optional("count");
  reader.Finish();
  return Value::String(ReplaceText(ToText(input), from, to, count.IsNone() ? -1 : RequireInt(count)));
}

Value Join(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_join", arguments);
  std::string separator = ToText(reader.Optional("d", Value::String(""))), out;
  AttributePath path(reader.Optional("attribute"));
  reader.Finish();
  std::unique_ptr<Iterator> items = Iterate(input);
  Value item;
  for (bool first = true; NextOf(*items, item); first = false) {
    if (!first) out += separator;
    AppendText(out, path.Of(evaluator, std::move(item)));
  }
  return Value::String(std::move(out));
}

Value WordCount(Evaluator&, const Value& input, const Arguments&) {
  std::string text = ToText(input);
  int64_t words = 0;
  bool in_word = false;
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    bool is_word = code == '_' || IsAlpha(code) || IsDigit(code);
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

Value UrlEncode(Evaluator&, const Value& input, const Arguments&) {
  if (input.IsString() || !IsIterable(input)) return Value::String(UrlQuote(ToText(input), false));
  std::vector<std::pair<Value, Value>> pairs;
  if (input.IsDict()) {
    pairs.assign(input.AsDict().entries().begin(), input.AsDict().entries().end());
  } else {
    for (const Value& each : ToVector(input)) {
      std::vector<Value> pair = ToVector(each);
      if (pair.size() != 2) FailValue(fmt::format("not enough values to unpack (expected 2, got {})", pair.size()));
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

Value XmlAttributes(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_xmlattr", arguments);
  bool autospace = reader.OptionalBool("autospace", true);
  reader.Finish();
  FailIfUndefined(input);
  if (!input.IsDict()) FailType(fmt::format("'{}' object has no attribute 'items'", input.TypeName()));
  std::string out;
  for (const auto& [key, value] : input.AsDict().entries()) {
    if (value.IsNone() || value.IsUndefined()) continue;
    std::string name = ToText(key);
    if (name.find_first_of(" \t\n\f\r/>=") != std::string::npos)
      FailValue(fmt::format("Invalid character in attribute name: {}", ReprText(name)));
    if (!out.empty()) out += ' ';
    out += fmt::format("{}=\"{}\"", Escape(key).AsString(), Escape(value).AsString());
  }
  if (autospace && !out.empty()) out.insert(0, " ");
  return Value::String(std::move(out));
}

std::string Unescape(std::string text) {
  for (auto [from, to] :
       {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&#39;", "'"}, {"&#34;", "\""}, {"&quot;", "\""}, {"&amp;", "&"}})
    text = ReplaceText(text, from, to, -1);
  return text;
}

Value StripTags(Evaluator&, const Value& input, const Arguments&) {
  std::string text = ToText(input), out;
  for (auto [open, close] : {std::pair{"<!--", "-->"}, {"<", ">"}}) {
    for (size_t begin; (begin = text.find(open)) != std::string::npos;) {
      size_t end = text.find(close, begin);
      if (end == std::string::npos) break;
      text.erase(begin, end + std::string_view(close).size() - begin);
    }
  }
  // White space runs become one space each.
  for (size_t offset = 0; offset < text.size();) {
    char32_t code = NextCodePoint(text, offset);
    if (!IsSpace(code))
      AppendCodePoint(out, code);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return Value::String(Unescape(std::string(StripRight(out))));
}

Value ToJson(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_tojson", arguments);
  Value indent = reader.Optional("indent");
  reader.Finish();
  std::string text = Take(JsonText(
      input, {true, indent.IsNone() ? -1 : static_cast<int>(std::clamp<int64_t>(RequireInt(indent), 0, 100))}));
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
                                                  : std::nullopt;
  FailIfUndefined(input);
  if (!bytes && !input.IsString())
    FailType(fmt::format("float() argument must be a string or a real number, not '{}'", input.TypeName()));
  if (!bytes) FailValue(fmt::format("could not convert string to float: {}", ToRepr(input)));
  double base = binary ? 1024 : 1000, unit = base;
  if (*bytes == 1) return Value::String("1 Byte");
  if (*bytes < base) return Value::String(fmt::format("{} Bytes", static_cast<int64_t>(*bytes)));
  constexpr std::string_view kLetters = "kMGTPEZY";
  for (size_t i = 0;; ++i) {
    unit *= base;
    if (*bytes < unit || i + 1 == kLetters.size()) {
      std::string letter(1, binary && i == 0 ? 'K' : kLetters[i]);
      return Value::String(fmt::format("{:.1f} {}{}B", base * *bytes / unit, letter, binary ? "i" : ""));
    }
  }
}

// Dicts inside in the order of their keys, as pprint shows them.
Value SortedKeys(const Value& value) {
  if (value.IsSequence()) {
    std::vector<Value> items;
    for (const Value& each : value.Items()) items.push_back(SortedKeys(each));
    return value.type() == Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
  }
  if (!value.IsDict()) return value;
  std::vector<std::pair<Value, Value>> entries;
  for (const auto& [key, item] : value.AsDict().entries()) entries.emplace_back(key, SortedKeys(item));
  std::ranges::stable_sort(entries, [](const auto& a, const auto& b) {
    return a.first.TypeName() == b.first.TypeName() && Less(a.first, b.first);
  });
  return Value::MakeDict(std::move(entries));
}

template <std::string (*kMap)(std::string_view)>
Value Map(Evaluator&, const Value& input, const Arguments&) {
  Value text = Soft(input);
  return Like(text, kMap(text.AsString()));
}

constexpr FilterEntry kFilters[] = {
    {"upper", Map<UpperText>},
    {"lower", Map<LowerText>},
    {"capitalize", Map<CapitalizeText>},
    {"title", Map<TitleWords>},
    {"string", [](Evaluator&, const Value& input, const Arguments&) { return Soft(input); }},
    {"trim",
     [](Evaluator& evaluator, const Value& input, const Arguments& arguments) {
       Reader reader("do_trim", arguments);
       Value characters = reader.Optional("chars");
       reader.Finish();
       return CallMethod(evaluator, Soft(input), "strip", {characters});
     }},
    {"center",
     [](Evaluator& evaluator, const Value& input, const Arguments& arguments) {
       Reader reader("do_center", arguments);
       int64_t width = reader.OptionalInt("width", 80);
       reader.Finish();
       return CallMethod(evaluator, Soft(input), "center", {Value::Int(width)});
     }},
    {"replace", Replace},
    {"join", Join},
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
    {"pprint",
     [](Evaluator&, const Value& input, const Arguments&) { return Value::String(ToRepr(SortedKeys(input))); }},
    {"escape", [](Evaluator&, const Value& input, const Arguments&) { return Escape(input); }},
    {"e", [](Evaluator&, const Value& input, const Arguments&) { return Escape(input); }},
    {"forceescape",
     [](Evaluator&, const Value& input, const Arguments&) { return Value::Markup(EscapeHtml(ToText(input))); }},
    {"safe", [](Evaluator&, const Value& input, const Arguments&) { return Value::Markup(ToText(input)); }},
};

}  // namespace

std::span<const FilterEntry> TextFilters() { return kFilters; }

}  // namespace stir::jinja
