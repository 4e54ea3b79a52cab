// modules.re over PCRE2, with Python's flags, functions and match objects. Offsets are code points, as in Python.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jinja/template.h"
#include "jinja/text.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::MakeFunction;
using jinja::Value;

// Python's flag numbers.
enum Flag : int64_t { kIgnoreCase = 2, kMultiline = 8, kDotAll = 16, kUnicode = 32, kVerbose = 64, kAscii = 256 };

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using MatchData = std::unique_ptr<pcre2_match_data, MatchDeleter>;

// A compiled pattern; immutable, shared between threads.
struct Program {
  std::string text;
  int64_t flags = 0;
  std::unique_ptr<pcre2_code, CodeDeleter> code;
  uint32_t groups = 0;
  std::vector<std::string> names;  // by group number; empty without a name
};
using ProgramRef = std::shared_ptr<const Program>;

// What Python spells differently from PCRE2: \Z is the very end, (?P<n>) and (?P=n) are the same in both.
std::string Translate(std::string_view pattern) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    ++i;
    if (pattern[i] == 'Z')
      out += "\\z";
    else
      out += '\\', out += pattern[i];
  }
  return out;
}

Result<ProgramRef> Compile(std::string_view pattern, int64_t flags) {
  auto program = std::make_shared<Program>();
  program->text = pattern;
  program->flags = flags;
  uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY;
  if ((flags & kIgnoreCase) != 0) options |= PCRE2_CASELESS;
  if ((flags & kMultiline) != 0) options |= PCRE2_MULTILINE;
  if ((flags & kDotAll) != 0) options |= PCRE2_DOTALL;
  if ((flags & kVerbose) != 0) options |= PCRE2_EXTENDED;
  if ((flags & kAscii) == 0) options |= PCRE2_UCP;
  options &= ~static_cast<uint32_t>(PCRE2_DOLLAR_ENDONLY);  // Python's $ also matches before a last newline
  const std::string translated = Translate(pattern);
  int error = 0;
  size_t offset = 0;
  program->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), options, &error,
                                    &offset, nullptr));
  if (!program->code) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return ValueError(fmt::format("regular expression `{}`: {} at position {}", pattern,
                                  reinterpret_cast<const char*>(message.data()), offset));
  }
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_CAPTURECOUNT, &program->groups);
  program->names.resize(program->groups + 1);
  uint32_t name_count = 0, entry_size = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_NAMECOUNT, &name_count);
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
  pcre2_pattern_info(program->code.get(), PCRE2_INFO_NAMETABLE, &table);
  for (uint32_t i = 0; i < name_count; ++i) {
    const PCRE2_SPTR entry = table + static_cast<size_t>(i) * entry_size;
    program->names[static_cast<size_t>(entry[0] << 8 | entry[1])] = reinterpret_cast<const char*>(entry + 2);
  }
  return ProgramRef(std::move(program));
}

// Byte ranges of the whole match and its groups; npos begin: the group took no part.
struct Found {
  std::vector<std::pair<size_t, size_t>> groups;
  size_t begin() const { return groups[0].first; }
  size_t end() const { return groups[0].second; }
};

enum class Anchor : uint8_t { kNone, kStart, kWhole };

Result<std::optional<Found>> Find(const Program& program, std::string_view subject, size_t from, Anchor anchor,
                                  bool not_empty = false) {
  const MatchData data(pcre2_match_data_create_from_pattern(program.code.get(), nullptr));
  uint32_t options = PCRE2_NO_UTF_CHECK;
  if (anchor != Anchor::kNone) options |= PCRE2_ANCHORED;
  if (anchor == Anchor::kWhole) options |= PCRE2_ENDANCHORED;
  if (not_empty) options |= PCRE2_NOTEMPTY_ATSTART;
  const int count = pcre2_match(program.code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), from,
                                options, data.get(), nullptr);
  if (count == PCRE2_ERROR_NOMATCH) return std::optional<Found>();
  if (count < 0)
    return ValueError(
        fmt::format("regular expression `{}` gave up on this text (it backtracks too much)", program.text));
  const size_t* ovector = pcre2_get_ovector_pointer(data.get());
  Found found;
  for (uint32_t i = 0; i <= program.groups; ++i) {
    const bool set = i < static_cast<uint32_t>(count) && ovector[2 * i] != PCRE2_UNSET;
    found.groups.emplace_back(set ? ovector[2 * i] : std::string::npos, set ? ovector[2 * i + 1] : std::string::npos);
  }
  return std::optional<Found>(std::move(found));
}

