// Python's set: the keys of a dict, in the order they came. (Python's own order is by hash and no program can rely on
// it.)
#include <fmt/format.h>

#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/methods.h"

namespace stir::jinja {
namespace {

class SetObject final : public Object {
 public:
  explicit SetObject(Ref<Dict> of) : keys(std::move(of)) {}
  std::string_view TypeName() const override { return "set"; }
  bool IsIterable() const override { return true; }
  bool IsIndexable() const override { return false; }
  std::optional<size_t> Length() const override { return keys->size(); }
  Result<std::unique_ptr<Iterator>> Iterate() override {
    return Catching([&] { return jinja::Iterate(Value::FromDict(keys)); });
  }
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view name) override;
  Result<std::optional<Value>> Binary(BinaryOp op, const Value& other, bool reflected) const override;
  bool Equals(const Value& other) const override;
  Result<std::string> Repr() const override {
    if (keys->size() == 0) return std::string("set()");
    return Catching([&] {
      std::string out = "{";
      for (const auto& [key, ignored] : keys->entries()) out += (out.size() > 1 ? ", " : "") + ToRepr(key);
      return out + "}";
    });
  }

  const Ref<Dict> keys;
};

Ref<Dict> KeysOf(const Value& iterable) {
  auto keys = MakeRef<Dict>();
  std::unique_ptr<Iterator> items = Iterate(iterable);
  Value item;
  while (NextOf(*items, item)) {
    RequireHashable(item);
    keys->Set(item, Value::None());
  }
  return keys;
}

enum class SetPart : uint8_t { kBoth, kCommon, kRest, kEither };

Value Combine(const Dict& left, const Dict& right, SetPart part) {
  auto result = MakeRef<Dict>();
  for (const auto& [key, ignored] : left.entries()) {
    bool in_right = right.Find(key) != nullptr;
    if (part == SetPart::kBoth || in_right == (part == SetPart::kCommon)) result->Set(key, Value::None());
  }
  for (const auto& [key, ignored] : right.entries()) {
    if (part == SetPart::kBoth || (part == SetPart::kEither && !left.Find(key))) result->Set(key, Value::None());
  }
  return Value::New<SetObject>(std::move(result));
}

bool IsWithin(const Dict& inner, const Dict& outer) {
  for (const auto& [key, ignored] : inner.entries()) {
    if (!outer.Find(key)) return false;
  }
  return true;
}

Value Merge(const SetObject& set, const Arguments& arguments, SetPart part) {
  Value result = Value::New<SetObject>(KeysOf(Value::FromDict(set.keys)));
  for (const Value& each : arguments.positional) result = Combine(*result.As<SetObject>()->keys, *KeysOf(each), part);
  return result;
}

Value CallMethod(SetObject& set, std::string_view name, const Arguments& arguments) {
  Reader reader(name, arguments);
  if (name == "union") return Merge(set, arguments, SetPart::kBoth);
  if (name == "intersection") return Merge(set, arguments, SetPart::kCommon);
  if (name == "difference") return Merge(set, arguments, SetPart::kRest);
  if (name == "symmetric_difference") return Merge(set, arguments, SetPart::kEither);
  if (name == "copy") return Merge(set, {}, SetPart::kBoth);
  if (name == "issubset") return Value::Bool(IsWithin(*set.keys, *KeysOf(reader.Required("other"))));
  if (name == "issuperset") return Value::Bool(IsWithin(*KeysOf(reader.Required("other")), *set.keys));
  if (name == "isdisjoint")
    return Value::Bool(!Combine(*set.keys, *KeysOf(reader.Required("other")), SetPart::kCommon).Truthy());
  if (name == "clear") return set.keys->Clear(), Value::None();
  if (name == "update") {
    for (const Value& each : reader.RestPositional()) {
      for (const auto& [key, ignored] : KeysOf(each)->entries()) set.keys->Set(key, Value::None());
    }
    return Value::None();
  }
  if (name == "pop") {
    if (set.keys->size() == 0) Fail(kTemplateKey, "'pop from an empty set'");
    Value first = set.keys->entries()[0].first;
    set.keys->Erase(first);
    return first;
  }
  Value item = reader.Required("element");
  RequireHashable(item);
  if (name == "add") return set.keys->Set(item, Value::None()), Value::None();
  bool was_there = set.keys->Erase(item);
  if (name == "remove" && !was_there) Fail(kTemplateKey, ToRepr(item));
  return Value::None();
}

Result<std::optional<Value>> SetObject::GetAttribute(CallContext&, std::string_view name) {
  constexpr std::string_view kSetMethods[] = {"add",
                                              "remove",
                                              "discard",
                                              "pop",
                                              "clear",
                                              "copy",
                                              "update",
                                              "union",
                                              "intersection",
                                              "difference",
                                              "symmetric_difference",
                                              "issubset",
                                              "issuperset",
                                              "isdisjoint"};
  for (std::string_view method : kSetMethods) {
    if (name != method) continue;
    return std::optional(
        MakeFunction(std::string(name), [self = Ref(this), method](CallContext&, const Arguments& arguments) {
          return Catching([&] { return CallMethod(*self, method, arguments); });
        }));
  }
  return std::optional<Value>();
}

Result<std::optional<Value>> SetObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  auto* right = other.As<SetObject>();
  if (!right || reflected) return std::optional<Value>();
  bool within = IsWithin(*keys, *right->keys), around = IsWithin(*right->keys, *keys);
  switch (op) {
    case BinaryOp::kSubtract:
      return std::optional(Combine(*keys, *right->keys, SetPart::kRest));
    case BinaryOp::kLess:
      return std::optional(Value::Bool(within && !around));
    case BinaryOp::kLessEqual:
      return std::optional(Value::Bool(within));
    case BinaryOp::kGreater:
      return std::optional(Value::Bool(around && !within));
    case BinaryOp::kGreaterEqual:
      return std::optional(Value::Bool(around));
    default:
      return std::optional<Value>();
  }
}

bool SetObject::Equals(const Value& other) const {
  auto* set = other.As<SetObject>();
  return set && set->keys->size() == keys->size() && IsWithin(*keys, *set->keys);
}

}  // namespace

Result<Value> MakeSet(std::span<const Value> items) {
  return Catching([&] { return Value(Value::New<SetObject>(KeysOf(Value::List({items.begin(), items.end()})))); });
}

}  // namespace stir::jinja
