// Runs a parsed template: a walk over the nodes with slots for names, one sink for text, and a stack of macro calls for
// errors. One evaluator serves one render and one thread. Its methods throw EvaluationError (errors.h); what it offers
// to callees (CallContext) gives Results.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "jinja/cells.h"
#include "jinja/compiled.h"
#include "jinja/context.h"
#include "jinja/errors.h"
#include "jinja/operations.h"
#include "jinja/small_list.h"
#include "jinja/template.h"

namespace stir::jinja {

// The slots of a running unit; shared with the macros that were defined inside it.
struct Activation final : RefCounted {
  Ref<Activation> parent;
  std::vector<Value> slots;
};

class Evaluator;

// What a render knows of one of its templates.
struct Module final : RefCounted {
  std::shared_ptr<const CompiledTemplate> compiled;
  std::vector<Value> globals;  // by CompiledTemplate::globals
  std::vector<uint8_t> looked_up;
  UndefinedPolicy undefined = UndefinedPolicy::kDefault;
  Ref<Context> context;              // null: names are the scope's
  const Evaluator* owner = nullptr;  // null once the render is over
};

// Where text goes.
struct Sink {
  std::string text;
  Ref<Provenance> provenance;                  // null: not asked for
  std::unique_ptr<std::vector<Value>> values;  // native rendering: values as they are, in place of text
};

// Marks where this thread's outermost render begins on the stack, for as long as it lives.
class StackBase {
 public:
  StackBase();
  ~StackBase();
  StackBase(const StackBase&) = delete;
  StackBase& operator=(const StackBase&) = delete;
  // How far the stack may grow.
  static const char* Limit();

 private:
  const char* outer_;
};

// Thrown when a macro ends inside an expression; the value waits in the evaluator.
struct ReturnUnwind {};

enum class Flow : uint8_t { kNormal, kBreak, kContinue, kReturn };

class MacroObject;

class Evaluator final : public CallContext {
 public:
  Evaluator(jinja::Scope& scope, const RenderOptions& options);
  ~Evaluator() override;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // Entry points; each throws EvaluationError.
  std::string RenderText(const Template& source);
  Value RenderValue(const Template& source);
  Value CallFromHost(const Value& callee, const Arguments& arguments);
  Value TakeReturned() { return std::exchange(returned_, Value()); }

  // CallContext
  jinja::Scope& scope() override { return scope_; }
  Span call_span() const override { return call_span_; }
  std::vector<TraceFrame> Trace() const override;
  UndefinedPolicy undefined_policy() const override { return options_.undefined; }
  Result<Value> Call(const Value& callee, const Arguments& arguments) override;
  Result<Value> GetAttribute(const Value& value, std::string_view name) override;
  Result<Value> GetItem(const Value& value, const Value& key) override;
  Result<std::unique_ptr<Iterator>> Iterate(const Value& value) override;
  Result<Value> ReturnFromMacro(Value value) override;
  Result<std::string> RenderNested(const Template& nested) override;

  // For filters and methods: the same, throwing.
  Value Attribute(const Value& value, std::string_view name);
  Value Item(const Value& value, const Value& key);
  Value CallValue(const Value& callee, const Arguments& arguments);
  // An undefined value with the policy of the running template.
  Value MissingAttribute(const Value& object, const Value& name) const;
  Value UndefinedName(std::string_view name) const;
  Value UndefinedHint(std::string hint) const;
  Value UnsafeAttribute(const Value& object, std::string_view name) const;
  bool is_native() const { return native_; }
  bool is_sandboxed() const { return options_.sandboxed; }
  bool autoescape() const { return autoescape_; }
  // A block's text, from the depth-th of those that inheritance put over each other.
  Value CallBlock(const Ref<Context>& context, std::string_view name, size_t depth);
  // What the running template sees, for {% debug %}.
  Value VisibleNames();
  const Limits& limits() const { return options_.limits; }
  // For values that compute later (generators): null once the render is over.
  std::shared_ptr<Evaluator*> Handle() const { return handle_; }

 private:
  friend class MacroObject;
  friend class LoopObject;
  friend class FilteredIterator;
  struct CallFrame {
    std::string_view name;  // empty for a call block or a loop: part of the macro they stand in
    Span span;
  };
  // What is running, saved while another unit runs.
  struct Running {
    Running(Evaluator& evaluator, Module& module, Ref<Activation> activation, Sink& sink, CallFrame frame,
            bool autoescape);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    Evaluator& self;
    Module* outer_module;
    Ref<Activation> outer_activation;
    Sink* outer_sink;
    bool outer_autoescape, outer_silent;
  };
  // A macro of its own runs.
  struct InOwnMacro {
    InOwnMacro(Evaluator& evaluator, const MacroObject& macro);
    ~InOwnMacro() { self.own_macros_ -= counts; }
    InOwnMacro(const InOwnMacro&) = delete;
    InOwnMacro& operator=(const InOwnMacro&) = delete;

