// build, run, test, seed, snapshot, clone, source freshness: one list of phases.
#include "engine/run_nodes.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <optional>

#include "adapter/kinds.h"
#include "base/json.h"
#include "engine/artifacts.h"
#include "engine/deferral.h"
#include "engine/kinds.h"
#include "engine/select.h"
#include "engine/table_text.h"

namespace stir::engine {
namespace {

using project::Node;

constexpr std::array<std::string_view, 8> kBuildTypes{"model",     "seed",     "snapshot",    "test",
                                                      "unit_test", "exposure", "saved_query", "function"};
constexpr std::array<std::string_view, 1> kRunTypes{"model"};
constexpr std::array<std::string_view, 2> kTestTypes{"test", "unit_test"};
constexpr std::array<std::string_view, 1> kSeedTypes{"seed"};
constexpr std::array<std::string_view, 1> kSnapshotTypes{"snapshot"};
constexpr std::array<std::string_view, 3> kCloneTypes{"model", "seed", "snapshot"};
constexpr std::array<std::string_view, 1> kSourceTypes{"source"};

NodeWords WordsFor(NodeWork work) {
  switch (work) {
    case NodeWork::kRun:
      return NodeWords::kBuilt;
    case NodeWork::kFreshness:
      return NodeWords::kFreshness;
    case NodeWork::kClone:
      return NodeWords::kNone;
  }
  return NodeWords::kBuilt;
}

// Only sources that say how fresh they have to be are asked.
graph::NodeSet WithFreshness(const project::Manifest& manifest, const graph::NodeSet& selected) {
  graph::NodeSet kept(manifest.nodes().size());
  selected.ForEach([&](graph::NodeId id) {
    const Node& node = manifest.node(id);
    if (node.source != nullptr && node.source->has_freshness) kept.Add(id);
  });
  return kept;
}

Result<std::optional<Timestamp>> EventTime(std::string_view option, const std::string& text) {
  if (text.empty()) return std::optional<Timestamp>();
  if (const std::optional<Timestamp> time = ParseTimestamp(text)) return time;
  return Diagnostic(kBadEventTime, fmt::format("`{}` is not a time: `{}`", option, text))
      .Hint("write it as 2026-01-31 or 2026-01-31T06:00:00Z");
}

// One run on an opened engine: its hooks, its nodes, and what is told of them.
class NodeRunCommand {
 public:
  NodeRunCommand(const Host& host, const Options& options, const Setting& setting,
                 std::shared_ptr<const project::Manifest> manifest, const Narrator& narrator,
                 const NodeCommand& command)
      : host_(host),
        options_(options),
        setting_(setting),
        manifest_(std::move(manifest)),
        narrator_(narrator),
        command_(command) {}

  Result<CommandResult> Run(const graph::NodeSet& selected) {
    STIR_ASSIGN(NodePlan plan, MakeNodePlan(*manifest_, selected, command_.edges));
    const int threads = setting_.target.profile.threads;
    narrator_.Concurrency(threads, setting_.target.name, CountNodes(plan));

    const Timestamp begun = host_.clock.Now();
    Result<CommandResult> result = Work(plan, selected, begun);
    if (!result.ok() && !told_finished_) TellFinished(begun);
    return result;
  }

 private:
  // The phases with an open database.
  Result<CommandResult> Work(NodePlan& plan, const graph::NodeSet& selected, Timestamp begun) {
    STIR_ASSIGN(std::unique_ptr<adapter::Adapter> engine, host_.adapters.Open(setting_.target.profile));
    STIR_ASSIGN(std::unique_ptr<adapter::Connection> connection, engine->Connect());
    runtime::Worker main_worker{connection.get(), "MainThread"};
    runtime::RunnerOptions runner_options = MakeRunnerOptions(setting_, *manifest_, selected, host_, options_);
    STIR_ASSIGN(runner_options.event_time_start, EventTime("--event-time-start", options_.event_time_start));
    STIR_ASSIGN(runner_options.event_time_end, EventTime("--event-time-end", options_.event_time_end));
    runner_options.on_batch = [this](const runtime::BatchNews& news) {
      narrator_.Batch(manifest_->node(news.node), news);
    };
    STIR_ASSIGN(runner_options.deferral, ReadDeferral(host_, options_, *manifest_, command_.work == NodeWork::kClone));
    runtime::NodeRunner runner(manifest_, *engine, std::move(runner_options));
    const std::vector<graph::NodeId> nodes = selected.ToVector();
    STIR_TRY(runner.Prepare(nodes, main_worker));

    STIR_ASSIGN(started_, RunHooks(runner, true, main_worker));
    RunResults results;
    if (started_) {
      STIR_ASSIGN(results, RunPlan(plan, runner, *engine));
    } else {
      SkipAll(plan, results);
    }
    Append(std::move(results.reports));
    if (auto ended = RunHooks(runner, false, main_worker); !ended.ok()) {
      // What was run is told and kept, in dbt's words for a run that was cut short; the manifest stays as it was.
      STIR_TRY(Conclude(begun, /*interrupted=*/true, /*rendered=*/{}));
      return std::move(ended).error();
    }
    if (options_.show_seeds && options_.command == "seed") STIR_TRY(SampleSeeds(runner, main_worker));
    return Conclude(begun, results.interrupted, runner.rendered());
  }

