// Expressions.
#include <fmt/format.h>

#include "jinja/builtins.h"
#include "jinja/evaluator.h"
#include "jinja/methods.h"
#include "jinja/text.h"

namespace stir::jinja {

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
      return Value::Bool(!Truth(Evaluate(*static_cast<const UnaryExpr&>(expr).operand)));
    case ExprKind::kNegate:
      return Negate(Evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kPlus:
      return Plus(Evaluate(*static_cast<const UnaryExpr&>(expr).operand));
    case ExprKind::kBinary: {
      const auto& node = static_cast<const BinaryExpr&>(expr);
      Value left = Evaluate(*node.left);
      return Arithmetic(node.op, left, Evaluate(*node.right));
    }
    case ExprKind::kConcat:
      return EvaluateConcat(static_cast<const SequenceExpr&>(expr));
    case ExprKind::kCompare:
      return EvaluateCompare(static_cast<const CompareExpr&>(expr));
    case ExprKind::kAttribute: {
      const auto& node = static_cast<const AttributeExpr&>(expr);
      return Attribute(Evaluate(*node.object), node.name);
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
  for (const Expr* each : expr.items) AppendText(text, Evaluate(*each));
  return Value::String(std::move(text));
}

Value Evaluator::EvaluateCompare(const CompareExpr& expr) {
  Value left = Evaluate(*expr.first);
  for (size_t i = 0; i < expr.ops.size(); ++i) {
    Value right = Evaluate(*expr.operands[i]);
    if (!jinja::Compare(expr.ops[i], left, right)) return Value::Bool(false);
    left = std::move(right);
  }
  return Value::Bool(true);
}

Value Evaluator::EvaluateConditional(const ConditionalExpr& expr) {
  if (Truth(Evaluate(*expr.test))) return Evaluate(*expr.then);
  if (expr.otherwise) return Evaluate(*expr.otherwise);
  return UndefinedHint("the inline if-expression on line evaluated to false and no else section was defined.");
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
    if (!expr.filter) Fail(kTemplateSyntax, fmt::format("No filter named '{}' found.", expr.name));
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
  Value input = Evaluate(*expr.input);
  if (!expr.test) Fail(kTemplateSyntax, fmt::format("No test named '{}' found.", expr.name));
  ArgumentValues positional;
  ArgumentKeywords keywords;
  EvaluateArguments(expr.arguments, positional, keywords);
  return expr.test->apply(*this, input, {positional.items(), keywords.items()});
}

// --- attributes and items

Value Evaluator::Attribute(const Value& value, std::string_view name) {
  switch (value.type()) {
    case Type::kUndefined: {
      if (!Cells::IsLenient(value)) FailIfUndefined(value);
      Value next = Value::Undefined(name);
      Cells::Undefined(next)->lenient = true;
      return next;
    }
    case Type::kObject: {
      Object& object = *value.AsObject();
      std::optional<Value> found = Take(object.GetAttribute(*this, name));
      if (found) return std::move(*found);
      Value key = Value::String(std::string(name));
      found = Take(object.GetItem(*this, key));
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
  if (name.starts_with("__") && name.ends_with("__")) {
    return UndefinedHint(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, value.TypeName()));
  }
  return MissingAttribute(value, Value::String(std::string(name)));
}

Value Evaluator::Item(const Value& value, const Value& key) {
  switch (value.type()) {
    case Type::kUndefined:
      if (!Cells::IsLenient(value)) FailIfUndefined(value);
      return value;
    case Type::kObject: {
      std::optional<Value> found = Take(value.AsObject()->GetItem(*this, key));
      if (!found && key.IsString()) found = Take(value.AsObject()->GetAttribute(*this, key.AsString()));
      return found ? std::move(*found) : MissingAttribute(value, key);
    }
    case Type::kDict:
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
  return Value::String(std::string(text.substr(begin, end - begin)));
}

}  // namespace stir::jinja
