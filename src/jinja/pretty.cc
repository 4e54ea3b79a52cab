#include "jinja/pretty.h"

#include <algorithm>

#include "jinja/errors.h"
#include "jinja/operations.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int64_t kWidth = 80;

int64_t WidthOf(std::string_view text) { return static_cast<int64_t>(CodePointCount(text)); }

// Whether a comes before b: by their own order, else by the names of their types.
bool Before(const Value& a, const Value& b) {
  const Result<bool> less = Catching([&] { return Less(a, b); });
  return less.ok() ? *less : a.TypeName() < b.TypeName();
}

bool EntryBefore(const std::pair<Value, Value>& a, const std::pair<Value, Value>& b) {
  if (Before(a.first, b.first)) return true;
  return !Before(b.first, a.first) && Before(a.second, b.second);
}

using Entries = std::vector<std::pair<Value, Value>>;

Entries SortedEntries(const Dict& dict) {
  Entries entries(dict.entries().begin(), dict.entries().end());
  std::ranges::stable_sort(entries, EntryBefore);
  return entries;
}

// The value on one line, with the entries of dicts in order.
std::string OneLine(const Value& value) {
  if (value.IsSequence()) {
    const bool is_list = value.type() == Type::kList;
    std::string out(1, is_list ? '[' : '(');
    for (size_t i = 0; i < value.Items().size(); ++i) out += (i > 0 ? ", " : "") + OneLine(value.Items()[i]);
    if (!is_list && value.Items().size() == 1) out += ',';
    return out + (is_list ? ']' : ')');
  }
  if (!value.IsDict()) return ToRepr(value);
  std::string out = "{";
  for (const auto& [key, item] : SortedEntries(value.AsDict()))
    out += (out.size() > 1 ? ", " : "") + OneLine(key) + ": " + OneLine(item);
  return out + "}";
}

class Printer {
 public:
  // `indent`: the column that the value starts in; `allowance`: what has to fit behind it.
  void Print(const Value& value, int64_t indent, int64_t allowance, int level) {
    const std::string line = OneLine(value);
    const bool is_set = value.AsObject() && value.TypeName() == "set";
    const bool can_break = value.IsSequence() || value.IsDict() || is_set || value.TypeName() == "str";
    if (WidthOf(line) <= kWidth - indent - allowance || !can_break) {
      out += line;
    } else if (value.IsDict()) {
      PrintDict(value.AsDict(), indent, allowance + 1, level + 1);
    } else if (value.IsString()) {
      PrintText(value.AsString(), indent, allowance, level + 1);
    } else {
      const bool is_list = value.type() == Type::kList;
      const std::string close = is_list ? "]" : is_set ? "}" : value.Items().size() == 1 ? ",)" : ")";
      std::vector<Value> items = ToVector(value);
      if (is_set) std::ranges::stable_sort(items, Before);
      out += is_list ? '[' : is_set ? '{' : '(';
      PrintItems(items, indent, allowance + static_cast<int64_t>(close.size()), level + 1);
      out += close;
    }
  }

  std::string out;

 private:
  void NewLine(int64_t indent) { out += "\n" + std::string(static_cast<size_t>(indent), ' '); }

  void PrintDict(const Dict& dict, int64_t indent, int64_t allowance, int level) {
    const Entries entries = SortedEntries(dict);
    out += '{';
    ++indent;
    for (size_t i = 0; i < entries.size(); ++i) {
      const bool is_last = i + 1 == entries.size();
      const std::string key = OneLine(entries[i].first);
      out += key + ": ";
      Print(entries[i].second, indent + WidthOf(key) + 2, is_last ? allowance : 1, level);
      if (is_last) break;
      out += ',';
      NewLine(indent);
    }
    out += '}';
  }

  void PrintItems(const std::vector<Value>& items, int64_t indent, int64_t allowance, int level) {
    ++indent;
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) {
        out += ',';
        NewLine(indent);
      }
      Print(items[i], indent, i + 1 == items.size() ? allowance : 1, level);
    }
  }

  // A long text is broken behind white space into strings side by side.
  void PrintText(std::string_view text, int64_t indent, int64_t allowance, int level) {
    if (level == 1) ++indent, ++allowance;
    const std::vector<std::string> chunks = Chunks(text, kWidth - indent, allowance);
    const bool in_parentheses = level == 1 && chunks.size() > 1;
    if (in_parentheses) out += '(';
    for (size_t i = 0; i < chunks.size(); ++i) {
      if (i > 0) NewLine(indent);
      out += chunks[i];
    }
    if (in_parentheses) out += ')';
  }

  static std::vector<std::string> Chunks(std::string_view text, int64_t width, int64_t allowance) {
    std::vector<std::string> chunks;
    const std::vector<std::string_view> lines = SplitLines(text, true);
    for (size_t i = 0; i < lines.size(); ++i) {
      const bool is_last = i + 1 == lines.size();
      std::string repr = ReprText(lines[i]);
      if (WidthOf(repr) <= width - (is_last ? allowance : 0)) {
        chunks.push_back(std::move(repr));
      } else {
        AddWords(chunks, lines[i], width, is_last ? allowance : 0);
      }
    }
    return chunks;
  }

  static void AddWords(std::vector<std::string>& chunks, std::string_view line, int64_t width, int64_t allowance) {
    std::string current;
    for (size_t begin = 0, end = 0; begin < line.size(); begin = end) {
      end = EndOfWord(line, begin);
      const std::string_view word = line.substr(begin, end - begin);
      const int64_t room = width - (end == line.size() ? allowance : 0);
      if (WidthOf(ReprText(current + std::string(word))) > room) {
        if (!current.empty()) chunks.push_back(ReprText(current));
        current = word;
      } else {
        current += word;
      }
    }
    if (!current.empty()) chunks.push_back(ReprText(current));
  }

  // A word and the white space behind it.
  static size_t EndOfWord(std::string_view line, size_t at) {
    bool in_space = false;
    for (size_t next = at; at < line.size(); at = next) {
      const bool is_space = IsSpace(NextCodePoint(line, next));
      if (in_space && !is_space) return at;
      in_space = in_space || is_space;
    }
    return at;
  }
};

}  // namespace

std::string PrettyText(const Value& value) {
  Printer printer;
  printer.Print(value, 0, 0, 0);
  return std::move(printer.out);
}

}  // namespace stir::jinja
