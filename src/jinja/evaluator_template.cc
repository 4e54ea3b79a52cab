// Blocks, and statements that bring in other templates.
#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/inheritance.h"
#include "jinja/text.h"

namespace stir::jinja {

// What was made for one statement. What a macro or a module still holds afterwards is emptied when the render ends.
struct Evaluator::Entered {
  Entered(Evaluator& evaluator, Ref<Context> with, Ref<Module> in)
      : self(evaluator), context(std::move(with)), module(std::move(in)) {}
  ~Entered() {
    if (module->IsShared()) self.kept_modules_.push_back(module);
    module = {};
    if (context && context->IsShared()) self.kept_contexts_.push_back(context);
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  Evaluator& self;
  Ref<Context> context;
  Ref<Module> module;
};

Ref<Context> Evaluator::CurrentContext() {
  if (module_->context) return module_->context;
  // A macro that a host calls has no context of its own: it sees the scope.
  return MakeRef<Context>();
}

// A context inside the current one, with the names of this place.
Ref<Context> Evaluator::InnerContext(std::span<const VisibleName> visible) {
  auto context = MakeRef<Context>();
  context->outer = CurrentContext();
  for (const VisibleName& each : visible) {
    const Value& value = Slot(each.variable);
    if (!Cells::IsMissing(value)) context->locals.emplace_back(each.name, value);
  }
  return context;
}

// --- finding templates

std::shared_ptr<const CompiledTemplate> Evaluator::LoadTemplate(const Value& name) {
  if (!options_.loader) FailType("no loader for this environment specified");
  RequireHashable(name);
  FailIfUndefined(name);
  const std::shared_ptr<const Template> found =
      name.IsString() ? Take(options_.loader->Load(name.AsString())) : nullptr;
  if (!found) Fail(kTemplateNotFound, ToText(name));
  return found->compiled().shared_from_this();
}

// The first of several names that there is.
std::shared_ptr<const CompiledTemplate> Evaluator::SelectTemplate(const Value& names) {
  FailIfUndefined(names);
  if (!names.Truthy()) Fail(kTemplatesNotFound, "Tried to select from an empty list of templates.");
  std::string tried;
  for (const Value& name : ToVector(names)) {
    try {
      return LoadTemplate(name);
    } catch (EvaluationError& error) {
      const Kind kind = error.diagnostics.front().kind;
      if (kind != kTemplateNotFound && kind != kTemplateUndefined) throw;
      tried += (tried.empty() ? "" : ", ") + (name.IsUndefined() ? name.UndefinedMessage() : ToText(name));
    }
  }
  Fail(kTemplatesNotFound, "none of the templates given were found: " + tried);
}

std::shared_ptr<const CompiledTemplate> Evaluator::FindIncluded(const IncludeStatement& node, const Value& source) {
  try {
    return source.IsString() ? LoadTemplate(source) : SelectTemplate(source);
  } catch (EvaluationError& error) {
    const Kind kind = error.diagnostics.front().kind;
    if (node.ignore_missing && (kind == kTemplateNotFound || kind == kTemplatesNotFound)) return nullptr;
    Place(error, SpanOf(*node.source));
    throw;
  }
}

// --- blocks

Flow Evaluator::RunBlock(const Ref<Context>& context, std::string_view name, size_t depth, Sink& sink) {
  CheckStack();
  const std::vector<BlockBody>& bodies = context->blocks.at(name);
  const BlockBody body = bodies[depth];
  const Unit& unit = *body.unit;
  const Entered entered(*this, {}, NewModule(body.compiled, module_->undefined, context));
  Ref<Activation> activation = NewActivation(unit, {});
  if (unit.uses_self) activation->slots[unit.self_slot] = MakeTemplateReference(context);
  if (unit.uses_super) {
    activation->slots[unit.super_slot] =
        depth + 1 < bodies.size() ? MakeBlockReference(context, name, depth + 1)
                                  : UndefinedHint(fmt::format("there is no parent block called {}.", ReprText(name)));
  }
  const Running running(*this, *entered.module, std::move(activation), sink, {{}, call_span_}, options_.autoescape);
  Enter(unit.frame);
  return Execute(unit.body);
}

Value Evaluator::CallBlock(const Ref<Context>& context, std::string_view name, size_t depth) {
  Sink sink = NewSink();
  if (RunBlock(context, name, depth, sink) == Flow::kReturn) throw ReturnUnwind{};
  return ResultOf(std::move(sink), {}, {}, options_.autoescape);
}

Flow Evaluator::ExecuteBlock(const BlockStatement& node) {
  if (silent_ && node.top_level) return Flow::kNormal;
  Ref<Context> context = CurrentContext();
  auto bodies = context->blocks.find(node.name);
  if (bodies == context->blocks.end()) return Flow::kNormal;  // a macro that a host calls: no block to show
  if (node.required && bodies->second.size() <= 1) {
    EvaluationError error{
        {Diagnostic(kTemplateRuntime, fmt::format("Required block {} not found", ReprText(node.name)))}};
    Place(error, module_->compiled->SpanOf(node.begin, node.end));
    throw error;
  }
  if (!node.scoped) return RunBlock(context, node.name, 0, *sink_);
  Ref<Context> scoped = InnerContext(node.visible);
  scoped->blocks = context->blocks;
  const Flow flow = RunBlock(scoped, node.name, 0, *sink_);
  if (scoped->IsShared()) kept_contexts_.push_back(std::move(scoped));
  return flow;
}

Flow Evaluator::ExecuteExtends(const ExtendsStatement& node) {
  const Value source = Evaluate(*node.source);
  try {
    if (extended_) Fail(kTemplateRuntime, "extended multiple times");
    extended_ = LoadTemplate(source);
  } catch (EvaluationError& error) {
    Place(error, SpanOf(*node.source));
    throw;
  }
  module_->context->AddBlocks(extended_);
  silent_ = true;
  return Flow::kNormal;
}

// --- include and import

Flow Evaluator::ExecuteInclude(const IncludeStatement& node) {
  const Value source = Evaluate(*node.source);
  const std::shared_ptr<const CompiledTemplate> found = FindIncluded(node, source);
  if (!found) return Flow::kNormal;
  if (!node.with_context) {
    Write(*ModuleText(DefaultModule(found, ToText(source))), *node.source);
    return Flow::kNormal;
  }
  Ref<Context> context = InnerContext(node.visible);
  context->AddBlocks(found);
  const Entered entered(*this, context, NewModule(found, module_->undefined, context));
  context = {};
  return RunRoot(entered.module, *sink_);
}

Value Evaluator::ImportModule(const std::shared_ptr<const CompiledTemplate>& compiled, std::string_view name,
                              Ref<Context> context) {
  context->AddBlocks(compiled);
  const Entered entered(*this, context, NewModule(compiled, module_->undefined, context));
  context = {};
  Sink sink;
  if (RunRoot(entered.module, sink) == Flow::kReturn) throw ReturnUnwind{};
  return MakeTemplateModule(std::string(name), *entered.context, std::move(sink.text));
}

// A template that is imported without context runs once and sees nothing of the render.
Value Evaluator::DefaultModule(const std::shared_ptr<const CompiledTemplate>& compiled, std::string_view name) {
  if (auto known = imports_.find(compiled.get()); known != imports_.end()) return known->second;
  auto context = MakeRef<Context>();
  context->isolated = true;
  Value module = ImportModule(compiled, name, std::move(context));
  imports_.emplace(compiled.get(), module);
  return module;
}

Flow Evaluator::ExecuteImport(const ImportStatement& node) {
  const Value source = Evaluate(*node.source);
  Value module;
  try {
    const std::shared_ptr<const CompiledTemplate> found = LoadTemplate(source);
    module = node.with_context ? ImportModule(found, source.AsString(), InnerContext(node.visible))
                               : DefaultModule(found, source.AsString());
  } catch (EvaluationError& error) {
    Place(error, SpanOf(*node.source));
    throw;
  }
  auto assign = [&](const NameExpr& name, const Value& value) {
    AssignName(name, value);
    if (name.exported && module_->context) module_->context->imported.insert(name.name);
  };
  if (node.module) assign(*node.module, module);
  for (const ImportedName& each : node.imported) {
    const Value* value = ModuleName(module, each.name);
    assign(*each.target,
           value ? *value
                 : UndefinedHint(fmt::format("the template {} (imported on line {}) does not export the "
                                             "requested name {}",
                                             ReprText(source.AsString()), LineOf(node.begin), ReprText(each.name))));
  }
  return Flow::kNormal;
}

}  // namespace stir::jinja
