// Rendering keeps what has no Jinja as it is: that is nearly everything, and costs one scan of the text.
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

// Jinja drops one line end at the end of every template, also of those without Jinja.
std::string_view WithoutLastLineEnd(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

Value ScalarOf(const yaml::Node& node) {
  switch (node.type) {
    case yaml::Type::kNull:
      return Value::None();
    case yaml::Type::kBool:
      return Value::Bool(node.boolean);
    case yaml::Type::kInt:
      return node.big ? Value::String(node.text) : Value::Int(node.integer);
    case yaml::Type::kFloat:
      return Value::Float(node.real);
    default:
      return Value::String(node.text);
  }
}

struct TreeRenderer {
  jinja::Scope& scope;
  const std::function<bool(std::string_view)>& keep;
  Diagnostics errors;

  Value Render(const yaml::Node& node) {
    if (node.IsMapping()) {
      std::vector<std::pair<Value, Value>> entries;
      for (const yaml::Entry& entry : node.entries) {
        const bool kept = keep && keep(entry.key->text);
        entries.emplace_back(ScalarOf(*entry.key), kept ? ValueOf(*entry.value) : Render(*entry.value));
      }
      return Value::MakeDict(std::move(entries));
    }
    if (node.IsSequence()) {
      std::vector<Value> items;
      for (const auto& item : node.items) items.push_back(Render(*item));
      return Value::List(std::move(items));
    }
    Result<Value> value = RenderScalar(node, scope);
    if (value.ok()) return *std::move(value);
    Append(errors, std::move(value).error());
    return Value::None();
  }
};

}  // namespace

Value ValueOf(const yaml::Node& node) {
  if (node.IsMapping()) {
    std::vector<std::pair<Value, Value>> entries;
    for (const yaml::Entry& entry : node.entries) entries.emplace_back(ScalarOf(*entry.key), ValueOf(*entry.value));
    return Value::MakeDict(std::move(entries));
  }
  if (node.IsSequence()) {
    std::vector<Value> items;
    for (const auto& item : node.items) items.push_back(ValueOf(*item));
    return Value::List(std::move(items));
  }
  return ScalarOf(node);
}

bool HasJinja(std::string_view text) {
  for (size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    if (at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '%' || text[at + 1] == '#')) return true;
  }
  return false;
}

Result<std::shared_ptr<const jinja::Template>> TemplateOf(const yaml::Node& node) {
  return jinja::Template::Parse(node.text, jinja::Origin{node.span.source, node.span.begin, node.verbatim, node.span});
}

Result<Value> RenderScalar(const yaml::Node& node, jinja::Scope& scope, jinja::UndefinedPolicy undefined) {
  if (!node.IsString()) return ScalarOf(node);
  if (!HasJinja(node.text)) return Value::String(std::string(WithoutLastLineEnd(node.text)));
  STIR_ASSIGN(auto parsed, TemplateOf(node));
  jinja::RenderOptions options;
  options.undefined = undefined;
  return jinja::RenderNative(*parsed, scope, options);
}

Result<Value> RenderTree(const yaml::Node& node, jinja::Scope& scope,
                         const std::function<bool(std::string_view)>& keep) {
  TreeRenderer renderer{scope, keep, {}};
  Value value = renderer.Render(node);
  if (!renderer.errors.empty()) return std::move(renderer.errors);
  return value;
}

std::string_view Describe(const yaml::Node& node) {
  switch (node.type) {
    case yaml::Type::kNull:
      return "nothing";
    case yaml::Type::kBool:
      return "a boolean";
    case yaml::Type::kInt:
      return "a number";
    case yaml::Type::kFloat:
      return "a number";
    case yaml::Type::kDate:
      return "a date";
    case yaml::Type::kTimestamp:
      return "a timestamp";
    case yaml::Type::kString:
      return "a text";
    case yaml::Type::kSequence:
      return "a list";
    case yaml::Type::kMapping:
      return "a mapping";
  }
  return "";
}

}  // namespace stir::project
