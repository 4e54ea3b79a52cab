// What the snapshot macros ask of `adapter`: what becomes of deleted rows, and whether a table can hold a snapshot.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/adapter_methods.h"
#include "runtime/column_object.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

// config.get(name), whatever kind of mapping `config` is.
Result<Value> ConfigValue(CallContext& context, const Value& config, std::string_view name) {
  STIR_ASSIGN(const Value get, context.GetAttribute(config, "get"));
  const Value key = TextValue(name);
  return context.Call(get, Arguments{std::span(&key, 1), {}});
}

// get_hard_deletes_behavior(config) -> 'ignore', 'invalidate' or 'new_record'
Result<Value> HardDeletes(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("get_hard_deletes_behavior", arguments);
  STIR_ASSIGN(const Value config, args.Required("config"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const Value older, ConfigValue(context, config, "invalidate_hard_deletes"));
  STIR_ASSIGN(const Value chosen, ConfigValue(context, config, "hard_deletes"));
  const Span where = run.node().config->Where("hard_deletes");
  if (!older.IsNone() && !chosen.IsNone())
    return Diagnostic(kBadSnapshot,
                      "You cannot set both the invalidate_hard_deletes and hard_deletes config properties on the same "
                      "snapshot.",
                      where);
  const std::string_view word = chosen.IsString() ? chosen.AsString() : std::string_view();
  if (older.Truthy() || word == "invalidate") return TextValue("invalidate");
  if (word == "new_record") return TextValue(word);
  if (chosen.IsNone() || word == "ignore") return TextValue("ignore");
  return Diagnostic(kBadSnapshot, "Invalid setting for property hard_deletes.", where)
      .Hint("`hard_deletes` is one of ignore, invalidate, new_record");
}

// The columns of `wanted` (by their plain names) that are not in `present`, under the names the snapshot gives them.
Result<std::vector<std::string>> MissingOf(CallContext& context, std::span<const std::string_view> wanted,
                                           const Value& column_names, const std::vector<std::string>& present) {
  std::vector<std::string> missing;
  for (const std::string_view plain : wanted) {
    std::string name(plain);
    if (column_names.Truthy()) {
      STIR_ASSIGN(const Value renamed, context.GetItem(column_names, TextValue(plain)));
      STIR_ASSIGN(name, renamed.Str());
    }
    if (std::ranges::find(present, name) == present.end()) missing.push_back(std::move(name));
  }
  return missing;
}

// assert_valid_snapshot_target_given_strategy(relation, column_names, strategy)
Result<Value> AssertTarget(NodeRun& run, CallContext& context, const Arguments& arguments) {
  static constexpr std::array<std::string_view, 4> kAlways{"dbt_scd_id", "dbt_valid_from", "dbt_valid_to",
                                                           "dbt_updated_at"};
  static constexpr std::array<std::string_view, 1> kRecords{"dbt_is_deleted"};
  ArgumentReader args("assert_valid_snapshot_target_given_strategy", arguments);
  STIR_ASSIGN(const Value relation, args.Required("relation"));
  const Value column_names = args.Optional("column_names");
  const Value strategy = args.Optional("strategy");
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::vector<Value> columns, ColumnsOf(run, context, relation));
  std::vector<std::string> present;
  for (const Value& each : columns)
    if (const auto* column = each.As<ColumnObject>()) present.push_back(ToLower(column->column().name));
  STIR_ASSIGN(std::vector<std::string> missing, MissingOf(context, kAlways, column_names, present));
  const Value* deletes = strategy.IsDict() ? strategy.AsDict().Find("hard_deletes") : nullptr;
  if (missing.empty() && deletes && deletes->IsString() && deletes->AsString() == "new_record") {
    STIR_ASSIGN(missing, MissingOf(context, kRecords, column_names, present));
  }
  if (missing.empty()) return Value::None();
  return Diagnostic(
      kBadSnapshot,
      fmt::format("Snapshot target is missing configured columns (missing \"{}\"). See "
                  "https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for more information.",
                  Join(missing, "\", \"")));
}

constexpr std::array kSnapshotMethods{
    AdapterEntry{"get_hard_deletes_behavior", HardDeletes},
    AdapterEntry{"assert_valid_snapshot_target_given_strategy", AssertTarget},
    AdapterEntry{"valid_snapshot_target", AssertTarget},
};

}  // namespace

AdapterMethod FindSnapshotMethod(std::string_view name) {
  const auto found = std::ranges::find(kSnapshotMethods, name, &AdapterEntry::name);
  return found == kSnapshotMethods.end() ? nullptr : found->method;
}

}  // namespace stir::runtime
