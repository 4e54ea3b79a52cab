#include "jinja/loop.h"

#include <fmt/format.h>

namespace stir::jinja {
namespace {

class VectorIterator final : public Iterator {
 public:
  explicit VectorIterator(std::vector<Value> items) : items_(std::move(items)) {}
  Result<std::optional<Value>> Next() override {
    if (next_ == items_.size()) return std::optional<Value>();
    return std::optional<Value>(std::move(items_[next_++]));
  }

 private:
  std::vector<Value> items_;
  size_t next_ = 0;
};

// A method of a loop as a value: `loop.cycle`, `loop.changed`.
Value MethodOf(Ref<LoopObject> loop, std::string_view name, Value (*call)(LoopObject&, const Arguments&)) {
  return MakeFunction(std::string(name), [loop, call](CallContext&, const Arguments& arguments) -> Result<Value> {
    return Catching([&] { return call(*loop, arguments); });
  });
}

}  // namespace

// Evaluates `{% for ... if filter %}` item by item, as the loop asks for them.
class FilteredIterator final : public Iterator {
 public:
  FilteredIterator(Evaluator& evaluator, const ForStatement& node, std::unique_ptr<Iterator> items)
      : evaluator_(evaluator),
        node_(node),
        items_(std::move(items)),
        activation_(evaluator.activation_),
        module_(evaluator.module_) {}

  Result<std::optional<Value>> Next() override {
    // The loop may be asked for its next item from another macro.
    struct Restore {
      Evaluator& self;
      Ref<Activation> activation;
      Module* module;
      ~Restore() {
        self.activation_ = std::move(activation);
        self.module_ = module;
      }
    } restore{evaluator_, std::exchange(evaluator_.activation_, activation_),
              std::exchange(evaluator_.module_, module_)};
    Value item;
    while (NextOf(*items_, item)) {
      evaluator_.Assign(*node_.filter_target, item);
      evaluator_.Enter(node_.filter_frame);
      if (Truth(evaluator_.Evaluate(*node_.filter))) return std::optional<Value>(std::move(item));
    }
    return std::optional<Value>();
  }

