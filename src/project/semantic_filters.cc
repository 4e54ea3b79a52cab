#include "project/semantic_filters.h"

#include "base/strings.h"
#include "jinja/template.h"
#include "jinja/value.h"

namespace stir::project {
namespace {

using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

// A column by its name; its methods ask for another grain of it.
class FilterColumn final : public jinja::Object {
 public:
  FilterColumn(std::string name, std::string grain) : name_(std::move(name)), grain_(std::move(grain)) {}
  std::string_view TypeName() const override { return "column"; }
  Result<std::string> Str() const override { return grain_.empty() ? name_ : name_ + "__" + ToLower(grain_); }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name != "grain" && name != "date_part" && name != "descending") return {std::nullopt};
    const auto with = [name = name_, grain = grain_, keeps = name == "descending"](
                          CallContext&, const Arguments& arguments) -> Result<Value> {
      if (keeps || arguments.positional.empty()) return Value::New<FilterColumn>(name, grain);
      STIR_ASSIGN(std::string wanted, arguments.positional[0].Str());
      return Value::New<FilterColumn>(name, std::move(wanted));
    };
    return {jinja::MakeFunction(std::string(name), with)};
  }

 private:
  std::string name_, grain_;
};

// Dimension(name, entity_path), Entity(name, entity_path), Metric(name, group_by), TimeDimension(name, grain, path).
Result<Value> MakeFilterColumn(std::string_view kind, const Arguments& arguments) {
  jinja::ArgumentReader args(kind, arguments);
  STIR_ASSIGN(const Value name, args.Required("name"));
  const bool timed = kind == "TimeDimension";
  const Value grain = timed ? args.Optional("time_granularity_name") : Value::None();
  const Value path = args.Optional(kind == "Metric" ? "group_by" : "entity_path");
  if (timed) (void)args.RestKeywords();
  STIR_TRY(args.Finish());
  std::string text;
  if (kind != "Metric" && path.IsSequence()) {
    for (const Value& entity : path.Items()) {
      STIR_ASSIGN(const std::string part, entity.Str());
      text += part + "__";
    }
  }
  STIR_ASSIGN(const std::string own, name.Str());
  std::string wanted;
  if (!grain.IsNone()) {
    STIR_ASSIGN(wanted, grain.Str());
  }
  return Value::New<FilterColumn>(text + own, std::move(wanted));
}

class FilterScope final : public jinja::Scope {
 public:
  bool Lookup(std::string_view name, Value& value) override {
    if (name != "Dimension" && name != "TimeDimension" && name != "Entity" && name != "Metric") return false;
    value =
        jinja::MakeFunction(std::string(name), [kind = std::string(name)](CallContext&, const Arguments& arguments) {
          return MakeFilterColumn(kind, arguments);
        });
    return true;
  }
};

}  // namespace

Result<std::string> RenderFilter(const std::string& where) {
  STIR_ASSIGN(const auto parsed, jinja::Template::Parse(where, {}));
  FilterScope scope;
  jinja::RenderOptions options;
  options.undefined = jinja::UndefinedPolicy::kStrict;
  STIR_ASSIGN(const std::string text, jinja::Render(*parsed, scope, options));
  return std::string(Strip(text));
}

}  // namespace stir::project
