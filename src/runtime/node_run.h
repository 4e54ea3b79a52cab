// One node on its way through one worker: the names its templates see, its conversation with the engine, and what it
// leaves behind (stored results, ephemeral parents, relations it touched).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "jinja/template.h"
#include "project/manifest.h"
#include "runtime/microbatch.h"
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace stir::runtime {

// What kind of rendering this is: decides which refs are allowed.
enum class Purpose : uint8_t { kNode, kOperation, kInline, kStatement };

// One of the batches that a microbatch model is built in.
struct BatchPart {
  Batch batch;
  BatchSize size = BatchSize::kDay;
  bool first = true, last = true;  // pre-hooks run before the first, post-hooks after the last
  bool incremental = false;        // the materialization adds to the table, whatever --full-refresh says
};

class UnitInputs;  // unit_inputs.h

// A result that a template stored under a name.
struct StoredResult {
  jinja::Value response, table;
  QueryResult answer;    // of `response`, when it came from the engine
  std::string raw = {};  // the response as JSON, when a macro made it

  std::string ResponseJson() const;  // for artifacts
};

// Lives on one thread for one render or run. Values made here may point back here and die with it.
class NodeRun final : public jinja::Scope {
 public:
  // `batch` outlives the run; null for all nodes but microbatch models.
  NodeRun(RunState& state, const project::Node& node, Worker& worker, Purpose purpose,
          const BatchPart* batch = nullptr);
  ~NodeRun() override;

  // Macros as the node's package sees them come before the names of the context, as in dbt.
  bool Lookup(std::string_view name, jinja::Value& value) override;
  void MacroCalled(const void* macro, size_t depth) override;
  // The context's own names only: `builtins`.
  bool LookupBuiltin(std::string_view name, jinja::Value& value);
  // Names for one run only: `results` in on-run-end.
  void Set(std::string name, jinja::Value value) { extra_.emplace_back(std::move(name), std::move(value)); }
  // The same, but coming before macros too: what a batch or a unit test puts in their place.
  void Override(std::string name, jinja::Value value) { overrides_.emplace_back(std::move(name), std::move(value)); }
  void DropOverrides() { overrides_.clear(); }

  RunState& state() { return state_; }
  const RunState& state() const { return state_; }
  const project::Manifest& manifest() const { return state_.manifest(); }
  const project::Node& node() const { return node_; }
  Worker& worker() { return worker_; }
  Purpose purpose() const { return purpose_; }
  const BatchPart* batch() const { return batch_; }
  // The rows that stand for what ref() and source() name; null but in a unit test.
  UnitInputs* inputs() { return inputs_; }
  void GiveInputs(UnitInputs* inputs) { inputs_ = inputs; }
  Timestamp began() const { return began_; }
  Session& session() { return session_; }

  // From here on the node depends on the macros that are called at this depth of calls; none: on no more.
  void DependOnMacrosAt(std::optional<size_t> depth) { macro_depth_ = depth; }
  // Notes what became of the node, when it is one of the manifest's and not of one of its batches.
  template <typename Change>
  void Note(const Change& change) {
    if (is_of_manifest_) state_.Note(node_.id, change);
  }

  // Calls a macro as the root project sees it: how the adapter's methods reach theirs.
  Result<jinja::Value> CallMacro(jinja::CallContext& context, std::string_view name,
                                 std::vector<jinja::Value> arguments);

  void UseCte(graph::NodeId ephemeral);
  const std::vector<graph::NodeId>& ctes() const { return ctes_; }

  // What `sql` and `compiled_code` give, and where errors of the engine are looked up.
  const CompiledNode& Keep(CompiledNode compiled);
  const CompiledNode* compiled() const { return compiled_ ? &*compiled_ : nullptr; }

  // Hooks of the node: where the one with this text stands; what it was rendered to; which of them `sql` came from.
  Span FindHook(std::string_view text) const;
  void NoteHook(Span hook, std::string_view rendered) { hooks_.emplace_back(hook, Strip(rendered)); }
  Span HookOf(std::string_view sql) const;

  void Store(std::string name, StoredResult result) { results_.insert_or_assign(std::move(name), std::move(result)); }
  const StoredResult* FindResult(std::string_view name) const;
  // load_result: a result but `main` is gone once read.
  Result<jinja::Value> TakeResult(const std::string& name);

  // Relations that this node created, renamed or dropped; the cache is told at once.
  void Touch(const adapter::Relation& relation) { touched_.push_back(relation); }
  const std::vector<adapter::Relation>& touched() const { return touched_; }

  Status WriteRunSql(std::string_view sql);
  // The file of it as it is shown; empty until it is written.
  const std::string& run_file() const { return run_file_; }
  // Below target/compiled, unless it is empty.
  Status WriteCompiledSql(std::string_view sql);

 private:
  Result<std::string> WriteSql(std::string_view kind, std::string_view sql);
  Result<std::string> Comment();

  RunState& state_;
  const project::Node& node_;
  Worker& worker_;
  Purpose purpose_;
  const BatchPart* batch_;
  const bool is_of_manifest_;
  std::optional<size_t> macro_depth_ = 0;
  UnitInputs* inputs_ = nullptr;
  const Timestamp began_;
  std::string run_file_;
  Session session_;
  std::optional<CompiledNode> compiled_;
  std::vector<graph::NodeId> ctes_;
  std::map<std::string, StoredResult, std::less<>> results_;
  std::vector<std::string> consumed_;
  std::vector<std::pair<Span, std::string>> hooks_;
  std::vector<adapter::Relation> touched_;
  std::vector<std::pair<std::string, jinja::Value>> extra_, overrides_;
  std::vector<std::pair<std::string_view, jinja::Value>> made_;  // names answered before
};

// Where target/<kind>/... keeps a node's SQL: below the package, by the file it stands in; a batch's in a folder of the
// node.
std::string TargetFile(const project::Node& node, std::string_view kind, const BatchPart* batch = nullptr);

}  // namespace stir::runtime
