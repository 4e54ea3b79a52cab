// The methods of `adapter` that dbt-duckdb has for models and sources which are files, and for its profile's switches.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "runtime/adapter_methods.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

// `a/b.csv.gz` -> `a/b.csv` and `.gz`; a name that begins with a dot has no extension.
std::pair<std::string_view, std::string_view> SplitExtension(std::string_view path) {
  const size_t slash = path.rfind('/');
  size_t first = slash == std::string_view::npos ? 0 : slash + 1;
  while (first < path.size() && path[first] == '.') ++first;
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || dot < first) return {path, {}};
  return {path.substr(0, dot), path.substr(dot)};
}

bool Has(const Value& options, std::string_view key) { return options.AsDict().Find(key) != nullptr; }

// The format and the compression follow from the file's name, unless they are given.
void GuessFormat(Value& options, std::string_view location) {
  if (Has(options, "format")) return;
  auto [root, extension] = SplitExtension(location);
  const std::string last = ToLower(extension);
  const std::string_view compression = last == ".gz" ? "gzip" : last == ".zst" ? "zstd" : "";
  if (!compression.empty()) extension = SplitExtension(root).second;
  const auto set = [&](std::string_view key, std::string_view value) {
    options.AsDict().Set(key, Value::String(std::string(value)));
  };
  if (extension.empty()) return set("format", Has(options, "delimiter") ? "csv" : "parquet");
  set("format", ToLower(extension.substr(1)));
  if (!compression.empty() && !Has(options, "compression")) set("compression", compression);
}

bool IsQuotedOption(std::string_view key) {
  static constexpr std::array<std::string_view, 4> kQuoted{"delimiter", "quote", "escape", "null"};
  return std::ranges::find(kQuoted, ToLower(key)) != kQuoted.end();
}

Result<std::string> TextOf(const Value& options, std::string_view key) {
  const Value* value = options.AsDict().Find(key);
  return value == nullptr ? Result<std::string>(std::string()) : value->Str();
}

// external_write_options(write_location, rendered_options): the list in brackets of a `copy to`; what was guessed is
// also put into `rendered_options`.
Result<Value> ExternalWriteOptions(NodeRun&, CallContext&, const Arguments& arguments) {
  ArgumentReader args("external_write_options", arguments);
  STIR_ASSIGN(const Value location_value, args.Required("write_location"));
  STIR_ASSIGN(Value options, args.Required("rendered_options"));
  STIR_TRY(args.Finish());
  if (!options.IsDict()) return Diagnostic(kMacroFailed, "`external_write_options` takes a dict of options");
  STIR_ASSIGN(const std::string location, location_value.Str());
  GuessFormat(options, location);
  STIR_ASSIGN(const std::string format, TextOf(options, "format"));
  if (format == "csv" && !Has(options, "header")) options.AsDict().Set("header", Value::Int(1));
  STIR_ASSIGN(const std::string columns, TextOf(options, "partition_by"));
  if (columns.find(',') != std::string::npos && !columns.starts_with('('))
    options.AsDict().Set("partition_by", Value::String(fmt::format("({})", columns)));
  std::vector<std::string> written;
  for (const auto& [key, value] : options.AsDict().entries()) {
    STIR_ASSIGN(const std::string name, key.Str());
    STIR_ASSIGN(const std::string text, value.Str());
    const bool quote = IsQuotedOption(name) && !text.starts_with('\'');
    written.push_back(quote ? fmt::format("{} '{}'", name, text) : fmt::format("{} {}", name, text));
  }
  return Value::String(Join(written, ", "));
}

// external_read_location(write_location, rendered_options): a file, or a pattern for the files of a partitioned write.
Result<Value> ExternalReadLocation(NodeRun&, CallContext&, const Arguments& arguments) {
  ArgumentReader args("external_read_location", arguments);
  STIR_ASSIGN(const Value location_value, args.Required("write_location"));
  STIR_ASSIGN(const Value options, args.Required("rendered_options"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string location, location_value.Str());
  if (!options.IsDict()) return Value::String(std::move(location));
  const auto truthy = [&](std::string_view key) {
    const Value* value = options.AsDict().Find(key);
    return value != nullptr && value->Truthy();
  };
  if (!truthy("partition_by") && !truthy("per_thread_output")) return Value::String(std::move(location));
  location += "/*";
  if (truthy("partition_by")) {
    STIR_ASSIGN(const std::string columns, TextOf(options, "partition_by"));
    for (size_t i = 0; i < Split(columns, ',').size(); ++i) location += "/*";
  }
  STIR_ASSIGN(const std::string format, TextOf(options, "format"));
  return Value::String(location + "." + (format.empty() ? "parquet" : format));
}

std::string SettingOf(NodeRun& run, const char* key, std::string fallback) {
  const auto& settings = run.state().options().target->profile.settings;
  if (!settings || !settings->is_object()) return fallback;
  const auto found = settings->find(key);
  return found != settings->end() && found->is_string() ? found->get<std::string>() : fallback;
}

Result<Value> ExternalRoot(NodeRun& run, CallContext&, const Arguments&) {
  return Value::String(SettingOf(run, "external_root", "."));
}

// Asks the engine, which also knows of buckets and of names in the web.
Result<Value> LocationExists(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("location_exists", arguments);
  STIR_ASSIGN(const Value location, args.Required("location"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string path, location.Str());
  return Value::Bool(run.session().Execute(fmt::format("select 1 from '{}' where 1=0", path), false).ok());
}

Result<Value> StoreRelation(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("store_relation", arguments);
  STIR_ASSIGN(const Value plugin, args.Required("plugin_name"));
  STIR_ASSIGN(const std::string name, plugin.Str());
  const char* key = name.starts_with("glue|") ? "glue_register" : "plugin";
  return Diagnostic(
             kNotInThisVersion,
             fmt::format("`{}` of an external model hands its files to a plugin of dbt-duckdb, which is Python", key),
             run.node().config->Where(key))
      .Hint("stir writes the files and the view; register them with a post-hook or a publication");
}

Result<Value> DisableTransactions(NodeRun& run, CallContext&, const Arguments&) {
  return Value::Bool(!run.state().transactions());
}

Result<Value> EscapeSqlString(NodeRun&, CallContext&, const Arguments& arguments) {
  ArgumentReader args("escape_sql_string", arguments);
  STIR_ASSIGN(const Value value, args.Required("value"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string text, value.Str());
  return Value::String(ReplaceAll(text, "'", "''"));
}

// MotherDuck and DuckLake are not there, so nothing is of them.
Result<Value> No(NodeRun&, CallContext&, const Arguments&) { return Value::Bool(false); }

constexpr std::array kFileMethods{
    AdapterEntry{"external_write_options", ExternalWriteOptions},
    AdapterEntry{"external_read_location", ExternalReadLocation},
    AdapterEntry{"external_root", ExternalRoot},
    AdapterEntry{"location_exists", LocationExists},
    AdapterEntry{"store_relation", StoreRelation},
    AdapterEntry{"disable_transactions", DisableTransactions},
    AdapterEntry{"escape_sql_string", EscapeSqlString},
    AdapterEntry{"is_motherduck", No},
    AdapterEntry{"is_ducklake", No},
    AdapterEntry{"use_ducklake_table_workarounds", No},
};

}  // namespace

AdapterMethod FindFilesMethod(std::string_view name) {
  const auto found = std::ranges::find(kFileMethods, name, &AdapterEntry::name);
  return found == kFileMethods.end() ? nullptr : found->method;
}

}  // namespace stir::runtime
