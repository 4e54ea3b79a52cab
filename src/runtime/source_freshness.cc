#include "runtime/source_freshness.h"

#include <array>

#include <fmt/format.h>

#include "pylib/temporal.h"
#include "runtime/adapter_object.h"
#include "runtime/kinds.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

namespace {

using jinja::Value;
using project::Node;

Result<Value> CallFreshnessMacro(NodeRun& run, std::string_view name, std::span<const Value> arguments) {
  const project::Macro* macro = run.manifest().macros().Resolve(run.manifest().project_name(), name);
  if (!macro) return Diagnostic(kNoMacro, fmt::format("macro `{}` not found", name));
  return jinja::CallValue(macro->callable, jinja::Arguments{arguments, {}}, run);
}

// loaded_at_query is a template, in which `this` is the source.
Result<Value> RenderQuery(NodeRun& run, std::string_view query) {
  const Span span = run.node().span;
  STIR_ASSIGN(const auto parsed,
              jinja::Template::Parse(std::string(query), jinja::Origin{span.source, 0, false, span}));
  STIR_ASSIGN(std::string sql, jinja::Render(*parsed, run));
  return Value::String(std::move(sql));
}

Value FilterOf(const project::SourcePart& source) {
  return source.freshness_filter.empty() ? Value::None() : Value::String(std::string(source.freshness_filter));
}

Result<Value> Ask(NodeRun& run) {
  const project::SourcePart& source = *run.node().source;
  adapter::Relation relation = run.manifest().RelationOf(run.node());
  relation.type = adapter::RelationType::kUnknown;
  const Value table = MakeRelation(run.state().dialect(), std::move(relation));
  if (!source.loaded_at_query.empty()) {
    STIR_ASSIGN(Value query, RenderQuery(run, source.loaded_at_query));
    const std::array<Value, 2> arguments{table, std::move(query)};
    return CallFreshnessMacro(run, "collect_freshness_custom_sql", arguments);
  }
  if (!source.loaded_at_field.empty()) {
    const std::array<Value, 3> arguments{table, Value::String(std::string(source.loaded_at_field)), FilterOf(source)};
    return CallFreshnessMacro(run, "collect_freshness", arguments);
  }
  return Diagnostic(kNoFreshness,
                    fmt::format("Could not compute freshness for source {}: no 'loaded_at_field' provided "
                                "and {} adapter does not support metadata-based freshness checks.",
                                run.node().name, run.state().dialect().name))
      .Hint("give the source `loaded_at_field` or `loaded_at_query`");
}

// Times without a zone are UTC.
Result<Timestamp> TimeOf(const Value& value, std::string_view field, NodeRun& run) {
  if (const auto* time = value.As<pylib::DatetimeObject>()) return Timestamp(Duration(time->Instant()));
  std::string_view type = value.TypeName();
  if (const size_t dot = type.rfind('.'); dot != type.npos) type.remove_prefix(dot + 1);
  const std::string table = run.state().dialect().Render(run.manifest().RelationOf(run.node()));
  if (value.IsNone())
    return Diagnostic(kBadFreshness, fmt::format("Expected a non-null value when querying field '{}' of table  {} but "
                                                 "received value 'null' instead",
                                                 field, table));
  return Diagnostic(kBadFreshness, fmt::format("Expected a timestamp value when querying field '{}' of table {} but "
                                               "received value of type '{}' instead",
                                               field, table, type))
      .Hint("cast it in `loaded_at_field`, as in `loaded_at::timestamp`");
}

// A source without rows was last loaded infinitely long ago.
Timestamp LongAgo() { return Timestamp(std::chrono::sys_days(std::chrono::year(1) / 1 / 1)); }

Result<Freshness> Read(NodeRun& run, const Value& answer) {
  const Value* rows = answer.IsDict() ? answer.AsDict().Find("data") : nullptr;
  const bool one_pair = rows && rows->IsSequence() && rows->Items().size() == 1 && rows->Items()[0].IsSequence() &&
                        rows->Items()[0].Items().size() == 2;
  if (!one_pair)
    return Diagnostic(kBadFreshness,
                      "Got an invalid result from \"collect_freshness\" macro: it has to give one row of "
                      "two columns, max_loaded_at and snapshotted_at");
  const std::vector<Value>& pair = rows->Items()[0].Items();
  const std::string_view field =
      run.node().source->loaded_at_query.empty() ? run.node().source->loaded_at_field : "loaded_at_query";
  Freshness freshness;
  freshness.max_loaded_at = LongAgo();
  if (!pair[0].IsNone()) {
    STIR_ASSIGN(freshness.max_loaded_at, TimeOf(pair[0], field, run));
  }
  STIR_ASSIGN(freshness.snapshotted_at, TimeOf(pair[1], "snapshotted_at", run));
  const Value* response = answer.AsDict().Find("response");
  if (const QueryResult* sent = response ? AsAnswer(*response) : nullptr)
    freshness.adapter_response = ResponseJson(sent->outcome);
  return freshness;
}

}  // namespace

std::string_view FreshnessStatus(const Freshness& freshness, const project::SourcePart& source) {
  const Duration age = freshness.snapshotted_at - freshness.max_loaded_at;
  const auto exceeded = [&](const project::FreshnessThreshold& threshold) {
    if (!threshold.count || threshold.period.empty()) return false;
    const Duration period = threshold.period == "day"    ? Duration(std::chrono::days(1))
                            : threshold.period == "hour" ? Duration(std::chrono::hours(1))
                                                         : Duration(std::chrono::minutes(1));
    return age > period * *threshold.count;
  };
  return exceeded(source.error_after) ? "error" : exceeded(source.warn_after) ? "warn" : "pass";
}

Result<Freshness> AskFreshness(NodeRun& run) {
  STIR_ASSIGN(const Value answer, Ask(run));
  return Read(run, answer);
}

}  // namespace stir::runtime
