// A node's life on an engine: compiled, run, its result worded as dbt words it. `engine` calls this from its workers,
// each of which owns one connection; commands that only look (compile, show) use the same runner.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "adapter/connection.h"
#include "base/event.h"
#include "base/files.h"
#include "base/result.h"
#include "base/source_map.h"
#include "graph/graph.h"
#include "jinja/value.h"
#include "project/artifacts.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/profile.h"
#include "project/rendered_nodes.h"
#include "runtime/scratch_node.h"

namespace stir::runtime {

// The comment in every statement. `text` is a template; empty: none.
struct QueryComment {
  std::optional<std::string> text;  // none: dbt's own, a JSON object
  bool append = false;
};

// One batch of a microbatch model begins or has ended.
struct BatchNews {
  graph::NodeId node = 0;
  std::string label;  // "2024-01-01"
  int index = 0;      // from 1
  int total = 0;
  std::string status;   // "started", "success", "error", "skipped"
  std::string message;  // of a success: the engine's; of an error: what went wrong
  double seconds = 0;
};
using BatchListener = std::function<void(const BatchNews&)>;  // called on the worker's thread

// Where other runs have built what may be missing here: --defer, clone.
struct Deferral {
  std::map<std::string, adapter::Relation, std::less<>> relations;  // by unique id
  bool refs = false;         // --defer: ref() of what is not built here gives the other relation
  bool favor_state = false;  // --favor-state: so does ref() of everything that is not selected
};

// Pointers and references outlive the runner.
struct RunnerOptions {
  const project::Invocation* invocation = nullptr;
  const project::Target* target = nullptr;
  Files* files = nullptr;
  SourceMap* sources = nullptr;          // inline SQL is added to it; null: its errors have no place
  std::filesystem::path target_path;     // absolute; compiled/ and run/ are written below it
  std::string target_folder = "target";  // the same as the project names it: for artifacts
  bool write_files = true;               // compiled and run SQL
  bool empty = false;                    // --empty: refs and sources without rows
  bool colors = false;                   // the differences that unit tests find are shown in colours
  bool warnings_are_errors = false;      // --warn-error: a warning of a test is a failure
  jinja::Value invocation_args;          // `invocation_args_dict`: a dict, or undefined
  std::vector<std::string> selected;     // unique ids: `selected_resources`
  QueryComment query_comment;
  std::optional<Timestamp> event_time_start, event_time_end;  // --event-time-start, --event-time-end
  // Microbatch models of which only these batches are run again, by unique id: what a retry knows of the last run.
  std::map<std::string, project::BatchResults, std::less<>> previous_batches;
  BatchListener on_batch;  // may be empty
  Deferral deferral;
};

// A thread of the engine and what it owns. `name` is dbt's thread id: "Thread-1 (worker)", "MainThread".
struct Worker {
  adapter::Connection* connection = nullptr;
  std::string name;
};

// SQL ready for the engine, and which part of it came from which place of the user's files.
struct CompiledNode {
  std::string sql;
  std::vector<jinja::OutputPiece> pieces;
};

// When a source was last loaded, and when that was asked.
struct Freshness {
  Timestamp max_loaded_at{}, snapshotted_at{};
  std::string adapter_response = "{}";  // a JSON object
};

struct NodeOutcome {
  project::NodeResult result;
  Diagnostics errors;                    // why it failed, each at the user's place; empty otherwise
  std::optional<Freshness> freshness{};  // of a source that could be asked
};

// The first rows of a query.
struct Preview {
  CompiledNode compiled;
  std::string sql;  // what was asked in the end, with the limit
  std::vector<adapter::ColumnInfo> columns;
  std::vector<std::vector<adapter::Cell>> rows;
  adapter::Outcome outcome;
};

// A model that is built batch by batch.
bool IsMicrobatch(const project::Node& node);

// One column of a relation, as the engine's catalogue has it.
struct CatalogColumn {
  std::string database, schema, name, type, comment, owner;  // of the relation; empty: none
  std::string column, column_type, column_comment;
  int64_t index = 0;
};

class RunState;  // run_state.h: what all nodes of a run share

// Safe to use from several threads at once, each with a Worker of its own. Manifest and adapter outlive it.
class NodeRunner {
 public:
  NodeRunner(std::shared_ptr<const project::Manifest> manifest, adapter::Adapter& engine, RunnerOptions options);
  ~NodeRunner();

  // Before the first node: creates the schemas that the nodes need, one after the other, and asks which relations are
  // in them.
  Status Prepare(std::span<const graph::NodeId> selected, Worker& worker);

  // The node's SQL with its ephemeral parents written into it; writes it below target/compiled. Seeds and sources have
  // none.
  Result<CompiledNode> Compile(graph::NodeId node, Worker& worker);
  // Compiles and runs one node. Never fails as a call: what went wrong is in the outcome. Ephemeral models and analyses
  // are only compiled. To cancel: Worker::connection->Cancel() from any thread; the outcome is then an error of kind
  // kCanceled.
  NodeOutcome Run(graph::NodeId node, Worker& worker);

  // on-run-start (or -end) hooks, one by one in the manifest's order. After one that fails the others are skipped.
  // `results`: the nodes' own, for on-run-end's `results`, `schemas` and `database_schemas`.
  std::vector<NodeOutcome> RunHooks(bool on_run_start, std::span<const project::NodeResult> results, Worker& worker);

  // --inline: SQL as a node that no file has.
  Result<std::unique_ptr<ScratchNode>> ParseInline(std::string sql);
  Result<CompiledNode> CompileInline(const ScratchNode& query, Worker& worker);
  // The first `limit` rows (none: all) of a node's query or of inline SQL. A seed's and a snapshot's query is its
  // table.
  Result<Preview> Show(graph::NodeId node, std::optional<int64_t> limit, Worker& worker);
  // `writes`: its SQL is written below target/compiled.
  Result<Preview> ShowInline(const ScratchNode& query, std::optional<int64_t> limit, Worker& worker,
                             bool writes = true);

  // Asks when the source `node` was last loaded, and judges it by its thresholds: pass, warn, error, or "runtime error"
  // when it could not be asked.
  NodeOutcome CheckFreshness(graph::NodeId node, Worker& worker);
  // Makes the node's relation a copy of its deferred one; without one, nothing.
  NodeOutcome Clone(graph::NodeId node, Worker& worker);
  // The columns of those of `nodes` that exist, in the order of schema, name and column.
  Result<std::vector<CatalogColumn>> Catalog(std::span<const graph::NodeId> nodes, Worker& worker);

  // run-operation --sql: compiled and sent as it is, in a transaction that is committed. `on_compiled` is called
  // between.
  NodeOutcome RunInline(std::string sql, const std::function<void()>& on_compiled, Worker& worker);
  // run-operation: calls a macro ("name" or "package.name") with keyword arguments, in a transaction that is committed.
  Result<jinja::Value> CallMacro(std::string_view name, std::vector<std::pair<std::string, jinja::Value>> arguments,
                                 Worker& worker);

  // dbt's message of what Compile or Show failed with.
  std::string FailureMessage(const Diagnostics& errors, const project::Node& node) const;

  // What became of the nodes so far, for manifest.json. Not while nodes run.
  const project::RenderedNodes& rendered() const;

 private:
  std::unique_ptr<RunState> state_;
};

}  // namespace stir::runtime
