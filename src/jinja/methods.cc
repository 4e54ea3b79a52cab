// Finding a method by a value's type, and the methods of lists, tuples, dicts and numbers.
#include "jinja/methods.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"

namespace stir::jinja {
namespace {

Dict& DictOf(const Value& self) { return self.AsDict(); }

// list.sort and `sorted`: stable, by < of the items (or of what `key` gives), an error in the middle leaves the list as
// it was.
std::vector<Value> Sorted(Evaluator& evaluator, const std::vector<Value>& items, const Value& key, bool reverse) {
  std::vector<std::pair<Value, Value>> keyed;
  for (const Value& item : items)
    keyed.emplace_back(key.IsNone() ? item : evaluator.CallValue(key, {std::span(&item, 1), {}}), item);
  std::ranges::stable_sort(
      keyed, [&](const auto& a, const auto& b) { return reverse ? Less(b.first, a.first) : Less(a.first, b.first); });
  std::vector<Value> sorted;
  for (auto& [ignored, item] : keyed) sorted.push_back(std::move(item));
  return sorted;
}

// The first place between two bounds, which count from the end when they are negative.
size_t IndexOf(const std::vector<Value>& items, const Value& wanted, std::string_view type, int64_t from, int64_t to) {
  const auto size = static_cast<int64_t>(items.size());
  auto bound = [&](int64_t at) { return at < 0 ? std::max<int64_t>(at + size, 0) : std::min(at, size); };
  for (auto i = static_cast<size_t>(bound(from)); static_cast<int64_t>(i) < bound(to); ++i) {
    if (items[i].Equals(wanted)) return i;
  }
  if (type == "list") FailValue(fmt::format("{} is not in list", ToRepr(wanted)));
  FailValue("tuple.index(x): x not in tuple");
}

Value CountItems(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("count", arguments);
  Value wanted = reader.Required("value");
  reader.Finish();
  return Value::Int(std::ranges::count_if(self.Items(), [&](const Value& each) { return each.Equals(wanted); }));
}

Value FindItem(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("index", arguments);
  Value wanted = reader.Required("value");
  const int64_t from = reader.OptionalInt("start", 0), to = reader.OptionalInt("stop", INT64_MAX);
  reader.Finish();
  return Value::Int(static_cast<int64_t>(IndexOf(self.Items(), wanted, self.TypeName(), from, to)));
}

Value PopItem(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("pop", arguments);
  std::vector<Value>& items = self.MutableItems();
  int64_t index = reader.OptionalInt("index", -1), size = static_cast<int64_t>(items.size());
  reader.Finish();
  if (items.empty()) Fail(kTemplateIndex, "pop from empty list");
  if (index < 0) index += size;
  if (index < 0 || index >= size) Fail(kTemplateIndex, "pop index out of range");
  Value item = std::move(items[static_cast<size_t>(index)]);
  items.erase(items.begin() + index);
  return item;
}

constexpr MethodEntry kTupleMethods[] = {{"count", CountItems}, {"index", FindItem}};

constexpr MethodEntry kListMethods[] = {
    {"append",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       if (arguments.positional.size() != 1 || !arguments.keywords.empty())
         FailType(fmt::format("list.append() takes exactly one argument ({} given)", arguments.positional.size()));
       self.MutableItems().push_back(arguments.positional[0]);
       return Value::None();
     }},
    {"extend",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       Reader reader("extend", arguments);
       std::vector<Value> more = ToVector(reader.Required("iterable"));
       reader.Finish();
       std::vector<Value>& items = self.MutableItems();
       items.insert(items.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
       return Value::None();
     }},
    {"insert",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       Reader reader("insert", arguments);
       std::vector<Value>& items = self.MutableItems();
       int64_t index = RequireInt(reader.Required("index")), size = static_cast<int64_t>(items.size());
       Value item = reader.Required("object");
       reader.Finish();
       items.insert(items.begin() + std::clamp(index < 0 ? index + size : index, int64_t{0}, size), std::move(item));
       return Value::None();
     }},
    {"pop", PopItem},
    {"remove",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       Reader reader("remove", arguments);
       Value wanted = reader.Required("value");
       reader.Finish();
       std::vector<Value>& items = self.MutableItems();
       auto at = std::ranges::find_if(items, [&](const Value& each) { return each.Equals(wanted); });
       if (at == items.end()) FailValue("list.remove(x): x not in list");
       items.erase(at);
       return Value::None();
     }},
    {"clear",
     [](Evaluator&, const Value& self, const Arguments&) {
       self.MutableItems().clear();
       return Value::None();
     },
     0},
    {"copy", [](Evaluator&, const Value& self, const Arguments&) { return Value::List(self.Items()); }, 0},
    {"reverse",
     [](Evaluator&, const Value& self, const Arguments&) {
       std::ranges::reverse(self.MutableItems());
       return Value::None();
     },
     0},
    {"sort",
     [](Evaluator& evaluator, const Value& self, const Arguments& arguments) {
       Reader reader("sort", {{}, arguments.keywords});
       if (!arguments.positional.empty()) FailType("sort() takes no positional arguments");
       Value key = reader.Optional("key");
       bool reverse = RequireInt(reader.Optional("reverse", Value::Bool(false))) != 0;
       reader.Finish();
       self.MutableItems() = Sorted(evaluator, self.Items(), key, reverse);
       return Value::None();
     },
     -1, true},
    {"count", CountItems},
    {"index", FindItem},
};

