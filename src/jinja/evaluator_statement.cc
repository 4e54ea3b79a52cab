// Statements.
#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/loop.h"

namespace stir::jinja {
namespace {

// What Jinja2 writes into the compiled template as text: values that Python can print and read back.
bool HasLiteralForm(const Value& value) {
  switch (value.type()) {
    case Type::kUndefined:
    case Type::kObject:
      return false;
    case Type::kList:
    case Type::kTuple:
      for (const Value& item : value.Items()) {
        if (!HasLiteralForm(item)) return false;
      }
      return true;
    case Type::kDict:
      for (const auto& [key, item] : value.AsDict().entries()) {
        if (!HasLiteralForm(key) || !HasLiteralForm(item)) return false;
      }
      return true;
    default:
      return true;
  }
}

}  // namespace

Flow Evaluator::Execute(Body body) {
  for (const Statement* each : body) {
    if (Flow flow = Execute(*each); flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Flow Evaluator::Execute(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kOutput:
      return ExecuteOutput(static_cast<const OutputStatement&>(statement));
    case StatementKind::kSet: {
      const auto& node = static_cast<const SetStatement&>(statement);
      CheckNamespaces(*node.target);
      Assign(*node.target, Evaluate(*node.value));
      return Flow::kNormal;
    }
    case StatementKind::kSetBlock:
      return ExecuteSetBlock(static_cast<const SetBlockStatement&>(statement));
    case StatementKind::kIf:
      return ExecuteIf(static_cast<const IfStatement&>(statement));
    case StatementKind::kFor:
      return ExecuteFor(static_cast<const ForStatement&>(statement));
    case StatementKind::kMacro: {
      const auto& node = static_cast<const MacroStatement&>(statement);
      activation_->slots[node.target->variable.index] = Value::New<MacroObject>(
          module_->compiled, *node.unit, activation_, std::string(node.unit->name), module_->undefined);
      return Flow::kNormal;
    }
    case StatementKind::kCallBlock:
      return ExecuteCallBlock(static_cast<const CallBlockStatement&>(statement));
    case StatementKind::kFilterBlock:
      return ExecuteFilterBlock(static_cast<const FilterBlockStatement&>(statement));
    case StatementKind::kWith:
      return ExecuteWith(static_cast<const WithStatement&>(statement));
    case StatementKind::kScope: {
      const auto& node = static_cast<const ScopeStatement&>(statement);
      Enter(node.frame);
      return Execute(node.body);
    }
    case StatementKind::kDo:
      return ExecuteDo(static_cast<const DoStatement&>(statement));
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
  }
  return Flow::kNormal;
}

// --- output

void Evaluator::CountOutput(size_t bytes) {
  output_bytes_ += bytes;
  if (output_bytes_ > options_.limits.output_bytes) {
    Fail(kTemplateLimit, fmt::format("the template writes more than {} bytes", options_.limits.output_bytes));
  }
}

void Evaluator::Write(std::string_view text, const Expr& from) {
  if (text.empty()) return;
  CountOutput(text.size());
  if (sink_->provenance) sink_->provenance->Add(sink_->text.size(), SpanOf(from));
  sink_->text += text;
}

void Evaluator::WriteValue(const Value& value, const Expr& from) {
  if (sink_->values) {
    bool as_text = from.constant && HasLiteralForm(value);
    sink_->values->push_back(as_text ? Value::String(ToText(value)) : value);
    return;
  }
  if (!value.IsString()) return Write(ToText(value), from);
  const StringCell& cell = Cells::Of(value);
  if (cell.provenance && sink_->provenance && !cell.text.empty()) {
    CountOutput(cell.text.size());
    sink_->provenance->Add(sink_->text.size(), SpanOf(from), cell.provenance);
    sink_->text += cell.text;
    return;
  }
  Write(cell.text, from);
}

Flow Evaluator::ExecuteOutput(const OutputStatement& node) {
  for (const Expr* item : node.items) {
    if (item->kind == ExprKind::kText) {
      const auto& text = static_cast<const TextExpr&>(*item);
      if (sink_->values) {
        sink_->values->push_back(Value::String(std::string(text.text)));
      } else {
        Write(text.text, *item);
      }
      continue;
    }
    try {
      if (item->kind == ExprKind::kCall) {
        Value value;
        if (!TryCall(static_cast<const CallExpr&>(*item), value)) return Flow::kReturn;
        WriteValue(value, *item);
      } else {
        WriteValue(Evaluate(*item), *item);
      }
    } catch (EvaluationError& error) {
      Place(error, SpanOf(*item));
      throw;
    }
  }
  return Flow::kNormal;
}

Flow Evaluator::ExecuteDo(const DoStatement& node) {
  if (node.value->kind != ExprKind::kCall) {
    Evaluate(*node.value);
    return Flow::kNormal;
  }
  try {
    Value ignored;
    return TryCall(static_cast<const CallExpr&>(*node.value), ignored) ? Flow::kNormal : Flow::kReturn;
  } catch (EvaluationError& error) {
    Place(error, SpanOf(*node.value));
    throw;
  }
}

// Runs something that writes into a sink of its own.
template <typename Run>
Flow Evaluator::Capture(Sink& sink, Run run) {
  struct Restore {
    Sink*& current;
    Sink* outer;
    ~Restore() { current = outer; }
  } restore{sink_, std::exchange(sink_, &sink)};
  return run();
}

Flow Evaluator::ExecuteSetBlock(const SetBlockStatement& node) {
  Sink sink = NewSink();
  Flow flow = Capture(sink, [&] {
    Enter(node.frame);
    return Execute(node.body);
  });
  if (flow != Flow::kNormal) return flow;
  Value text = TextOf(std::move(sink), {}, {});
  if (node.filter) text = EvaluateFilter(static_cast<const FilterExpr&>(*node.filter), &text);
  Assign(*node.target, text);
  return Flow::kNormal;
}

Flow Evaluator::ExecuteFilterBlock(const FilterBlockStatement& node) {
  Sink sink = NewSink();
  Flow flow = Capture(sink, [&] {
    Enter(node.frame);
    return Execute(node.body);
  });
  if (flow != Flow::kNormal) return flow;
  Value text = TextOf(std::move(sink), {}, {});
  WriteValue(EvaluateFilter(static_cast<const FilterExpr&>(*node.filter), &text), *node.filter);
  return Flow::kNormal;
}

Flow Evaluator::ExecuteCallBlock(const CallBlockStatement& node) {
  Value caller = MakeCaller(*node.unit), value;
  try {
    if (!TryCall(*node.call, value, &caller)) return Flow::kReturn;
    WriteValue(value, *node.call);
  } catch (EvaluationError& error) {
    Place(error, SpanOf(*node.call));
    throw;
  }
  return Flow::kNormal;
}

// --- names

const Value& Evaluator::Slot(const Variable& variable) {
  if (variable.kind == Variable::Kind::kLocal) return activation_->slots[variable.index];
  if (variable.kind == Variable::Kind::kGlobal) return Global(variable.index);
  const Activation* activation = activation_.get();
  for (uint16_t hops = variable.hops; hops > 0 && activation; --hops) activation = activation->parent.get();
  return activation ? activation->slots[variable.index] : Global(variable.fallback);
}

void Evaluator::Enter(const Frame& frame) {
  for (const SlotInit& each : frame.inits) {
    activation_->slots[each.slot] = each.kind == SlotInit::Kind::kCopy ? Slot(each.from) : Value();
  }
}

void Evaluator::Assign(const Target& target, const Value& value) {
  switch (target.kind) {
    case Target::Kind::kName:
      activation_->slots[target.name->variable.index] = value;
      return;
    case Target::Kind::kTuple:
      return Unpack(target, value);
    case Target::Kind::kNamespace:
      break;
  }
  try {
    CheckNamespaces(target);
    Value ns = EvaluateName(*target.name);
    Take(ns.AsObject()->SetItem(*this, Value::String(std::string(target.attribute)), value));
  } catch (EvaluationError& error) {
    Place(error, module_->compiled->SpanOf(target.begin, target.end));
    throw;
  }
}

// What is assigned to `a.b` must be a namespace: known before the value is computed.
void Evaluator::CheckNamespaces(const Target& target) {
  for (const Target* each : target.items) CheckNamespaces(*each);
  if (target.kind != Target::Kind::kNamespace || EvaluateName(*target.name).TypeName() == "Namespace") return;
  EvaluationError error{{Diagnostic(kTemplateType, "cannot assign attribute on non-namespace object")}};
  Place(error, module_->compiled->SpanOf(target.begin, target.end));
  throw error;
}

void Evaluator::Unpack(const Target& target, const Value& value) {
  std::vector<Value> items;
  size_t wanted = target.items.size();
  try {
    if (!IsIterable(value)) FailType(fmt::format("cannot unpack non-iterable {} object", value.TypeName()));
    std::unique_ptr<Iterator> iterator = jinja::Iterate(value);
    Value item;
    while (NextOf(*iterator, item)) {
      if (items.size() == wanted) FailValue(fmt::format("too many values to unpack (expected {})", wanted));
      items.push_back(std::move(item));
    }
    if (items.size() < wanted)
      FailValue(fmt::format("not enough values to unpack (expected {}, got {})", wanted, items.size()));
  } catch (EvaluationError& error) {
    Place(error, module_->compiled->SpanOf(target.begin, target.end));
    throw;
  }
  for (size_t i = 0; i < wanted; ++i) Assign(*target.items[i], items[i]);
}

Flow Evaluator::ExecuteWith(const WithStatement& node) {
  std::vector<Value> values = EvaluateAll(node.values);
  for (size_t i = 0; i < values.size(); ++i) Assign(*node.targets[i], values[i]);
  Enter(node.frame);
  return Execute(node.body);
}

// --- branches and loops

Flow Evaluator::ExecuteIf(const IfStatement& node) {
  if (Truth(Evaluate(*node.test))) return Execute(node.then);
  for (const IfStatement* each : node.elifs) {
    if (Truth(Evaluate(*each->test))) return Execute(each->then);
  }
  return Execute(node.otherwise);
}

Flow Evaluator::ExecuteFor(const ForStatement& node) {
  Value iterable = Evaluate(*node.iterable);
  try {
    if (!node.recursive) return RunLoop(node, iterable, 0);
    WriteValue(RunRecursive(node, activation_, *module_, iterable, 0), *node.iterable);
  } catch (EvaluationError& error) {
    Place(error, SpanOf(*node.iterable));
    throw;
  }
  return Flow::kNormal;
}

Flow Evaluator::RunLoopBody(const ForStatement& node, const Value& item) {
  Assign(*node.target, item);
  Enter(node.body_frame);
  return Execute(node.body);
}

Flow Evaluator::RunLoop(const ForStatement& node, const Value& iterable, int64_t depth0) {
  // The `else` part runs when no round came to its end: not at all, or each was left with `continue` or `break`.
  bool completed = false;
  Flow flow =
      node.uses_loop ? RunRoundsWithLoop(node, iterable, depth0, completed) : RunRounds(node, iterable, completed);
  if (flow == Flow::kReturn || completed || node.otherwise.empty()) return flow;
  Enter(node.else_frame);
  return Execute(node.otherwise);
}

// One round; false when it was the last.
bool Evaluator::RunRound(const ForStatement& node, const Value& item, Flow& flow, bool& completed) {
  flow = RunLoopBody(node, item);
  completed = completed || flow == Flow::kNormal;
  bool goes_on = flow == Flow::kNormal || flow == Flow::kContinue;
  if (flow != Flow::kReturn) flow = Flow::kNormal;
  return goes_on;
}

Flow Evaluator::RunRounds(const ForStatement& node, const Value& iterable, bool& completed) {
  Flow flow = Flow::kNormal;
  std::unique_ptr<Iterator> items = MakeLoopIterator(*this, node, iterable);
  for (Value item; NextOf(*items, item) && RunRound(node, item, flow, completed);) {
  }
  return flow;
}

Flow Evaluator::RunRoundsWithLoop(const ForStatement& node, const Value& iterable, int64_t depth0, bool& completed) {
  Flow flow = Flow::kNormal;
  auto loop = MakeRef<LoopObject>(*this, node, iterable, depth0);
  // The loop knows its activation, which knows the loop.
  struct Part {
    LoopObject& loop;
    ~Part() { loop.Forget(); }
  } part{*loop};
  for (Value item; loop->Advance(item);) {
    activation_->slots[node.loop_slot] = Value::FromObject(loop);
    if (!RunRound(node, item, flow, completed)) break;
  }
  return flow;
}

}  // namespace stir::jinja
