// compile and show: nodes and inline SQL looked at, nothing built.
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/json.h"
#include "engine/commands.h"
#include "engine/compile_nodes.h"
#include "engine/kinds.h"
#include "engine/table_text.h"
#include "engine/workbench.h"

namespace stir::engine {
namespace {

using project::Node;

constexpr std::array<std::string_view, 6> kCompileTypes{"model", "seed", "snapshot", "test", "analysis", "operation"};
constexpr std::string_view kInlineName = "inline_query";
constexpr std::string_view kWorker = "Thread-1 (worker)";  // dbt's name for who looks

// An answer of compile or show: its own event, shown bare.
struct Answer {
  std::string_view code, event, text_key;
  std::string name, unique_id;
  std::string body;     // what tools get: the SQL, the table
  std::string message;  // what people get
  bool json = false;
  bool is_inline = false;
};

void Tell(const Answer& answer, const Narrator& narrator) {
  JsonWriter json;
  json.BeginObject().Key("is_inline").Bool(answer.is_inline).Key("node_name").String(answer.name);
  json.Key("output_format").String(answer.json ? "json" : "text").Key(answer.text_key).String(answer.body);
  json.Key("quiet").Bool(false).Key("unique_id").String(answer.unique_id).EndObject();
  narrator.Say(answer.code, answer.event, Level::kInfo, answer.message, std::move(json).Take());
}

std::string Titled(std::string_view verb, const Answer& answer, std::string_view tail) {
  return answer.is_inline ? fmt::format("{} inline node{}", verb, tail)
                          : fmt::format("{} node '{}'{}", verb, answer.name, tail);
}

std::string CompiledJson(std::string_view name, bool is_inline, std::string_view sql) {
  std::string text = "{\n";
  if (!is_inline) {
    text += "  \"node\": ";
    AppendJsonString(text, name);
    text += ",\n";
  }
  text += "  \"compiled\": ";
  AppendJsonString(text, sql);
  return text + "\n}";
}

std::string PreviewJson(std::string_view name, bool is_inline, const runtime::Preview& preview) {
  std::string text = "{\n";
  if (!is_inline) {
    text += "  \"node\": ";
    AppendJsonString(text, name);
    text += ",\n";
  }
  text += "  \"show\": [";
  for (size_t i = 0; i < preview.rows.size(); ++i) {
    text += fmt::format("{}\n    {}", i == 0 ? "" : ",", JsonRow(preview.columns, preview.rows[i], 4));
  }
  return text + (preview.rows.empty() ? "]\n}" : "\n  ]\n}");
}

// From here on the database is open.
Status Connect(Workbench& bench) {
  const auto count = static_cast<int>(bench.options.inline_sql.empty() ? bench.selected.Count() : 1);
  bench.narrator->Concurrency(bench.setting->target.profile.threads, bench.setting->target.name, count);
  return bench.Connect();
}

// Inline SQL stands instead of a selection.
Status Select(Workbench& bench, std::string_view indirect = {}) {
  return bench.options.inline_sql.empty() ? bench.Select(kCompileTypes, indirect) : Status();
}

std::string InlineId(const Workbench& bench) {
  return fmt::format("sql_operation.{}.{}", bench.setting->project_name, kInlineName);
}

// How one look at something ended; it began at `begun`.
NodeReport Looked(const Workbench& bench, std::string unique_id, std::string code, Timestamp begun) {
  const Timestamp ended = bench.host.clock.Now();
  NodeReport report;
  report.result.unique_id = std::move(unique_id);
  report.result.status = "success";
  report.result.thread_id = kWorker;
  report.result.compiled = true;
  report.result.compiled_code = std::move(code);
  report.result.timing = {{"compile", begun, ended}, {"execute", ended, ended}};
  report.result.execution_time = std::chrono::duration<double>(ended - begun).count();
  return report;
}

Status CompileInline(Workbench& bench) {
  const Timestamp begun = bench.host.clock.Now();
  STIR_ASSIGN(runtime::CompiledNode compiled, bench.runner->CompileInline(bench.options.inline_sql, bench.worker));
  Answer answer{"Q042", "CompiledNode", "compiled", std::string(kInlineName), {}, compiled.sql, {}, false, true};
  answer.json = bench.options.output == OutputFormat::kJson;
  answer.unique_id = InlineId(bench);
  answer.message =
      answer.json ? CompiledJson(kInlineName, true, compiled.sql) : Titled("Compiled", answer, " is:\n") + compiled.sql;
  const NodeReport report = Looked(bench, answer.unique_id, std::move(compiled.sql), begun);
  STIR_TRY(bench.WriteArtifacts(std::span(&report, 1), report.result.execution_time));
  Tell(answer, *bench.narrator);
  return {};
}

// A node is shown when the user named it.
bool IsNamed(const Node& node, const Options& options) {
  return std::ranges::find(options.selection.select, node.name) != options.selection.select.end();
}

void TellCompiled(const NodeReport& report, const Workbench& bench) {
  const Node& node = *report.node;
  if (report.result.status != "success" || !IsNamed(node, bench.options)) return;
  Answer answer{"Q042",
                "CompiledNode",
                "compiled",
                std::string(node.name),
                std::string(node.unique_id),
                report.result.compiled_code,
                {},
                false,
                false};
  answer.json = bench.options.output == OutputFormat::kJson;
  answer.message =
      answer.json ? CompiledJson(node.name, false, answer.body) : Titled("Compiled", answer, " is:\n") + answer.body;
  Tell(answer, *bench.narrator);
}

Result<CommandResult> CompileNodes(Workbench& bench) {
  STIR_ASSIGN(const RunResults results, CompileSelected(bench));
  for (const NodeReport& report : results.reports) TellCompiled(report, bench);
  // As dbt, a node that does not compile is why the command could not be carried out.
  Diagnostics errors;
  for (const NodeReport& report : results.reports) Append(errors, report.diagnostics);
  if (!errors.empty()) return errors;
  return CommandResult{.success = !results.interrupted};
}

void TellPreview(const Workbench& bench, Answer answer, const runtime::Preview& preview) {
  answer.code = "Q041";
  answer.event = "ShowNode";
  answer.text_key = "preview";
  answer.json = bench.options.output == OutputFormat::kJson;
  answer.body = TableText(preview.columns, preview.rows);
  answer.message = answer.json ? PreviewJson(answer.name, answer.is_inline, preview)
                               : Titled("Previewing", answer, ":\n") + answer.body;
  Tell(answer, *bench.narrator);
}

// dbt's keys for an answer of which nothing is known but that it came.
constexpr std::string_view kAnswered =
    "{\"_message\": \"OK\", \"code\": null, \"rows_affected\": null, \"query_id\": null}";

Result<NodeReport> ShowInlineSql(Workbench& bench) {
  const Timestamp begun = bench.host.clock.Now();
  STIR_ASSIGN(runtime::Preview preview,
              bench.runner->ShowInline(bench.options.inline_sql, bench.options.limit, bench.worker));
  Answer answer;
  answer.name = kInlineName;
  answer.unique_id = InlineId(bench);
  answer.is_inline = true;
  NodeReport report = Looked(bench, answer.unique_id, std::move(preview.sql), begun);
  report.result.adapter_response = kAnswered;
  TellPreview(bench, std::move(answer), preview);
  return report;
}

// As dbt, a seed is loaded to be shown.
Result<NodeReport> LoadSeed(Workbench& bench, const Node& node) {
  const Timestamp begun = bench.host.clock.Now();
  NodeStory story{.node = &node, .index = 1, .total = static_cast<int>(bench.selected.Count()), .started_at = begun};
  STIR_TRY(bench.runner->Prepare(std::span(&node.id, 1), bench.worker));
  bench.narrator->NodeStarted(story);
  bench.narrator->StartLine(story);
  runtime::NodeOutcome outcome = bench.runner->Run(node.id, bench.worker);
  story.finished_at = bench.host.clock.Now();
  outcome.result.thread_id = kWorker;
  NodeReport report{&node, std::move(outcome.result), std::move(outcome.errors), {}, {}};
  bench.narrator->NodeEnded(story, report);
  bench.narrator->ResultLine(story, report);
  bench.narrator->NodeFinished(story, report);
  if (!report.diagnostics.empty()) return report.diagnostics;
  return report;
}

Result<NodeReport> ShowNode(Workbench& bench, const Node& node) {
  const bool seed = node.type == project::ResourceType::kSeed;
  const Timestamp begun = bench.host.clock.Now();
  std::optional<NodeReport> loaded;
  if (seed) {
    STIR_ASSIGN(loaded, LoadSeed(bench, node));
  }
  STIR_ASSIGN(
      runtime::Preview preview,
      bench.runner->Show(node.id, seed ? std::nullopt : std::optional<int64_t>(bench.options.limit), bench.worker));
  Answer answer;
  answer.name = node.name;
  answer.unique_id = node.unique_id;
  NodeReport report =
      loaded ? *std::move(loaded) : Looked(bench, std::string(node.unique_id), std::move(preview.sql), begun);
  if (!seed) {
    report.result.relation_name = node.relation_name;
    report.result.adapter_response = kAnswered;
  }
  TellPreview(bench, std::move(answer), preview);
  return report;
}

Status ShowAll(Workbench& bench) {
  const Timestamp begun = bench.host.clock.Now();
  std::vector<NodeReport> reports;
  if (!bench.options.inline_sql.empty()) {
    STIR_ASSIGN(NodeReport report, ShowInlineSql(bench));
    reports.push_back(std::move(report));
  }
  for (const graph::NodeId id : bench.selected.ToVector()) {
    STIR_ASSIGN(NodeReport report, ShowNode(bench, bench.manifest->node(id)));
    reports.push_back(std::move(report));
  }
  return bench.WriteArtifacts(reports, std::chrono::duration<double>(bench.host.clock.Now() - begun).count());
}

}  // namespace

Result<CommandResult> Compile(const Host& host, const Options& options) {
  Workbench bench(host, options);
  STIR_TRY(bench.Open());
  bench.TellStats();
  STIR_TRY(Select(bench));
  if (!options.inline_sql.empty()) {
    STIR_TRY(Connect(bench));
    STIR_TRY(CompileInline(bench));
    return CommandResult{};
  }
  if (bench.selected.empty()) {
    STIR_TRY(bench.narrator->NothingToDo());
    return CommandResult{};
  }
  STIR_TRY(Connect(bench));
  return CompileNodes(bench);
}

Result<CommandResult> Show(const Host& host, const Options& options) {
  if (options.inline_sql.empty() && options.selection.select.empty()) {
    return Diagnostic(kNothingToShow, "`show` needs to know what to show").Hint("give --select NODE or --inline SQL");
  }
  Workbench bench(host, options);
  STIR_TRY(bench.Open());
  bench.TellStats();
  STIR_TRY(Select(bench, "empty"));  // a model's tests are not what was asked for
  if (bench.selected.empty() && options.inline_sql.empty()) {
    STIR_TRY(bench.narrator->NothingToDo());
    return CommandResult{};
  }
  STIR_TRY(Connect(bench));
  STIR_TRY(ShowAll(bench));
  return CommandResult{};
}

}  // namespace stir::engine