Value Lookup(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("get", arguments);
  Value key = reader.Required("key");
  Value fallback = reader.Optional("default");
  reader.Finish();
  RequireHashable(key);
  const Value* found = DictOf(self).Find(key);
  return found ? *found : fallback;
}

void Update(Dict& dict, const Value& more) {
  if (!Cells::IsLenient(more)) FailIfUndefined(more);
  if (more.IsDict()) {
    // A copy: the dict may be updated with itself.
    std::vector<std::pair<Value, Value>> entries(more.AsDict().entries().begin(), more.AsDict().entries().end());
    for (auto& [key, value] : entries) dict.Set(std::move(key), std::move(value));
    return;
  }
  size_t at = 0;
  for (const Value& pair : ToVector(more)) {
    if (!IsIterable(pair))
      FailType(fmt::format("cannot convert dictionary update sequence element #{} to a sequence", at));
    std::vector<Value> items = ToVector(pair);
    if (items.size() != 2)
      FailValue(fmt::format("dictionary update sequence element #{} has length {}; 2 is required", at, items.size()));
    RequireHashable(items[0]);
    dict.Set(std::move(items[0]), std::move(items[1]));
    ++at;
  }
}

Value PopEntry(Evaluator&, const Value& self, const Arguments& arguments) {
  Reader reader("pop", arguments);
  Value key = reader.Required("key");
  bool has_fallback = arguments.positional.size() > 1;
  Value fallback = reader.Optional("default");
  reader.Finish();
  RequireHashable(key);
  const Value* found = DictOf(self).Find(key);
  if (!found && !has_fallback) Fail(kTemplateKey, ToRepr(key));
  if (!found) return fallback;
  Value value = *found;
  DictOf(self).Erase(key);
  return value;
}

