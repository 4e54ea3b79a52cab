// An evaluator's life: modules and activations, entry points, and what callees may ask.
#include "jinja/evaluator.h"

#include <algorithm>

#include <fmt/format.h>

#include "jinja/builtins.h"
#include "jinja/inheritance.h"
#include "jinja/json_text.h"
#include "jinja/methods.h"

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
  auto forget = [](Module& module) {
    module.globals.clear();
    module.owner = nullptr;
  };
  for (auto& [ignored, module] : modules_) forget(*module);
  for (const Ref<Module>& each : kept_modules_) forget(*each);
  for (const Ref<Context>& each : kept_contexts_) each->Clear();
}

Ref<Module> Evaluator::NewModule(const std::shared_ptr<const CompiledTemplate>& compiled, UndefinedPolicy policy,
                                 Ref<Context> context) {
  auto module = MakeRef<Module>();
  module->compiled = compiled;
  module->globals.resize(compiled->globals.size());
  module->looked_up.resize(compiled->globals.size());
  module->undefined = policy;
  module->context = std::move(context);
  module->owner = this;
  return module;
}

Ref<Module> Evaluator::ModuleOf(const std::shared_ptr<const CompiledTemplate>& compiled, UndefinedPolicy policy) {
  Ref<Module>& module = modules_[compiled.get()];
  if (!module) module = NewModule(compiled, policy, {});
  return module;
}

bool Evaluator::LookUp(const Context* context, std::string_view name, Value& value) {
  for (; context; context = context->outer.get()) {
    if (const Value* found = context->exports->Find(name)) return value = *found, true;
    for (const auto& [local, found] : context->locals) {
      if (local == name) return value = found, true;
    }
    if (context->isolated) return FindGlobal(name, value);
  }
  return scope_.Lookup(name, value) || FindGlobal(name, value);
}

const Value& Evaluator::Global(uint32_t index) {
  Module& module = *module_;
  Value& value = module.globals[index];
  if (!module.looked_up[index]) {
    LookUp(module.context.get(), module.compiled->globals[index], value);
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
  if (native_ && options_.native_style == NativeStyle::kLiteral) sink.values = std::make_unique<std::vector<Value>>();
  return sink;
}

// What a macro or block wrote, as a string that remembers where its parts came from.
Value Evaluator::ResultOf(Sink sink, std::string_view macro, Span call, bool is_html) const {
  if (sink.values) return NativeResult(std::move(*sink.values));
  auto* cell = new StringCell(std::move(sink.text), is_html);
  Value value = Cells::Make(Type::kString, cell);
  if (sink.provenance) {
    sink.provenance->macro = std::string(macro);
    sink.provenance->call = call;
    cell->provenance = sink.provenance;
  }
  return value;
}

// The pieces that a native template wrote, as one value.
Value Evaluator::NativeResult(std::vector<Value> values) const {
  const bool is_literal = options_.native_style == NativeStyle::kLiteral;
  if (is_literal && values.empty()) return Value::None();
  if (values.size() == 1 && (!is_literal || !values[0].IsString())) return values[0];
  std::string text;
  for (const Value& each : values) AppendText(text, each);
  if (is_literal) {
    if (std::optional<Value> literal = ParseLiteral(text)) return std::move(*literal);
    if (values.size() == 1) return values[0];
  }
  return Value::String(std::move(text));
}

Flow Evaluator::RunTemplate(const std::shared_ptr<const CompiledTemplate>& compiled, Sink& sink) {
  if (!compiled->inherits) return RunRoot(ModuleOf(compiled, options_.undefined), sink);
  auto context = MakeRef<Context>();
  context->AddBlocks(compiled);
  kept_contexts_.push_back(context);
  kept_modules_.push_back(NewModule(compiled, options_.undefined, std::move(context)));
  const Ref<Module> module = kept_modules_.back();
  return RunRoot(module, sink);
}

// A template, and then the one that it extends, if it does.
Flow Evaluator::RunRoot(const Ref<Module>& module, Sink& sink) {
  CheckStack();
  const Unit& root = *module->compiled->root;
  std::shared_ptr<const CompiledTemplate> extended;
  Flow flow = Flow::kNormal;
  {
    struct Restore {
      Evaluator& self;
      Module* module;
      Ref<Activation> activation;
      Sink* sink;
      bool autoescape, silent;
      std::shared_ptr<const CompiledTemplate> extended;
      ~Restore() {
        self.module_ = module;
        self.Leave(std::exchange(self.activation_, std::move(activation)));
        self.sink_ = sink;
        self.autoescape_ = autoescape;
        self.silent_ = silent;
        self.extended_ = std::move(extended);
      }
    } restore{*this,
              std::exchange(module_, module.get()),
              std::exchange(activation_, NewActivation(root, {})),
              std::exchange(sink_, &sink),
              std::exchange(autoescape_, options_.autoescape),
              std::exchange(silent_, false),
              std::exchange(extended_, nullptr)};
    if (root.uses_self) activation_->slots[root.self_slot] = MakeTemplateReference(module->context);
    Enter(root.frame);
    try {
      flow = Execute(root.body);
    } catch (ReturnUnwind&) {
      return Flow::kReturn;
    }
    extended = extended_;
  }
  if (flow == Flow::kReturn || !extended) return flow;
  const Ref<Module> next = NewModule(extended, module->undefined, module->context);
  kept_modules_.push_back(next);
  return RunRoot(next, sink);
}

std::string Evaluator::RenderText(const Template& source) {
  Sink sink = NewSink();
  RunTemplate(source.compiled().shared_from_this(), sink);
  if (options_.pieces) sink.provenance->Flatten(0, {}, *options_.pieces);
  return std::move(sink.text);
}

Value Evaluator::RenderValue(const Template& source) {
  native_ = true;
  Sink sink = NewSink();
  sink.values = std::make_unique<std::vector<Value>>();
  if (RunTemplate(source.compiled().shared_from_this(), sink) == Flow::kReturn) return std::move(returned_);
  return NativeResult(std::move(*sink.values));
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

size_t Evaluator::LineOf(uint32_t offset) const {
  return 1 + static_cast<size_t>(std::ranges::count(module_->compiled->text.substr(0, offset), '\n'));
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
  Cells::Undefined(value)->policy = module_ ? module_->undefined : options_.undefined;
  return value;
}

Value Evaluator::UndefinedHint(std::string hint) const {
  Value value = UndefinedName("");
  Cells::Undefined(value)->hint = std::move(hint);
  return value;
}

Value Evaluator::UnsafeAttribute(const Value& object, std::string_view name) const {
  Value value =
      UndefinedHint(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, object.TypeName()));
  Cells::Undefined(value)->kind = kTemplateSecurity;
  return value;
}

Value Evaluator::MissingAttribute(const Value& object, const Value& name) const {
  Value value = UndefinedName("");
  UndefinedCell& cell = *Cells::Undefined(value);
  cell.name = name;
  cell.object = object.IsNone() ? "None" : fmt::format("{} object", QualifiedTypeName(object));
  return value;
}

// For {% debug %}: the names that the template itself has made, and what filters and tests there are.
Value Evaluator::VisibleNames() {
  auto names = MakeRef<Dict>();
  if (module_->context) {
    for (const auto& [name, value] : module_->context->locals) names->Set(name, value);
    for (const auto& [name, value] : module_->context->exports->entries()) names->Set(name, value);
  }
  return Value::MakeDict({{Value::String("context"), Value::FromDict(std::move(names))},
                          {Value::String("filters"), FilterNames()},
                          {Value::String("tests"), TestNames()}});
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
