// compile and show: nodes and inline SQL looked at, nothing built.
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/json.h"
#include "engine/artifacts.h"
#include "engine/kinds.h"
#include "engine/run_nodes.h"
#include "engine/select.h"
#include "engine/table_text.h"

namespace stir::engine {
namespace {

using project::Node;

constexpr std::array<std::string_view, 5> kCompileTypes{"model", "seed", "snapshot", "test", "analysis"};
constexpr std::string_view kInlineName = "inline_query";

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

// What compile and show share: the parsed project, the opened engine and a worker on this thread.
class Looking {
 public:
  Looking(const Host& host, const Options& options) : host_(host), options_(options) {}

  Status Open() {
    STIR_ASSIGN(setting_, ReadSetting(host_, options_));
    narrator_.emplace(host_.events, host_.sources, setting_->narrator_style(options_));
    STIR_ASSIGN(manifest_, ParseSetting(*setting_, host_, options_, *narrator_));
    STIR_TRY(WriteManifestFile(*manifest_, *setting_, host_, options_, *narrator_));
    narrator_->FoundStats(*manifest_);
    return {};
  }

  Status Select() {
    SelectionOptions selection = options_.selection;
    if (!options_.inline_sql.empty()) {
      selected_ = graph::NodeSet(manifest_->nodes().size());
      return {};
    }
    STIR_ASSIGN(selected_,
                SelectNodes(*manifest_, selection, kCompileTypes, host_.sources, *narrator_, options_.warn_error));
    return {};
  }

  // From here on the database is open.
  Status Connect() {
    const auto count = static_cast<int>(options_.inline_sql.empty() ? selected_.Count() : 1);
    narrator_->Concurrency(setting_->target.profile.threads, setting_->target.name, count);
    STIR_ASSIGN(engine_, host_.adapters.Open(setting_->target.profile));
    STIR_ASSIGN(connection_, engine_->Connect());
    worker_ = {connection_.get(), "MainThread"};
    runner_.emplace(manifest_, *engine_, MakeRunnerOptions(*setting_, *manifest_, selected_, host_, options_));
    on_cancel_.emplace(host_.cancel, [this] { connection_->Cancel(); });
    return {};
  }