constexpr MethodEntry kDictMethods[] = {
    {"get", Lookup},
    {"items", [](Evaluator&, const Value& self, const Arguments&) { return MakeDictView(self, DictPart::kItems); }, 0},
    {"keys", [](Evaluator&, const Value& self, const Arguments&) { return MakeDictView(self, DictPart::kKeys); }, 0},
    {"values", [](Evaluator&, const Value& self, const Arguments&) { return MakeDictView(self, DictPart::kValues); },
     0},
    {"update",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       if (arguments.positional.size() > 1)
         FailType(fmt::format("update expected at most 1 argument, got {}", arguments.positional.size()));
       if (!arguments.positional.empty()) Update(DictOf(self), arguments.positional[0]);
       for (const KeywordArgument& each : arguments.keywords) DictOf(self).Set(each.name, each.value);
       return Value::None();
     },
     -1, true},
    {"setdefault",
     [](Evaluator&, const Value& self, const Arguments& arguments) {
       Reader reader("setdefault", arguments);
       Value key = reader.Required("key");
       Value fallback = reader.Optional("default");
       reader.Finish();
       RequireHashable(key);
       if (const Value* found = DictOf(self).Find(key)) return *found;
       DictOf(self).Set(key, fallback);
       return fallback;
     }},
    {"pop", PopEntry},
    {"popitem",
     [](Evaluator&, const Value& self, const Arguments&) {
       if (DictOf(self).size() == 0) Fail(kTemplateKey, "'popitem(): dictionary is empty'");
       auto [key, value] = DictOf(self).entries().back();
       DictOf(self).Erase(key);
       return Value::Tuple({key, value});
     },
     0},
    {"copy",
     [](Evaluator&, const Value& self, const Arguments&) {
       return Value::MakeDict({DictOf(self).entries().begin(), DictOf(self).entries().end()});
     },
     0},
    {"clear",
     [](Evaluator&, const Value& self, const Arguments&) {
       DictOf(self).Clear();
       return Value::None();
     },
     0},
    {"fromkeys",
     [](Evaluator&, const Value&, const Arguments& arguments) {
       Reader reader("fromkeys", arguments);
       std::vector<Value> keys = ToVector(reader.Required("iterable"));
       Value value = reader.Optional("value");
       reader.Finish();
       auto dict = MakeRef<Dict>();
       for (Value& key : keys) {
         RequireHashable(key);
         dict->Set(std::move(key), value);
       }
       return Value::FromDict(std::move(dict));
     }},
};

// The fraction that a float is exactly.
Value AsRatio(double value) {
  if (!std::isfinite(value)) {
    if (std::isnan(value)) FailValue("cannot convert NaN to integer ratio");
    Fail(kTemplateOverflow, "cannot convert Infinity to integer ratio");
  };
  int64_t shift = 0;
  for (; std::floor(value) != value; ++shift) value *= 2;
  return Value::Tuple({IntegerFrom(value), Arithmetic(BinaryOp::kPower, Value::Int(2), Value::Int(shift))});
}

Value RatioOf(Evaluator&, const Value& self, const Arguments&) {
  return IsWhole(self) ? Value::Tuple({Value::Int(WholeOf(self)), Value::Int(1)}) : AsRatio(self.AsFloat());
}

Value Conjugate(Evaluator&, const Value& self, const Arguments&) {
  return self.type() == Type::kBool ? Value::Int(WholeOf(self)) : self;
}

uint64_t Magnitude(const Value& self) {
  const int64_t value = WholeOf(self);
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

// The float's bits, as float.hex writes them.
Value HexOf(Evaluator&, const Value& self, const Arguments&) {
  const double value = self.AsFloat();
  if (!std::isfinite(value)) return Value::String(ToText(self));
  if (value == 0) return Value::String(std::signbit(value) ? "-0x0.0p+0" : "0x0.0p+0");
  return Value::String(fmt::format("{:.13a}", value));
}

constexpr MethodEntry kIntMethods[] = {
    {"bit_length",
     [](Evaluator&, const Value& self, const Arguments&) {
       return Value::Int(static_cast<int64_t>(std::bit_width(Magnitude(self))));
     },
     0},
    {"bit_count",
     [](Evaluator&, const Value& self, const Arguments&) { return Value::Int(std::popcount(Magnitude(self))); }, 0},
    {"as_integer_ratio", RatioOf, 0},
    {"conjugate", Conjugate, 0},
};

constexpr MethodEntry kFloatMethods[] = {
    {"is_integer",
     [](Evaluator&, const Value& self, const Arguments&) {
       return Value::Bool(std::floor(self.AsFloat()) == self.AsFloat() && std::isfinite(self.AsFloat()));
     },
     0},
    {"as_integer_ratio", RatioOf, 0},
    {"conjugate", Conjugate, 0},
    {"hex", HexOf, 0},
};

}  // namespace