// All matches from left to right, as Python finds them (an empty match may follow a non-empty one).
Result<std::vector<Found>> FindAll(const Program& program, std::string_view subject, int64_t limit = -1) {
  std::vector<Found> all;
  size_t at = 0;
  bool not_empty = false;
  while (at <= subject.size() && (limit < 0 || static_cast<int64_t>(all.size()) < limit)) {
    STIR_ASSIGN(std::optional<Found> found, Find(program, subject, at, Anchor::kNone, not_empty));
    if (!found) break;
    at = found->end();
    not_empty = found->begin() == found->end();  // the next one at this place must not be empty
    all.push_back(std::move(*found));
  }
  return all;
}

std::optional<std::string_view> GroupText(std::string_view subject, const Found& found, size_t group) {
  const auto [begin, end] = found.groups[group];
  if (begin == std::string::npos) return std::nullopt;
  return subject.substr(begin, end - begin);
}

Value TextOrNone(std::optional<std::string_view> text, const Value& fallback = Value::None()) {
  return text ? Value::String(std::string(*text)) : fallback;
}

class MatchObject : public jinja::Object {
 public:
  MatchObject(ProgramRef program, std::string subject, Found found)
      : program_(std::move(program)), subject_(std::move(subject)), found_(std::move(found)) {}
  std::string_view TypeName() const override { return "re.Match"; }
  bool Truthy() const override { return true; }

  Result<size_t> GroupOf(const Value& key) const {
    if (key.type() == jinja::Type::kInt && key.AsInt() >= 0 && static_cast<size_t>(key.AsInt()) < found_.groups.size())
      return static_cast<size_t>(key.AsInt());
    if (key.IsString()) {
      for (size_t i = 1; i < program_->names.size(); ++i) {
        if (program_->names[i] == key.AsString()) return i;
      }
    }
    return ValueError("no such group");
  }

  Result<Value> Group(const Value& key) const {
    STIR_ASSIGN(const size_t group, GroupOf(key));
    return TextOrNone(GroupText(subject_, found_, group));
  }

  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    STIR_ASSIGN(Value value, Group(key));
    return std::optional<Value>(std::move(value));
  }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const jinja::Ref<MatchObject> self(this);
    if (name == "string") return std::optional<Value>(Value::String(subject_));
    if (name == "lastindex") return std::optional<Value>(LastIndex());
    if (name == "group")
      return Method("group", [self](const Arguments& arguments) { return self->Groups(arguments.positional); });
    if (name == "groups") {
      return Method("groups", [self](const Arguments& arguments) -> Result<Value> {
        const Value fallback = arguments.positional.empty() ? Value::None() : arguments.positional[0];
        std::vector<Value> items;
        for (size_t i = 1; i < self->found_.groups.size(); ++i)
          items.push_back(TextOrNone(GroupText(self->subject_, self->found_, i), fallback));
        return Value::Tuple(std::move(items));
      });
    }
    if (name == "groupdict") {
      return Method("groupdict", [self](const Arguments& arguments) -> Result<Value> {
        const Value fallback = arguments.positional.empty() ? Value::None() : arguments.positional[0];
        auto dict = jinja::MakeRef<jinja::Dict>();
        for (size_t i = 1; i < self->program_->names.size(); ++i) {
          if (!self->program_->names[i].empty())
            dict->Set(self->program_->names[i], TextOrNone(GroupText(self->subject_, self->found_, i), fallback));
        }
        return Value::FromDict(std::move(dict));
      });
    }
    if (name == "start" || name == "end" || name == "span") {
      return Method(std::string(name), [self, name = std::string(name)](const Arguments& arguments) -> Result<Value> {
        STIR_ASSIGN(const size_t group,
                    self->GroupOf(arguments.positional.empty() ? Value::Int(0) : arguments.positional[0]));
        const Value start = self->Offset(self->found_.groups[group].first),
                    end = self->Offset(self->found_.groups[group].second);
        return name == "start" ? start : name == "end" ? end : Value::Tuple({start, end});
      });
    }
    return std::optional<Value>();
  }

  Result<std::string> Repr() const override {
    STIR_ASSIGN(const std::string text, TextOrNone(GroupText(subject_, found_, 0)).Repr());
    return fmt::format("<re.Match object; span=({}, {}), match={}>", Offset(found_.begin()).AsInt(),
                       Offset(found_.end()).AsInt(), text);
  }

 private:
  using Body = std::function<Result<Value>(const Arguments&)>;
  static Result<std::optional<Value>> Method(std::string name, Body body) {
    return std::optional<Value>(
        MakeFunction(std::move(name), [body](CallContext&, const Arguments& arguments) { return body(arguments); }));
  }

  Value Offset(size_t bytes) const {
    if (bytes == std::string::npos) return Value::Int(-1);
    return Value::Int(static_cast<int64_t>(jinja::CodePointCount(std::string_view(subject_).substr(0, bytes))));
  }

  Value LastIndex() const {
    for (size_t i = found_.groups.size() - 1; i > 0; --i) {
      if (found_.groups[i].first != std::string::npos) return Value::Int(static_cast<int64_t>(i));
    }
    return Value::None();
  }

  Result<Value> Groups(std::span<const Value> keys) const {
    if (keys.empty()) return Group(Value::Int(0));
    if (keys.size() == 1) return Group(keys[0]);
    std::vector<Value> items;
    for (const Value& key : keys) {
      STIR_ASSIGN(Value value, Group(key));
      items.push_back(std::move(value));
    }
    return Value::Tuple(std::move(items));
  }

  ProgramRef program_;
  std::string subject_;
  Found found_;
};