  Result<RunResults> RunPlan(NodePlan& plan, runtime::NodeRunner& runner, adapter::Adapter& engine) {
    const ExecuteRequest request{
        .manifest = *manifest_,
        .plan = plan,
        .action = [&](graph::NodeId node, runtime::Worker& worker) { return RunNode(runner, node, worker); },
        .clock = host_.clock,
        .narrator = &narrator_,
        .cancel = host_.cancel,
        .threads = setting_.target.profile.threads,
        .fail_fast = options_.fail_fast};
    return Execute(request, engine);
  }

  // A test that keeps its failing rows has a relation, also when only the command says so.
  runtime::NodeOutcome RunNode(runtime::NodeRunner& runner, graph::NodeId id, runtime::Worker& worker) const {
    if (command_.work == NodeWork::kClone) return runner.Clone(id, worker);
    if (command_.work == NodeWork::kFreshness) return runner.CheckFreshness(id, worker);
    runtime::NodeOutcome outcome = runner.Run(id, worker);
    const Node& node = manifest_->node(id);
    const bool keeps = node.config->store_failures.value_or(options_.store_failures);
    if (node.test != nullptr && keeps && outcome.result.relation_name.empty()) {
      outcome.result.relation_name = setting_.dialect->Render(manifest_->RelationOf(node));
    }
    return outcome;
  }

  // Some rows of each seed that was loaded, to be shown at the end.
  Status SampleSeeds(runtime::NodeRunner& runner, runtime::Worker& worker) {
    constexpr int64_t kRows = 10;
    for (const NodeReport& report : reports_) {
      const Node& node = *report.node;
      if (node.type != project::ResourceType::kSeed || report.result.status != "success") continue;
      const std::string sql = fmt::format("select * from {} order by random()", node.relation_name);
      STIR_ASSIGN(const auto query, runner.ParseInline(sql));
      STIR_ASSIGN(const runtime::Preview sample, runner.ShowInline(*query, kRows, worker, /*writes=*/false));
      samples_.push_back({&node, TableText(sample.columns, sample.rows)});
    }
    return {};
  }

  void ShowSamples() const {
    for (const auto& [node, rows] : samples_) {
      const std::string head = fmt::format("Random sample of table: {}.{}", node->schema, node->alias);
      std::string data = "{\"header\": ";
      AppendJsonString(data, head);
      narrator_.Blank();
      narrator_.Say("Q004", "SeedHeader", Level::kInfo, head, data + "}");
      narrator_.Say("Z017", "Formatting", Level::kInfo, std::string(head.size(), '-'));
      narrator_.Print(rows);
      narrator_.Blank();
    }
  }

  // What on-run-end sees: the nodes that were run, and hooks that failed; nothing when no node was to run.
  std::vector<project::NodeResult> ResultsForHooks() const {
    std::vector<project::NodeResult> results;
    for (const NodeReport& report : reports_) {
      const bool good_hook = report.node->operation && report.result.status != "error";
      if (!good_hook && started_) results.push_back(report.result);
    }
    return results;
  }

