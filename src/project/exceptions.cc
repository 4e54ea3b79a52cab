// Every raise_* of dbt's is a row of a table: its name and how its arguments become a message.
#include "project/exceptions.h"

#include <array>

#include "base/json.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

struct Raiser {
  std::string_view name;
  std::string_view message;  // $0, $1: the arguments
};

constexpr std::array kRaisers{
    Raiser{"raise_compiler_error", "$0"},
    Raiser{"raise_database_error", "$0"},
    Raiser{"raise_contract_error", "this model has an enforced contract that failed"},
    Raiser{"raise_not_implemented", "$0"},
    Raiser{"raise_dependency_error", "$0"},
    Raiser{"raise_duplicate_patch_name", "two properties for one resource: $0"},
    Raiser{"raise_duplicate_resource_name", "two resources with one name: $0, $1"},
    Raiser{"raise_invalid_property_yml_version", "$0: $1"},
    Raiser{"raise_fail_fast_error", "$0"},
    Raiser{"raise_dep_not_found", "$0 depends on $1, which was not found"},
    Raiser{"raise_ambiguous_alias", "two resources have one relation: $0, $1"},
    Raiser{"raise_ambiguous_catalog_match", "two entries of the catalog match `$0`"},
    Raiser{"raise_cache_inconsistent", "relation cache out of step: $0"},
    Raiser{"raise_dataclass_not_dict", "$0 is not a dict"},
    Raiser{"missing_config", "configuration `$1` is required but was not given"},
    Raiser{"missing_materialization", "no materialization `$1` for this adapter"},
    Raiser{"missing_relation", "relation `$0` not found"},
    Raiser{"relation_wrong_type", "`$0` exists but is not a $1: drop it or change its materialization"},
    Raiser{"column_type_missing", "the contract needs a `data_type` for: $0"},
};

Result<std::string> Fill(std::string_view pattern, const Arguments& arguments) {
  std::vector<Value> values(arguments.positional.begin(), arguments.positional.end());
  for (const jinja::KeywordArgument& keyword : arguments.keywords) values.push_back(keyword.value);
  std::string message;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      message += pattern[i];
      continue;
    }
    const size_t index = static_cast<size_t>(pattern[++i] - '0');
    if (index >= values.size()) continue;
    STIR_ASSIGN(std::string text, values[index].Str());
    message += text;
  }
  return message;
}

class Exceptions final : public jinja::Object {
 public:
  explicit Exceptions(EventSink* events) : events_(events) {}
  std::string_view TypeName() const override { return "exceptions"; }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "warn") return std::optional(Warn());
    for (const Raiser& raiser : kRaisers) {
      if (raiser.name == name) return std::optional(Raise(raiser));
    }
    return std::optional<Value>();
  }

 private:
  static Value Raise(const Raiser& raiser) {
    return jinja::MakeFunction(std::string(raiser.name),
                               [raiser](CallContext&, const Arguments& arguments) -> Result<Value> {
                                 STIR_ASSIGN(std::string message, Fill(raiser.message, arguments));
                                 return Diagnostic(kRaised, std::move(message));
                               });
  }

  Value Warn() const {
    return jinja::MakeFunction("warn", [events = events_](CallContext&, const Arguments& arguments) -> Result<Value> {
      STIR_ASSIGN(std::string message, Fill("$0", arguments));
      if (!events) return Value::String("");
      std::string data = "{\"msg\": ";
      AppendJsonString(data, message);
      events->Emit(Event{"I061", "JinjaLogWarning", Level::kWarn, "[WARNING]: " + message, data + "}"});
      return Value::String("");
    });
  }

  EventSink* events_;
};

}  // namespace

Value MakeExceptions(EventSink* events) { return Value::New<Exceptions>(events); }

}  // namespace stir::project