Value MatchOrNone(const ProgramRef& program, std::string_view subject, std::optional<Found> found) {
  if (!found) return Value::None();
  return Value::New<MatchObject>(program, std::string(subject), std::move(*found));
}

// The replacement text of sub: \1, \g<1>, \g<name> and Python's escapes.
Result<std::string> Expand(const Program& program, std::string_view replacement, std::string_view subject,
                           const Found& found) {
  std::string out;
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      out += replacement[i];
      continue;
    }
    const char c = replacement[++i];
    size_t group = std::string::npos;
    if (c >= '0' && c <= '9') {
      group = static_cast<size_t>(c - '0');
      if (i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9')
        group = group * 10 + static_cast<size_t>(replacement[++i] - '0');
    } else if (c == 'g' && i + 1 < replacement.size() && replacement[i + 1] == '<') {
      const size_t close = replacement.find('>', i);
      if (close == std::string_view::npos) return ValueError("missing >, unterminated name");
      const std::string_view name = replacement.substr(i + 2, close - i - 2);
      const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
      if (number) group = std::stoul(std::string(name));
      for (size_t k = 1; !number && k < program.names.size(); ++k) {
        if (program.names[k] == name) group = k;
      }
      if (group == std::string::npos) return ValueError(fmt::format("unknown group name '{}'", name));
      i = close;
    } else {
      out += c == 'n' ? "\n" : c == 't' ? "\t" : c == 'r' ? "\r" : c == '\\' ? "\\" : std::string{'\\', c};
      continue;
    }
    if (group >= found.groups.size()) return ValueError(fmt::format("invalid group reference {}", group));
    out += GroupText(subject, found, group).value_or("");
  }
  return out;
}

Result<Value> Substitute(CallContext& context, const ProgramRef& program, const Value& replacement,
                         std::string_view subject, int64_t count, bool counted) {
  STIR_ASSIGN(const std::vector<Found> all, FindAll(*program, subject, count > 0 ? count : -1));
  std::string out;
  size_t at = 0;
  for (const Found& found : all) {
    out += subject.substr(at, found.begin() - at);
    if (replacement.IsString()) {
      STIR_ASSIGN(const std::string text, Expand(*program, replacement.AsString(), subject, found));
      out += text;
    } else {
      const Value match = MatchOrNone(program, subject, found);
      STIR_ASSIGN(Value text, context.Call(replacement, Arguments{{&match, 1}, {}}));
      STIR_ASSIGN(const std::string piece, text.Str());
      out += piece;
    }
    at = found.end();
  }
  out += subject.substr(at);
  if (!counted) return Value::String(std::move(out));
  return Value::Tuple({Value::String(std::move(out)), Value::Int(static_cast<int64_t>(all.size()))});
}

