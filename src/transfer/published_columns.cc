#include "transfer/published_columns.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using std::string;
using std::string_view;

bool IsWhole(string_view type) {
  constexpr std::array<string_view, 10> kWhole = {"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",  "HUGEINT",
                                                  "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"};
  return std::ranges::find(kWhole, type) != kWhole.end();
}

string WholeType(string_view type) {
  if (type == "TINYINT" || type == "SMALLINT" || type == "UTINYINT") return "smallint";
  if (type == "INTEGER" || type == "USMALLINT") return "integer";
  if (type == "BIGINT" || type == "UINTEGER") return "bigint";
  return type == "UBIGINT" ? "numeric(20,0)" : "numeric(39,0)";
}

Check ValuesCheck(const string& name) {
  return {"values", fmt::format("CAST(count({}) AS VARCHAR)", name), fmt::format("CAST(count({}) AS text)", name)};
}

string Quoted(const string& text) { return fmt::format("'\"' || replace({}, '\"', '\"\"') || '\"'", text); }

string CastTo(const string& name, string_view type = "VARCHAR") { return fmt::format("CAST({} AS {})", name, type); }

// `wide`: a sum could leave what the engine can hold.
PgForm NumberForm(const string& name, string type, bool wide) {
  PgForm form{
      .type = std::move(type), .also_into = {"int2", "int4", "int8", "numeric"}, .csv = CastTo(name), .checks = {}};
  for (const char* end : {"min", "max"}) {
    if (!wide) break;
    form.checks.push_back({end, fmt::format("CAST({}({}) AS VARCHAR)", end, name),
                           fmt::format("CAST({}(CAST({} AS numeric)) AS text)", end, name)});
  }
  if (wide) return form;
  form.checks.push_back({"sum", fmt::format("CAST(sum({}) AS VARCHAR)", name),
                         fmt::format("CAST(sum(CAST({} AS numeric)) AS text)", name)});
  return form;
}

PgForm FloatForm(const string& name, bool single) {
  PgForm form{.type = single ? "real" : "double precision",
              .also_into = single ? std::vector<string>{"float4", "float8"} : std::vector<string>{"float8"},
              .csv = CastTo(name),
              .checks = {}};
  const string wide = CastTo(name, "DOUBLE PRECISION");
  for (const char* end : {"min", "max"}) {
    form.checks.push_back({end, fmt::format("CAST({}({}) AS VARCHAR)", end, wide),
                           fmt::format("CAST({}({}) AS text)", end, wide), false});
  }
  const string sum = fmt::format("sum({0}) FILTER (WHERE {0} BETWEEN -1e100 AND 1e100)", wide);
  form.checks.push_back({"sum", fmt::format("CAST({} AS VARCHAR)", sum), fmt::format("CAST({} AS text)", sum), false});
  return form;
}

// Bytes, and the first character of each.
void AddTextChecks(PgForm& form, const string& engine, const string& server) {
  form.checks.push_back({"sum of lengths", fmt::format("CAST(sum(strlen({})) AS VARCHAR)", engine),
                         fmt::format("CAST(sum(octet_length({})) AS text)", server)});
  form.checks.push_back({"sum of first characters",
                         fmt::format("CAST(sum(CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END) AS VARCHAR)", engine),
                         fmt::format("CAST(sum(ascii({})) AS text)", server)});
}

PgForm TextForm(const string& name, const string& value, string type) {
  PgForm form{.type = std::move(type), .also_into = {"text", "varchar"}, .csv = Quoted(value), .checks = {}};
  AddTextChecks(form, value, fmt::format("CAST({} AS text)", name));
  return form;
}

constexpr string_view kMicrosOfDay = "86400000000";

PgForm DateForm(const string& name) {
  PgForm form{.type = "date", .also_into = {"date"}, .csv = CastTo(name), .checks = {}};
  form.checks.push_back(
      {"sum of days", fmt::format("CAST(sum({0} - DATE '1970-01-01') FILTER (WHERE isfinite({0})) AS VARCHAR)", name),
       fmt::format("CAST(sum({0} - DATE '1970-01-01') FILTER (WHERE isfinite({0})) AS text)", name)});
  return form;
}

string MicrosOf(const string& time) {
  return fmt::format("CAST(date_part('epoch', CAST({} AS time)) * 1000000 AS bigint)", time);
}

