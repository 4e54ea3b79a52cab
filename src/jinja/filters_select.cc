// Filters that apply a test or another filter to each item. They compute when they are asked for the next item.
#include <fmt/format.h>

#include "jinja/filters.h"

namespace stir::jinja {
namespace {

// Arguments that are kept until the generator runs.
struct Kept {
  explicit Kept(std::span<const Value> values, std::span<const KeywordArgument> named)
      : positional(values.begin(), values.end()) {
    for (const KeywordArgument& each : named) {
      names.push_back(std::string(each.name));
      values_by_name.push_back(each.value);
    }
    for (size_t i = 0; i < names.size(); ++i) keywords.push_back({names[i], values_by_name[i]});
  }
  Arguments arguments() const { return {positional, keywords}; }

  std::vector<Value> positional, values_by_name;
  std::vector<std::string> names;
  std::vector<KeywordArgument> keywords;
};

// A generator over the input's items; `step` gives the item to hand out, or nothing to leave it out.
Value Generate(Evaluator& evaluator, const Value& input, std::function<std::optional<Value>(Evaluator&, Value)> step) {
  if (!Truth(input)) return IterableOf({});
  auto items = std::shared_ptr<Iterator>(Iterate(input));
  return IterableFrom([handle = evaluator.Handle(), items, step = std::move(step)]() -> std::optional<Value> {
    if (!*handle) FailValue("the template that made this generator has ended");
    Value item;
    while (NextOf(*items, item)) {
      if (std::optional<Value> result = step(**handle, std::move(item))) return result;
    }
    return std::nullopt;
  });
}

// The name of a test or filter that is given as an argument.
std::string NameFrom(const Value& name, std::string_view kind) {
  if (name.IsUndefined()) {
    Fail(kTemplateUndefined, fmt::format("No {} named Undefined. ({}; did you forget to quote the callable name?)",
                                         kind, name.UndefinedMessage()));
  }
  return ToText(name);
}

template <bool kKeep, bool kAttribute>
Value Select(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  std::span<const Value> rest = arguments.positional;
  if (kAttribute && rest.empty()) FailValue("Missing parameter for attribute name");
  AttributePath path(kAttribute ? rest[0] : Value::None());
  if (kAttribute) rest = rest.subspan(1);
  std::string name = rest.empty() || !Truth(input) ? "" : NameFrom(rest[0], "test");
  auto kept = std::make_shared<Kept>(rest.empty() ? rest : rest.subspan(1), arguments.keywords);
  return Generate(
      evaluator, input,
      [path = std::move(path), name = std::move(name), kept](Evaluator& self, Value item) -> std::optional<Value> {
        Value asked = path.Of(self, item);
        bool holds = name.empty() ? Truth(asked) : ApplyTest(self, name, asked, kept->arguments());
        return holds == kKeep ? std::optional(std::move(item)) : std::nullopt;
      });
}

Value MapAttribute(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("map", arguments);
  Value attribute = reader.Required("attribute"), fallback = reader.Optional("default");
  for (const KeywordArgument& each : arguments.keywords) {
    if (each.name != "attribute" && each.name != "default")
      FailValue(fmt::format("Unexpected keyword argument '{}'", each.name));
  }
  return Generate(evaluator, input,
                  [path = AttributePath(attribute), fallback](Evaluator& self, Value item) -> std::optional<Value> {
                    Value value = path.Of(self, std::move(item));
                    return value.IsUndefined() && !fallback.IsNone() ? fallback : value;
                  });
}

Value Map(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  bool by_attribute = arguments.positional.empty() && !arguments.keywords.empty();
  if (by_attribute) {
    for (const KeywordArgument& each : arguments.keywords) {
      if (each.name == "attribute") return MapAttribute(evaluator, input, arguments);
    }
  }
  if (arguments.positional.empty()) FailValue("map requires a filter argument");
  auto kept = std::make_shared<Kept>(arguments.positional.subspan(1), arguments.keywords);
  return Generate(evaluator, input,
                  [name = Truth(input) ? NameFrom(arguments.positional[0], "filter") : "", kept](
                      Evaluator& self, Value item) -> std::optional<Value> {
                    return ApplyFilter(self, name, item, kept->arguments());
                  });
}

Value Attribute(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_attr", arguments);
  Value name = reader.Required("name");
  reader.Finish();
  std::string text = ToText(name);
  // An attribute only, never an item: a dict has its methods.
  if (input.AsObject()) {
    std::optional<Value> found = Take(input.AsObject()->GetAttribute(evaluator, text));
    return found ? *found : evaluator.MissingAttribute(input, name);
  }
  if (input.IsDict() && !FindMethod(input, text)) return evaluator.MissingAttribute(input, name);
  return evaluator.Attribute(input, text);
}

constexpr FilterEntry kFilters[] = {
    {"map", Map, false},
    {"select", Select<true, false>, false},
    {"reject", Select<false, false>, false},
    {"selectattr", Select<true, true>, false},
    {"rejectattr", Select<false, true>, false},
    {"attr", Attribute},
};

}  // namespace

std::span<const FilterEntry> SelectionFilters() { return kFilters; }

Value ApplyFilter(Evaluator& evaluator, std::string_view name, const Value& value, const Arguments& arguments) {
  const FilterEntry* filter = FindFilter(name);
  if (!filter) Fail(kTemplateSyntax, fmt::format("No filter named '{}'.", name));
  return filter->apply(evaluator, value, arguments);
}

}  // namespace stir::jinja
