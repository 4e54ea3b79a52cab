// An evaluator's life: modules and activations, entry points, and what callees may ask.
#include "jinja/evaluator.h"

#include <fmt/format.h>

#include "jinja/builtins.h"

namespace stir::jinja {
namespace {

Diagnostic ReturnUnderWay() { return {kMacroReturn, "`return` outside of a macro"}; }

}  // namespace

Evaluator::Evaluator(jinja::Scope& scope, const RenderOptions& options) : scope_(scope), options_(options) {}

Evaluator::~Evaluator() {
  *handle_ = nullptr;
  // Macros that outlive their unit hold its slots, which hold them: let go of the values. The slots stay, empty, for a
  // macro that a host keeps and calls later.
  for (const Ref<Activation>& each : escaped_activations_) {
    for (Value& slot : each->slots) slot = Value();
  }
}

Module& Evaluator::ModuleOf(const std::shared_ptr<const CompiledTemplate>& compiled, UndefinedPolicy policy) {
  std::unique_ptr<Module>& module = modules_[compiled.get()];
  if (!module) {
    module = std::make_unique<Module>();
    module->compiled = compiled;
    module->globals.resize(compiled->globals.size());
    module->looked_up.resize(compiled->globals.size());
    module->undefined = policy;
  }
  return *module;
}

const Value& Evaluator::Global(uint32_t index) {
  Module& module = *module_;
  Value& value = module.globals[index];
  if (!module.looked_up[index]) {
    std::string_view name = module.compiled->globals[index];
    if (!scope_.Lookup(name, value)) FindGlobal(name, value);
    module.looked_up[index] = 1;
  }
  return value;
}

Ref<Activation> Evaluator::NewActivation(const Unit& unit, Ref<Activation> parent) {
  Ref<Activation> activation;
  if (free_activations_.empty()) {
    activation = MakeRef<Activation>();
  } else {
    activation = std::move(free_activations_.back());
    free_activations_.pop_back();
  }
  activation->parent = std::move(parent);
  activation->slots.resize(unit.slots);
  return activation;
}

void Evaluator::Leave(Ref<Activation> activation) {
  if (activation->IsShared()) {
    escaped_activations_.push_back(std::move(activation));
    return;
  }
  activation->slots.clear();
  activation->parent = {};
  free_activations_.push_back(std::move(activation));
}

Sink Evaluator::NewSink() const {
  Sink sink;
  if (options_.pieces) sink.provenance = MakeRef<Provenance>();
  return sink;
}

// What a macro or block wrote, as a string that remembers where its parts came from.
Value Evaluator::TextOf(Sink sink, std::string_view macro, Span call) const {
  auto* cell = new StringCell(std::move(sink.text));
  Value value = Cells::Make(Type::kString, cell);
  if (sink.provenance) {
    sink.provenance->macro = std::string(macro);
    sink.provenance->call = call;
    cell->provenance = sink.provenance;
  }
  return value;
}

Flow Evaluator::RunTemplate(const std::shared_ptr<const CompiledTemplate>& compiled, Sink& sink) {
  CheckStack();
  Ref<Activation> activation = NewActivation(*compiled->root, {});
  Module* outer_module = std::exchange(module_, &ModuleOf(compiled, options_.undefined));
  Ref<Activation> outer_activation = std::exchange(activation_, activation);
  Sink* outer_sink = std::exchange(sink_, &sink);
  struct Restore {
    Evaluator& self;
    Module* module;
    Ref<Activation> activation;
    Sink* sink;
    ~Restore() {
      self.module_ = module;
      self.Leave(std::exchange(self.activation_, std::move(activation)));
      self.sink_ = sink;
    }
  } restore{*this, outer_module, std::move(outer_activation), outer_sink};
  activation = {};
  Enter(compiled->root->frame);
  try {
    return Execute(compiled->root->body);
  } catch (ReturnUnwind&) {
    return Flow::kReturn;
  }
}

std::string Evaluator::RenderText(const Template& source) {
  Sink sink = NewSink();
  RunTemplate(source.compiled().shared_from_this(), sink);
  if (options_.pieces) sink.provenance->Flatten(0, {}, *options_.pieces);
  return std::move(sink.text);
}

Value Evaluator::RenderValue(const Template& source) {
  std::vector<Value> values;
  Sink sink = NewSink();
  sink.values = &values;
  native_ = true;
  Flow flow = RunTemplate(source.compiled().shared_from_this(), sink);
  if (flow == Flow::kReturn) return std::move(returned_);
  if (values.size() == 1) return values[0];
  std::string text;
  for (const Value& each : values) AppendText(text, each);
  return Value::String(std::move(text));
}

Value Evaluator::CallFromHost(const Value& callee, const Arguments& arguments) {
  Value result = CallValue(callee, arguments);
  if (options_.pieces && result.IsString()) {
    if (const Ref<const Provenance>& provenance = Cells::Of(result).provenance)
      provenance->Flatten(0, {}, *options_.pieces);
  }
  return result;
}

void Evaluator::Place(EvaluationError& error, Span span) const {
  for (Diagnostic& each : error.diagnostics) {
    if (each.span) continue;
    each.span = span;
    if (each.trace.empty()) each.trace = Trace();
  }
}

std::vector<TraceFrame> Evaluator::Trace() const {
  std::vector<TraceFrame> trace;
  for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
    if (!frame->name.empty()) trace.push_back({std::string(frame->name), frame->span});
  }
  return trace;
}

Value Evaluator::UndefinedName(std::string_view name) const {
  Value value = Value::Undefined(name);
  UndefinedPolicy policy = module_ ? module_->undefined : options_.undefined;
  Cells::Undefined(value)->lenient = policy == UndefinedPolicy::kLenient;
  Cells::Undefined(value)->strict = policy == UndefinedPolicy::kStrict;
  return value;
}

Value Evaluator::UndefinedHint(std::string hint) const {
  Value value = UndefinedName("");
  Cells::Undefined(value)->hint = std::move(hint);
  return value;
}

Value Evaluator::MissingAttribute(const Value& object, const Value& name) const {
  Value value = UndefinedName("");
  UndefinedCell& cell = *Cells::Undefined(value);
  cell.name = name;
  cell.object = object.IsNone() ? "None" : fmt::format("{} object", object.TypeName());
  return value;
}

Result<Value> Evaluator::Call(const Value& callee, const Arguments& arguments) {
  try {
    Value result;
    if (Invoke(callee, arguments, result)) return result;
    return ReturnUnderWay();
  } catch (EvaluationError& error) {
    return std::move(error.diagnostics);
  } catch (ReturnUnwind&) {
    return ReturnUnderWay();
  }
}

Result<Value> Evaluator::GetAttribute(const Value& value, std::string_view name) {
  return Catching([&] { return Attribute(value, name); });
}

Result<Value> Evaluator::GetItem(const Value& value, const Value& key) {
  return Catching([&] { return Item(value, key); });
}

Result<std::unique_ptr<Iterator>> Evaluator::Iterate(const Value& value) {
  return Catching([&] { return jinja::Iterate(value); });
}

Result<Value> Evaluator::ReturnFromMacro(Value value) {
  returned_ = std::move(value);
  return ReturnUnderWay();
}

Result<std::string> Evaluator::RenderNested(const Template& nested) {
  try {
    Sink sink;
    if (RunTemplate(nested.compiled().shared_from_this(), sink) != Flow::kReturn) return std::move(sink.text);
  } catch (EvaluationError& error) {
    return std::move(error.diagnostics);
  }
  return ReturnUnderWay();
}

}  // namespace stir::jinja
