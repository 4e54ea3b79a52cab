// A definition is a text (`tag:nightly+`), a mapping of a method, or a union or intersection of definitions; each is
// read twice, once for graph and once for the artifact.
#include "project/selectors_file.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "project/kinds.h"
#include "project/mapping_reader.h"
#include "project/property_parts.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using graph::Criterion;
using graph::Expression;
using jinja::Value;

Expression Combination(Expression::Op op, std::vector<Expression> parts, Span span) {
  Expression group;
  group.op = op;
  group.parts = std::move(parts);
  group.span = span;
  return group;
}

std::string MethodText(const Criterion& criterion) {
  std::string text = criterion.method;
  for (const std::string& argument : criterion.arguments) text += "." + argument;
  return text;
}

// A criterion's text in dbt's normal form.
Value NormalForm(const Criterion& criterion) {
  Value form = Value::MakeDict();
  auto depth = [&](std::string_view key, const std::optional<uint32_t>& value) {
    if (value) form.AsDict().Set(key, Value::String(std::to_string(*value)));
  };
  if (criterion.childrens_parents) form.AsDict().Set("childrens_parents", Value::Bool(true));
  if (criterion.parents) form.AsDict().Set("parents", Value::Bool(true));
  depth("parents_depth", criterion.parents_depth);
  form.AsDict().Set("method", Value::String(MethodText(criterion)));
  form.AsDict().Set("value", Value::String(criterion.value));
  if (criterion.children) form.AsDict().Set("children", Value::Bool(true));
  depth("children_depth", criterion.children_depth);
  return form;
}

class SelectorsReader {
 public:
  SelectorsReader(jinja::Scope& scope, Diagnostics& errors) : scope_(scope), errors_(errors) {}

  SelectorsFile Read(const yaml::Node& root) {
    SelectorsFile file;
    file.artifact = Value::MakeDict();
    MappingReader reader(root, "selectors.yml", errors_, &scope_);
    for (const YamlNode& node : reader.List("selectors")) ReadSelector(*node, file);
    reader.Find("version");
    Append(errors_, reader.UnknownKeys(Severity::kError));
    CheckDefaults(file);
    return file;
  }