    Evaluator& self;
    const size_t counts;
  };
  using ArgumentValues = SmallList<Value, 6>;
  using ArgumentKeywords = SmallList<KeywordArgument, 4>;

  // evaluator.cc
  Ref<Module> NewModule(const std::shared_ptr<const CompiledTemplate>& compiled, UndefinedPolicy policy,
                        Ref<Context> context);
  Ref<Module> ModuleOf(const std::shared_ptr<const CompiledTemplate>& compiled, UndefinedPolicy policy);
  bool LookUp(const Context* context, std::string_view name, Value& value);
  const Value& Global(uint32_t index);
  Ref<Activation> NewActivation(const Unit& unit, Ref<Activation> parent);
  void Leave(Ref<Activation> activation);
  Flow RunTemplate(const std::shared_ptr<const CompiledTemplate>& compiled, Sink& sink);
  Flow RunRoot(const Ref<Module>& module, Sink& sink);
  Sink NewSink() const;
  Value ResultOf(Sink sink, std::string_view macro, Span call, bool is_html) const;
  Value NativeResult(std::vector<Value> values) const;
  Span SpanOf(const Expr& expr) const { return module_->compiled->SpanOf(expr.begin, expr.end); }
  void Place(EvaluationError& error, Span span) const;
  size_t LineOf(uint32_t offset) const;  // of the running template's text

  // evaluator_template.cc
  struct Entered;  // a module and its context, kept when they outlive the statement that made them
  Ref<Context> CurrentContext();
  Ref<Context> InnerContext(std::span<const VisibleName> visible);
  std::shared_ptr<const CompiledTemplate> LoadTemplate(const Value& name);
  std::shared_ptr<const CompiledTemplate> SelectTemplate(const Value& names);
  std::shared_ptr<const CompiledTemplate> FindIncluded(const IncludeStatement& node, const Value& source);
  Flow ExecuteBlock(const BlockStatement& node);
  Flow RunBlock(const Ref<Context>& context, std::string_view name, size_t depth, Sink& sink);
  Flow ExecuteExtends(const ExtendsStatement& node);
  Flow ExecuteInclude(const IncludeStatement& node);
  Flow ExecuteImport(const ImportStatement& node);
  Value ImportModule(const std::shared_ptr<const CompiledTemplate>& compiled, std::string_view name,
                     Ref<Context> context);
  Value DefaultModule(const std::shared_ptr<const CompiledTemplate>& compiled, std::string_view name);

  // evaluator_statement.cc
  Flow Execute(Body body);
  Flow Execute(const Statement& statement);
  Flow ExecuteOutput(const OutputStatement& node);
  Flow ExecuteIf(const IfStatement& node);
  Flow ExecuteFor(const ForStatement& node);
  Flow RunLoop(const ForStatement& node, const Value& iterable, int64_t depth0);
  Flow RunRounds(const ForStatement& node, const Value& iterable, bool& completed);
  Flow RunRoundsWithLoop(const ForStatement& node, const Value& iterable, int64_t depth0, bool& completed);
  Flow RunSequence(const ForStatement& node, const Value& sequence, bool& completed);
  bool RunRound(const ForStatement& node, const Value& item, Flow& flow, bool& completed);
  Flow RunLoopBody(const ForStatement& node, const Value& item);
  Value RunRecursive(const ForStatement& node, const Ref<Activation>& parent, Module& module, const Value& iterable,
                     int64_t depth0);
  Flow ExecuteSetBlock(const SetBlockStatement& node);
  Flow ExecuteFilterBlock(const FilterBlockStatement& node);
  Flow ExecuteWith(const WithStatement& node);
  Flow ExecuteCallBlock(const CallBlockStatement& node);
  Flow ExecuteAutoescape(const AutoescapeStatement& node);
  Flow ExecuteDo(const DoStatement& node);
  void AssignName(const NameExpr& name, const Value& value);
  template <typename Run>
  Flow Capture(Sink& sink, Run run);
  void Enter(const Frame& frame);
  void Assign(const Target& target, const Value& value);
  void CheckNamespaces(const Target& target);
  void Unpack(const Target& target, const Value& value);
  void Write(std::string_view text, uint32_t begin, uint32_t end);
  void Write(std::string_view text, const Expr& from) { Write(text, from.begin, from.end); }
  void WriteValue(const Value& value, const Expr& from);
  void WriteRaw(const Value& value, const Expr& from);
  void CountOutput(size_t bytes);

