// Statements.
#include <charconv>

#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/filters.h"
#include "jinja/loop.h"
#include "jinja/methods.h"
#include "jinja/pretty.h"

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
      if (node.target->kind == Target::Kind::kName) {
        AssignName(*node.target->name, Evaluate(*node.value));
        return Flow::kNormal;
      }
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
      AssignName(*node.target, Value::New<MacroObject>(Ref(module_), *node.unit, activation_, autoescape_));
      return Flow::kNormal;
    }
    case StatementKind::kCallBlock:
      return ExecuteCallBlock(static_cast<const CallBlockStatement&>(statement));
    case StatementKind::kFilterBlock:
      return ExecuteFilterBlock(static_cast<const FilterBlockStatement&>(statement));
    case StatementKind::kWith:
      return ExecuteWith(static_cast<const WithStatement&>(statement));
    case StatementKind::kAutoescape:
      return ExecuteAutoescape(static_cast<const AutoescapeStatement&>(statement));
    case StatementKind::kBlock:
      return ExecuteBlock(static_cast<const BlockStatement&>(statement));
    case StatementKind::kExtends:
      return ExecuteExtends(static_cast<const ExtendsStatement&>(statement));
    case StatementKind::kInclude:
      return ExecuteInclude(static_cast<const IncludeStatement&>(statement));
    case StatementKind::kImport:
      return ExecuteImport(static_cast<const ImportStatement&>(statement));
    case StatementKind::kDebug:
      Write(PrettyText(VisibleNames()), statement.begin, statement.end);
      return Flow::kNormal;
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

void Evaluator::Write(std::string_view text, uint32_t begin, uint32_t end) {
  if (text.empty()) return;
  CountOutput(text.size());
  if (sink_->values) {
    sink_->values->push_back(Value::String(std::string(text)));
    return;
  }
  if (sink_->provenance) sink_->provenance->Add(sink_->text.size(), module_->compiled->SpanOf(begin, end));
  sink_->text += text;
}

void Evaluator::WriteValue(const Value& value, const Expr& from) {
  if (sink_->values) {
    bool as_text = from.constant && HasLiteralForm(value);
    sink_->values->push_back(as_text ? Value::String(ToText(value)) : value);
    return;
  }
  if (autoescape_) return WriteRaw(EscapeValue(value), from);
  if (value.IsString()) return WriteRaw(value, from);
  if (value.type() == Type::kInt) {
    char digits[24];
    const char* end = std::to_chars(digits, digits + sizeof digits, value.AsInt()).ptr;
    return Write(std::string_view(digits, static_cast<size_t>(end - digits)), from);
  }
  Write(ToText(value), from);
}

// What has to be text already: a block's, a macro's.
void Evaluator::WriteRaw(const Value& value, const Expr& from) {
  if (sink_->values) return sink_->values->push_back(value);
  if (!value.IsString()) FailType(fmt::format("sequence item 0: expected str instance, {} found", value.TypeName()));
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
  if (silent_) return Flow::kNormal;
  for (const Expr* item : node.items) {
    if (item->kind == ExprKind::kText) {
      Write(static_cast<const TextExpr&>(*item).text, *item);
      continue;
    }
    try {
      if (item->kind == ExprKind::kCall) {
        Value value;
        if (!TryCall(static_cast<const CallExpr&>(*item), value, nullptr, sink_)) return Flow::kReturn;
        if (!Cells::IsMissing(value)) WriteValue(value, *item);
      } else {
        Value holder;
        WriteValue(*Locate(*item, holder), *item);
      }
    } catch (EvaluationError& error) {
      Place(error, SpanOf(*item));
      throw;
    }
  }
  return Flow::kNormal;
}

