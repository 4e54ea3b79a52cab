#include "platform/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "platform/kinds.h"
#include "project/config.h"
#include "project/vars.h"
#include "pylib/convert.h"
#include "pylib/modules.h"

namespace stir::platform {
namespace {

using jinja::Value;

Value Str(std::string text) { return Value::String(std::move(text)); }

Value DictOf(std::vector<std::pair<std::string, Value>> entries) {
  std::vector<std::pair<Value, Value>> pairs;
  for (auto& [key, value] : entries) pairs.emplace_back(Str(key), std::move(value));
  return Value::MakeDict(std::move(pairs));
}

Value Optional(const std::optional<scheduler::Interval>& interval, Timestamp scheduler::Interval::* end) {
  return interval ? pylib::MakeDatetimeUtc((*interval).*end) : Value::None();
}

// macros.ds_add("2026-11-20", -1)
Result<Value> DsAdd(jinja::CallContext&, const jinja::Arguments& arguments) {
  jinja::ArgumentReader args("ds_add", arguments);
  STIR_ASSIGN(const Value ds, args.Required("ds"));
  STIR_ASSIGN(const Value days, args.Required("days"));
  STIR_TRY(args.Finish());
  const auto date = ds.IsString() ? ParseTimestamp(ds.AsString()) : std::nullopt;
  if (!date || days.type() != jinja::Type::kInt)
    return Diagnostic(kBadValue, "`ds_add` takes a date such as `2026-11-20` and a number of days");
  return Str(FormatTimestamp(*date + std::chrono::hours(24) * days.AsInt()).substr(0, 10));
}

// The object method `name` of a value, called.
Result<Value> CallMethod(jinja::CallContext& context, const Value& object, std::string_view name,
                         std::vector<Value> positional) {
  STIR_ASSIGN(const Value method, context.GetAttribute(object, name));
  return context.Call(method, jinja::Arguments{positional, {}});
}

// macros.ds_format("2026-11-20", "%Y-%m-%d", "%d.%m.%Y"), through Python's own datetime.
jinja::Function DsFormat(Value modules) {
  return
      [modules = std::move(modules)](jinja::CallContext& context, const jinja::Arguments& arguments) -> Result<Value> {
        jinja::ArgumentReader args("ds_format", arguments);
        STIR_ASSIGN(const Value ds, args.Required("ds"));
        STIR_ASSIGN(const Value from, args.Required("input_format"));
        STIR_ASSIGN(const Value to, args.Required("output_format"));
        STIR_TRY(args.Finish());
        STIR_ASSIGN(const Value module, context.GetAttribute(modules, "datetime"));
        STIR_ASSIGN(const Value type, context.GetAttribute(module, "datetime"));
        STIR_ASSIGN(const Value parsed, CallMethod(context, type, "strptime", {ds, from}));
        return CallMethod(context, parsed, "strftime", {to});
      };
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kReplacements = {{
    {"execution_date", "logical_date"},
    {"next_execution_date", "data_interval_end"},
    {"prev_execution_date", "prev_data_interval_start_success"},
    {"next_ds", "macros.ds_add(ds, 1)"},
    {"prev_ds", "macros.ds_add(ds, -1)"},
    {"yesterday_ds", "macros.ds_add(ds, -1)"},
    {"tomorrow_ds", "macros.ds_add(ds, 1)"},
}};

std::string Digits(std::string text) {
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text;
}

}  // namespace

ProjectValues::ProjectValues(const project::Invocation& invocation, const project::Manifest& manifest,
                             const project::Target& target)
    : base_(invocation, target.context, manifest.project_name()),
      var_(project::MakeVar(
          [&manifest](std::string_view name) { return manifest.FindVar(manifest.project_name(), name); },
          project::VarAsker{"stir/*.yml",
                            [&manifest, vars = invocation.vars] {
                              return project::AllVars(manifest, vars, manifest.project_name());
                            }})),
      modules_(pylib::Modules(*invocation.clock)) {}

bool ProjectValues::Lookup(std::string_view name, Value& value) const {
  if (name == "var") {
    value = var_;
    return true;
  }
  return base_.Lookup(name, value);
}

bool LoadScope::Lookup(std::string_view name, Value& value) {
  const auto& names = RunNames();
  if (std::binary_search(names.begin(), names.end(), name)) {
    late_ = true;
    value = LateValue();
    return true;
  }
  return values_.Lookup(name, value);
}

std::string_view ReplacementOf(std::string_view name) {
  for (const auto& [old, replacement] : kReplacements)
    if (old == name) return replacement;
  return {};
}

RunScope::RunScope(const ProjectValues& values, const Definitions& definitions, Secrets& secrets, RunFacts facts)
    : values_(values), definitions_(definitions), secrets_(secrets), facts_(std::move(facts)) {}

std::string RunScope::DateText(Timestamp time) const {
  return FormatTimestamp(facts_.zone.ToLocal(time)).substr(0, 10);
}

std::string RunScope::TimeText(Timestamp time) const {
  return FormatTimestamp(facts_.zone.ToLocal(time)).substr(0, 19) + facts_.zone.OffsetText(time);
}

// "20261120T000000"
std::string RunScope::CompactTime(Timestamp time) const {
  const std::string text = FormatTimestamp(facts_.zone.ToLocal(time));
  return Digits(text.substr(0, 10)) + "T" + Digits(text.substr(11, 8));
}

// What a run hands out is a copy, so that a template that changes it changes nothing for others.
// Nested as the names are: tasks.extract.us_east.outputs. A label that only one task has is an entry as well.
Value RunScope::MakeTasks() const {
  Value root = Value::MakeDict();
  struct Labelled {
    int count = 0;
    Value value;
  };
  std::map<std::string, Labelled> labels;
  for (const auto& [name, facts] : facts_.tasks) {
    Value at = root;
    const auto parts = Split(name, '.');
    for (std::string_view part : parts) {
      const Value* inner = at.AsDict().Find(part);
      Value next = inner ? *inner : Value::MakeDict();
      if (!inner) at.AsDict().Set(part, next);
      at = next;
    }
    at.AsDict().Set("state", Str(facts.state));
    at.AsDict().Set("outputs", facts.outputs.IsUndefined() ? Value::MakeDict() : project::Thaw(facts.outputs));
    Labelled& labelled = labels[std::string(parts.back())];
    ++labelled.count;
    labelled.value = at;
  }
  for (auto& [label, entry] : labels)
    if (entry.count == 1 && !root.AsDict().Find(label)) root.AsDict().Set(label, entry.value);
  return root;
}

// conn.<name>.<setting>, without what a secret filled in: that stands as it was written.
Value RunScope::MakeConn() const {
  Value all = Value::MakeDict();
  for (const Connection& connection : definitions_.connections)
    if (connection.settings) all.AsDict().Set(connection.name, pylib::FromJson(*connection.settings));
  return all;
}

Value RunScope::MakeMacros() const {
  Value macros = DictOf({{"ds_add", jinja::MakeFunction("ds_add", DsAdd)},
                         {"ds_format", jinja::MakeFunction("ds_format", DsFormat(values_.modules()))}});
  if (values_.modules().IsDict())
    for (const auto& [key, value] : values_.modules().AsDict().entries()) macros.AsDict().Set(key, value);
  return macros;
}

Value RunScope::MakeDag() const { return DictOf({{"dag_id", Str(facts_.pipeline)}}); }

Value RunScope::MakeDagRun() const {
  return DictOf({{"run_id", Str(facts_.run_id)},
                 {"dag_id", Str(facts_.pipeline)},
                 {"logical_date", pylib::MakeDatetimeUtc(LogicalDate())},
                 {"data_interval_start", pylib::MakeDatetimeUtc(facts_.interval.start)},
                 {"data_interval_end", pylib::MakeDatetimeUtc(facts_.interval.end)},
                 {"conf", facts_.params}});
}

Value RunScope::MakeTaskInstance() const {
  return DictOf({{"task_id", Str(facts_.task)},
                 {"dag_id", Str(facts_.pipeline)},
                 {"run_id", Str(facts_.run_id)},
                 {"try_number", Value::Int(facts_.attempt)},
                 {"map_index", Value::Int(facts_.item.IsUndefined() ? -1 : facts_.index)}});
}

Value RunScope::MakeSecret() const {
  Secrets& secrets = secrets_;
  return jinja::MakeFunction(
      "secret", [&secrets](jinja::CallContext& context, const jinja::Arguments& arguments) -> Result<Value> {
        jinja::ArgumentReader args("secret", arguments);
        STIR_ASSIGN(const Value name, args.Required("name"));
        STIR_TRY(args.Finish());
        if (!name.IsString()) return Diagnostic(kBadValue, "a secret's name is a text", context.call_span());
        auto found = secrets.Find(name.AsString());
        if (found.ok()) return Str(*std::move(found));
        Diagnostics errors = std::move(found).error();
        for (Diagnostic& error : errors)
          if (!error.span) error.span = context.call_span();
        return errors;
      });
}

const std::map<std::string_view, RunScope::Maker>& RunScope::Makers() {
  static const std::map<std::string_view, Maker> makers = {
      {"run_id", [](const RunScope& s) { return Str(s.facts_.run_id); }},
      {"pipeline", [](const RunScope& s) { return Str(s.facts_.pipeline); }},
      {"logical_date", [](const RunScope& s) { return pylib::MakeDatetimeUtc(s.LogicalDate()); }},
      {"data_interval_start", [](const RunScope& s) { return pylib::MakeDatetimeUtc(s.facts_.interval.start); }},
      {"data_interval_end", [](const RunScope& s) { return pylib::MakeDatetimeUtc(s.facts_.interval.end); }},
      {"ds", [](const RunScope& s) { return Str(s.DateText(s.LogicalDate())); }},
      {"ds_nodash", [](const RunScope& s) { return Str(Digits(s.DateText(s.LogicalDate()))); }},
      {"ts", [](const RunScope& s) { return Str(s.TimeText(s.LogicalDate())); }},
      {"ts_nodash", [](const RunScope& s) { return Str(s.CompactTime(s.LogicalDate())); }},
      {"ts_nodash_with_tz",
       [](const RunScope& s) {
         return Str(s.CompactTime(s.LogicalDate()) + ReplaceAll(s.facts_.zone.OffsetText(s.LogicalDate()), ":", ""));
       }},
      {"start_date", [](const RunScope& s) { return Str(s.DateText(s.facts_.interval.start)); }},
      {"end_date", [](const RunScope& s) { return Str(s.DateText(s.facts_.interval.end)); }},
      {"start_timestamp", [](const RunScope& s) { return Str(s.TimeText(s.facts_.interval.start)); }},
      {"end_timestamp", [](const RunScope& s) { return Str(s.TimeText(s.facts_.interval.end)); }},
      {"prev_data_interval_start_success",
       [](const RunScope& s) { return Optional(s.facts_.previous_success, &scheduler::Interval::start); }},
      {"prev_data_interval_end_success",
       [](const RunScope& s) { return Optional(s.facts_.previous_success, &scheduler::Interval::end); }},
      {"params", [](const RunScope& s) { return project::Thaw(s.facts_.params); }},
      {"tasks", [](const RunScope& s) { return s.MakeTasks(); }},
      {"task", [](const RunScope& s) { return Str(s.facts_.task); }},
      {"attempt", [](const RunScope& s) { return Value::Int(s.facts_.attempt); }},
      {"item", [](const RunScope& s) { return project::Thaw(s.facts_.item); }},
      {"index", [](const RunScope& s) { return Value::Int(s.facts_.index); }},
      {"conn", [](const RunScope& s) { return s.MakeConn(); }},
      {"macros", [](const RunScope& s) { return s.MakeMacros(); }},
      {"dag", [](const RunScope& s) { return s.MakeDag(); }},
      {"dag_run", [](const RunScope& s) { return s.MakeDagRun(); }},
      {"ti", [](const RunScope& s) { return s.MakeTaskInstance(); }},
      {"task_instance", [](const RunScope& s) { return s.MakeTaskInstance(); }},
      {"task_instance_key_str",
       [](const RunScope& s) {
         return Str(fmt::format("{}__{}__{}", s.facts_.pipeline, s.facts_.task, Digits(s.DateText(s.LogicalDate()))));
       }},
      {"test_mode", [](const RunScope&) { return Value::Bool(false); }},
      {"secret", [](const RunScope& s) { return s.MakeSecret(); }},
      // A publication's own name for its staged rows: filled in when it is published.
      {"staged", [](const RunScope&) { return Str("{{ staged }}"); }},
  };
  return makers;
}

const std::vector<std::string>& RunNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, maker] : RunScope::Makers()) all.emplace_back(name);
    return all;
  }();
  return names;
}

bool RunScope::Lookup(std::string_view name, Value& value) {
  const auto found = Makers().find(name);
  if (found == Makers().end()) return values_.Lookup(name, value);
  value = found->second(*this);
  return !value.IsUndefined();
}

}  // namespace stir::platform