  // evaluator_expression.cc
  Value Evaluate(const Expr& expr);
  Value EvaluateUnplaced(const Expr& expr);
  // The expression's value where it stands already (a slot, a constant, an item of a dict), else put into `holder`. To
  // be used before anything else is evaluated.
  const Value* Locate(const Expr& expr, Value& holder);
  const Value* LocateAttribute(const AttributeExpr& expr, Value& holder);
  Value AttributeOf(const AttributeExpr& expr, const Value& object);
  bool Test(const Expr& expr);
  Value EvaluateBinary(const BinaryExpr& expr);
  const Value& Slot(const Variable& variable);
  Value EvaluateName(const NameExpr& name);
  std::vector<Value> EvaluateAll(std::span<const Expr* const> exprs);
  Value EvaluateDict(const DictExpr& expr);
  Value EvaluateConcat(const SequenceExpr& expr);
  Value EvaluateCompare(const CompareExpr& expr);
  Value EvaluateConditional(const ConditionalExpr& expr);
  Value EvaluateItem(const ItemExpr& expr);
  Value EvaluateSlice(const SliceExpr& expr);
  Value EvaluateFilter(const FilterExpr& expr, const Value* block_text);
  bool EvaluateTest(const TestExpr& expr);
  Value IndexSequence(const Value& value, const Value& key);

  // evaluator_call.cc
  // `direct`: a macro may write there in place of giving its text; then the result is missing.
  bool TryCall(const CallExpr& call, Value& result, const Value* caller = nullptr, Sink* direct = nullptr);
  void EvaluateArguments(const CallArguments& arguments, ArgumentValues& positional, ArgumentKeywords& keywords);
  bool Invoke(const Value& callee, const Arguments& arguments, Value& result, Sink* direct = nullptr);
  bool CallMacro(const MacroObject& macro, const Arguments& arguments, Value& result, Sink* direct);
  bool CallMacroInto(const MacroObject& macro, Module& module, Ref<Activation> activation, Sink& sink, Value& result);
  Flow EnterMacro(const MacroObject& macro, Module& module, Ref<Activation> activation, Sink& sink);
  void BindArguments(const MacroObject& macro, const Arguments& arguments, Activation& activation);
  Flow RunMacro(const Unit& unit);
  void CheckStack() const {
    if (static_cast<const char*>(__builtin_frame_address(0)) < stack_limit_) FailStack();
  }
  [[noreturn]] void FailStack() const;
  Value MakeCaller(const Unit& unit);

  StackBase stack_base_;
  const char* const stack_limit_ = StackBase::Limit();
  std::shared_ptr<Evaluator*> handle_ = std::make_shared<Evaluator*>(this);
  jinja::Scope& scope_;
  const RenderOptions& options_;
  std::unordered_map<const CompiledTemplate*, Ref<Module>> modules_;
  std::unordered_map<const CompiledTemplate*, Value> imports_;  // without context: run once a render
  std::vector<Ref<Module>> kept_modules_;
  std::vector<Ref<Context>> kept_contexts_;
  std::vector<Ref<Activation>> free_activations_, escaped_activations_;
  std::vector<CallFrame> frames_;
  size_t own_macros_ = 0;             // of the frames, those that MakeMacro made
  std::vector<Value> keyword_names_;  // of **kwargs in calls under way
  Module* module_ = nullptr;
  Ref<Activation> activation_;
  Sink* sink_ = nullptr;
  Span call_span_;
  Value returned_;
  uint64_t output_bytes_ = 0;
  bool native_ = false;  // the render keeps values
  bool autoescape_ = false;
  std::shared_ptr<const CompiledTemplate> extended_;  // by the running template: its own text is not written
  bool silent_ = false;                               // ... here
};

// A macro, or the body of a call block, with the names around it.
class MacroObject final : public Object {
 public:
  // Made by a running template.
  MacroObject(Ref<Module> in, const Unit& runs, Ref<Activation> around, bool escapes)
      : compiled(in->compiled),
        unit(runs),
        parent(std::move(around)),
        name(runs.name),
        undefined(in->undefined),
        module(std::move(in)),
        autoescape(escapes) {}
  // A macro of its own, which all renders share.
  MacroObject(std::shared_ptr<const CompiledTemplate> in, const Unit& runs, std::string called)
      : compiled(std::move(in)), unit(runs), name(std::move(called)), undefined(UndefinedPolicy::kDefault) {}
  std::string_view TypeName() const override { return "Macro"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override;
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view attribute) override;
  Result<std::string> Repr() const override;

  const std::shared_ptr<const CompiledTemplate> compiled;
  const Unit& unit;
  const Ref<Activation> parent;  // null: a macro of its own, all free names are globals
  const std::string name;        // in traces
  const UndefinedPolicy undefined;
  const Ref<Module> module;  // null: that of the render which calls it
  const bool autoescape = false;
};

}  // namespace stir::jinja
