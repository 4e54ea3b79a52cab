// dbt's events about a whole run: what was found, the account of failures, the numbers; and dbt's shape of an error.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "base/strings.h"
#include "engine/deprecation_text.h"
#include "engine/narrator.h"
#include "engine/node_info.h"
#include "engine/node_report.h"
#include "project/kinds.h"
#include "runtime/node_run.h"

namespace stir::engine {
namespace {

using project::Node;
using project::ResourceType;

std::string Counted(size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string Counted(size_t count, std::string_view one) { return Counted(count, one, std::string(one) + "s"); }

// Where dbt's parsers add a node: what files hold before what properties describe, package by package, type by type.
auto PlaceOf(const project::Manifest& manifest, const Node& node) {
  static constexpr std::array kTypes{ResourceType::kModel, ResourceType::kSnapshot, ResourceType::kAnalysis,
                                     ResourceType::kTest,  ResourceType::kSeed,     ResourceType::kOperation};
  const bool described = (node.test != nullptr && node.test->generic) ||
                         (node.model != nullptr && !node.model->version.empty()) ||
                         (node.type == ResourceType::kSnapshot && !node.original_file_path.ends_with(".sql"));
  const auto& packages = manifest.packages();
  return std::tuple(described, std::ranges::find(packages, node.package, &project::Package::name) - packages.begin(),
                    std::ranges::find(kTypes, node.type) - kTypes.begin());
}

std::string FoundLine(const project::Manifest& manifest, size_t queries = 0) {
  std::map<ResourceType, size_t> counts;
  std::map<ResourceType, decltype(PlaceOf(manifest, manifest.nodes().front()))> places;
  for (const Node& node : manifest.nodes()) {
    ++counts[node.type];
    const auto place = PlaceOf(manifest, node);
    auto [first, is_new] = places.emplace(node.type, place);
    first->second = std::min(first->second, place);
  }
  std::vector<std::string> parts;
  const auto add = [&](ResourceType type, std::string_view one, std::string_view many) {
    if (counts[type] > 0) parts.push_back(Counted(counts[type], one, many));
  };
  std::vector<std::pair<ResourceType, std::array<std::string_view, 2>>> nodes = {
      {ResourceType::kModel, {"model", "models"}},
      {ResourceType::kSnapshot, {"snapshot", "snapshots"}},
      {ResourceType::kAnalysis, {"analysis", "analyses"}},
      {ResourceType::kTest, {"test", "data tests"}},
      {ResourceType::kSeed, {"seed", "seeds"}},
      {ResourceType::kOperation, {"operation", "operations"}}};
  std::ranges::stable_sort(nodes, {}, [&](const auto& each) { return places[each.first]; });
  for (const auto& [type, words] : nodes) add(type, words[0], words[1]);
  if (queries > 0) parts.push_back(Counted(queries, "sql operation"));
  add(ResourceType::kSource, "source", "sources");
  add(ResourceType::kExposure, "exposure", "exposures");
  add(ResourceType::kMetric, "metric", "metrics");
  parts.push_back(Counted(manifest.macros().all().size(), "macro"));
  if (!manifest.groups().empty()) parts.push_back(Counted(manifest.groups().size(), "group"));
  add(ResourceType::kSemanticModel, "semantic model", "semantic models");
  add(ResourceType::kSavedQuery, "saved query", "saved queries");
  add(ResourceType::kUnitTest, "unit test", "unit tests");
  return Join(parts, ", ");
}

// "1 incremental model, 2 data tests, 1 view model": by dbt's keys, sorted.
std::string RanLine(std::span<const Node* const> nodes) {
  std::map<std::string, size_t> counts;
  for (const Node* node : nodes) {
    if (node->type == ResourceType::kModel) {
      ++counts[ReplaceAll(node->config->materialized, "_", " ") + " model"];
    } else if (node->type == ResourceType::kOperation) {
      ++counts["project hook"];
    } else {
      ++counts[std::string(ResourceTypeName(node->type))];
    }
  }
  std::vector<std::string> parts;
  for (const auto& [kind, count] : counts) {
    const std::string words = ReplaceAll(kind, "_", " ");
    parts.push_back(kind == "test"          ? Counted(count, "test", "data tests")
                    : kind == "saved_query" ? Counted(count, "saved query", "saved queries")
                                            : Counted(count, words));
  }
  return Join(parts, ", ");
}

std::string Indented(std::string_view text) { return "  " + ReplaceAll(text, "\n", "\n  "); }

std::string MessageData(std::string_view message) {
  JsonWriter json;
  json.BeginObject().Key("msg").String(message).EndObject();
  return std::move(json).Take();
}

// The data of an event about how a node ended: its own keys, then node_info.
template <typename Fill>
std::string ProblemData(const Node& node, Fill fill) {
  JsonWriter json;
  json.BeginObject();
  fill(json);
  WriteNodeInfo(json, NodeStory{.node = &node}, "None");
  json.EndObject();
  return std::move(json).Take();
}

std::string PlaceData(const Node& node) {
  return ProblemData(node, [&](JsonWriter& json) {
    json.Key("node_name").String(node.name).Key("path").String(node.original_file_path);
    json.Key("resource_type").String(ResourceTypeName(node.type));
  });
}

// A node skipped for a reason of its own counts as an error in dbt's summary.
bool CountsAsError(const project::NodeResult& result) {
  return IsFailure(result) || (result.status == "skipped" && !result.message.empty());
}

}  // namespace

void Narrator::Say(std::string_view code, std::string_view name, Level level, std::string message,
                   std::string data) const {
  sink_.Emit({code, name, level, std::move(message), std::move(data)});
}

void Narrator::Blank() const { Say("Z017", "Formatting", Level::kInfo, "", R"({"msg": ""})"); }

void Narrator::Print(std::string text) const {
  std::string data = MessageData(text);
  Say("Z052", "PrintEvent", Level::kInfo, std::move(text), std::move(data));
}

Status Narrator::Warn(std::string_view code, std::string_view name, std::string_view text, std::string data) const {
  switch (style_.warnings.For(name, code)) {
    case Treatment::kSilence:
      return {};
    case Treatment::kError:
      return Diagnostic(project::kWarningAsError, std::string(text))
          .Hint(fmt::format("dbt calls this warning {}; --warn-error or --warn-error-options made it an error", name));
    case Treatment::kWarn:
      break;
  }
  Say(code, name, Level::kWarn, WarningText(code, name, text), std::move(data));
  return {};
}

// A warning that dbt has, in its form. Deprecations name their event, but for the older ones.
std::string Narrator::WarningText(std::string_view code, std::string_view name, std::string_view text) const {
  if (!code.starts_with('D')) return fmt::format("[WARNING]: {}", text);
  constexpr std::string_view kFirstNamed = "D022";
  return DeprecationText(code < kFirstNamed ? "" : name, text, style_.width);
}

std::string Narrator::Rendered(const Diagnostic& warning) const {
  std::string text = RenderDiagnostic(warning, sources_);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Status Narrator::Warn(const Diagnostics& warnings) const {
  Diagnostics errors;
  for (const Diagnostic& warning : warnings) {
    const DbtEvent& dbt = warning.dbt;
    const std::string_view code = dbt ? std::string_view(dbt.code) : "S001";
    const std::string_view name = dbt ? std::string_view(dbt.name) : "StirWarning";
    const Treatment treatment = style_.warnings.For(name, code);
    if (treatment == Treatment::kError) {
      errors.push_back(warning);
      errors.back().severity = Severity::kError;
      errors.back().kind.category = project::kWarningAsError.category;
    }
    if (treatment != Treatment::kWarn) continue;
    JsonWriter json;
    json.BeginObject().Key("kind").String(warning.kind.name).Key("msg").String(warning.message).EndObject();
    Say(code, name, Level::kWarn, dbt && style_.dbt_errors ? WarningText(code, name, dbt.message) : Rendered(warning),
        dbt ? dbt.data : std::move(json).Take());
  }
  return StatusOf(std::move(errors));
}

std::string StatsOf(const project::Manifest& manifest) { return FoundLine(manifest); }

void Narrator::FoundStats(const project::Manifest& manifest, size_t queries) const {
  FoundStats(FoundLine(manifest, queries));
}

void Narrator::FoundStats(const std::string& line) const {
  JsonWriter json;
  json.BeginObject().Key("stat_line").String(line).EndObject();
  Say("W006", "FoundStats", Level::kInfo, "Found " + line, std::move(json).Take());
}

void Narrator::Concurrency(int threads, std::string_view target, int nodes) const {
  JsonWriter json;
  json.BeginObject().Key("node_count").Int(nodes).Key("num_threads").Int(threads);
  json.Key("target_name").String(target).EndObject();
  Blank();
  Say("Q027", "ConcurrencyLine", Level::kInfo, fmt::format("Concurrency: {} threads (target='{}')", threads, target),
      std::move(json).Take());
  Blank();
}

void Narrator::ChildrenSkipped(const NodeReport& report) const {
  const std::string_view id = report.result.unique_id, status = report.result.status;
  JsonWriter json;
  json.BeginObject();
  WriteRunResult(json.Key("run_result"), report.result);
  json.Key("status").String(status).Key("unique_id").String(id).EndObject();
  std::string text = fmt::format("Marking all children of '{}' to be skipped because of status '{}'. ", id, status);
  if (!report.result.message.empty()) text += fmt::format(" Reason: {}.", report.result.message);
  Say("Z033", "MarkSkippedChildren", Level::kDebug, std::move(text), std::move(json).Take());
}

Status Narrator::NothingToDo() const {
  return Warn("Q035", "NothingToDo", "Nothing to do. Try checking your model configs and model specification args",
              "{}");
}

void Narrator::ArtifactWritten(std::string_view type, std::string_view path) const {
  JsonWriter json;
  json.BeginObject().Key("artifact_path").String(path).Key("artifact_type").String(type).EndObject();
  Say("P001", "ArtifactWritten", Level::kDebug, fmt::format("Wrote artifact {} to {}", type, path),
      std::move(json).Take());
}

void Narrator::FinishedRunning(std::span<const Node* const> nodes, double seconds) const {
  const auto whole = static_cast<int64_t>(seconds);
  const std::string execution = fmt::format(" in {} hours {} minutes and {:.2f} seconds", whole / 3600, whole / 60 % 60,
                                            seconds - static_cast<double>(whole - whole % 60));
  const std::string line = RanLine(nodes);
  JsonWriter json;
  json.BeginObject().Key("execution").String(execution).Key("execution_time").Double(seconds);
  json.Key("stat_line").String(line).EndObject();
  Blank();
  Say("E047", "FinishedRunningStats", Level::kInfo,
      fmt::format("Finished running {}{} ({:.2f}s).", line, execution, seconds), std::move(json).Take());
}

std::string Narrator::ErrorText(const NodeReport& report) const {
  if (style_.dbt_errors || report.diagnostics.empty()) return "  " + report.result.message;
  std::string text = RenderDiagnostics(report.diagnostics, sources_);
  while (text.ends_with('\n')) text.pop_back();
  return Indented(text);
}

std::string Narrator::ShownError(const Diagnostics& diagnostics, const std::string& dbt_text) const {
  if (style_.dbt_errors) return dbt_text;
  std::string text = RenderDiagnostics(diagnostics, sources_);
  while (text.ends_with('\n')) text.pop_back();
  return "\n" + text;
}

void Narrator::Problem(const NodeReport& report) const {
  const Node& node = *report.node;
  const std::string& message = report.result.message;
  const std::string place =
      fmt::format("in {} {} ({})", ResourceTypeName(node.type), node.name, node.original_file_path);
  const std::string where = PlaceData(node);
  const std::string why = ProblemData(node, [&](JsonWriter& json) { json.Key("msg").String(message); });
  if (report.result.status == "warn") {
    Say("Z021", "RunResultWarning", Level::kWarn, "[WARNING]: " + place, where);
    Say("Z046", "RunResultWarningMessage", Level::kWarn, "[WARNING]: " + message, why);
  } else {
    Say("Z022", "RunResultFailure", Level::kError, "[ERROR]: " + place, where);
    Say("Z024", "RunResultError", Level::kError, ErrorText(report), why);
  }
  if (report.result.compiled.value_or(false)) {
    const std::string path = fmt::format("{}/{}", style_.target_folder, runtime::TargetFile(node, "compiled"));
    Blank();
    Say("Z026", "SQLCompiledPath", Level::kInfo, "  compiled code at " + path,
        ProblemData(node, [&](JsonWriter& json) { json.Key("path").String(path); }));
  }
  if (!report.failures_relation.empty()) FailuresKept(report.failures_relation, node);
}

void Narrator::FailuresKept(const std::string& relation, const Node& node) const {
  const std::string query = "select * from " + relation;
  const std::string border(query.size(), '-');
  Blank();
  Say("Z027", "CheckNodeTestFailure", Level::kInfo,
      fmt::format("  See test failures:\n  {}\n  {}\n  {}", border, query, border),
      ProblemData(node, [&](JsonWriter& json) { json.Key("relation_name").String(relation); }));
}

void Narrator::Verdict(std::span<const NodeReport> reports, bool interrupted) const {
  const auto is_partial = [](const NodeReport& report) { return report.result.status == "partial success"; };
  const auto partial = static_cast<size_t>(std::ranges::count_if(reports, is_partial));
  const auto errors = static_cast<size_t>(std::ranges::count_if(
      reports, [&](const NodeReport& report) { return CountsAsError(report.result) && !is_partial(report); }));
  const std::string partials = fmt::format("{} partial success{}", partial, partial == 1 ? "" : "es");
  const auto warnings = static_cast<size_t>(
      std::ranges::count_if(reports, [](const NodeReport& report) { return report.result.status == "warn"; }));
  std::string verdict = "Completed successfully";
  if (interrupted) {
    verdict = "Exited because of keyboard interrupt";
  } else if (errors > 0) {
    verdict =
        fmt::format("Completed with {}, {}, and {}:", Counted(errors, "error"), partials, Counted(warnings, "warning"));
  } else if (partial > 0) {
    verdict = fmt::format("Completed with {} and {}", partials, Counted(warnings, "warning"));
  } else if (warnings > 0) {
    verdict = fmt::format("Completed with {}:", Counted(warnings, "warning"));
  }
  JsonWriter json;
  json.BeginObject().Key("keyboard_interrupt").Bool(interrupted).Key("num_errors").Int(static_cast<int64_t>(errors));
  json.Key("num_partial_success")
      .Int(static_cast<int64_t>(partial))
      .Key("num_warnings")
      .Int(static_cast<int64_t>(warnings))
      .EndObject();
  Say("Z030", "EndOfRunSummary", Level::kInfo, verdict, std::move(json).Take());
}

void Narrator::Stats(const RunStats& stats) const {
  JsonWriter json;
  json.BeginObject().Key("stats").BeginObject().Key("error").Int(stats.error).Key("noop").Int(stats.noop);
  json.Key("pass").Int(stats.pass).Key("reused").Int(stats.reused).Key("skip").Int(stats.skip);
  json.Key("total").Int(stats.total()).Key("warn").Int(stats.warn).EndObject().EndObject();
  Say("Z023", "StatsLine", Level::kInfo,
      fmt::format("Done. PASS={} WARN={} ERROR={} SKIP={} NO-OP={} REUSED={} TOTAL={}", stats.pass, stats.warn,
                  stats.error, stats.skip, stats.noop, stats.reused, stats.total()),
      std::move(json).Take());
}

void Narrator::FailedFast(const NodeReport& report) const {
  Blank();
  Problem(report);
}

void Narrator::EndOfRun(std::span<const NodeReport> reports, bool interrupted) const {
  const auto tell = [&](const NodeReport& report) {
    Blank();
    Problem(report);
  };
  Blank();
  Verdict(reports, interrupted);
  for (const NodeReport& report : reports) {
    if (IsFailure(report.result) && report.result.status != "partial success") tell(report);
  }
  for (const NodeReport& report : reports) {
    if (report.result.status == "warn") tell(report);
  }
  Blank();
  Stats(CountResults(reports));
}

void Narrator::EndOfFreshness(std::span<const NodeReport> reports) const {
  for (const NodeReport& report : reports) {
    if (!IsFailure(report.result)) continue;
    Blank();
    if (report.node->operation != nullptr) {
      Problem(report);
    } else if (report.result.status == "error" && report.diagnostics.empty() && report.freshness) {
      const Node& node = *report.node;
      Say("Z022", "RunResultFailure", Level::kError,
          fmt::format("[ERROR]: in {} {} ({})", ResourceTypeName(node.type), node.name, node.original_file_path),
          PlaceData(node));
      Say("Z025", "RunResultErrorNoMessage", Level::kError, "  Status: error",
          ProblemData(node, [&](JsonWriter& json) { json.Key("status").String(report.result.status); }));
    } else {
      Say("Z024", "RunResultError", Level::kError, ErrorText(report),
          ProblemData(*report.node, [&](JsonWriter& json) { json.Key("msg").String(report.result.message); }));
    }
  }
  Say("Q003", "FreshnessCheckComplete", Level::kInfo, "Done.");
}

void Narrator::CommandResult(std::span<const NodeReport> reports, double seconds, Timestamp now) const {
  JsonWriter json;
  json.BeginObject().Key("elapsed_time").Double(seconds).Key("generated_at").String(FormatTimestamp(now));
  json.Key("results").BeginArray();
  for (const NodeReport& report : reports) WriteRunResult(json, report.result);
  json.EndArray().Key("success").Bool(!AnyFailed(reports)).EndObject();
  Say("Q037", "EndRunResult", Level::kDebug, "Command end result", std::move(json).Take());
}

RunStats CountResults(std::span<const NodeReport> reports) {
  RunStats stats;
  for (const NodeReport& report : reports) {
    const std::string_view status = report.result.status;
    if (status == "warn") {
      ++stats.warn;
    } else if (status == "skipped") {
      ++stats.skip;
    } else if (status == "no-op") {
      ++stats.noop;
    } else if (IsFailure(report.result)) {
      ++stats.error;
    } else {
      ++stats.pass;
    }
  }
  return stats;
}

bool AnyFailed(std::span<const NodeReport> reports) {
  return std::ranges::any_of(reports, [](const NodeReport& report) {
    return IsFailure(report.result) ||
           (report.result.status == "skipped" && report.node->type != ResourceType::kExposure);
  });
}

std::string_view DbtHeading(Category category) {
  switch (category) {
    case Category::kParsing:
      return "Parsing Error";
    case Category::kCompilation:
      return "Compilation Error";
    case Category::kDependency:
      return "Dependency Error";
    case Category::kInternal:
      return "Internal Error";
    default:
      return "Runtime Error";
  }
}

std::string_view DbtHeading(Category category, const adapter::Dialect& dialect) {
  return category == Category::kDatabase && dialect.has_database_errors ? "Database Error" : DbtHeading(category);
}

std::string DbtErrorText(const Diagnostics& diagnostics, const SourceMap& sources, const Node* node) {
  std::string text;
  for (const Diagnostic& each : diagnostics) {
    if (!text.empty()) text += "\n";
    if (!each.dbt.message.empty() && !each.dbt) {
      text += each.dbt.message;
      continue;
    }
    if (text.empty()) {
      text = DbtHeading(each.kind.category);
      if (node != nullptr) {
        text += fmt::format(" in {} {} ({})", ResourceTypeName(node->type), node->name, node->original_file_path);
      } else if (each.kind.category == Category::kCompilation && each.subject.ends_with(')')) {
        text += " in " + each.subject;  // "model a (models/a.sql)"
      }
      text += "\n";
    }
    std::string body = (each.kind == project::kWarningAsError ? "[WARNING]: " : "") + each.message;
    if (each.span && node == nullptr) {
      body += fmt::format("\n({}, line {})", sources.Name(each.span.source),
                          sources.Locate(each.span.source, each.span.begin).line);
    }
    text += Indented(body);
  }
  return text;
}

}  // namespace stir::engine
