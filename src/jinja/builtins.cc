// Finding filters and tests by name, the tests, and Jinja2's own globals.
#include "jinja/builtins.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/big_integer.h"
#include "jinja/filters.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

// --- tests

// The argument of a test that takes one, which may be given by its name when it has one.
const Value& Only(std::string_view test, const Arguments& arguments, std::string_view name = {}) {
  const bool is_named = !name.empty() && arguments.positional.empty() && arguments.keywords.size() == 1 &&
                        arguments.keywords[0].name == name;
  if (is_named) return arguments.keywords[0].value;
  if (!arguments.keywords.empty()) FailType(fmt::format("{}() takes no keyword arguments", test));
  if (arguments.positional.size() != 1)
    FailType(fmt::format("{} expected 2 arguments, got {}", test, 1 + arguments.positional.size()));
  return arguments.positional[0];
}

void None(const Arguments& arguments) {
  const size_t given = arguments.positional.size() + arguments.keywords.size();
  if (given > 0) FailType(fmt::format("the test takes 1 positional argument but {} were given", 1 + given));
}

bool HasRest(const Value& value, const Value& divisor, int64_t rest) {
  return Compare(CompareOp::kEqual, Arithmetic(BinaryOp::kModulo, value, divisor), Value::Int(rest));
}

bool Same(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  return a.Identity() || b.Identity() ? a.Identity() == b.Identity() || (a.IsString() && a.Equals(b)) : a.Equals(b);
}

template <CompareOp kOp>
bool Compares(Evaluator&, const Value& value, const Arguments& arguments) {
  return Compare(kOp, value, Only("the test", arguments));
}

bool IsMapping(const Value& value) { return value.IsDict() || (value.AsObject() && value.AsObject()->IsMapping()); }

bool IsSequenceLike(const Value& value) {
  if (Cells::IsStrict(value)) return false;
  if (value.AsObject()) return value.AsObject()->IsIndexable();
  return value.Length().has_value();
}

bool IsCallable(const Value& value) { return value.AsObject() ? value.AsObject()->IsCallable() : value.IsUndefined(); }

template <bool (*kAsk)(const Value&)>
bool Ask(Evaluator&, const Value& value, const Arguments& arguments) {
  None(arguments);
  return kAsk(value);
}

template <bool kUpper>
bool HasCase(Evaluator& evaluator, const Value& value, const Arguments& arguments) {
  None(arguments);
  Value text = Value::String(ToText(value));
  return FindMethod(text, kUpper ? "isupper" : "islower")->apply(evaluator, text, {}).AsBool();
}

constexpr TestEntry kTests[] = {
    {"defined", Ask<+[](const Value& v) { return !v.IsUndefined(); }>},
    {"undefined", Ask<+[](const Value& v) { return v.IsUndefined(); }>},
    {"none", Ask<+[](const Value& v) { return v.IsNone(); }>},
    {"boolean", Ask<+[](const Value& v) { return v.type() == Type::kBool; }>},
    {"true", Ask<+[](const Value& v) { return v.type() == Type::kBool && v.AsBool(); }>},
    {"false", Ask<+[](const Value& v) { return v.type() == Type::kBool && !v.AsBool(); }>},
    {"integer", Ask<+[](const Value& v) { return v.type() == Type::kInt || IsBig(v); }>},
    {"float", Ask<+[](const Value& v) { return v.type() == Type::kFloat; }>},
    {"number", Ask<+[](const Value& v) { return IsNumber(v) || (v.AsObject() && v.AsObject()->IsNumber()); }>},
    {"string", Ask<+[](const Value& v) { return v.IsString(); }>},
    {"mapping", Ask<IsMapping>},
    {"sequence", Ask<IsSequenceLike>},
    {"iterable", Ask<+[](const Value& v) { return Truth(v), IsIterable(v); }>},
    {"callable", Ask<IsCallable>},
    {"escaped", Ask<+[](const Value& v) { return IsHtml(v) || Cells::PolicyOf(v) == UndefinedPolicy::kChainable; }>},
    {"lower", HasCase<false>},
    {"upper", HasCase<true>},
    {"odd", [](Evaluator&, const Value& v, const Arguments& a) { return None(a), HasRest(v, Value::Int(2), 1); }},
    {"even", [](Evaluator&, const Value& v, const Arguments& a) { return None(a), HasRest(v, Value::Int(2), 0); }},
    {"divisibleby",
     [](Evaluator&, const Value& v, const Arguments& a) { return HasRest(v, Only("divisibleby", a, "num"), 0); }},
    {"sameas", [](Evaluator&, const Value& v, const Arguments& a) { return Same(v, Only("sameas", a, "other")); }},
    {"in", [](Evaluator&, const Value& v, const Arguments& a) { return Contains(Only("in", a, "seq"), v); }},
    {"filter", Ask<+[](const Value& v) { return RequireHashable(v), v.IsString() && FindFilter(v.AsString()); }>},
    {"test", Ask<+[](const Value& v) { return RequireHashable(v), v.IsString() && FindTest(v.AsString()); }>},
    {"eq", Compares<CompareOp::kEqual>},
    {"==", Compares<CompareOp::kEqual>},
    {"equalto", Compares<CompareOp::kEqual>},
    {"ne", Compares<CompareOp::kNotEqual>},
    {"!=", Compares<CompareOp::kNotEqual>},
    {"gt", Compares<CompareOp::kGreater>},
    {">", Compares<CompareOp::kGreater>},
    {"greaterthan", Compares<CompareOp::kGreater>},
    {"ge", Compares<CompareOp::kGreaterEqual>},
    {">=", Compares<CompareOp::kGreaterEqual>},
    {"lt", Compares<CompareOp::kLess>},
    {"<", Compares<CompareOp::kLess>},
    {"lessthan", Compares<CompareOp::kLess>},
    {"le", Compares<CompareOp::kLessEqual>},
    {"<=", Compares<CompareOp::kLessEqual>},
};