  // False when a hook failed; an error when its template did, which ends the command as it ends dbt's.
  Result<bool> RunHooks(runtime::NodeRunner& runner, bool on_run_start, runtime::Worker& worker) {
    const auto hooks = on_run_start ? manifest_->on_run_start() : manifest_->on_run_end();
    if (hooks.empty() || command_.work == NodeWork::kClone) return true;
    if (!on_run_start) narrator_.Blank();
    std::vector<runtime::NodeOutcome> outcomes = runner.RunHooks(on_run_start, ResultsForHooks(), worker);
    bool good = true;
    int index = 0;
    for (runtime::NodeOutcome& outcome : outcomes) {
      const Node* node = &manifest_->node(hooks[static_cast<size_t>(index)]);
      if (outcome.result.status == "error" && !outcome.result.compiled.value_or(true)) {
        outcome.errors.front().subject = fmt::format("operation {} ({})", node->name, node->original_file_path);
        return std::move(outcome.errors);
      }
      NodeStory story{.node = node,
                      .index = ++index,
                      .total = static_cast<int>(hooks.size()),
                      .started_at = StartOf(outcome.result),
                      .finished_at = EndOf(outcome.result)};
      if (outcome.result.status != "skipped") narrator_.HookStarted(story);
      NodeReport report{node, std::move(outcome.result), std::move(outcome.errors), {}, {}};
      narrator_.HookFinished(story, report);
      good = good && report.result.status != "error";
      reports_.push_back(std::move(report));
    }
    if (on_run_start) narrator_.Blank();
    return good;
  }

  static Timestamp StartOf(const project::NodeResult& result) {
    return result.timing.empty() ? Timestamp{} : result.timing.front().started_at;
  }
  static Timestamp EndOf(const project::NodeResult& result) {
    return result.timing.empty() ? Timestamp{} : result.timing.back().completed_at;
  }

  // A start hook failed: no node is run.
  void SkipAll(const NodePlan& plan, RunResults& results) const {
    const int total = CountNodes(plan);
    for (const PlannedNode& planned : plan.nodes) {
      if (planned.ephemeral) continue;
      const Node& node = manifest_->node(planned.node);
      narrator_.NodeSkipped({.node = &node,
                             .index = static_cast<int>(results.reports.size()) + 1,
                             .total = total,
                             .started_at = host_.clock.Now()});
      NodeReport report{&node, {}, {}, {}, {}};
      report.result.unique_id = node.unique_id;
      report.result.status = "skipped";
      report.result.thread_id = "MainThread";
      if (IsRunAsCode(node)) {
        report.result.compiled = false;
        report.result.relation_name = node.relation_name;
      }
      results.reports.push_back(std::move(report));
    }
  }

  void Append(std::vector<NodeReport> reports) {
    for (NodeReport& report : reports) reports_.push_back(std::move(report));
  }

  // How much was run since `begun`; the time in seconds.
  double TellFinished(Timestamp begun) {
    told_finished_ = true;
    const double elapsed = std::chrono::duration<double>(host_.clock.Now() - begun).count();
    std::vector<const Node*> ran;
    for (const NodeReport& report : reports_) ran.push_back(report.node);
    if (command_.work != NodeWork::kClone) narrator_.FinishedRunning(ran, elapsed);
    return elapsed;
  }

  Result<CommandResult> Conclude(Timestamp begun, bool interrupted, const project::RenderedNodes& rendered) {
    const double elapsed = TellFinished(begun);
    if (command_.work == NodeWork::kFreshness) {
      STIR_TRY(WriteManifestFile(*manifest_, setting_, host_, options_, narrator_, rendered));
      STIR_TRY(WriteSourcesFile(reports_, elapsed, setting_, host_, options_, narrator_));
      narrator_.EndOfFreshness(reports_);
      return CommandResult{.success = !interrupted && !AnyFailed(reports_)};
    }
    ShowSamples();
    narrator_.CommandResult(reports_, elapsed, host_.clock.Now());
    STIR_TRY(WriteManifestFile(*manifest_, setting_, host_, options_, narrator_, rendered));
    STIR_TRY(WriteRunResultsFile(reports_, elapsed, setting_, host_, options_, narrator_));
    if (!reports_.empty()) narrator_.EndOfRun(reports_, interrupted);
    return CommandResult{.success = !interrupted && !AnyFailed(reports_)};
  }

