// Filters that apply a test or another filter to each item. They are generators: nothing happens, and no argument is
// looked at, before somebody asks for the first item.
#include <fmt/format.h>

#include "jinja/filters.h"

namespace stir::jinja {
namespace {

// Arguments that are kept until the generator runs.
struct Kept {
  explicit Kept(const Arguments& arguments) : positional(arguments.positional.begin(), arguments.positional.end()) {
    for (const KeywordArgument& each : arguments.keywords) {
      names.emplace_back(each.name);
      values_by_name.push_back(each.value);
    }
    for (size_t i = 0; i < names.size(); ++i) keywords.push_back({names[i], values_by_name[i]});
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  const KeywordArgument* Keyword(std::string_view name) const {
    auto at = std::ranges::find(keywords, name, &KeywordArgument::name);
    return at == keywords.end() ? nullptr : &*at;
  }
  // Without the first `count` positional ones.
  Arguments After(size_t count) const {
    return {std::span(positional).subspan(std::min(count, positional.size())), keywords};
  }

  std::vector<Value> positional, values_by_name;
  std::vector<std::string> names;
  std::vector<KeywordArgument> keywords;
};
using KeptArguments = std::shared_ptr<const Kept>;

// What is done to an item: gives what is handed out, or nothing to leave it out.
using Step = std::function<std::optional<Value>(Evaluator&, Value)>;
// Makes it, once the first item is asked for.
using Prepare = Step (*)(const KeptArguments&);

Value Generate(Evaluator& evaluator, const Value& input, const Arguments& arguments, Prepare prepare) {
  auto kept = std::make_shared<const Kept>(arguments);
  return LazyIterable(evaluator,
                      [input, kept = std::move(kept), prepare, items = std::shared_ptr<Iterator>(),
                       step = Step()](Evaluator& self) mutable -> std::optional<Value> {
                        if (!items) {
                          if (!Truth(input)) return std::nullopt;
                          step = prepare(kept);
                          items = Iterate(input);
                        }
                        Value item;
                        while (NextOf(*items, item)) {
                          if (std::optional<Value> result = step(self, std::move(item))) return result;
                        }
                        return std::nullopt;
                      });
}

// The name of a test or filter that is given as an argument.
std::string NameFrom(const Value& name, std::string_view kind) {
  RequireHashable(name);
  if (name.IsUndefined()) {
    Fail(kTemplateRuntime, fmt::format("No {} named Undefined. ({}; did you forget to quote the callable name?)", kind,
                                       name.UndefinedMessage()));
  }
  if (!name.IsString()) Fail(kTemplateRuntime, fmt::format("No {} named {}.", kind, ToRepr(name)));
  return std::string(name.AsString());
}

template <bool kKeep, bool kAttribute>
Step PrepareSelect(const KeptArguments& kept) {
  constexpr size_t kTest = kAttribute ? 1 : 0;  // the position of the test's name
  if (kAttribute && kept->positional.empty()) Fail(kTemplateFilterArgument, "Missing parameter for attribute name");
  return [kept, path = AttributePath(kAttribute ? kept->positional[0] : Value::None())](
             Evaluator& self, Value item) -> std::optional<Value> {
    const Value asked = path.Of(self, item);
    const bool holds = kept->positional.size() <= kTest
                           ? Truth(asked)
                           : ApplyTest(self, NameFrom(kept->positional[kTest], "test"), asked, kept->After(kTest + 1));
    return holds == kKeep ? std::optional(std::move(item)) : std::nullopt;
  };
}

template <bool kKeep, bool kAttribute>
Value Select(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  return Generate(evaluator, input, arguments, PrepareSelect<kKeep, kAttribute>);
}

Step PrepareMap(const KeptArguments& kept) {
  const KeywordArgument* attribute = kept->Keyword("attribute");
  if (kept->positional.empty() && attribute) {
    for (const KeywordArgument& each : kept->keywords) {
      if (each.name != "attribute" && each.name != "default")
        Fail(kTemplateFilterArgument, fmt::format("Unexpected keyword argument '{}'", each.name));
    }
    const KeywordArgument* fallback = kept->Keyword("default");
    return [path = AttributePath(attribute->value, fallback ? fallback->value : Value::None())](
               Evaluator& self, Value item) -> std::optional<Value> { return path.Of(self, std::move(item)); };
  }
  if (kept->positional.empty()) Fail(kTemplateFilterArgument, "map requires a filter argument");
  return [kept, filter = static_cast<const FilterEntry*>(nullptr)](Evaluator& self,
                                                                   Value item) mutable -> std::optional<Value> {
    if (!filter) filter = &KnownFilter(NameFrom(kept->positional[0], "filter"));
    return filter->apply(self, item, kept->After(1));
  };
}

Value Map(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  return Generate(evaluator, input, arguments, PrepareMap);
}

Value Attribute(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_attr", arguments);
  Value name = reader.Required("name");
  reader.Finish();
  if (!name.IsString()) FailType(fmt::format("attribute name must be string, not '{}'", name.TypeName()));
  const std::string_view text = name.AsString();
  // An attribute only, never an item: a dict has its methods.
  if (input.AsObject()) {
    std::optional<Value> found = Take(input.AsObject()->GetAttribute(evaluator, text));
    if (!found && text == "__class__") return evaluator.Attribute(input, text);
    return found ? *found : evaluator.MissingAttribute(input, name);
  }
  if (input.IsDict() && !FindMethod(input, text) && input.AsDict().Find(text))
    return evaluator.MissingAttribute(input, name);
  return evaluator.Attribute(input, text);
}

constexpr FilterEntry kSelectFilters[] = {
    {"map", Map, false},
    {"select", Select<true, false>, false},
    {"reject", Select<false, false>, false},
    {"selectattr", Select<true, true>, false},
    {"rejectattr", Select<false, true>, false},
    {"attr", Attribute},
};

}  // namespace

std::span<const FilterEntry> SelectionFilters() { return kSelectFilters; }

const FilterEntry& KnownFilter(std::string_view name) {
  const FilterEntry* filter = FindFilter(name);
  if (!filter) Fail(kTemplateRuntime, fmt::format("No filter named '{}'.", name));
  return *filter;
}

Value LazyIterable(Evaluator& evaluator, std::function<std::optional<Value>(Evaluator&)> next) {
  return IterableFrom([handle = evaluator.Handle(), next = std::move(next)]() -> std::optional<Value> {
    if (!*handle) FailValue("the template that made this generator has ended");
    return next(**handle);
  });
}

}  // namespace stir::jinja