PgForm TimestampForm(const string& name, string type, const string& typname, string_view engine_type) {
  PgForm form{.type = std::move(type), .also_into = {typname}, .csv = CastTo(name), .checks = {}};
  const bool nanos = engine_type == "TIMESTAMP_NS";
  const string micros = nanos ? fmt::format("epoch_ns({})", name) : fmt::format("epoch_us({})", name);
  form.checks.push_back(
      {"sum of microseconds", fmt::format("CAST(sum({}) FILTER (WHERE isfinite({})) AS VARCHAR)", micros, name),
       fmt::format("CAST(sum((CAST({0} AS date) - DATE '1970-01-01') * {1} + {2}) FILTER (WHERE isfinite({0})){3} AS "
                   "text)",
                   name, kMicrosOfDay, MicrosOf(name), nanos ? " * 1000" : "")});
  form.checks.push_back({"infinite", fmt::format("CAST(count(*) FILTER (WHERE NOT isfinite({})) AS VARCHAR)", name),
                         fmt::format("CAST(count(*) FILTER (WHERE NOT isfinite({})) AS text)", name)});
  return form;
}

PgForm IntervalForm(const string& name) {
  PgForm form{.type = "interval", .also_into = {"interval"}, .csv = CastTo(name), .checks = {}};
  const auto part = [&](const char* what) { return fmt::format("CAST(date_part('{}', {}) AS bigint)", what, name); };
  const auto add = [&](const char* what, const string& value) {
    form.checks.push_back(
        {what, fmt::format("CAST(sum({}) AS VARCHAR)", value), fmt::format("CAST(sum({}) AS text)", value)});
  };
  add("sum of months", part("year") + " * 12 + " + part("month"));
  add("sum of days", part("day"));
  add("sum of minutes", part("hour") + " * 60 + " + part("minute"));
  add("sum of microseconds", part("microseconds"));
  return form;
}

