// Python's own object types that templates meet: range, dict views, sets, generators, slices, namespaces, bound
// methods.
#include <algorithm>
#include <typeinfo>

#include <fmt/format.h>

#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/methods.h"
#include "jinja/operations.h"

namespace stir::jinja {
namespace {

class ListIterator final : public Iterator {
 public:
  explicit ListIterator(std::vector<Value> items) : items_(std::move(items)) {}
  Result<std::optional<Value>> Next() override {
    if (next_ == items_.size()) return std::optional<Value>();
    return std::optional<Value>(std::move(items_[next_++]));
  }

 private:
  std::vector<Value> items_;
  size_t next_ = 0;
};

class FunctionIterator final : public Iterator {
 public:
  explicit FunctionIterator(std::function<std::optional<Value>()> next) : next_(std::move(next)) {}
  Result<std::optional<Value>> Next() override { return Catching(next_); }

 private:
  std::function<std::optional<Value>()> next_;
};

class SliceObject final : public Object {
 public:
  SliceObject(Value from, Value to, Value by) : start(std::move(from)), stop(std::move(to)), step(std::move(by)) {}
  std::string_view TypeName() const override { return "slice"; }
  Result<std::string> Repr() const override {
    return Catching([&] { return fmt::format("slice({}, {}, {})", ToRepr(start), ToRepr(stop), ToRepr(step)); });
  }

  const Value start, stop, step;
};

class RangeIterator final : public Iterator {
 public:
  RangeIterator(int64_t start, int64_t step, uint64_t length) : at_(start), step_(step), left_(length) {}
  Result<std::optional<Value>> Next() override {
    if (left_ == 0) return std::optional<Value>();
    const Value value = Value::Int(at_);
    if (--left_ > 0) at_ += step_;
    return std::optional(value);
  }

 private:
  int64_t at_;
  const int64_t step_;
  uint64_t left_;
};

class RangeObject final : public Object {
 public:
  RangeObject(int64_t start, int64_t stop, int64_t step) : start_(start), stop_(stop), step_(step) {
    if (step > 0 ? start < stop : start > stop) {
      uint64_t distance = step > 0 ? static_cast<uint64_t>(stop) - static_cast<uint64_t>(start)
                                   : static_cast<uint64_t>(start) - static_cast<uint64_t>(stop);
      uint64_t by = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
      length_ = (distance - 1) / by + 1;
    }
  }
  std::string_view TypeName() const override { return "range"; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return length_; }
  Value At(size_t index) const { return Value::Int(start_ + static_cast<int64_t>(index) * step_); }

  Result<std::unique_ptr<Iterator>> Iterate() override {
    return std::unique_ptr<Iterator>(std::make_unique<RangeIterator>(start_, step_, length_));
  }
  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    return Catching([&]() -> std::optional<Value> {
      if (std::optional<std::vector<size_t>> indices = SliceIndices(key, length_)) {
        const auto& slice = *key.As<SliceObject>();
        int64_t by = slice.step.IsNone() ? 1 : RequireInt(slice.step);
        int64_t first = indices->empty() ? start_ : At(indices->front()).AsInt();
        return Value::New<RangeObject>(first, first + static_cast<int64_t>(indices->size()) * step_ * by, step_ * by);
      }
      if (!IsWhole(key)) return std::nullopt;
      int64_t index = WholeOf(key) < 0 ? WholeOf(key) + static_cast<int64_t>(length_) : WholeOf(key);
      if (index < 0 || index >= static_cast<int64_t>(length_)) return std::nullopt;
      return At(static_cast<size_t>(index));
    });
  }
  Result<std::string> Repr() const override {
    return step_ == 1 ? fmt::format("range({}, {})", start_, stop_)
                      : fmt::format("range({}, {}, {})", start_, stop_, step_);
  }
  bool Equals(const Value& other) const override {
    auto* range = other.As<RangeObject>();
    if (!range || range->length_ != length_) return false;
    return length_ == 0 || (range->start_ == start_ && (length_ == 1 || range->step_ == step_));
  }
  size_t Hash() const override { return std::hash<uint64_t>()(length_ * 31 + static_cast<uint64_t>(start_)); }

 private:
  const int64_t start_, stop_, step_;
  uint64_t length_ = 0;
};

class DictView final : public Object {
 public:
  DictView(Ref<Dict> dict, DictPart part) : dict_(std::move(dict)), part_(part) {}
  std::string_view TypeName() const override {
    return part_ == DictPart::kKeys ? "dict_keys" : part_ == DictPart::kValues ? "dict_values" : "dict_items";
  }
  bool IsIndexable() const override { return false; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return dict_->size(); }
  Result<std::unique_ptr<Iterator>> Iterate() override {
    return std::unique_ptr<Iterator>(std::make_unique<FunctionIterator>(
        [self = Ref(this), next = size_t{0}, size = dict_->size()]() mutable -> std::optional<Value> {
          if (self->dict_->size() != size) Fail(kTemplateIteration, "dictionary changed size during iteration");
          if (next == size) return std::nullopt;
          return self->At(next++);
        }));
  }
  Result<std::string> Repr() const override {
    std::vector<Value> items;
    for (size_t i = 0; i < dict_->size(); ++i) items.push_back(At(i));
    return Catching([&] { return fmt::format("{}({})", TypeName(), ToRepr(Value::List(std::move(items)))); });
  }

 private:
  Value At(size_t index) const {
    const auto& [key, value] = dict_->entries()[index];
    if (part_ == DictPart::kItems) return Value::Tuple({key, value});
    return part_ == DictPart::kKeys ? key : value;
  }

