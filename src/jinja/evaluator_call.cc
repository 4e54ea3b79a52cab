// Calls: arguments, callees of the host, macros.
#include <algorithm>
#include <typeinfo>

#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/loop.h"
#include "jinja/methods.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr ptrdiff_t kStackBytes = 48 << 20;  // its frames are several times larger; tools/test gives 64 MB
#else
constexpr ptrdiff_t kStackBytes = 4 << 20;  // of the 8 MB that threads have
#endif

// Where this thread's outermost render began. Renders nest through hosts (a callee that renders), so this is the
// thread's.
thread_local const char* stack_base = nullptr;

const MethodEntry* MethodOf(const MethodsOfName& methods, Type type) {
  switch (type) {
    case Type::kString:
      return methods.of_string;
    case Type::kList:
      return methods.of_list;
    case Type::kTuple:
      return methods.of_tuple;
    case Type::kDict:
      return methods.of_dict;
    case Type::kBool:
    case Type::kInt:
      return methods.of_int;
    case Type::kFloat:
      return methods.of_float;
    default:
      return nullptr;
  }
}

const KeywordArgument* FindKeyword(const Arguments& arguments, std::string_view name) {
  auto at = std::ranges::find(arguments.keywords, name, &KeywordArgument::name);
  return at == arguments.keywords.end() ? nullptr : &*at;
}

}  // namespace

StackBase::StackBase() : outer_(stack_base) {
  if (!stack_base) stack_base = static_cast<const char*>(__builtin_frame_address(0));
}
StackBase::~StackBase() { stack_base = outer_; }

const char* StackBase::Limit() { return stack_base - kStackBytes; }

void Evaluator::FailStack() const { Fail(kTemplateRecursion, "maximum recursion depth exceeded"); }

void Evaluator::EvaluateArguments(const CallArguments& arguments, ArgumentValues& positional,
                                  ArgumentKeywords& keywords) {
  for (const Expr* each : arguments.positional) positional.Add(Evaluate(*each));
  if (arguments.more_positional) {
    Value more = Evaluate(*arguments.more_positional);
    if (!IsIterable(more)) FailType(fmt::format("argument after * must be an iterable, not {}", more.TypeName()));
    for (Value& each : ToVector(more)) positional.Add(std::move(each));
  }
  for (size_t i = 0; i < arguments.keywords.size(); ++i)
    keywords.Add({arguments.names[i], Evaluate(*arguments.keywords[i])});
  if (!arguments.more_keywords) return;
  Value more = Evaluate(*arguments.more_keywords);
  if (!more.IsDict()) FailType(fmt::format("argument after ** must be a mapping, not {}", more.TypeName()));
  for (const auto& [key, value] : more.AsDict().entries()) {
    if (!key.IsString()) FailType("keywords must be strings");
    if (FindKeyword({{}, keywords.items()}, key.AsString()))
      FailType(fmt::format("got multiple values for keyword argument '{}'", key.AsString()));
    keyword_names_.push_back(key);  // keeps the name alive for the callee
    keywords.Add({key.AsString(), value});
  }
}

// False when the callee ended the running macro (`return`).
bool Evaluator::TryCall(const CallExpr& call, Value& result, const Value* caller, Sink* direct) {
  Value object, callee;
  const MethodEntry* method = nullptr;
  if (call.callee->kind == ExprKind::kAttribute) {
    const auto& attribute = static_cast<const AttributeExpr&>(*call.callee);
    object = Evaluate(*attribute.object);
    method = MethodOf(attribute.methods, object.type());
    try {
      if (!method) callee = AttributeOf(attribute, object);
    } catch (EvaluationError& error) {
      Place(error, SpanOf(attribute));
      throw;
    }
  } else {
    callee = Evaluate(*call.callee);
  }
  size_t names = keyword_names_.size();
  struct Release {
    std::vector<Value>& list;
    size_t size;
    ~Release() { list.resize(size); }
  } release{keyword_names_, names};
  ArgumentValues positional;
  ArgumentKeywords keywords;
  EvaluateArguments(call.arguments, positional, keywords);
  if (caller) keywords.Add({"caller", *caller});
  Arguments arguments{positional.items(), keywords.items()};
  Span outer_span = std::exchange(call_span_, SpanOf(call));
  struct Restore {
    Span& span;
    Span outer;
    ~Restore() { span = outer; }
  } restore{call_span_, outer_span};
  try {
    if (!method) return Invoke(callee, arguments, result, direct);
    result = CallMethod(*this, *method, object, arguments);
    return true;
  } catch (EvaluationError& error) {
    Place(error, call_span_);
    throw;
  }
}