  const Host& host_;
  const Options& options_;
  const Setting& setting_;
  const std::shared_ptr<const project::Manifest> manifest_;
  const Narrator& narrator_;
  const NodeCommand& command_;
  bool told_finished_ = false;
  bool started_ = true;  // no on-run-start hook failed
  std::vector<NodeReport> reports_;
  std::vector<std::pair<const Node*, std::string>> samples_;  // a seed and its rows as a table
};

// `build` runs unit tests with their models; alone they are nothing to do.
bool AreUnitTests(const project::Manifest& manifest, const graph::NodeSet& selected) {
  return std::ranges::all_of(selected.ToVector(),
                             [&](graph::NodeId id) { return manifest.node(id).unit_test != nullptr; });
}

Status WarnOfOutput(const Options& options, const Narrator& narrator) {
  const std::string path = options.freshness_output.string();
  JsonWriter json;
  json.BeginObject().Key("path").String(path).EndObject();
  return narrator.Warn("D029", "CustomOutputPathInSourceFreshnessDeprecation",
                       fmt::format("Custom output path usage `--output {}` usage detected in `dbt source freshness` "
                                   "command.",
                                   path),
                       std::move(json).Take());
}

// A run of no nodes leaves its artifacts too.
Result<CommandResult> ConcludeNothing(const Host& host, const Options& options, const Setting& setting,
                                      const Narrator& narrator, const NodeCommand& command) {
  if (command.work == NodeWork::kFreshness) {
    STIR_TRY(WriteSourcesFile({}, 0, setting, host, options, narrator));
    narrator.EndOfFreshness({});
    return CommandResult{};
  }
  narrator.CommandResult({}, 0, host.clock.Now());
  STIR_TRY(WriteRunResultsFile({}, 0, setting, host, options, narrator));
  if (options.command == "seed") narrator.EndOfRun({}, false);
  return CommandResult{};
}

}  // namespace

Result<CommandResult> RunNodeCommand(const Host& host, const Options& options, const NodeCommand& command) {
  STIR_ASSIGN(const std::unique_ptr<Setting> setting, ReadSetting(host, options));
  NarratorStyle style = setting->narrator_style(options);
  style.words = WordsFor(command.work);
  const Narrator narrator(host.events, host.sources, style);
  STIR_ASSIGN(const std::shared_ptr<const project::Manifest> manifest, ParseSetting(*setting, host, options, narrator));
  // Names are resolved and configurations final; the manifest does not change any more.
  STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, narrator));
  if (!options.freshness_output.empty()) STIR_TRY(WarnOfOutput(options, narrator));
  narrator.FoundStats(*manifest);
  STIR_ASSIGN(const auto comparison, CompareState(host, options, *setting, *manifest, narrator));
  STIR_ASSIGN(graph::NodeSet chosen, SelectNodes(*manifest, options.selection, command.types, host.sources, narrator,
                                                 comparison->state.get()));
  if (command.work == NodeWork::kFreshness) chosen = WithFreshness(*manifest, chosen);
  const graph::NodeSet selected = WithoutEmpty(*manifest, std::move(chosen));
  const bool builds = command.edges == PlanEdges::kParentsAndTests;
  if (selected.empty() || (builds && AreUnitTests(*manifest, selected))) {
    STIR_TRY(narrator.NothingToDo());
    return ConcludeNothing(host, options, *setting, narrator, command);
  }
  return NodeRunCommand(host, options, *setting, manifest, narrator, command).Run(selected);
}

runtime::RunnerOptions MakeRunnerOptions(const Setting& setting, const project::Manifest& manifest,
                                         const graph::NodeSet& selected, const Host& host, const Options& options) {
  runtime::RunnerOptions runner;
  runner.invocation = &setting.invocation;
  runner.target = &setting.target;
  runner.files = &host.files;
  runner.sources = &host.sources;
  runner.target_path = setting.target_path;
  runner.target_folder = setting.target_folder;
  runner.empty = options.empty;
  runner.colors = options.use_colors;
  runner.warnings_are_errors = options.warnings.For("LogTestResult", "Q007") == Treatment::kError;
  runner.invocation_args = setting.invocation_arguments;
  runner.query_comment = setting.query_comment;
  selected.ForEach([&](graph::NodeId node) { runner.selected.emplace_back(manifest.node(node).unique_id); });
  return runner;
}

Result<CommandResult> Build(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kBuildTypes, .edges = PlanEdges::kParentsAndTests});
}

Result<CommandResult> Run(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kRunTypes});
}

Result<CommandResult> Test(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kTestTypes});
}

Result<CommandResult> Seed(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kSeedTypes});
}

Result<CommandResult> Snapshot(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kSnapshotTypes});
}

Result<CommandResult> Clone(const Host& host, const Options& options) {
  return RunNodeCommand(host, options, {.types = kCloneTypes, .edges = PlanEdges::kNone, .work = NodeWork::kClone});
}

Result<CommandResult> CheckFreshness(const Host& host, const Options& options) {
  return RunNodeCommand(host, options,
                        {.types = kSourceTypes, .edges = PlanEdges::kNone, .work = NodeWork::kFreshness});
}

}  // namespace stir::engine