 private:
  Evaluator& evaluator_;
  const ForStatement& node_;
  std::unique_ptr<Iterator> items_;
  Ref<Activation> activation_;
  Module* module_;
};

std::unique_ptr<Iterator> MakeLoopIterator(Evaluator& evaluator, const ForStatement& node, const Value& iterable) {
  std::unique_ptr<Iterator> items = Iterate(iterable);
  if (!node.filter) return items;
  return std::make_unique<FilteredIterator>(evaluator, node, std::move(items));
}

LoopPart LoopPartOf(std::string_view name) {
  using enum LoopPart;
  constexpr std::pair<std::string_view, LoopPart> kParts[] = {
      {"index", kIndex},     {"index0", kIndex0},     {"first", kFirst},         {"last", kLast},
      {"length", kLength},   {"revindex", kRevindex}, {"revindex0", kRevindex0}, {"depth", kDepth},
      {"depth0", kDepth0},   {"previtem", kPrevitem}, {"nextitem", kNextitem},   {"cycle", kCycle},
      {"changed", kChanged},
  };
  for (const auto& [part_name, part] : kParts) {
    if (part_name == name) return part;
  }
  return kNone;
}

LoopObject::LoopObject(Evaluator& evaluator, const ForStatement& node, Value iterable, int64_t depth0)
    : evaluator_(evaluator), node_(node), iterable_(std::move(iterable)), module_(evaluator.module_), depth0_(depth0) {
  if (!node.filter && iterable_.IsSequence()) {
    sequence_ = &iterable_.Items();
  } else {
    items_ = MakeLoopIterator(evaluator, node, iterable_);
  }
  if (node.recursive) parent_ = evaluator.activation_->parent;
}

void LoopObject::Forget() {
  over_ = true;
  parent_ = {};
  if (items_) items_ = std::make_unique<VectorIterator>(std::vector<Value>());
}

const std::optional<Value>& LoopObject::Peek() {
  if (!peeked_) {
    Value item;
    if (sequence_) {
      const auto next = static_cast<size_t>(index0_ + 1);
      after_ = !over_ && next < sequence_->size() ? std::optional((*sequence_)[next]) : std::nullopt;
    } else {
      after_ = NextOf(*items_, item) ? std::optional<Value>(std::move(item)) : std::nullopt;
    }
    peeked_ = true;
  }
  return after_;
}

bool LoopObject::HasNext() {
  if (sequence_ && !peeked_) return static_cast<size_t>(index0_ + 1) < sequence_->size();
  return Peek().has_value();
}

bool LoopObject::Advance(Value& item) {
  if (!HasNext()) return false;
  ++index0_;
  if (peeked_) {
    item = std::move(*after_);
    after_.reset();
    peeked_ = false;
  } else if (sequence_) {
    item = (*sequence_)[static_cast<size_t>(index0_)];
  }
  previous_ = std::move(current_);
  current_ = item;
  return true;
}

int64_t LoopObject::CountItems() {
  if (length_) return *length_;
  std::optional<size_t> known = node_.filter ? std::nullopt : iterable_.Length();
  if (!known) {
    std::vector<Value> rest;
    Value item;
    if (Peek()) {
      while (NextOf(*items_, item)) rest.push_back(std::move(item));
    }
    known = rest.size() + static_cast<size_t>(index0_ + 1) + (after_ ? 1 : 0);
    items_ = std::make_unique<VectorIterator>(std::move(rest));
  }
  length_ = static_cast<int64_t>(*known);
  return *length_;
}

std::optional<size_t> LoopObject::Length() const {
  return length_ ? std::optional(static_cast<size_t>(*length_)) : iterable_.Length();
}

Value LoopObject::Cycle(const Arguments& arguments) const {
  if (arguments.positional.empty()) FailType("no items for cycling given");
  return arguments.positional[static_cast<size_t>(index0_) % arguments.positional.size()];
}

Value LoopObject::Changed(const Arguments& arguments) {
  Value now = Value::Tuple({arguments.positional.begin(), arguments.positional.end()});
  if (last_changed_ && last_changed_->Equals(now)) return Value::Bool(false);
  last_changed_ = std::move(now);
  return Value::Bool(true);
}

Value LoopObject::Part(LoopPart part) {
  using enum LoopPart;
  switch (part) {
    case kIndex:
      return Value::Int(index0_ + 1);
    case kIndex0:
      return Value::Int(index0_);
    case kFirst:
      return Value::Bool(index0_ == 0);
    case kLast:
      return Value::Bool(!HasNext());
    case kLength:
      return Value::Int(CountItems());
    case kRevindex:
      return Value::Int(CountItems() - index0_);
    case kRevindex0:
      return Value::Int(CountItems() - index0_ - 1);
    case kDepth:
      return Value::Int(depth0_ + 1);
    case kDepth0:
      return Value::Int(depth0_);
    case kPrevitem:
      return index0_ == 0 || !previous_ ? evaluator_.UndefinedHint("there is no previous item") : *previous_;
    case kNextitem:
      return Peek() ? *after_ : evaluator_.UndefinedHint("there is no next item");
    case kCycle:
      return MethodOf(Ref(this), "cycle",
                      [](LoopObject& loop, const Arguments& arguments) { return loop.Cycle(arguments); });
    case kChanged:
      return MethodOf(Ref(this), "changed",
                      [](LoopObject& loop, const Arguments& arguments) { return loop.Changed(arguments); });
    case kNone:
      break;
  }
  return {};
}

Result<std::optional<Value>> LoopObject::GetAttribute(CallContext&, std::string_view name) {
  const LoopPart part = LoopPartOf(name);
  if (part == LoopPart::kNone) return std::optional<Value>();
  return Catching([&] { return std::optional(Part(part)); });
}

Result<Value> LoopObject::Call(CallContext&, const Arguments& arguments) {
  return Catching([&]() -> Value {
    if (!node_.recursive) FailType("The loop must have the 'recursive' marker to be called recursively.");
    if (over_) FailType("the loop is over and cannot be called");
    if (arguments.positional.size() != 1) FailType("loop() takes 1 positional argument");
    return evaluator_.RunRecursive(node_, parent_, *module_, arguments.positional[0], depth0_ + 1);
  });
}

Result<std::string> LoopObject::Repr() const {
  return fmt::format("<LoopContext {}/{}>", index0_ + 1, Length().value_or(0));
}

}  // namespace stir::jinja