std::span<const MethodEntry> ListMethods() { return kListMethods; }
std::span<const MethodEntry> TupleMethods() { return kTupleMethods; }
std::span<const MethodEntry> DictMethods() { return kDictMethods; }
std::span<const MethodEntry> IntMethods() { return kIntMethods; }
std::span<const MethodEntry> FloatMethods() { return kFloatMethods; }

const MethodEntry* FindMethod(const Value& value, std::string_view name) { return FindMethod(value.type(), name); }

MethodsOfName FindMethods(std::string_view name) {
  static const auto* const table = [] {
    auto* methods = new std::unordered_map<std::string_view, MethodsOfName>;
    for (const MethodEntry& each : StringMethods()) (*methods)[each.name].of_string = &each;
    for (const MethodEntry& each : ListMethods()) (*methods)[each.name].of_list = &each;
    for (const MethodEntry& each : TupleMethods()) (*methods)[each.name].of_tuple = &each;
    for (const MethodEntry& each : DictMethods()) (*methods)[each.name].of_dict = &each;
    for (const MethodEntry& each : IntMethods()) (*methods)[each.name].of_int = &each;
    for (const MethodEntry& each : FloatMethods()) (*methods)[each.name].of_float = &each;
    return methods;
  }();
  const auto at = table->find(name);
  return at == table->end() ? MethodsOfName() : at->second;
}

const MethodEntry* FindMethod(Type type, std::string_view name) {
  std::span<const MethodEntry> methods;
  switch (type) {
    case Type::kString:
      methods = StringMethods();
      break;
    case Type::kList:
      methods = ListMethods();
      break;
    case Type::kTuple:
      methods = TupleMethods();
      break;
    case Type::kDict:
      methods = DictMethods();
      break;
    case Type::kBool:
    case Type::kInt:
      methods = IntMethods();
      break;
    case Type::kFloat:
      methods = FloatMethods();
      break;
    default:
      return nullptr;
  }
  auto at = std::ranges::find(methods, name, &MethodEntry::name);
  return at == methods.end() ? nullptr : &*at;
}

Value CallMethod(Evaluator& evaluator, const MethodEntry& method, const Value& self, const Arguments& arguments) {
  if (!arguments.keywords.empty() && !method.takes_keywords)
    FailType(fmt::format("{}.{}() takes no keyword arguments", self.TypeName(), method.name));
  if (method.most == 0 && !arguments.positional.empty()) {
    FailType(fmt::format("{}.{}() takes no arguments ({} given)", self.TypeName(), method.name,
                         arguments.positional.size()));
  }
  return method.apply(evaluator, self, arguments);
}

std::optional<Value> PropertyOf(const Value& value, std::string_view name) {
  if (!IsNumber(value)) return std::nullopt;
  if (name == "real") return value.type() == Type::kBool ? Value::Int(WholeOf(value)) : value;
  if (name == "imag") return value.type() == Type::kFloat ? Value::Float(0) : Value::Int(0);
  if (value.type() == Type::kFloat) return std::nullopt;
  if (name == "numerator") return Value::Int(WholeOf(value));
  if (name == "denominator") return Value::Int(1);
  return std::nullopt;
}

Value Reader::Required(std::string_view name) { return Take(reader_.Required(name)); }

std::string Reader::RequiredText(std::string_view name) {
  Value value = Required(name);
  if (!value.IsString())
    FailType(fmt::format("expected str instance for argument '{}', {} found", name, value.TypeName()));
  return std::string(value.AsString());
}

int64_t Reader::OptionalInt(std::string_view name, int64_t fallback) {
  return RequireInt(reader_.Optional(name, Value::Int(fallback)));
}
bool Reader::OptionalBool(std::string_view name, bool fallback) {
  return Truth(reader_.Optional(name, Value::Bool(fallback)));
}
void Reader::Finish() { Take(reader_.Finish()); }

}  // namespace stir::jinja