Result<Value> SplitText(const Program& program, std::string_view subject, int64_t limit) {
  STIR_ASSIGN(const std::vector<Found> all, FindAll(program, subject, limit > 0 ? limit : -1));
  std::vector<Value> items;
  size_t at = 0;
  for (const Found& found : all) {
    items.push_back(Value::String(std::string(subject.substr(at, found.begin() - at))));
    for (size_t i = 1; i < found.groups.size(); ++i) items.push_back(TextOrNone(GroupText(subject, found, i)));
    at = found.end();
  }
  items.push_back(Value::String(std::string(subject.substr(at))));
  return Value::List(std::move(items));
}

Result<Value> ListAll(const ProgramRef& program, std::string_view subject, bool as_matches) {
  STIR_ASSIGN(std::vector<Found> all, FindAll(*program, subject));
  std::vector<Value> items;
  for (Found& found : all) {
    if (as_matches) {
      items.push_back(MatchOrNone(program, subject, std::move(found)));
    } else if (program->groups <= 1) {
      items.push_back(TextOrNone(GroupText(subject, found, program->groups), Value::String("")));
    } else {
      std::vector<Value> groups;
      for (size_t i = 1; i < found.groups.size(); ++i)
        groups.push_back(TextOrNone(GroupText(subject, found, i), Value::String("")));
      items.push_back(Value::Tuple(std::move(groups)));
    }
  }
  return Value::List(std::move(items));
}

Result<int64_t> OptionalNumber(ArgumentReader& reader, std::string_view name) {
  const Value value = reader.Optional(name, Value::Int(0));
  if (value.type() != jinja::Type::kInt) return TypeError(fmt::format("`{}` must be an integer", name));
  return value.AsInt();
}

Result<std::string> Subject(ArgumentReader& reader) {
  STIR_ASSIGN(Value value, reader.Required("string"));
  if (!value.IsString()) return TypeError("expected string or bytes-like object");
  return std::string(value.AsString());
}

// The functions that a module and a compiled pattern share; `get` gives the program (and reads the flags of the
// module's).
using GetProgram = std::function<Result<ProgramRef>(ArgumentReader&)>;

Result<Value> Apply(std::string_view name, CallContext& context, ArgumentReader& reader, const GetProgram& get) {
  if (name == "sub" || name == "subn") {
    STIR_ASSIGN(Value replacement, reader.Required("repl"));
    STIR_ASSIGN(const std::string subject, Subject(reader));
    STIR_ASSIGN(const int64_t count, OptionalNumber(reader, "count"));
    STIR_ASSIGN(const ProgramRef program, get(reader));
    return Substitute(context, program, replacement, subject, count, name == "subn");
  }
  STIR_ASSIGN(const std::string subject, Subject(reader));
  if (name == "split") {
    STIR_ASSIGN(const int64_t limit, OptionalNumber(reader, "maxsplit"));
    STIR_ASSIGN(const ProgramRef program, get(reader));
    return SplitText(*program, subject, limit);
  }
  STIR_ASSIGN(const ProgramRef program, get(reader));
  if (name == "findall" || name == "finditer") return ListAll(program, subject, name == "finditer");
  const Anchor anchor = name == "match" ? Anchor::kStart : name == "fullmatch" ? Anchor::kWhole : Anchor::kNone;
  STIR_ASSIGN(std::optional<Found> found, Find(*program, subject, 0, anchor));
  return MatchOrNone(program, subject, std::move(found));
}

constexpr std::string_view kFunctions[] = {"match",    "search", "fullmatch", "findall",
                                           "finditer", "sub",    "subn",      "split"};

