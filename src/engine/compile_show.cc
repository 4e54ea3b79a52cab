// compile and show: nodes and inline SQL looked at, nothing built.
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/json.h"
#include "engine/commands.h"
#include "engine/compile_nodes.h"
#include "engine/kinds.h"
#include "engine/sql.h"
#include "engine/table_text.h"
#include "engine/workbench.h"
#include "project/kinds.h"
#include "runtime/adapter_object.h"

namespace stir::engine {
namespace {

using project::Node;

constexpr std::array<std::string_view, 7> kCompileTypes{"model",    "seed",      "snapshot", "test",
                                                        "analysis", "operation", "function"};
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

std::string PreviewJson(std::string_view name, bool is_inline, const runtime::Preview& preview, bool as_dbt) {
  std::string text = "{\n";
  if (!is_inline) {
    text += "  \"node\": ";
    AppendJsonString(text, name);
    text += ",\n";
  }
  text += "  \"show\": [";
  for (size_t i = 0; i < preview.rows.size(); ++i) {
    text += fmt::format("{}\n    {}", i == 0 ? "" : ",", JsonRow(preview.columns, preview.rows[i], 4, as_dbt));
  }
  return text + (preview.rows.empty() ? "]\n}" : "\n  ]\n}");
}

// From here on the database is open.
Status Connect(Workbench& bench) {
  bench.narrator->Concurrency(bench.setting->target.profile.threads, bench.setting->target.name,
                              static_cast<int>(bench.selected.Count()));
  return bench.Connect();
}

// How one look at something ended; it began at `begun`.
NodeReport Looked(const Workbench& bench, const Node& node, std::string code, Timestamp begun) {
  const Timestamp ended = bench.host.clock.Now();
  NodeReport report;
  report.node = &node;
  report.result.unique_id = node.unique_id;
  report.result.status = "success";
  report.result.thread_id = kWorker;
  report.result.compiled = true;
  report.result.compiled_code = std::move(code);
  report.result.timing = {{"compile", begun, ended}, {"execute", ended, ended}};
  report.result.execution_time = std::chrono::duration<double>(ended - begun).count();
  return report;
}

// How a look failed: told as the node's, and, as with dbt, what ends the command.
Diagnostics FailedLook(const Workbench& bench, NodeStory& story, Diagnostics errors) {
  const Node& node = *story.node;
  story.finished_at = bench.host.clock.Now();
  NodeReport report = Looked(bench, node, {}, story.started_at);
  report.result.status = "error";
  report.result.message = bench.runner->FailureMessage(errors, node);
  bench.narrator->NodeFinished(story, report);
  return AsCommandError(std::move(errors), report.result.message, bench.options);
}

// dbt parses inline SQL before it says anything of the project; what is wrong then has an event of its own.
bool IsParseError(const Diagnostics& errors) {
  const Kind& kind = errors.front().kind;
  return kind == project::kRefNotFound || kind == project::kRefDisabled || kind == project::kSourceNotFound;
}

Diagnostics RefuseInline(const Workbench& bench, Diagnostics errors) {
  if (!bench.options.as_dbt) return errors;
  const std::string why = errors.front().message;
  JsonWriter json;
  json.BeginObject().Key("exc").String(why).Key("node_info").BeginObject();
  json.Key("materialized").String("").Key("node_checksum").String("").Key("node_finished_at").String("");
  json.Key("node_name").String(kInlineName).Key("node_path").String("sql/inline_query");
  json.Key("node_started_at").String("").Key("node_status").String("failed").Key("resource_type").String("");
  json.Key("unique_id").String("sqloperation.test.inline_query").EndObject().EndObject();
  bench.narrator->Say("I069", "ParseInlineNodeError", Level::kError,
                      fmt::format("[ERROR]: Error while parsing node: {}\n{}", kInlineName, why),
                      std::move(json).Take());
  errors.resize(1, errors.front());
  errors.front().dbt.message = "Error parsing inline query";
  return errors;
}

// Inline SQL stands instead of a selection: parsed, looked at by `look`, and told as a node of its own.
template <typename Found>
struct InlineAnswer {
  std::unique_ptr<runtime::ScratchNode> query;
  NodeStory story;
  Found looked;
};

template <typename Look, typename Found = std::invoke_result_t<Look, const runtime::ScratchNode&>::value_type>
Result<InlineAnswer<Found>> LookInline(Workbench& bench, Look look) {
  STIR_TRY(bench.Connect());
  auto parsed = bench.runner->ParseInline(bench.options.inline_sql);
  if (!parsed.ok()) return RefuseInline(bench, std::move(parsed).error());
  std::unique_ptr<runtime::ScratchNode> query = *std::move(parsed);
  NodeStory story{.node = &query->node(), .index = 1, .total = 1, .started_at = bench.host.clock.Now()};
  auto looked = look(*query);
  if (!looked.ok() && IsParseError(looked.error())) return RefuseInline(bench, std::move(looked).error());
  bench.TellStats(1);
  bench.narrator->Concurrency(bench.setting->target.profile.threads, bench.setting->target.name, 1);
  bench.narrator->NodeStarted(story);
  if (!looked.ok()) return FailedLook(bench, story, std::move(looked).error());
  story.finished_at = bench.host.clock.Now();
  return InlineAnswer<Found>{std::move(query), story, *std::move(looked)};
}

Status CompileInline(Workbench& bench) {
  STIR_ASSIGN(auto found, LookInline(bench, [&](const runtime::ScratchNode& query) {
                return bench.runner->CompileInline(query, bench.worker);
              }));
  const Node& node = *found.story.node;
  Answer answer{
      "Q042", "CompiledNode", "compiled", std::string(kInlineName), std::string(node.unique_id), found.looked.sql,
      {},     false,          true};
  answer.json = bench.options.output == OutputFormat::kJson;
  answer.message =
      answer.json ? CompiledJson(kInlineName, true, answer.body) : Titled("Compiled", answer, " is:\n") + answer.body;
  const NodeReport report = Looked(bench, node, std::move(found.looked.sql), found.story.started_at);
  bench.narrator->NodeFinished(found.story, report);
  STIR_TRY(bench.WriteArtifacts(std::span(&report, 1), report.result.execution_time));
  Tell(answer, *bench.narrator);
  return {};
}

// A node is shown when the user named it. dbt looks into the first word that selects, wherever the name stands in it.
bool IsNamed(const Node& node, const Options& options) {
  const std::vector<std::string>& select = options.selection.select;
  if (options.as_dbt) return !select.empty() && select.front().find(node.name) != std::string::npos;
  return std::ranges::find(select, node.name) != select.end();
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
  STIR_TRY(Compiled(results, bench.options));
  return CommandResult{.success = !results.interrupted};
}

void TellPreview(const Narrator& narrator, const Options& options, Answer answer, const runtime::Preview& preview) {
  answer.code = "Q041";
  answer.event = "ShowNode";
  answer.text_key = "preview";
  answer.json = options.output == OutputFormat::kJson;
  const bool as_dbt = options.as_dbt;
  answer.body = as_dbt ? AgateText(preview.columns, preview.rows) : TableText(preview.columns, preview.rows);
  const std::string title = as_dbt && options.quiet ? "" : Titled("Previewing", answer, ":\n");
  answer.message = answer.json ? PreviewJson(answer.name, answer.is_inline, preview, as_dbt) : title + answer.body;
  Tell(answer, narrator);
}

Status ShowInline(Workbench& bench) {
  STIR_ASSIGN(auto found, LookInline(bench, [&](const runtime::ScratchNode& query) {
                return bench.runner->ShowInline(query, bench.options.limit, bench.worker);
              }));
  const Node& node = *found.story.node;
  NodeReport report = Looked(bench, node, std::move(found.looked.sql), found.story.started_at);
  report.result.adapter_response = runtime::WholeResponseJson(found.looked.outcome);
  bench.narrator->NodeFinished(found.story, report);
  STIR_TRY(bench.WriteArtifacts(std::span(&report, 1), report.result.execution_time));
  Answer answer;
  answer.name = kInlineName;
  answer.unique_id = node.unique_id;
  answer.is_inline = true;
  TellPreview(*bench.narrator, bench.options, std::move(answer), found.looked);
  return {};
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
  NodeStory story{.node = &node, .started_at = bench.host.clock.Now()};
  std::optional<NodeReport> loaded;
  if (seed) {
    STIR_ASSIGN(loaded, LoadSeed(bench, node));
  } else {
    bench.narrator->NodeStarted(story);
  }
  auto shown =
      bench.runner->Show(node.id, seed ? std::nullopt : std::optional<int64_t>(bench.options.limit), bench.worker);
  if (!shown.ok() && !seed) return FailedLook(bench, story, std::move(shown).error());
  STIR_ASSIGN(runtime::Preview preview, std::move(shown));
  Answer answer;
  answer.name = node.name;
  answer.unique_id = node.unique_id;
  NodeReport report = loaded ? *std::move(loaded) : Looked(bench, node, std::move(preview.sql), story.started_at);
  if (!seed) {
    report.result.relation_name = node.relation_name;
    report.result.adapter_response = runtime::WholeResponseJson(preview.outcome);
    story.finished_at = bench.host.clock.Now();
    bench.narrator->NodeFinished(story, report);
  }
  TellPreview(*bench.narrator, bench.options, std::move(answer), preview);
  return report;
}

Status ShowAll(Workbench& bench) {
  const Timestamp begun = bench.host.clock.Now();
  std::vector<NodeReport> reports;
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
  if (!options.inline_sql.empty()) {
    STIR_TRY(CompileInline(bench));
    return CommandResult{};
  }
  bench.TellStats();
  STIR_TRY(bench.Select(kCompileTypes));
  if (bench.selected.empty()) {
    STIR_TRY(bench.narrator->NothingToDo());
    return CommandResult{};
  }
  STIR_TRY(Connect(bench));
  return CompileNodes(bench);
}

namespace {

// SQL that is sent as it is: nothing but the profile is read.
Result<CommandResult> ShowDirect(const Host& host, const Options& options) {
  STIR_ASSIGN(const TargetSetting setting, ReadTargetSetting(host, options));
  TellAdapter(host, setting.target.profile.type);
  runtime::Preview preview;
  const auto keep = [&](adapter::Rows& rows) -> Status {
    preview.columns = rows.columns();
    preview.rows.clear();
    TableRow row;
    while (options.limit < 0 || static_cast<int64_t>(preview.rows.size()) < options.limit) {
      STIR_ASSIGN(const bool more, rows.Next(row));
      if (!more) break;
      preview.rows.push_back(row);
    }
    return {};
  };
  STIR_TRY(RunSql(host, options, {options.inline_direct, "<inline>", ""}, keep));
  Answer answer;
  answer.name = answer.unique_id = "direct-query";
  answer.is_inline = true;
  const Narrator narrator(host.events, host.sources, {.width = options.printer_width});
  TellPreview(narrator, options, std::move(answer), preview);
  return CommandResult{};
}

}  // namespace

Result<CommandResult> Show(const Host& host, const Options& options) {
  if (!options.inline_direct.empty()) return ShowDirect(host, options);
  if (options.inline_sql.empty() && options.selection.select.empty()) {
    return Diagnostic(kNothingToShow, "`show` needs to know what to show").Hint("give --select NODE or --inline SQL");
  }
  Workbench bench(host, options);
  STIR_TRY(bench.Open());
  if (!options.inline_sql.empty()) {
    STIR_TRY(ShowInline(bench));
    return CommandResult{};
  }
  bench.TellStats();
  STIR_TRY(bench.Select(kCompileTypes, "empty"));  // a model's tests are not what was asked for
  if (bench.selected.empty()) {
    STIR_TRY(bench.narrator->NothingToDo());
    return CommandResult{};
  }
  STIR_TRY(Connect(bench));
  STIR_TRY(ShowAll(bench));
  return CommandResult{};
}

}  // namespace stir::engine