  const Host& host_;
  const Options& options_;
  std::unique_ptr<Setting> setting_;
  std::optional<Narrator> narrator_;
  std::shared_ptr<const project::Manifest> manifest_;
  graph::NodeSet selected_;
  std::unique_ptr<adapter::Adapter> engine_;
  std::unique_ptr<adapter::Connection> connection_;
  runtime::Worker worker_;
  std::optional<runtime::NodeRunner> runner_;
  std::optional<OnCancel<std::function<void()>>> on_cancel_;
};

Status TellCompiledInline(Looking& looking) {
  STIR_ASSIGN(const runtime::CompiledNode compiled,
              looking.runner_->CompileInline(looking.options_.inline_sql, looking.worker_));
  Answer answer{"Q042", "CompiledNode", "compiled", std::string(kInlineName), {}, compiled.sql, {}, false, true};
  answer.json = looking.options_.output == OutputFormat::kJson;
  answer.unique_id = fmt::format("sql_operation.{}.{}", looking.setting_->project_name, kInlineName);
  answer.message =
      answer.json ? CompiledJson(kInlineName, true, compiled.sql) : Titled("Compiled", answer, " is:\n") + compiled.sql;
  Tell(answer, *looking.narrator_);
  return {};
}

// A node is shown when the user named it.
bool IsNamed(const Node& node, const Options& options) {
  return std::ranges::find(options.selection.select, node.name) != options.selection.select.end();
}

void TellCompiled(const NodeReport& report, const Looking& looking) {
  const Node& node = *report.node;
  if (report.result.status != "success" || !IsNamed(node, looking.options_)) return;
  Answer answer{"Q042",
                "CompiledNode",
                "compiled",
                std::string(node.name),
                std::string(node.unique_id),
                report.result.compiled_code,
                {},
                false,
                false};
  answer.json = looking.options_.output == OutputFormat::kJson;
  answer.message =
      answer.json ? CompiledJson(node.name, false, answer.body) : Titled("Compiled", answer, " is:\n") + answer.body;
  Tell(answer, *looking.narrator_);
}

runtime::NodeOutcome CompileOne(Looking& looking, graph::NodeId id, runtime::Worker& worker) {
  const Node& node = looking.manifest_->node(id);
  runtime::NodeOutcome outcome;
  outcome.result.unique_id = node.unique_id;
  outcome.result.thread_id = worker.name;
  outcome.result.relation_name = node.relation_name;
  outcome.result.status = "success";
  const Timestamp begun = looking.host_.clock.Now();
  if (node.type != project::ResourceType::kSeed) {
    auto compiled = looking.runner_->Compile(id, worker);
    if (compiled.ok()) {
      outcome.result.compiled = true;
      outcome.result.compiled_code = std::move(compiled->sql);
    } else {
      outcome.result.status = "error";
      outcome.result.compiled = false;
      outcome.errors = std::move(compiled).error();
      outcome.result.message = DbtErrorText(outcome.errors, looking.host_.sources, &node);
    }
  }
  const Timestamp ended = looking.host_.clock.Now();
  outcome.result.timing.push_back({"compile", begun, ended});
  outcome.result.execution_time = std::chrono::duration<double>(ended - begun).count();
  return outcome;
}

Result<CommandResult> CompileNodes(Looking& looking) {
  const Timestamp begun = looking.host_.clock.Now();
  STIR_ASSIGN(NodePlan plan, MakeNodePlan(*looking.manifest_, looking.selected_, false));
  // Ephemeral models have SQL to show too; here they are compiled like all others.
  for (PlannedNode& planned : plan.nodes) planned.pass_through = !looking.selected_.Contains(planned.node);
  const ExecuteRequest request{
      .manifest = *looking.manifest_,
      .plan = plan,
      .action = [&](graph::NodeId id, runtime::Worker& worker) { return CompileOne(looking, id, worker); },
      .clock = looking.host_.clock,
      .cancel = looking.host_.cancel,
      .threads = looking.setting_->target.profile.threads};
  STIR_ASSIGN(const RunResults results, Execute(request, *looking.engine_));
  for (const NodeReport& report : results.reports) TellCompiled(report, looking);
  const double elapsed = std::chrono::duration<double>(looking.host_.clock.Now() - begun).count();
  STIR_TRY(WriteRunResultsFile(results.reports, elapsed, *looking.setting_, looking.host_, looking.options_,
                               *looking.narrator_));
  // As dbt, a node that does not compile is why the command could not be carried out.
  Diagnostics errors;
  for (const NodeReport& report : results.reports) Append(errors, report.diagnostics);
  if (!errors.empty()) return errors;
  return CommandResult{.success = !results.interrupted};
}

void TellPreview(const Looking& looking, Answer answer, const runtime::Preview& preview) {
  answer.code = "Q041";
  answer.event = "ShowNode";
  answer.text_key = "preview";
  answer.json = looking.options_.output == OutputFormat::kJson;
  answer.body = TableText(preview.columns, preview.rows);
  answer.message = answer.json ? PreviewJson(answer.name, answer.is_inline, preview)
                               : Titled("Previewing", answer, ":\n") + answer.body;
  Tell(answer, *looking.narrator_);
}

}  // namespace

Result<CommandResult> Compile(const Host& host, const Options& options) {
  Looking looking(host, options);
  STIR_TRY(looking.Open());
  STIR_TRY(looking.Select());
  if (!options.inline_sql.empty()) {
    STIR_TRY(looking.Connect());
    STIR_TRY(TellCompiledInline(looking));
    return CommandResult{};
  }
  if (looking.selected_.empty()) {
    looking.narrator_->NothingToDo();
    return CommandResult{};
  }
  STIR_TRY(looking.Connect());
  return CompileNodes(looking);
}

Result<CommandResult> Show(const Host& host, const Options& options) {
  if (options.inline_sql.empty() && options.selection.select.empty()) {
    return Diagnostic(kNothingToShow, "`show` needs to know what to show").Hint("give --select NODE or --inline SQL");
  }
  Options chosen = options;
  chosen.selection.indirect_selection = "empty";  // a model's tests are not what was asked for
  Looking looking(host, chosen);
  STIR_TRY(looking.Open());
  STIR_TRY(looking.Select());
  if (looking.selected_.empty() && options.inline_sql.empty()) {
    looking.narrator_->NothingToDo();
    return CommandResult{};
  }
  STIR_TRY(looking.Connect());
  if (!options.inline_sql.empty()) {
    STIR_ASSIGN(const runtime::Preview preview,
                looking.runner_->ShowInline(options.inline_sql, options.limit, looking.worker_));
    Answer answer;
    answer.name = kInlineName;
    answer.unique_id = fmt::format("sql_operation.{}.{}", looking.setting_->project_name, kInlineName);
    answer.is_inline = true;
    TellPreview(looking, std::move(answer), preview);
    return CommandResult{};
  }
  for (const graph::NodeId id : looking.selected_.ToVector()) {
    const Node& node = looking.manifest_->node(id);
    STIR_ASSIGN(const runtime::Preview preview, looking.runner_->Show(id, options.limit, looking.worker_));
    Answer answer;
    answer.name = node.name;
    answer.unique_id = node.unique_id;
    TellPreview(looking, std::move(answer), preview);
  }
  return CommandResult{};
}

}  // namespace stir::engine
