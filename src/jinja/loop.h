// The special variable `loop`, and the iteration behind it.
#pragma once

#include "jinja/evaluator.h"

namespace stir::jinja {

// The items of a loop: those of the iterable that pass the loop's filter.
std::unique_ptr<Iterator> MakeLoopIterator(Evaluator& evaluator, const ForStatement& node, const Value& iterable);

LoopPart LoopPartOf(std::string_view name);

class LoopObject final : public Object {
 public:
  LoopObject(Evaluator& evaluator, const ForStatement& node, Value iterable, int64_t depth0);
  // The next item; false at the end.
  bool Advance(Value& item);
  Value Part(LoopPart part);
  // After the loop: nothing of the render is held any longer.
  void Forget();

  std::string_view TypeName() const override { return "LoopContext"; }
  bool IsCallable() const override { return true; }
  bool IsIndexable() const override { return false; }
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view name) override;
  Result<Value> Call(CallContext& context, const Arguments& arguments) override;
  std::optional<size_t> Length() const override;
  bool Truthy() const override { return true; }
  Result<std::string> Repr() const override;

 private:
  bool HasNext();
  const std::optional<Value>& Peek();
  int64_t CountItems();
  Value Cycle(const Arguments& arguments) const;
  Value Changed(const Arguments& arguments);

  Evaluator& evaluator_;
  const ForStatement& node_;
  Value iterable_;
  std::unique_ptr<Iterator> items_;               // null: the items of a list or tuple, which is read as it stands
  const std::vector<Value>* sequence_ = nullptr;  // ... here
  Ref<Activation> parent_;                        // recursive loops: the names around the loop
  Module* module_;
  std::optional<Value> after_, previous_, current_, last_changed_;
  bool peeked_ = false, over_ = false;
  int64_t index0_ = -1, depth0_;
  std::optional<int64_t> length_;
};

}  // namespace stir::jinja