 private:
  void Fail(std::string message, Span span, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadSelectors, std::move(message), span).Hint(std::move(hint)));
  }

  void ReadSelector(const yaml::Node& node, SelectorsFile& file) {
    const yaml::Node* name = node.IsMapping() ? node.Find("name") : nullptr;
    MappingReader reader(node, "selector" + (name ? " " + Quoted(name->text) : std::string()), errors_, &scope_);
    graph::NamedSelector selector;
    selector.name = reader.RequiredText("name");
    selector.span = name ? name->span : node.span;
    selector.is_default = reader.Bool("default").value_or(false);
    reader.Find("description");
    const yaml::Node* definition = reader.Find("definition");
    Append(errors_, reader.UnknownKeys(Severity::kError));
    if (!definition) {
      if (node.IsMapping()) Fail(reader.what() + " has no `definition`", selector.span);
      return;
    }
    if (definition->IsMapping() && definition->entries.size() > 1 &&
        (definition->FindEntry("union") || definition->FindEntry("intersection"))) {
      Fail("the definition of " + reader.what() + " has keys beside `union` or `intersection`", definition->span,
           "put them into its list");
    }
    Value shown = Value::MakeDict();
    for (const yaml::Entry& entry : node.entries) {
      const bool is_definition = entry.key->text == "definition";
      shown.AsDict().Set(entry.key->text,
                         is_definition ? Value::None() : RenderedOrNone(*entry.value, scope_, errors_));
    }
    Value form;
    selector.definition = ReadDefinition(*definition, form);
    shown.AsDict().Set("definition", std::move(form));
    file.artifact.AsDict().Set(selector.name, std::move(shown));
    file.selectors.push_back(std::move(selector));
  }

  void CheckDefaults(const SelectorsFile& file) {
    const graph::NamedSelector* first = nullptr;
    for (const graph::NamedSelector& selector : file.selectors) {
      if (!selector.is_default) continue;
      if (first) {
        errors_.push_back(
            Diagnostic(kBadSelectors,
                       "two selectors are the default: " + Quoted(first->name) + " and " + Quoted(selector.name),
                       selector.span)
                .With({first->span, "the other one"}));
      }
      first = &selector;
    }
  }

  Expression ReadDefinition(const yaml::Node& node, Value& form) {
    if (node.IsMapping()) {
      for (const auto& [key, op] : {std::pair<std::string_view, Expression::Op>{"union", Expression::Op::kUnion},
                                    {"intersection", Expression::Op::kIntersection}}) {
        if (const yaml::Entry* entry = node.FindEntry(key)) return ReadGroup(*entry->value, key, op, form);
      }
      return ReadMapping(node, form);
    }
    if (node.IsString()) return ReadText(node, form);
    Fail("a definition must be a text or a mapping, not " + std::string(Describe(node)), node.span);
    return {};
  }

  Expression ReadText(const yaml::Node& node, Value& form) {
    std::string text = node.text;
    bool verbatim = node.verbatim;
    if (HasJinja(text)) {
      const Result<std::string> rendered = RenderedOrNone(node, scope_, errors_).Str();
      text = rendered.ok() ? *rendered : std::string();
      verbatim = false;
    }
    Expression criterion = graph::ParseCriterion(text, node.span, verbatim, errors_);
    form = NormalForm(criterion.criterion);
    return criterion;
  }

  // A list of definitions, of which one may be `exclude:`.
  Expression ReadGroup(const yaml::Node& list, std::string_view key, Expression::Op op, Value& form) {
    std::vector<Expression> parts;
    std::optional<Expression> excluded;
    std::vector<Value> forms;
    if (!list.IsSequence()) {
      Fail("`" + std::string(key) + "` must be a list, not " + std::string(Describe(list)), list.span);
      return {};
    }
    for (const YamlNode& item : list.items) {
      const yaml::Entry* exclude = item->IsMapping() ? item->FindEntry("exclude") : nullptr;
      forms.emplace_back();
      if (!exclude || item->FindEntry("method")) {
        parts.push_back(ReadDefinition(*item, forms.back()));
        continue;
      }
      if (excluded) Fail("`exclude` stands twice in one `" + std::string(key) + "`", item->span, "join the lists");
      Value list_form;
      excluded = ReadExclude(*exclude->value, list_form);
      forms.back() = Value::MakeDict({{Value::String("exclude"), std::move(list_form)}});
    }
    form = Value::MakeDict({{Value::String(std::string(key)), Value::List(std::move(forms))}});
    Expression group = Combination(op, std::move(parts), list.span);
    return excluded ? Without(std::move(group), *std::move(excluded)) : group;
  }

  static Expression Without(Expression all, Expression excluded) {
    const Span span = all.span;
    std::vector<Expression> parts;
    parts.push_back(std::move(all));
    parts.push_back(std::move(excluded));
    return Combination(Expression::Op::kDifference, std::move(parts), span);
  }

  Expression ReadExclude(const yaml::Node& list, Value& form) {
    std::vector<Expression> parts;
    std::vector<Value> forms;
    if (!list.IsSequence()) Fail("`exclude` must be a list, not " + std::string(Describe(list)), list.span);
    for (const YamlNode& item : list.items) {
      forms.emplace_back();
      parts.push_back(ReadDefinition(*item, forms.back()));
    }
    form = Value::List(std::move(forms));
    return Combination(Expression::Op::kUnion, std::move(parts), list.span);
  }

  // {method: tag, value: nightly, children: true, exclude: [...]} or, shorter, {tag: nightly}.
  Expression ReadMapping(const yaml::Node& node, Value& form) {
    form = RenderedOrNone(node, scope_, errors_);
    Expression one;
    one.span = node.span;
    if (!form.IsDict()) return one;
    if (node.entries.size() == 1) {
      const yaml::Entry& entry = node.entries.front();
      SetMethod(one.criterion, entry.key->text, entry.key->span);
      SetValue(one.criterion, *entry.value);
      one.indirect_by_flag = true;
      form = Value::MakeDict({{Value::String("method"), Value::String(entry.key->text)},
                              {Value::String("value"), form.AsDict().entries().front().second}});
    } else if (node.FindEntry("method") && node.FindEntry("value")) {
      ReadParts(node, one);
    } else {
      Fail("a definition needs a `method` and a `value`, or one key, the method", node.span,
           "write `{method: tag, value: nightly}` or `tag: nightly`");
      return {};
    }
    one.text = MethodText(one.criterion) + ":" + one.criterion.value;
    graph::CheckCriterion(one, errors_);
    const yaml::Entry* exclude = node.FindEntry("exclude");
    if (!exclude || node.entries.size() == 1) return one;
    Value unused;
    return Without(std::move(one), ReadExclude(*exclude->value, unused));
  }

  static void SetMethod(Criterion& criterion, const std::string& text, Span span) {
    const std::vector<std::string_view> words = Split(text, '.');
    criterion.method = words.front();
    criterion.arguments.assign(words.begin() + 1, words.end());
    criterion.method_span = span;
  }

  void SetValue(Criterion& criterion, const yaml::Node& node) {
    const Result<std::string> text = RenderedOrNone(node, scope_, errors_).Str();
    criterion.value = text.ok() ? *text : std::string();
    criterion.value_span = node.span;
  }

  void ReadParts(const yaml::Node& node, Expression& one) {
    MappingReader reader(node, "a definition", errors_, &scope_);
    Criterion& criterion = one.criterion;
    SetMethod(criterion, reader.Text("method"), node.Find("method")->span);
    reader.Find("value");
    SetValue(criterion, *node.FindEntry("value")->value);
    criterion.childrens_parents = reader.Bool("childrens_parents").value_or(false);
    criterion.parents = reader.Bool("parents").value_or(false);
    criterion.children = reader.Bool("children").value_or(false);
    criterion.parents_depth = Depth(reader, "parents_depth");
    criterion.children_depth = Depth(reader, "children_depth");
    const std::string mode = reader.Text("indirect_selection");
    one.indirect_by_flag = mode.empty();
    if (const auto indirect = graph::ParseIndirect(mode)) {
      one.indirect = *indirect;
    } else if (!mode.empty()) {
      Fail("`" + mode + "` is no mode of indirect selection", node.Find("indirect_selection")->span,
           "the modes are eager, cautious, buildable and empty");
    }
    reader.Find("exclude");
    Append(errors_, reader.UnknownKeys(Severity::kError));
  }

  static std::optional<uint32_t> Depth(MappingReader& reader, std::string_view key) {
    const std::string text = reader.Text(key);
    uint32_t depth = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (text.empty() || error != std::errc()) return std::nullopt;
    return depth;
  }

  jinja::Scope& scope_;
  Diagnostics& errors_;
};

}  // namespace

Result<SelectorsFile> ReadSelectors(const SourceMap& sources, SourceId file, jinja::Scope& scope) {
  STIR_ASSIGN(const yaml::Document document, yaml::Parse(sources, file));
  Diagnostics errors;
  SelectorsFile read;
  if (!document.root->IsNull()) read = SelectorsReader(scope, errors).Read(*document.root);
  if (!errors.empty()) return errors;
  return read;
}

}  // namespace stir::project