Flow Evaluator::ExecuteAutoescape(const AutoescapeStatement& node) {
  struct Restore {
    bool& current;
    bool outer;
    ~Restore() { current = outer; }
  } restore{autoescape_, autoescape_};
  Enter(node.frame);
  autoescape_ = Truth(Evaluate(*node.option));
  return Execute(node.body);
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
  const bool outer_silent = std::exchange(silent_, false);
  Flow flow = Capture(sink, [&] {
    Enter(node.frame);
    return Execute(node.body);
  });
  silent_ = outer_silent;
  if (flow != Flow::kNormal) return flow;
  Value text = ResultOf(std::move(sink), {}, {}, autoescape_);
  if (node.filter) text = EvaluateFilter(static_cast<const FilterExpr&>(*node.filter), &text);
  if (autoescape_ && !Cells::IsMarkup(text)) text = Value::Markup(ToText(text));
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
  Value text = ResultOf(std::move(sink), {}, {}, autoescape_);
  WriteRaw(EvaluateFilter(static_cast<const FilterExpr&>(*node.filter), &text), *node.filter);
  return Flow::kNormal;
}

Flow Evaluator::ExecuteCallBlock(const CallBlockStatement& node) {
  Value caller = MakeCaller(*node.unit), value;
  try {
    if (!TryCall(*node.call, value, &caller, sink_)) return Flow::kReturn;
    if (!Cells::IsMissing(value)) WriteRaw(value, *node.call);
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

void Evaluator::AssignName(const NameExpr& name, const Value& value) {
  activation_->slots[name.variable.index] = value;
  if (name.exported && module_->context) module_->context->exports->Set(name.name, value);
}

void Evaluator::Assign(const Target& target, const Value& value) {
  switch (target.kind) {
    case Target::Kind::kName:
      AssignName(*target.name, value);
      return;
    case Target::Kind::kTuple:
      return Unpack(target, value);
    case Target::Kind::kNamespace:
      break;
  }
  try {
    CheckNamespaces(target);
    NamespaceDict(Slot(target.name->variable))->Set(target.attribute, value);
  } catch (EvaluationError& error) {
    Place(error, module_->compiled->SpanOf(target.begin, target.end));
    throw;
  }
}

// What is assigned to `a.b` must be a namespace: known before the value is computed.
void Evaluator::CheckNamespaces(const Target& target) {
  for (const Target* each : target.items) CheckNamespaces(*each);
  if (target.kind != Target::Kind::kNamespace || NamespaceDict(Slot(target.name->variable))) return;
  EvaluationError error{{Diagnostic(kTemplateRuntime, "cannot assign attribute on non-namespace object")}};
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
  if (Test(*node.test)) return Execute(node.then);
  for (const IfStatement* each : node.elifs) {
    if (Test(*each->test)) return Execute(each->then);
  }
  return Execute(node.otherwise);
}

Flow Evaluator::ExecuteFor(const ForStatement& node) {
  Value iterable = Evaluate(*node.iterable);
  try {
    if (!node.recursive) return RunLoop(node, iterable, 0);
    WriteRaw(RunRecursive(node, activation_, *module_, iterable, 0), *node.iterable);
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
  if (!node.filter && iterable.IsSequence()) return RunSequence(node, iterable, completed);
  Flow flow = Flow::kNormal;
  std::unique_ptr<Iterator> items = MakeLoopIterator(*this, node, iterable);
  for (Value item; NextOf(*items, item) && RunRound(node, item, flow, completed);) {
  }
  return flow;
}

// A list is read as it stands, also while it grows.
Flow Evaluator::RunSequence(const ForStatement& node, const Value& sequence, bool& completed) {
  Flow flow = Flow::kNormal;
  for (size_t i = 0; i < sequence.Items().size(); ++i) {
    const Value item = sequence.Items()[i];
    if (!RunRound(node, item, flow, completed)) break;
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
  activation_->slots[node.loop_slot] = Value::FromObject(loop);
  for (Value item; loop->Advance(item);) {
    if (!RunRound(node, item, flow, completed)) break;
  }
  return flow;
}

}  // namespace stir::jinja