// One level of a list, each element quoted, is PostgreSQL's text of an array.
PgForm ListForm(const string& name, const string& element_type) {
  PgForm form{.type = element_type + "[]", .also_into = {}, .csv = {}, .checks = {}};
  const string element = R"('"' || replace(replace(CAST(x AS VARCHAR), '\', '\\'), '"', '\"') || '"')";
  const string array = fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN '{{' || coalesce(array_to_string(list_transform({0}, lambda x: CASE WHEN x IS "
      "NULL THEN 'NULL' ELSE {1} END), ','), '') || '}}' END",
      name, element);
  form.csv = Quoted(array);
  form.checks.push_back({"elements", fmt::format("CAST(sum(len({})) AS VARCHAR)", name),
                         fmt::format("CAST(sum(cardinality({})) AS text)", name)});
  return form;
}

PgForm BytesForm(const string& name) {
  PgForm form{.type = "bytea", .also_into = {"bytea"}, .csv = fmt::format("'\\x' || hex({})", name), .checks = {}};
  form.checks.push_back({"sum of lengths", fmt::format("CAST(sum(octet_length({})) AS VARCHAR)", name),
                         fmt::format("CAST(sum(octet_length({})) AS text)", name)});
  return form;
}

PgForm TimeForm(const string& name, string type, const string& typname) {
  PgForm form{.type = std::move(type), .also_into = {typname}, .csv = CastTo(name), .checks = {}};
  if (typname != "time") return form;
  form.checks.push_back({"sum of microseconds", fmt::format("CAST(sum(epoch_us({})) AS VARCHAR)", name),
                         fmt::format("CAST(sum({}) AS text)", MicrosOf(name))});
  return form;
}

bool IsNested(string_view type) {
  return type.ends_with(']') || type.starts_with("STRUCT") || type.starts_with("MAP") || type.starts_with("UNION");
}

Result<PgForm> ScalarForm(const string& name, string_view type) {
  if (IsWhole(type)) return NumberForm(name, WholeType(type), type.ends_with("HUGEINT"));
  if (type.starts_with("DECIMAL"))
    return NumberForm(name, fmt::format("numeric{}", type.substr(7)), type >= "DECIMAL(3" && type < "DECIMAL(4");
  if (type == "FLOAT" || type == "DOUBLE") return FloatForm(name, type == "FLOAT");
  if (type == "VARCHAR" || type.starts_with("ENUM")) return TextForm(name, CastTo(name), "text");
  if (type == "UUID") return TextForm(name, CastTo(name), "uuid");
  if (type == "JSON") return TextForm(name, CastTo(name), "json");
  if (type == "BIT") return TextForm(name, CastTo(name), "bit varying");
  if (type == "BLOB") return BytesForm(name);
  if (type == "DATE") return DateForm(name);
  if (type == "INTERVAL") return IntervalForm(name);
  if (type == "TIME") return TimeForm(name, "time", "time");
  if (type == "TIME WITH TIME ZONE") return TimeForm(name, "time with time zone", "timetz");
  if (type == "TIMESTAMP WITH TIME ZONE") return TimestampForm(name, "timestamp with time zone", "timestamptz", type);
  if (type.starts_with("TIMESTAMP")) return TimestampForm(name, "timestamp", "timestamp", type);
  if (type == "BOOLEAN") {
    PgForm form{.type = "boolean", .also_into = {"bool"}, .csv = CastTo(name), .checks = {}};
    const string sum = fmt::format("sum(CAST({} AS integer))", name);
    form.checks.push_back({"true", fmt::format("CAST({} AS VARCHAR)", sum), fmt::format("CAST({} AS text)", sum)});
    return form;
  }
  return Diagnostic(kBadPublication, "");
}

// What the encoder has no form for becomes one that it has.
void SetValue(PgForm& form, const string& name, string_view type) {
  form.value = name;
  form.value_type = type;
  const auto cast = [&](string value, const char* as) {
    form.value = std::move(value);
    form.value_type = as;
  };
  if (IsNested(type)) cast(fmt::format("to_json({})", name), "JSON");
  if (type.starts_with("ENUM")) cast(CastTo(name), "VARCHAR");
  if (type == "TIMESTAMP_NS") cast(CastTo(name, "TIMESTAMP"), "TIMESTAMP");
}

}  // namespace

Result<PgForm> FormOf(const ModelColumn& column, Span span) {
  const string name = Ident(column.name);
  const string_view type = column.type;
  PgForm form;
  if (type.ends_with("[]") && !IsNested(type.substr(0, type.size() - 2))) {
    auto element = ScalarForm("x", type.substr(0, type.size() - 2));
    if (element.ok() && element->type != "bytea") {
      form = ListForm(name, element->type);
      form.checks.insert(form.checks.begin(), ValuesCheck(name));
      form.value = name;
      form.value_type = type;
      return form;
    }
  } else if (IsNested(type)) {
    form = TextForm(name, fmt::format("CAST(to_json({}) AS VARCHAR)", name), "json");
  } else if (auto scalar = ScalarForm(name, type); scalar.ok()) {
    form = *std::move(scalar);
  }
  if (form.type.empty()) {
    return Diagnostic(kBadPublication,
                      fmt::format("column `{}` is of type {}, which PostgreSQL has no exact counterpart of",
                                  column.name, column.type),
                      span)
        .Hint("cast it in the model, for example to VARCHAR");
  }
  if (form.type == "uuid") form.also_into.insert(form.also_into.begin(), "uuid");
  if (form.type == "json") form.also_into.insert(form.also_into.begin(), "json");
  if (form.type == "bit varying") form.also_into.insert(form.also_into.begin(), "varbit");
  form.checks.insert(form.checks.begin(), ValuesCheck(name));
  SetValue(form, name, type);
  return form;
}

std::string TypnameOf(const PgForm& form) {
  constexpr std::pair<string_view, string_view> kNames[] = {{"boolean", "bool"},
                                                            {"smallint", "int2"},
                                                            {"integer", "int4"},
                                                            {"bigint", "int8"},
                                                            {"real", "float4"},
                                                            {"double precision", "float8"},
                                                            {"bit varying", "varbit"},
                                                            {"time with time zone", "timetz"},
                                                            {"timestamp with time zone", "timestamptz"}};
  string_view type = form.type;
  const bool array = type.ends_with("[]");
  if (array) type.remove_suffix(2);
  if (type.starts_with("numeric")) type = "numeric";
  const auto* found = std::ranges::find(kNames, type, &std::pair<string_view, string_view>::first);
  return fmt::format("{}{}", array ? "_" : "", found == std::end(kNames) ? type : found->second);
}

Fit FitInto(const PgForm& form, string_view typname) {
  const bool listed = std::ranges::find(form.also_into, typname) != form.also_into.end();
  const bool text = form.type == "text" || form.type == "json";
  // Of a text the server makes what the column wants, or refuses it.
  const bool array = form.type.ends_with("[]") && typname.starts_with('_');
  return {.fits = listed || text || array, .loose = !listed};
}

}  // namespace stir::transfer
