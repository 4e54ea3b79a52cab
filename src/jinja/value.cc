// Values: handles, factories, truth, equality, hash, and how they print.
#include "jinja/value.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "jinja/cells.h"
#include "jinja/kinds.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int kMaxNesting = 900;  // of lists in lists, when printed or compared

// How deep this thread is inside a print or comparison: a list that contains itself ends in an error, not a crash. It
// has to be the thread's, as objects of other rooms print their items by calling Value again.
thread_local int nesting = 0;
// The lists and dicts that are being printed: one that comes again inside of itself is printed as dots.
thread_local std::vector<const void*> printed;
struct Printing {
  explicit Printing(const Value& value) : again(std::ranges::find(printed, value.Identity()) != printed.end()) {
    printed.push_back(value.Identity());
  }
  ~Printing() { printed.pop_back(); }
  Printing(const Printing&) = delete;
  Printing& operator=(const Printing&) = delete;
  const bool again;
};
struct Nested {
  Nested() { ++nesting; }
  ~Nested() { --nesting; }
  bool too_deep() const { return nesting > kMaxNesting; }
};

bool IsNumberType(Type type) { return type == Type::kBool || type == Type::kInt || type == Type::kFloat; }

double Numeric(const Value& value) {
  switch (value.type()) {
    case Type::kBool:
      return value.AsBool() ? 1 : 0;
    case Type::kInt:
      return static_cast<double>(value.AsInt());
    default:
      return value.AsFloat();
  }
}

bool EqualNumbers(const Value& a, const Value& b) {
  if (a.type() == Type::kFloat || b.type() == Type::kFloat) {
    if (a.type() == b.type()) return a.AsFloat() == b.AsFloat();
    // An integer beyond 2^53 equals a float only when nothing is rounded.
    double real = Numeric(a.type() == Type::kFloat ? a : b);
    const Value& whole = a.type() == Type::kFloat ? b : a;
    if (real != Numeric(whole)) return false;
    return whole.type() == Type::kBool || std::fabs(real) < 9.2e18
               ? static_cast<int64_t>(real) == (whole.type() == Type::kBool ? whole.AsBool() : whole.AsInt())
               : false;
  }
  auto integer = [](const Value& v) { return v.type() == Type::kBool ? int64_t{v.AsBool()} : v.AsInt(); };
  return integer(a) == integer(b);
}

bool EqualItems(const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!a[i].Equals(b[i])) return false;
  }
  return true;
}

bool EqualDicts(const Dict& a, const Dict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a.entries()) {
    const Value* other = b.Find(key);
    if (!other || !value.Equals(*other)) return false;
  }
  return true;
}

Status AppendItems(std::string& out, const std::vector<Value>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    STIR_ASSIGN(std::string text, items[i].Repr());
    out += text;
  }
  return {};
}

Result<std::string> ReprSequence(const Value& value) {
  bool is_list = value.type() == Type::kList;
  const Printing printing(value);
  if (printing.again) return std::string(is_list ? "[...]" : "(...)");
  std::string out(1, is_list ? '[' : '(');
  STIR_TRY(AppendItems(out, value.Items()));
  if (!is_list && value.Items().size() == 1) out += ',';
  out += is_list ? ']' : ')';
  return out;
}

// What an undefined value prints when it should be seen.
std::string DebugText(const UndefinedCell& cell) {
  const Result<std::string> name = cell.name.Repr();
  std::string text = !cell.hint.empty() ? "undefined value printed: " + cell.hint
                     : cell.object.empty()
                         ? std::string(cell.name.AsString())
                         : fmt::format("no such element: {}[{}]", cell.object, name.ok() ? *name : "?");
  return "{{ " + text + " }}";
}

Result<std::string> ReprDict(const Value& value) {
  const Dict& dict = value.AsDict();
  const Printing printing(value);
  if (printing.again) return std::string("{...}");
  std::string out = "{";
  for (const auto& [key, item] : dict.entries()) {
    if (out.size() > 1) out += ", ";
    STIR_ASSIGN(std::string key_text, key.Repr());
    STIR_ASSIGN(std::string value_text, item.Repr());
    out += key_text;
    out += ": ";
    out += value_text;
  }
  return out + "}";
}

