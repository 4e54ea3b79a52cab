// The public surface: parsing, calls seen in the text, rendering.
#include "jinja/template.h"

#include <cmath>

#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/parser.h"

namespace stir::jinja {
namespace {

// "a.b.c" for names and attributes of names; false: something else is called.
bool DottedName(const Expr& expr, std::string& name) {
  if (expr.kind == ExprKind::kName) return name = static_cast<const NameExpr&>(expr).name, true;
  if (expr.kind != ExprKind::kAttribute) return false;
  const auto& attribute = static_cast<const AttributeExpr&>(expr);
  if (!DottedName(*attribute.object, name)) return false;
  name += '.';
  name += attribute.name;
  return true;
}

CallSite::Argument ArgumentOf(const CompiledTemplate& compiled, std::string_view keyword, const Expr& expr,
                              std::string_view stars = {}) {
  CallSite::Argument argument;
  argument.keyword = std::string(keyword);
  argument.source = std::string(stars) + std::string(compiled.Source(expr));
  if (stars.empty() && !LiteralOf(expr, argument.literal)) argument.literal = Value();
  return argument;
}

CallSite SiteOf(const CompiledTemplate& compiled, const CallExpr& call, std::string callee) {
  CallSite site{std::move(callee), compiled.SpanOf(call.begin, call.end), {}};
  const CallArguments& arguments = call.arguments;
  for (const Expr* each : arguments.positional) site.arguments.push_back(ArgumentOf(compiled, {}, *each));
  if (arguments.more_positional) site.arguments.push_back(ArgumentOf(compiled, {}, *arguments.more_positional, "*"));
  for (size_t i = 0; i < arguments.keywords.size(); ++i)
    site.arguments.push_back(ArgumentOf(compiled, arguments.names[i], *arguments.keywords[i]));
  if (arguments.more_keywords) site.arguments.push_back(ArgumentOf(compiled, {}, *arguments.more_keywords, "**"));
  return site;
}

}  // namespace

bool LiteralOf(const Expr& expr, Value& value) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      return value = *static_cast<const ConstantExpr&>(expr).value, true;
    case ExprKind::kNegate: {
      if (!LiteralOf(*static_cast<const UnaryExpr&>(expr).operand, value)) return false;
      Result<Value> negated = Catching([&] { return Negate(value); });
      if (!negated.ok()) return false;
      value = std::move(negated).value();
      return true;
    }
    case ExprKind::kList:
    case ExprKind::kTuple: {
      std::vector<Value> items;
      for (const Expr* each : static_cast<const SequenceExpr&>(expr).items) {
        if (!LiteralOf(*each, items.emplace_back())) return false;
      }
      value = expr.kind == ExprKind::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
      return true;
    }
    case ExprKind::kDict: {
      const auto& node = static_cast<const DictExpr&>(expr);
      auto dict = MakeRef<Dict>();
      for (size_t i = 0; i < node.keys.size(); ++i) {
        Value key, item;
        if (!LiteralOf(*node.keys[i], key) || !LiteralOf(*node.values[i], item) || key.IsDict() ||
            key.type() == Type::kList)
          return false;
        dict->Set(std::move(key), std::move(item));
      }
      value = Value::FromDict(std::move(dict));
      return true;
    }
    default:
      return false;
  }
}

Result<std::shared_ptr<const Template>> Template::Parse(std::string text, Origin origin, const Syntax& syntax) {
  auto compiled = std::make_shared<CompiledTemplate>(std::move(text), origin);
  try {
    Parser parser(*compiled, syntax);
    parser.Parse();
    ResolveNames(*compiled, parser);
  } catch (SyntaxFailure& failure) {
    Diagnostic error(failure.kind, std::move(failure.message), compiled->SpanOf(failure.begin, failure.end));
    return std::move(error).Hint(std::move(failure.hint));
  } catch (EvaluationError& error) {
    return std::move(error.diagnostics);
  }
  return std::make_shared<const Template>(std::move(compiled));
}

const std::vector<MacroDefinition>& Template::macros() const { return compiled_->macros; }
bool Template::is_plain() const { return compiled_->plain; }

std::optional<Value> Template::Literal() const {
  Body body = compiled_->root->body;
  if (body.size() != 1 || body[0]->kind != StatementKind::kOutput) return std::nullopt;
  const auto& output = static_cast<const OutputStatement&>(*body[0]);
  Value value;
  if (output.items.size() != 1 || output.items[0]->kind == ExprKind::kText || !LiteralOf(*output.items[0], value))
    return std::nullopt;
  return value;
}

std::vector<CallSite> Template::Calls() const {
  std::vector<CallSite> sites;
  for (const CallExpr* call : compiled_->calls) {
    std::string callee;
    if (DottedName(*call->callee, callee)) sites.push_back(SiteOf(*compiled_, *call, std::move(callee)));
  }
  return sites;
}

std::vector<std::string> Template::Callees() const {
  std::vector<std::string> callees;
  for (const CallExpr* call : compiled_->calls) {
    std::string callee;
    if (DottedName(*call->callee, callee)) callees.push_back(std::move(callee));
  }
  return callees;
}

Result<std::string> Render(const Template& source, Scope& scope, const RenderOptions& options) {
  if (source.is_plain() && options.keeps_plain) {
    const CompiledTemplate& compiled = source.compiled();
    if (options.pieces && !compiled.text.empty())
      options.pieces->push_back({0, compiled.SpanOf(0, static_cast<uint32_t>(compiled.text.size())), {}});
    return compiled.text;
  }
  return Catching([&] { return Evaluator(scope, options).RenderText(source); });
}

Result<Value> RenderNative(const Template& source, Scope& scope, const RenderOptions& options) {
  return Catching([&] { return Evaluator(scope, options).RenderValue(source); });
}

Value MakeMacro(std::shared_ptr<const Template> source, size_t macro_index, std::string full_name) {
  std::shared_ptr<const CompiledTemplate> compiled = source->compiled().shared_from_this();
  const Unit& unit = *compiled->macro_units.at(macro_index);
  return Value::New<MacroObject>(std::move(compiled), unit, std::move(full_name));
}

Result<Value> CallValue(const Value& callee, const Arguments& arguments, Scope& scope, const RenderOptions& options) {
  return Catching([&] {
    Evaluator evaluator(scope, options);
    try {
      return evaluator.CallFromHost(callee, arguments);
    } catch (ReturnUnwind&) {
      return evaluator.TakeReturned();
    }
  });
}

}  // namespace stir::jinja