  const Ref<Dict> dict_;
  const DictPart part_;
};

class IterableObject final : public Object {
 public:
  IterableObject(std::unique_ptr<Iterator> iterator, std::string type)
      : iterator_(std::move(iterator)), type_(std::move(type)) {}
  std::string_view TypeName() const override { return type_; }
  bool IsIterable() const override { return true; }
  bool Truthy() const override { return true; }
  // All iterations go on from where the one before stopped, as Python's iterators do.
  Result<std::unique_ptr<Iterator>> Iterate() override {
    class Rest final : public Iterator {
     public:
      explicit Rest(Ref<IterableObject> object) : object_(std::move(object)) {}
      Result<std::optional<Value>> Next() override { return object_->iterator_->Next(); }

     private:
      Ref<IterableObject> object_;
    };
    return std::unique_ptr<Iterator>(std::make_unique<Rest>(Ref(this)));
  }
  Result<std::string> Repr() const override { return fmt::format("<{} object>", type_); }

 private:
  const std::unique_ptr<Iterator> iterator_;
  const std::string type_;
};

class NamespaceObject final : public Object {
 public:
  explicit NamespaceObject(Ref<Dict> with) : attributes(std::move(with)) {}
  std::string_view TypeName() const override { return "Namespace"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const Value* value = attributes->Find(name);
    return value ? std::optional(*value) : std::nullopt;
  }
  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    const Value* value = key.IsString() ? attributes->Find(key) : nullptr;
    return value ? std::optional(*value) : std::nullopt;
  }
  Result<void> SetItem(CallContext&, const Value& key, Value value) override {
    attributes->Set(key, std::move(value));
    return {};
  }
  Result<std::string> Repr() const override {
    return Catching([&] { return fmt::format("<Namespace {}>", ToRepr(Value::FromDict(attributes))); });
  }

  const Ref<Dict> attributes;
};

}  // namespace

Dict* NamespaceDict(const Value& value) {
  const Object* object = value.AsObject();
  return object && typeid(*object) == typeid(NamespaceObject)
             ? static_cast<const NamespaceObject*>(object)->attributes.get()
             : nullptr;
}

namespace {

class BoundMethod final : public Object {
 public:
  BoundMethod(Value self, const MethodEntry& method) : self_(std::move(self)), method_(method) {}
  std::string_view TypeName() const override { return "builtin_function_or_method"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    return Catching([&] { return CallMethod(static_cast<Evaluator&>(context), method_, self_, arguments); });
  }
  Result<std::string> Repr() const override {
    return fmt::format("<built-in method {} of {} object>", method_.name, self_.TypeName());
  }

 private:
  const Value self_;
  const MethodEntry& method_;
};

}  // namespace

std::string QualifiedTypeName(const Value& value) {
  constexpr std::pair<std::string_view, std::string_view> kModules[] = {
      {"Namespace", "jinja2.utils"},           {"Cycler", "jinja2.utils"},  {"Joiner", "jinja2.utils"},
      {"LoopContext", "jinja2.runtime"},       {"Macro", "jinja2.runtime"}, {"BlockReference", "jinja2.runtime"},
      {"TemplateReference", "jinja2.runtime"}, {"Markup", "markupsafe"},    {"_GroupTuple", "jinja2.filters"},
      {"TemplateModule", "jinja2.environment"}};
  const std::string_view name = value.TypeName();
  for (const auto& [type, module] : kModules) {
    if (name == type) return fmt::format("{}.{}", module, name);
  }
  return std::string(name);
}

namespace {

class TypeObject final : public Object {
 public:
  explicit TypeObject(std::string name) : name_(std::move(name)) {}
  std::string_view TypeName() const override { return "type"; }
  Result<std::string> Repr() const override { return fmt::format("<class '{}'>", name_); }
  bool Equals(const Value& other) const override {
    const auto* type = other.As<TypeObject>();
    return type && type->name_ == name_;
  }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view attribute) override {
    if (attribute != "__name__") return std::optional<Value>();
    return std::optional(Value::String(name_.substr(name_.rfind('.') + 1)));
  }

 private:
  const std::string name_;
};

}  // namespace

Value MakeType(const Value& of) { return Value::New<TypeObject>(QualifiedTypeName(of)); }

Value MakeSlice(Value start, Value stop, Value step) {
  return Value::New<SliceObject>(std::move(start), std::move(stop), std::move(step));
}
Value MakeRange(int64_t start, int64_t stop, int64_t step) { return Value::New<RangeObject>(start, stop, step); }
Value MakeDictView(const Value& dict, DictPart part) { return Value::New<DictView>(Ref(&dict.AsDict()), part); }
Value MakeNamespace(Ref<Dict> attributes) { return Value::New<NamespaceObject>(std::move(attributes)); }
Value BindMethod(const Value& self, const MethodEntry& method) { return Value::New<BoundMethod>(self, method); }
Value MakeIterable(std::unique_ptr<Iterator> iterator, std::string type_name) {
  return Value::New<IterableObject>(std::move(iterator), std::move(type_name));
}
Value IterableOf(std::vector<Value> items, std::string type_name) {
  return MakeIterable(std::make_unique<ListIterator>(std::move(items)), std::move(type_name));
}
Value IterableFrom(std::function<std::optional<Value>()> next, std::string type_name) {
  return MakeIterable(std::make_unique<FunctionIterator>(std::move(next)), std::move(type_name));
}

std::optional<std::vector<size_t>> SliceIndices(const Value& key, size_t length) {
  auto* slice = key.As<SliceObject>();
  if (!slice) return std::nullopt;
  Result<std::vector<size_t>> indices =
      Catching([&] { return SliceOf(length, slice->start, slice->stop, slice->step); });
  return indices.ok() ? std::optional(std::move(indices).value()) : std::nullopt;
}

}  // namespace stir::jinja
