// What dbt's commands say while they work: dbt's event names, codes, lines and data, which tools around dbt read.
// Everything here is wording; nothing decides.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/source_map.h"
#include "engine/node_report.h"
#include "engine/options.h"
#include "project/manifest.h"
#include "runtime/runner.h"

namespace stir::engine {

// One node on its way through a run.
struct NodeStory {
  const project::Node* node = nullptr;
  int index = 0;  // 1-based place among the run's nodes
  int total = 0;
  Timestamp started_at{};  // zero: not yet
  Timestamp finished_at{};
  const project::Node* attached = nullptr;  // a generic test's node
};

// The numbers of dbt's last line.
struct RunStats {
  int pass = 0, warn = 0, error = 0, skip = 0, noop = 0, reused = 0;
  int total() const { return pass + warn + error + skip + noop + reused; }
};

// What lines tell of each node: that it is built, how fresh it is, or nothing.
enum class NodeWords : uint8_t { kBuilt, kFreshness, kNone };

struct NarratorStyle {
  int width = 80;                  // lines are padded to it
  bool dbt_errors = false;         // errors in dbt's shape; else with place, line and caret
  std::string home_database = {};  // left out of names shown
  NodeWords words = NodeWords::kBuilt;
  WarningPolicy warnings = {};
  std::string target_folder = {};  // shown in front of compiled files
};

// "3 models, 2 data tests, 400 macros".
std::string StatsOf(const project::Manifest& manifest);

// Thread safe: it holds no state but what it was made with.
class Narrator {
 public:
  Narrator(EventSink& sink, const SourceMap& sources, NarratorStyle style)
      : sink_(sink), sources_(sources), style_(std::move(style)) {}

  void Say(std::string_view code, std::string_view name, Level level, std::string message,
           std::string data = "{}") const;
  void Blank() const;
  // An answer that was asked for: shown bare, also when quiet.
  void Print(std::string text) const;
  // A warning is told, kept quiet, or, as the user wants it, an error.
  Status Warn(std::string_view code, std::string_view name, std::string_view text, std::string data) const;
  Status Warn(const Diagnostics& warnings) const;

  void FoundStats(const project::Manifest& manifest, size_t queries = 0) const;  // `queries`: of inline SQL
  void FoundStats(const std::string& line) const;                                // of StatsOf
  void Concurrency(int threads, std::string_view target, int nodes) const;
  Status NothingToDo() const;
  void ArtifactWritten(std::string_view type, std::string_view path) const;

  // A node on its way, in this order: it is taken up; the line that it starts, what it ended with, the line of how it
  // ended, where it is run; it is done with.
  void NodeStarted(const NodeStory& story) const;
  void StartLine(const NodeStory& story) const;
  void NodeEnded(const NodeStory& story, const NodeReport& report) const;
  void ResultLine(const NodeStory& story, const NodeReport& report) const;
  void NodeFinished(const NodeStory& story, const NodeReport& report) const;
  // A batch of a microbatch model begins, or has ended.
  void Batch(const project::Node& node, const runtime::BatchNews& news) const;
  void NodeSkipped(const NodeStory& story) const;
  // `cause`: how the ephemeral model that it stands on ended.
  void NodeSkippedByEphemeral(const NodeStory& story, const NodeReport& cause) const;
  // What follows from a node that failed will not run.
  void ChildrenSkipped(const NodeReport& report) const;
  void NodeNothingToDo(const NodeStory& story) const;
  void NodeCanceled(const project::Node& node) const;
  void HookStarted(const NodeStory& story) const;
  void HookFinished(const NodeStory& story, const NodeReport& report) const;

  void FinishedRunning(std::span<const project::Node* const> nodes, double seconds) const;
  // The error that ends a run with --fail-fast, told at once.
  void FailedFast(const NodeReport& report) const;
  // The account of what went wrong, and the numbers.
  void EndOfRun(std::span<const NodeReport> reports, bool interrupted) const;

  // The account of a freshness check: what is stale or could not be asked.
  void EndOfFreshness(std::span<const NodeReport> reports) const;

  // All results once more, for programs.
  void CommandResult(std::span<const NodeReport> reports, double seconds, Timestamp now) const;

  // "sql view model main.a", "seed file main.s", "test unique_a_id".
  std::string Describe(const project::Node& node) const;
  // An error as it is shown to the user, and as tools read it in run_results.json.
  std::string ErrorText(const NodeReport& report) const;
  // The same for what is no node: `dbt_text` where errors have dbt's shape.
  std::string ShownError(const Diagnostics& diagnostics, const std::string& dbt_text) const;
  // "1 of 2 START something ..... [RUN]"; no time when `seconds` is negative.
  std::string Progress(int index, int total, std::string_view text, std::string_view state, double seconds = -1) const;

 private:
  std::string Line(const NodeStory& story, std::string_view text, std::string_view state, double seconds = -1) const;
  void TestLine(const NodeStory& story, const NodeReport& report) const;
  void SeedLine(const NodeStory& story, const NodeReport& report) const;
  void ModelLine(const NodeStory& story, const NodeReport& report) const;
  void FunctionLine(const NodeStory& story, const NodeReport& report) const;
  void SnapshotLine(const NodeStory& story, const NodeReport& report) const;
  void FreshnessLine(const NodeStory& story, const NodeReport& report) const;
  std::string Padded(std::string text, std::string_view state) const;
  std::string HookLine(const NodeStory& story, std::string_view text, std::string_view state) const;
  std::string SchemaName(const project::Node& node) const;
  void Verdict(std::span<const NodeReport> reports, bool interrupted) const;
  void Problem(const NodeReport& report) const;
  void FailuresKept(const std::string& relation, const project::Node& node) const;
  void Stats(const RunStats& stats) const;
  std::string WarningText(std::string_view code, std::string_view name, std::string_view text) const;
  std::string Rendered(const Diagnostic& warning) const;

  EventSink& sink_;
  const SourceMap& sources_;
  const NarratorStyle style_;
};

RunStats CountResults(std::span<const NodeReport> reports);
// True when dbt's exit code for these results is 1.
bool AnyFailed(std::span<const NodeReport> reports);
// dbt's word for a category of error: "Compilation Error".
std::string_view DbtHeading(Category category);
// The same of an error of the engine's session: DuckDB's errors are none of a database, in dbt's words.
std::string_view DbtHeading(Category category, const adapter::Dialect& dialect);
// An error in dbt's shape, without place: "Compilation Error in model a (models/a.sql)\n  what happened".
std::string DbtErrorText(const Diagnostics& diagnostics, const SourceMap& sources, const project::Node* node);

}  // namespace stir::engine
