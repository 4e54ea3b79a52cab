// Expressions.
#include <algorithm>
#include <typeinfo>

#include <fmt/format.h>

#include "jinja/builtins.h"
#include "jinja/evaluator.h"
#include "jinja/filters.h"
#include "jinja/loop.h"
#include "jinja/methods.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

// What every Python object has and no template should see.
bool IsHiddenAttribute(std::string_view name) {
  constexpr std::string_view kNames[] = {"__class__",
                                         "__doc__",
                                         "__init__",
                                         "__new__",
                                         "__dir__",
                                         "__eq__",
                                         "__format__",
                                         "__ge__",
                                         "__gt__",
                                         "__hash__",
                                         "__le__",
                                         "__lt__",
                                         "__ne__",
                                         "__reduce__",
                                         "__reduce_ex__",
                                         "__repr__",
                                         "__setattr__",
                                         "__sizeof__",
                                         "__str__",
                                         "__getattribute__",
                                         "__delattr__",
                                         "__subclasshook__",
                                         "__init_subclass__",
                                         "__len__",
                                         "__iter__",
                                         "__getitem__",
                                         "__contains__",
                                         "__add__",
                                         "__mul__"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

}  // namespace

// The innermost expression that fails is the place of the error.
Value Evaluator::Evaluate(const Expr& expr) {
  try {
    return EvaluateUnplaced(expr);
  } catch (EvaluationError& error) {
    Place(error, SpanOf(expr));
    throw;
  }
}

Value Evaluator::EvaluateUnplaced(const Expr& expr) {
  CheckStack();
  switch (expr.kind) {
    case ExprKind::kText:
      return Value::String(std::string(static_cast<const TextExpr&>(expr).text));
    case ExprKind::kConstant:
      return *static_cast<const ConstantExpr&>(expr).value;
    case ExprKind::kName:
      return EvaluateName(static_cast<const NameExpr&>(expr));
    case ExprKind::kTuple:
      return Value::Tuple(EvaluateAll(static_cast<const SequenceExpr&>(expr).items));
    case ExprKind::kList:
      return Value::List(EvaluateAll(static_cast<const SequenceExpr&>(expr).items));
    case ExprKind::kDict:
      return EvaluateDict(static_cast<const DictExpr&>(expr));
    case ExprKind::kConditional:
      return EvaluateConditional(static_cast<const ConditionalExpr&>(expr));
    case ExprKind::kAnd:
    case ExprKind::kOr: {
      const auto& node = static_cast<const BinaryExpr&>(expr);
      Value left = Evaluate(*node.left);
      return Truth(left) == (expr.kind == ExprKind::kOr) ? left : Evaluate(*node.right);
    }
    case ExprKind::kNot:
      return Value::Bool(!Test(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kNegate:
      return Negate(Evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kPlus:
      return Plus(Evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kBinary:
      return EvaluateBinary(static_cast<const BinaryExpr&>(expr));
    case ExprKind::kConcat:
      return EvaluateConcat(static_cast<const SequenceExpr&>(expr));
    case ExprKind::kCompare:
      return EvaluateCompare(static_cast<const CompareExpr&>(expr));
    case ExprKind::kAttribute: {
      Value holder;
      const Value* found = LocateAttribute(static_cast<const AttributeExpr&>(expr), holder);
      if (found == &holder) return holder;
      return *found;
    }
    case ExprKind::kItem:
      return EvaluateItem(static_cast<const ItemExpr&>(expr));
    case ExprKind::kSlice:
      return EvaluateSlice(static_cast<const SliceExpr&>(expr));
    case ExprKind::kCall: {
      Value result;
      if (!TryCall(static_cast<const CallExpr&>(expr), result)) throw ReturnUnwind{};
      return result;
    }
    case ExprKind::kFilter:
      return EvaluateFilter(static_cast<const FilterExpr&>(expr), nullptr);
    case ExprKind::kTest:
      return Value::Bool(EvaluateTest(static_cast<const TestExpr&>(expr)));
  }
  return {};
}

const Value* Evaluator::Locate(const Expr& expr, Value& holder) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      return static_cast<const ConstantExpr&>(expr).value;
    case ExprKind::kName: {
      const auto& name = static_cast<const NameExpr&>(expr);
      const Value& value = Slot(name.variable);
      if (!Cells::IsMissing(value)) return &value;
      holder = UndefinedName(name.name);
      return &holder;
    }
    case ExprKind::kAttribute:
      try {
        CheckStack();
        return LocateAttribute(static_cast<const AttributeExpr&>(expr), holder);
      } catch (EvaluationError& error) {
        Place(error, SpanOf(expr));
        throw;
      }
    default:
      holder = Evaluate(expr);
      return &holder;
  }
}

const Value* Evaluator::LocateAttribute(const AttributeExpr& expr, Value& holder) {
  const Value* object = Locate(*expr.object, holder);
  const bool is_item = object->IsDict() && !expr.methods.of_dict;
  if (const Value* item = is_item ? object->AsDict().Find(expr.name, expr.hash) : nullptr) {
    if (object != &holder) return item;
    // The dict is held by the holder alone, and ends with it.
    Value copy = *item;
    holder = std::move(copy);
    return &holder;
  }
  Value value = AttributeOf(expr, *object);
  holder = std::move(value);
  return &holder;
}

Value Evaluator::AttributeOf(const AttributeExpr& expr, const Value& object) {
  if (const Object* at = object.AsObject()) {
    if (expr.loop_part != LoopPart::kNone && typeid(*at) == typeid(LoopObject))
      return static_cast<LoopObject*>(object.AsObject())->Part(expr.loop_part);
    if (const Dict* names = NamespaceDict(object)) {
      if (const Value* value = names->Find(expr.name, expr.hash)) return *value;
    }
  }
  return Attribute(object, expr.name);
}

// Whether an expression is true.
bool Evaluator::Test(const Expr& expr) {
  if (expr.kind == ExprKind::kTest) {
    try {
      CheckStack();
      return EvaluateTest(static_cast<const TestExpr&>(expr));
    } catch (EvaluationError& error) {
      Place(error, SpanOf(expr));
      throw;
    }
  }
  Value holder;
  return Truth(*Locate(expr, holder));
}

Value Evaluator::EvaluateBinary(const BinaryExpr& expr) {
  Value left_holder, right_holder;
  // Names and constants change nothing: what stands left may be used where it is.
  const bool is_quiet = expr.right->kind == ExprKind::kConstant || expr.right->kind == ExprKind::kName;
  const Value* left = is_quiet ? Locate(*expr.left, left_holder) : nullptr;
  if (!left) {
    left_holder = Evaluate(*expr.left);
    left = &left_holder;
  }
  const Value* right = Locate(*expr.right, right_holder);
  if (left->type() == Type::kInt && right->type() == Type::kInt) {
    const int64_t a = left->AsInt(), b = right->AsInt();
    int64_t result = 0;
    if (expr.op == BinaryOp::kAdd && !__builtin_add_overflow(a, b, &result)) return Value::Int(result);
    if (expr.op == BinaryOp::kSubtract && !__builtin_sub_overflow(a, b, &result)) return Value::Int(result);
    if (expr.op == BinaryOp::kMultiply && !__builtin_mul_overflow(a, b, &result)) return Value::Int(result);
  }
  return Arithmetic(expr.op, *left, *right);
}

Value Evaluator::EvaluateName(const NameExpr& name) {
  const Value& value = Slot(name.variable);
  return Cells::IsMissing(value) ? UndefinedName(name.name) : value;
}

std::vector<Value> Evaluator::EvaluateAll(std::span<const Expr* const> exprs) {
  std::vector<Value> values;
  values.reserve(exprs.size());
  for (const Expr* each : exprs) values.push_back(Evaluate(*each));
  return values;
}

Value Evaluator::EvaluateDict(const DictExpr& expr) {
  auto dict = MakeRef<Dict>();
  for (size_t i = 0; i < expr.keys.size(); ++i) {
    Value key = Evaluate(*expr.keys[i]);
    RequireHashable(key);
    dict->Set(std::move(key), Evaluate(*expr.values[i]));
  }
  return Value::FromDict(std::move(dict));
}

Value Evaluator::EvaluateConcat(const SequenceExpr& expr) {
  std::string text;
  if (!autoescape_) {
    for (const Expr* each : expr.items) {
      Value holder;
      AppendText(text, *Locate(*each, holder));
    }
    return Value::String(std::move(text));
  }
  // One part that is HTML makes the whole HTML.
  const std::vector<Value> parts = EvaluateAll(expr.items);
  if (std::ranges::none_of(parts, IsHtml)) {
    for (const Value& each : parts) AppendText(text, each);
    return Value::String(std::move(text));
  }
  for (const Value& each : parts) text += EscapeValue(each).AsString();
  return Value::Markup(std::move(text));
}

Value Evaluator::EvaluateCompare(const CompareExpr& expr) {
  if (expr.ops.size() == 1) {
    const Expr& operand = *expr.operands[0];
    Value left_holder, right_holder;
    const bool is_quiet = operand.kind == ExprKind::kConstant || operand.kind == ExprKind::kName;
    const Value* first = is_quiet ? Locate(*expr.first, left_holder) : nullptr;
    if (!first) {
      left_holder = Evaluate(*expr.first);
      first = &left_holder;
    }
    return Value::Bool(jinja::Compare(expr.ops[0], *first, *Locate(operand, right_holder)));
  }
  Value left = Evaluate(*expr.first);
  for (size_t i = 0; i < expr.ops.size(); ++i) {
    Value right = Evaluate(*expr.operands[i]);
    if (!jinja::Compare(expr.ops[i], left, right)) return Value::Bool(false);
    left = std::move(right);
  }
  return Value::Bool(true);
}

Value Evaluator::EvaluateConditional(const ConditionalExpr& expr) {
  if (Test(*expr.test)) return Evaluate(*expr.then);
  if (expr.otherwise) return Evaluate(*expr.otherwise);
  // It is of the plain kind, whatever undefined names are.
  Value none = Value::Undefined("");
  Cells::Undefined(none)->hint = fmt::format(
      "the inline if-expression on line {} evaluated to false and no else section was defined.", LineOf(expr.begin));
  return none;
}

Value Evaluator::EvaluateItem(const ItemExpr& expr) {
  Value object = Evaluate(*expr.object);
  if (expr.key->kind != ExprKind::kSlice) return Item(object, Evaluate(*expr.key));
  // A slice is asked of the value itself: what has none is an error, not undefined.
  const auto& slice = static_cast<const SliceExpr&>(*expr.key);
  if (object.AsObject()) {
    std::optional<Value> part = Take(object.AsObject()->GetItem(*this, EvaluateSlice(slice)));
    if (!part) FailType(fmt::format("'{}' object is not subscriptable", object.TypeName()));
    return std::move(*part);
  }
  auto bound = [&](const Expr* each) { return each ? Evaluate(*each) : Value::None(); };
  Value start = bound(slice.start), stop = bound(slice.stop), step = bound(slice.step);
  if (object.IsUndefined()) return Item(object, Value::None());
  if (object.IsDict()) FailType("unhashable type: 'slice'");
  if (!object.IsString() && !object.IsSequence())
    FailType(fmt::format("'{}' object is not subscriptable", object.TypeName()));
  return TakeSlice(object, start, stop, step);
}

Value Evaluator::EvaluateSlice(const SliceExpr& expr) {
  auto bound = [&](const Expr* each) { return each ? Evaluate(*each) : Value::None(); };
  Value start = bound(expr.start), stop = bound(expr.stop);
  return MakeSlice(std::move(start), std::move(stop), bound(expr.step));
}

Value Evaluator::EvaluateFilter(const FilterExpr& expr, const Value* block_text) {
  Value input = !expr.input ? *block_text
                : expr.input->kind == ExprKind::kFilter
                    ? EvaluateFilter(static_cast<const FilterExpr&>(*expr.input), block_text)
                    : Evaluate(*expr.input);
  try {
    if (!expr.filter) Fail(kTemplateRuntime, fmt::format("No filter named '{}' found.", expr.name));
    if (expr.arguments.empty()) return expr.filter->apply(*this, input, {});
    ArgumentValues positional;
    ArgumentKeywords keywords;
    EvaluateArguments(expr.arguments, positional, keywords);
    return expr.filter->apply(*this, input, {positional.items(), keywords.items()});
  } catch (EvaluationError& error) {
    Place(error, SpanOf(expr));
    throw;
  }
}

bool Evaluator::EvaluateTest(const TestExpr& expr) {
  Value holder;
  if (expr.arguments.empty() && expr.test) return expr.test->apply(*this, *Locate(*expr.input, holder), {});
  Value input = Evaluate(*expr.input);
  if (!expr.test) Fail(kTemplateRuntime, fmt::format("No test named '{}' found.", expr.name));
  ArgumentValues positional;
  ArgumentKeywords keywords;
  EvaluateArguments(expr.arguments, positional, keywords);
  return expr.test->apply(*this, input, {positional.items(), keywords.items()});
}

// --- attributes and items

Value Evaluator::Attribute(const Value& value, std::string_view name) {
  switch (value.type()) {
    case Type::kUndefined: {
      if (options_.sandboxed && IsHiddenAttribute(name)) return UnsafeAttribute(value, name);
      if (Cells::PolicyOf(value) == UndefinedPolicy::kChainable) return value;
      if (!Cells::IsLenient(value)) FailIfUndefined(value);
      Value next = Value::Undefined(name);
      Cells::Undefined(next)->policy = UndefinedPolicy::kLenient;
      return next;
    }
    case Type::kObject: {
      Object& object = *value.AsObject();
      std::optional<Value> found = Take(object.GetAttribute(*this, name));
      if (found) return std::move(*found);
      Value key = Value::String(std::string(name));
      found = Take(object.GetItem(*this, key));
      if (!found && name == "__class__") return options_.sandboxed ? UnsafeAttribute(value, name) : MakeType(value);
      return found ? std::move(*found) : MissingAttribute(value, key);
    }
    case Type::kDict:
      if (const MethodEntry* method = FindMethod(value, name)) return BindMethod(value, *method);
      if (const Value* item = value.AsDict().Find(name)) return *item;
      break;
    default:
      if (const MethodEntry* method = FindMethod(value, name)) return BindMethod(value, *method);
      if (std::optional<Value> property = PropertyOf(value, name)) return std::move(*property);
  }
  if (Cells::IsMarkup(value)) {
    if (const MethodEntry* method = FindMarkupMethod(name)) return BindMethod(value, *method);
  }
  if (options_.sandboxed && IsHiddenAttribute(name)) return UnsafeAttribute(value, name);
  if (name == "__class__") return MakeType(value);
  return MissingAttribute(value, Value::String(std::string(name)));
}

Value Evaluator::Item(const Value& value, const Value& key) {
  switch (value.type()) {
    case Type::kUndefined:
      if (!Cells::IsLenient(value) && Cells::PolicyOf(value) != UndefinedPolicy::kChainable) FailIfUndefined(value);
      return value;
    case Type::kObject: {
      std::optional<Value> found = Take(value.AsObject()->GetItem(*this, key));
      if (!found && key.IsString()) found = Take(value.AsObject()->GetAttribute(*this, key.AsString()));
      return found ? std::move(*found) : MissingAttribute(value, key);
    }
    case Type::kDict:
      if (Cells::IsStrict(key)) FailIfUndefined(key);
      if (const Value* item = value.AsDict().Find(key)) return *item;
      break;
    case Type::kString:
    case Type::kList:
    case Type::kTuple:
      if (IsWhole(key)) return IndexSequence(value, key);
      break;
    default:
      break;
  }
  if (key.IsString()) {
    if (const MethodEntry* method = FindMethod(value, key.AsString())) return BindMethod(value, *method);
    if (std::optional<Value> property = PropertyOf(value, key.AsString())) return std::move(*property);
    if (options_.sandboxed && IsHiddenAttribute(key.AsString())) return UnsafeAttribute(value, key.AsString());
  }
  return MissingAttribute(value, key);
}

Value Evaluator::IndexSequence(const Value& value, const Value& key) {
  auto length = static_cast<int64_t>(*value.Length());
  int64_t index = WholeOf(key);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return MissingAttribute(value, key);
  auto at = static_cast<size_t>(index);
  if (value.IsSequence()) return value.Items()[at];
  std::string_view text = value.AsString();
  size_t begin = IsAscii(text) ? at : CodePointOffset(text, at), end = begin;
  NextCodePoint(text, end);
  std::string character(text.substr(begin, end - begin));
  return Cells::IsMarkup(value) ? Value::Markup(std::move(character)) : Value::String(std::move(character));
}

}  // namespace stir::jinja