size_t Mix(size_t seed, size_t value) { return (seed ^ value) * 0x9E3779B97F4A7C15ULL + (seed >> 29); }

}  // namespace

void DestroyDeeply(std::vector<Value> values) {
  constexpr int kMaxDepth = 200;
  thread_local int depth = 0;
  thread_local std::vector<std::vector<Value>> waiting;
  if (values.empty()) return;
  if (depth >= kMaxDepth) {
    waiting.push_back(std::move(values));
    return;
  }
  ++depth;
  values.clear();
  --depth;
  while (depth == 0 && !waiting.empty()) {
    std::vector<Value> next = std::move(waiting.back());
    waiting.pop_back();
    ++depth;
    next.clear();
    --depth;
  }
}

Value Value::Undefined(std::string_view name) {
  auto* cell = new UndefinedCell;
  cell->name = String(std::string(name));
  return Value(Type::kUndefined, cell);
}

Value Value::String(std::string text) { return Value(Type::kString, new StringCell(std::move(text))); }
Value Value::Markup(std::string text) { return Value(Type::kString, new StringCell(std::move(text), true)); }
Value Value::List(std::vector<Value> items) { return Value(Type::kList, new SequenceCell(std::move(items))); }
Value Value::Tuple(std::vector<Value> items) { return Value(Type::kTuple, new SequenceCell(std::move(items))); }
Value Value::FromDict(Ref<Dict> dict) { return Value(Type::kDict, dict.get()); }
Value Value::FromObject(Ref<Object> object) { return Value(Type::kObject, object.get()); }

Value Value::MakeDict(std::vector<std::pair<Value, Value>> entries) {
  auto dict = MakeRef<Dict>();
  for (auto& [key, value] : entries) dict->Set(std::move(key), std::move(value));
  return FromDict(std::move(dict));
}

std::string_view Value::AsString() const {
  assert(type_ == Type::kString);
  return static_cast<const StringCell*>(heap_)->text;
}

const std::vector<Value>& Value::Items() const {
  assert(IsSequence());
  return static_cast<const SequenceCell*>(heap_)->items;
}

std::vector<Value>& Value::MutableItems() const {
  assert(type_ == Type::kList);
  return static_cast<SequenceCell*>(Cells::Raw(*this))->items;
}

Dict& Value::AsDict() const {
  assert(type_ == Type::kDict);
  return *static_cast<Dict*>(Cells::Raw(*this));
}

Object* Value::AsObject() const { return type_ == Type::kObject ? static_cast<Object*>(Cells::Raw(*this)) : nullptr; }

bool Value::Truthy() const {
  switch (type_) {
    case Type::kUndefined:
    case Type::kNone:
      return false;
    case Type::kBool:
      return boolean_;
    case Type::kInt:
      return integer_ != 0;
    case Type::kFloat:
      return real_ != 0;
    case Type::kString:
      return !AsString().empty();
    case Type::kList:
    case Type::kTuple:
      return !Items().empty();
    case Type::kDict:
      return AsDict().size() != 0;
    case Type::kObject:
      return AsObject()->Truthy();
  }
  return false;
}

Result<std::string> Value::Str() const {
  if (type_ == Type::kString) return std::string(AsString());
  if (type_ == Type::kUndefined) {
    const UndefinedPolicy policy = Cells::PolicyOf(*this);
    if (policy == UndefinedPolicy::kStrict) return Diagnostic(Cells::Undefined(*this)->kind, UndefinedMessage());
    return policy == UndefinedPolicy::kDebug ? DebugText(*Cells::Undefined(*this)) : std::string();
  }
  if (type_ == Type::kObject) return AsObject()->Str();
  return Repr();
}