class PatternObject : public jinja::Object {
 public:
  explicit PatternObject(ProgramRef program) : program_(std::move(program)) {}
  const ProgramRef& program() const { return program_; }
  std::string_view TypeName() const override { return "re.Pattern"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "pattern") return std::optional<Value>(Value::String(program_->text));
    if (name == "flags") return std::optional<Value>(Value::Int(program_->flags | kUnicode));
    if (name == "groups") return std::optional<Value>(Value::Int(program_->groups));
    if (name == "groupindex") {
      auto indices = jinja::MakeRef<jinja::Dict>();
      for (size_t i = 1; i < program_->names.size(); ++i) {
        if (!program_->names[i].empty()) indices->Set(program_->names[i], Value::Int(static_cast<int64_t>(i)));
      }
      return std::optional<Value>(Value::FromDict(std::move(indices)));
    }
    if (std::ranges::find(kFunctions, name) == std::end(kFunctions)) return std::optional<Value>();
    return std::optional<Value>(MakeFunction(
        std::string(name),
        [program = program_, name = std::string(name)](CallContext& context,
                                                       const Arguments& arguments) -> Result<Value> {
          ArgumentReader reader(name, arguments);
          return Apply(name, context, reader, [&program](ArgumentReader&) -> Result<ProgramRef> { return program; });
        }));
  }
  Result<std::string> Repr() const override {
    STIR_ASSIGN(const std::string text, Value::String(program_->text).Repr());
    return fmt::format("re.compile({})", text);
  }

 private:
  ProgramRef program_;
};

Result<ProgramRef> ProgramOf(const Value& pattern, int64_t flags) {
  if (const auto* compiled = pattern.As<PatternObject>()) return compiled->program();
  if (!pattern.IsString()) return TypeError("first argument must be string or compiled pattern");
  return Compile(pattern.AsString(), flags);
}

Value ModuleFunction(std::string_view name) {
  return MakeFunction(std::string(name),
                      [name = std::string(name)](CallContext& context, const Arguments& arguments) -> Result<Value> {
                        ArgumentReader reader(name, arguments);
                        STIR_ASSIGN(const Value pattern, reader.Required("pattern"));
                        return Apply(name, context, reader, [&pattern](ArgumentReader& rest) -> Result<ProgramRef> {
                          STIR_ASSIGN(const int64_t flags, OptionalNumber(rest, "flags"));
                          STIR_TRY(rest.Finish());
                          return ProgramOf(pattern, flags);
                        });
                      });
}

Result<Value> CompileFunction(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("compile", arguments);
  STIR_ASSIGN(Value pattern, reader.Required("pattern"));
  STIR_ASSIGN(const int64_t flags, OptionalNumber(reader, "flags"));
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(ProgramRef program, ProgramOf(pattern, flags));
  return Value::New<PatternObject>(std::move(program));
}

Result<Value> EscapeFunction(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("escape", arguments);
  STIR_ASSIGN(Value pattern, reader.Required("pattern"));
  if (!pattern.IsString()) return TypeError("escape() needs a string");
  std::string out;
  for (const char c : pattern.AsString()) {
    if (std::string_view("()[]{}?*+-|^$\\.&~# \t\n\r\v\f").contains(c)) out += '\\';
    out += c;
  }
  return Value::String(std::move(out));
}

}  // namespace

Value RegexModule() {
  std::vector<std::pair<std::string, Value>> members;
  for (const std::string_view name : kFunctions) members.emplace_back(name, ModuleFunction(name));
  members.emplace_back("compile", MakeFunction("compile", CompileFunction));
  members.emplace_back("escape", MakeFunction("escape", EscapeFunction));
  static constexpr std::pair<std::string_view, int64_t> kFlags[] = {
      {"I", kIgnoreCase}, {"IGNORECASE", kIgnoreCase}, {"M", kMultiline}, {"MULTILINE", kMultiline},
      {"S", kDotAll},     {"DOTALL", kDotAll},         {"X", kVerbose},   {"VERBOSE", kVerbose},
      {"U", kUnicode},    {"UNICODE", kUnicode},       {"A", kAscii},     {"ASCII", kAscii}};
  for (const auto& [name, number] : kFlags) members.emplace_back(name, Value::Int(number));
  return MakeModule("re", std::move(members));
}

}  // namespace stir::pylib
