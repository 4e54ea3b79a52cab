// Every raise_* of dbt's is a row of a table: its name and how its arguments become a message.
#include "project/exceptions.h"

#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "jinja/template.h"
#include "project/contract_error.h"
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
    Raiser{"column_type_missing",
           "Contracted models require data_type to be defined for each column. Please ensure that the column name and "
           "data_type are defined within the YAML configuration for the $0 column(s)."},
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
  Exceptions(EventSink* events, std::shared_ptr<const WarningSink> warnings)
      : events_(events), warnings_(std::move(warnings)) {}
  std::string_view TypeName() const override { return "exceptions"; }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "warn") return std::optional(Warn());
    if (name == "warn_snapshot_timestamp_data_types") return std::optional(WarnSnapshotTypes());
    if (name == "raise_contract_error") return std::optional(RaiseContract());
    if (name == "relation_wrong_type") return std::optional(RaiseWrongType());
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
                                 const bool fails_fast = raiser.name == "raise_fail_fast_error";
                                 return Diagnostic(fails_fast ? kRaisedFailFast : kRaised, std::move(message));
                               });
  }

  Value Warn() const {
    return jinja::MakeFunction("warn",
                               [warnings = warnings_](CallContext&, const Arguments& arguments) -> Result<Value> {
                                 STIR_ASSIGN(std::string message, Fill("$0", arguments));
                                 if (!warnings) return Value::String("");
                                 std::string data = "{\"msg\": ";
                                 AppendJsonString(data, message);
                                 STIR_TRY(warnings->Warn("I061", "JinjaLogWarning", message, data + "}"));
                                 return Value::String("");
                               });
  }

  // (yaml_columns, sql_columns)
  static Value RaiseContract() {
    return jinja::MakeFunction("raise_contract_error", [](CallContext&, const Arguments& arguments) -> Result<Value> {
      jinja::ArgumentReader args("raise_contract_error", arguments);
      STIR_ASSIGN(const Value declared, args.Required("yaml_columns"));
      STIR_ASSIGN(const Value found, args.Required("sql_columns"));
      STIR_TRY(args.Finish());
      STIR_ASSIGN(std::string message, ContractMessage(declared, found));
      return Diagnostic(kRaised, std::move(message));
    });
  }

  // (relation, expected_type, model=None)
  static Value RaiseWrongType() {
    return jinja::MakeFunction(
        "relation_wrong_type", [](CallContext& context, const Arguments& arguments) -> Result<Value> {
          jinja::ArgumentReader args("relation_wrong_type", arguments);
          STIR_ASSIGN(const Value relation, args.Required("relation"));
          STIR_ASSIGN(const Value expected, args.Required("expected_type"));
          args.Optional("model");
          STIR_TRY(args.Finish());
          STIR_ASSIGN(const Value actual, context.GetAttribute(relation, "type"));
          STIR_ASSIGN(const std::string name, relation.Str());
          STIR_ASSIGN(const std::string wanted, expected.Str());
          STIR_ASSIGN(const std::string is, actual.Str());
          return Diagnostic(kRaised,
                            fmt::format("Trying to create {0} {1}, but it currently exists as a {2}. Either drop {1} "
                                        "manually, or run dbt with `--full-refresh` and dbt will drop it for you.",
                                        wanted, name, is));
        });
  }

  Value WarnSnapshotTypes() const {
    return jinja::MakeFunction(
        "warn_snapshot_timestamp_data_types",
        [events = events_](CallContext&, const Arguments& arguments) -> Result<Value> {
          STIR_ASSIGN(std::string message,
                      Fill("[WARNING]: Data type of snapshot table timestamp columns ($0) doesn't match derived column "
                           "'updated_at' ($1). Please update snapshot config 'updated_at'.",
                           arguments));
          if (events) events->Emit(Event{"Q043", "SnapshotTimestampWarning", Level::kWarn, std::move(message), "{}"});
          return Value::None();
        });
  }

  EventSink* events_;
  std::shared_ptr<const WarningSink> warnings_;
};

}  // namespace

Value MakeExceptions(EventSink* events, std::shared_ptr<const WarningSink> warnings) {
  return Value::New<Exceptions>(events, std::move(warnings));
}

}  // namespace stir::project