// --- globals

class CyclerObject final : public Object {
 public:
  explicit CyclerObject(std::vector<Value> items) : items_(std::move(items)) {}
  std::string_view TypeName() const override { return "Cycler"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "current") return std::optional(items_[position_]);
    if (name == "pos") return std::optional(Value::Int(static_cast<int64_t>(position_)));
    if (name == "items") return std::optional(Value::Tuple(items_));
    if (name != "next" && name != "reset") return std::optional<Value>();
    bool resets = name == "reset";
    return std::optional(
        MakeFunction(std::string(name), [self = Ref(this), resets](CallContext&, const Arguments&) -> Result<Value> {
          Value current = self->items_[self->position_];
          self->position_ = resets ? 0 : (self->position_ + 1) % self->items_.size();
          return resets ? Value::None() : current;
        }));
  }

 private:
  const std::vector<Value> items_;
  size_t position_ = 0;
};

// Gives nothing the first time, its separator from then on.
class JoinerObject final : public Object {
 public:
  explicit JoinerObject(Value separator) : separator_(std::move(separator)) {}
  std::string_view TypeName() const override { return "Joiner"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments&) override {
    return std::exchange(used_, true) ? separator_ : Value::String("");
  }

 private:
  const Value separator_;
  bool used_ = false;
};

Value MakeRangeFrom(Evaluator& evaluator, const Arguments& arguments) {
  size_t count = arguments.positional.size();
  if (!arguments.keywords.empty()) FailType("range() takes no keyword arguments");
  if (count == 0) FailType("range expected at least 1 argument, got 0");
  if (count > 3) FailType(fmt::format("range expected at most 3 arguments, got {}", count));
  auto at = [&](size_t i) { return RequireInt(arguments.positional[i]); };
  int64_t start = count > 1 ? at(0) : 0, stop = count > 1 ? at(1) : at(0), step = count > 2 ? at(2) : 1;
  if (step == 0) FailValue("range() arg 3 must not be zero");
  Value range = MakeRange(start, stop, step);
  int64_t limit = evaluator.limits().range;
  if (evaluator.is_sandboxed() && *range.Length() > static_cast<size_t>(limit)) {
    Fail(kTemplateOverflow, fmt::format("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({}).", limit));
  }
  return range;
}

Ref<Dict> DictFrom(Evaluator& evaluator, const Arguments& arguments) {
  auto dict = MakeRef<Dict>();
  Value value = Value::FromDict(dict);
  FindMethod(value, "update")->apply(evaluator, value, arguments);
  return dict;
}

using GlobalFunction = Value (*)(Evaluator&, const Arguments&);

struct GlobalEntry {
  std::string_view name;
  GlobalFunction call;
  std::string_view type = {};  // classes: how they print
};