Result<std::string> Value::Repr() const {
  Nested guard;
  if (guard.too_deep())
    return Diagnostic(kTemplateRecursion, "maximum recursion depth exceeded while getting the repr of an object");
  switch (type_) {
    case Type::kUndefined:
      return std::string("Undefined");
    case Type::kNone:
      return std::string("None");
    case Type::kBool:
      return std::string(boolean_ ? "True" : "False");
    case Type::kInt:
      return fmt::format("{}", integer_);
    case Type::kFloat:
      return ReprFloat(real_);
    case Type::kString:
      return Cells::IsMarkup(*this) ? "Markup(" + ReprText(AsString()) + ")" : ReprText(AsString());
    case Type::kList:
    case Type::kTuple:
      return ReprSequence(*this);
    case Type::kDict:
      return ReprDict(*this);
    case Type::kObject:
      return AsObject()->Repr();
  }
  return std::string();
}

std::string_view Value::TypeName() const {
  switch (type_) {
    case Type::kUndefined:
      return "Undefined";
    case Type::kNone:
      return "NoneType";
    case Type::kBool:
      return "bool";
    case Type::kInt:
      return "int";
    case Type::kFloat:
      return "float";
    case Type::kString:
      return Cells::IsMarkup(*this) ? "Markup" : "str";
    case Type::kList:
      return "list";
    case Type::kTuple:
      return "tuple";
    case Type::kDict:
      return "dict";
    case Type::kObject:
      return AsObject()->TypeName();
  }
  return "";
}

std::optional<size_t> Value::Length() const {
  switch (type_) {
    case Type::kUndefined:
      return 0;
    case Type::kString:
      return CodePointCount(AsString());
    case Type::kList:
    case Type::kTuple:
      return Items().size();
    case Type::kDict:
      return AsDict().size();
    case Type::kObject:
      return AsObject()->Length();
    default:
      return std::nullopt;
  }
}

bool Value::Equals(const Value& other) const {
  if (IsNumberType(type_) && IsNumberType(other.type_)) return EqualNumbers(*this, other);
  if (type_ == Type::kObject) return AsObject()->Equals(other);
  if (other.type_ == Type::kObject) return other.AsObject()->Equals(*this);
  if (type_ != other.type_) return false;
  if (Cell() && Cell() == other.Cell()) return true;
  Nested guard;
  if (guard.too_deep()) return false;
  switch (type_) {
    case Type::kString:
      return AsString() == other.AsString();
    case Type::kList:
    case Type::kTuple:
      return EqualItems(Items(), other.Items());
    case Type::kDict:
      return EqualDicts(AsDict(), other.AsDict());
    default:
      return true;  // None and undefined: one value each
  }
}

const void* Value::Identity() const { return Cell(); }

std::string Value::UndefinedMessage() const {
  const UndefinedCell* cell = Cells::Undefined(*this);
  if (!cell) return "value is undefined";
  if (!cell->hint.empty()) return cell->hint;
  std::string name = cell->name.Repr().ok() ? *cell->name.Repr() : "?";
  if (cell->object.empty()) return name + " is undefined";
  if (!cell->name.IsString()) return cell->object + " has no element " + name;
  return ReprText(cell->object) + " has no attribute " + name;
}

size_t Value::Hash() const {
  switch (type_) {
    case Type::kBool:
      return std::hash<int64_t>()(boolean_);
    case Type::kInt:
      return std::hash<int64_t>()(integer_);
    case Type::kFloat:
      // Equal numbers hash equally, whatever their type.
      if (std::floor(real_) == real_ && std::fabs(real_) < 9e18)
        return std::hash<int64_t>()(static_cast<int64_t>(real_));
      return std::hash<double>()(real_);
    case Type::kString:
      return Cells::Of(*this).Hash();
    case Type::kTuple: {
      size_t seed = 0x345678;
      for (const Value& item : Items()) seed = Mix(seed, item.Hash());
      return seed;
    }
    case Type::kObject:
      return AsObject()->Hash();
    default:
      return static_cast<size_t>(type_) + 0x51ED;
  }
}

}  // namespace stir::jinja