bool Evaluator::Invoke(const Value& callee, const Arguments& arguments, Value& result, Sink* direct) {
  Object* object = callee.AsObject();
  if (!object) {
    if (Cells::IsLenient(callee)) return result = callee, true;
    FailIfUndefined(callee);
    FailType(fmt::format("'{}' object is not callable", callee.TypeName()));
  }
  if (typeid(*object) == typeid(MacroObject))
    return CallMacro(static_cast<MacroObject&>(*object), arguments, result, direct);
  Result<Value> outcome = object->Call(*this, arguments);
  if (outcome.ok()) return result = std::move(outcome).value(), true;
  if (outcome.error().front().kind == kMacroReturn) return false;
  throw EvaluationError{std::move(outcome).error()};
}

Value Evaluator::CallValue(const Value& callee, const Arguments& arguments) {
  Value result;
  if (!Invoke(callee, arguments, result)) throw ReturnUnwind{};
  return result;
}

Value Evaluator::MakeCaller(const Unit& unit) {
  return Value::New<MacroObject>(Ref(module_), unit, activation_, autoescape_);
}

// --- macros

Evaluator::Running::Running(Evaluator& evaluator, Module& module, Ref<Activation> activation, Sink& sink,
                            CallFrame frame, bool autoescape)
    : self(evaluator),
      outer_module(std::exchange(self.module_, &module)),
      outer_activation(std::exchange(self.activation_, std::move(activation))),
      outer_sink(std::exchange(self.sink_, &sink)),
      outer_autoescape(std::exchange(self.autoescape_, autoescape)),
      outer_silent(std::exchange(self.silent_, false)) {
  self.frames_.push_back(frame);
}

Evaluator::Running::~Running() {
  self.frames_.pop_back();
  self.silent_ = outer_silent;
  self.autoescape_ = outer_autoescape;
  self.sink_ = outer_sink;
  self.Leave(std::exchange(self.activation_, std::move(outer_activation)));
  self.module_ = outer_module;
}

Evaluator::InOwnMacro::InOwnMacro(Evaluator& evaluator, const MacroObject& macro)
    : self(evaluator), counts(macro.module ? 0 : 1) {
  if (counts == 0) return;
  self.scope_.MacroCalled(static_cast<const RefCounted*>(&macro), self.own_macros_);
  ++self.own_macros_;
}

// False when a call block's body ended the macro around it.
bool Evaluator::CallMacro(const MacroObject& macro, const Arguments& arguments, Value& result, Sink* direct) {
  CheckStack();
  if (frames_.size() >= options_.limits.depth)
    Fail(kTemplateRecursion, fmt::format("maximum recursion depth exceeded: macros call each other more than {} deep",
                                         options_.limits.depth));
  // A macro that a host kept from another render takes its globals from this one.
  const bool is_own = macro.module && macro.module->owner == this;
  const Ref<Module> module = is_own ? macro.module : ModuleOf(macro.compiled, macro.undefined);
  Ref<Activation> activation = NewActivation(macro.unit, macro.parent);
  const InOwnMacro depth(*this, macro);  // also one that refuses its arguments was called
  BindArguments(macro, arguments, *activation);
  // What nobody looks at before it is written needs no text of its own.
  const bool writes = direct && !direct->values && !direct->provenance && autoescape_ == macro.autoescape;
  if (writes) return CallMacroInto(macro, *module, std::move(activation), *direct, result);
  Sink sink = NewSink();
  const Span call = call_span_;
  const Flow flow = EnterMacro(macro, *module, std::move(activation), sink);
  if (flow == Flow::kReturn) {
    // A call block is a part of the macro that it stands in: only a macro ends.
    if (macro.unit.name.empty()) return false;
    result = std::exchange(returned_, Value());
    return true;
  }
  result = ResultOf(std::move(sink), macro.name, call, macro.autoescape || autoescape_);
  return true;
}

bool Evaluator::CallMacroInto(const MacroObject& macro, Module& module, Ref<Activation> activation, Sink& sink,
                              Value& result) {
  const size_t before = sink.text.size();
  if (EnterMacro(macro, module, std::move(activation), sink) != Flow::kReturn) {
    result = Value();
    return true;
  }
  sink.text.resize(before);
  if (macro.unit.name.empty()) return false;
  result = std::exchange(returned_, Value());
  if (Cells::IsMissing(result)) result = UndefinedName("");
  return true;
}

Flow Evaluator::EnterMacro(const MacroObject& macro, Module& module, Ref<Activation> activation, Sink& sink) {
  const Running running(*this, module, std::move(activation), sink, {macro.name, call_span_}, macro.autoescape);
  try {
    return RunMacro(macro.unit);
  } catch (ReturnUnwind&) {
    return Flow::kReturn;
  }
}