class GlobalObject final : public Object {
 public:
  explicit GlobalObject(const GlobalEntry& entry) : entry_(entry) {}
  std::string_view TypeName() const override { return entry_.type.empty() ? "function" : "type"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    return Catching([&] { return entry_.call(static_cast<Evaluator&>(context), arguments); });
  }
  Result<std::string> Repr() const override {
    return entry_.type.empty() ? fmt::format("<function {}>", entry_.name) : fmt::format("<class '{}'>", entry_.type);
  }
  bool Equals(const Value& other) const override {
    const auto* global = other.As<GlobalObject>();
    return global && &global->entry_ == &entry_;
  }

 private:
  const GlobalEntry& entry_;
};

constexpr GlobalEntry kGlobals[] = {
    {"range", MakeRangeFrom, "range"},
    {"dict",
     [](Evaluator& evaluator, const Arguments& arguments) { return Value::FromDict(DictFrom(evaluator, arguments)); },
     "dict"},
    {"namespace",
     [](Evaluator& evaluator, const Arguments& arguments) { return MakeNamespace(DictFrom(evaluator, arguments)); },
     "jinja2.utils.Namespace"},
    {"cycler",
     [](Evaluator&, const Arguments& arguments) {
       if (!arguments.keywords.empty())
         FailType(fmt::format("Cycler.__init__() got an unexpected keyword argument '{}'", arguments.keywords[0].name));
       if (arguments.positional.empty()) Fail(kTemplateIteration, "at least one item has to be provided");
       return Value::New<CyclerObject>(std::vector<Value>(arguments.positional.begin(), arguments.positional.end()));
     },
     "jinja2.utils.Cycler"},
    {"joiner",
     [](Evaluator&, const Arguments& arguments) {
       Reader reader("joiner", arguments);
       Value separator = reader.Optional("sep", Value::String(", "));
       reader.Finish();
       return Value::New<JoinerObject>(separator);
     },
     "jinja2.utils.Joiner"},
    {"lipsum", LoremIpsum},
};

}  // namespace

namespace {

std::vector<std::string> NamesOfFilters() {
  std::vector<std::string> names;
  for (std::span<const FilterEntry> each : {TextFilters(), NumberFilters(), SequenceFilters(), SelectionFilters()}) {
    for (const FilterEntry& filter : each) names.emplace_back(filter.name);
  }
  return names;
}

std::vector<std::string> NamesOfTests() {
  std::vector<std::string> names;
  for (const TestEntry& test : kTests) names.emplace_back(test.name);
  return names;
}

Value Sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::vector<Value> values;
  for (std::string& each : names) values.push_back(Value::String(std::move(each)));
  return Value::List(std::move(values));
}

}  // namespace

std::string FilterHint(std::string_view unknown) { return DidYouMean(unknown, NamesOfFilters()); }
std::string TestHint(std::string_view unknown) { return DidYouMean(unknown, NamesOfTests()); }
Value FilterNames() { return Sorted(NamesOfFilters()); }
Value TestNames() { return Sorted(NamesOfTests()); }

const FilterEntry* FindFilter(std::string_view name) {
  static const auto* const table = [] {
    auto* filters = new std::unordered_map<std::string_view, const FilterEntry*>;
    for (std::span<const FilterEntry> each : {TextFilters(), NumberFilters(), SequenceFilters(), SelectionFilters()}) {
      for (const FilterEntry& filter : each) filters->emplace(filter.name, &filter);
    }
    return filters;
  }();
  auto at = table->find(name);
  return at == table->end() ? nullptr : at->second;
}

const TestEntry* FindTest(std::string_view name) {
  auto at = std::ranges::find(kTests, name, &TestEntry::name);
  return at == std::end(kTests) ? nullptr : at;
}

bool ApplyTest(Evaluator& evaluator, std::string_view name, const Value& value, const Arguments& arguments) {
  const TestEntry* test = FindTest(name);
  if (!test) Fail(kTemplateRuntime, fmt::format("No test named '{}'.", name));
  return test->apply(evaluator, value, arguments);
}

bool FindGlobal(std::string_view name, Value& value) {
  auto at = std::ranges::find(kGlobals, name, &GlobalEntry::name);
  if (at == std::end(kGlobals)) return false;
  value = Value::New<GlobalObject>(*at);
  return true;
}

}  // namespace stir::jinja