Flow Evaluator::RunMacro(const Unit& unit) {
  std::vector<Value>& slots = activation_->slots;
  for (size_t i = 0; i < unit.parameters.size(); ++i) {
    if (!Cells::IsMissing(slots[i])) continue;
    const MacroParameter& parameter = unit.parameters[i];
    slots[i] = parameter.fallback
                   ? Evaluate(*parameter.fallback)
                   : UndefinedHint(fmt::format("parameter {} was not provided", ReprText(parameter.name->name)));
  }
  Enter(unit.frame);
  return Execute(unit.body);
}

void Evaluator::BindArguments(const MacroObject& macro, const Arguments& arguments, Activation& activation) {
  const Unit& unit = macro.unit;
  size_t wanted = unit.parameters.size(), given = std::min(wanted, arguments.positional.size()), used = 0;
  auto label = [&] { return unit.name.empty() ? std::string("None") : ReprText(unit.name); };
  for (size_t i = 0; i < given; ++i) activation.slots[i] = arguments.positional[i];
  for (size_t i = given; i < wanted; ++i) {
    const KeywordArgument* keyword = FindKeyword(arguments, unit.parameters[i].name->name);
    if (keyword) activation.slots[i] = keyword->value, ++used;
  }
  auto is_bound = [&](std::string_view name) {
    for (size_t i = given; i < wanted; ++i) {
      if (unit.parameters[i].name->name == name) return true;
    }
    return name == "caller" && unit.takes_caller && !unit.explicit_caller;
  };
  if (unit.takes_caller && !unit.explicit_caller) {
    const KeywordArgument* caller = FindKeyword(arguments, "caller");
    used += caller ? 1 : 0;
    activation.slots[unit.caller_slot] =
        caller && !caller->value.IsNone() ? caller->value : UndefinedHint("No caller defined");
  }
  if (unit.takes_kwargs) {
    auto rest = MakeRef<Dict>();
    for (const KeywordArgument& each : arguments.keywords) {
      if (!is_bound(each.name)) rest->Set(each.name, each.value);
    }
    activation.slots[unit.kwargs_slot] = Value::FromDict(std::move(rest));
  } else if (used < arguments.keywords.size()) {
    if (!is_bound("caller") && FindKeyword(arguments, "caller")) {
      FailType(fmt::format(
          "macro {} was invoked with two values for the special caller argument. This is most likely a bug.", label()));
    }
    auto extra =
        std::ranges::find_if(arguments.keywords, [&](const KeywordArgument& each) { return !is_bound(each.name); });
    FailType(fmt::format("macro {} takes no keyword argument {}", label(), ReprText(extra->name)));
  }
  if (unit.takes_varargs) {
    auto rest = arguments.positional.subspan(given);
    activation.slots[unit.varargs_slot] = Value::Tuple({rest.begin(), rest.end()});
  } else if (arguments.positional.size() > wanted) {
    FailType(fmt::format("macro {} takes not more than {} argument(s)", label(), wanted));
  }
}

// One level of a recursive loop; gives its text.
Value Evaluator::RunRecursive(const ForStatement& node, const Ref<Activation>& parent, Module& module,
                              const Value& iterable, int64_t depth0) {
  CheckStack();
  if (frames_.size() >= options_.limits.depth)
    Fail(kTemplateRecursion, "maximum recursion depth exceeded: the loop calls itself too deeply");
  Sink sink = NewSink();
  Flow flow = Flow::kNormal;
  {
    Running running(*this, module, NewActivation(*node.recursive, parent), sink, {{}, call_span_}, autoescape_);
    flow = RunLoop(node, iterable, depth0);
  }
  if (flow == Flow::kReturn) throw ReturnUnwind{};
  return ResultOf(std::move(sink), {}, {}, autoescape_);
}

Result<Value> MacroObject::Call(CallContext& context, const Arguments& arguments) {
  return context.Call(Value::FromObject(Ref<Object>(this)), arguments);
}

Result<std::optional<Value>> MacroObject::GetAttribute(CallContext&, std::string_view attribute) {
  if (attribute == "name")
    return std::optional(unit.name.empty() ? Value::None() : Value::String(std::string(unit.name)));
  if (attribute == "catch_kwargs") return std::optional(Value::Bool(unit.takes_kwargs));
  if (attribute == "catch_varargs") return std::optional(Value::Bool(unit.takes_varargs));
  if (attribute == "caller") return std::optional(Value::Bool(unit.takes_caller));
  if (attribute != "arguments") return std::optional<Value>();
  std::vector<Value> names;
  for (const MacroParameter& each : unit.parameters) names.push_back(Value::String(std::string(each.name->name)));
  return std::optional(Value::Tuple(std::move(names)));
}

Result<std::string> MacroObject::Repr() const {
  return unit.name.empty() ? std::string("<Macro anonymous>") : fmt::format("<Macro {}>", ReprText(unit.name));
}

}  // namespace stir::jinja
