#include "runtime/batches.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/kinds.h"
#include "runtime/result_timer.h"

namespace stir::runtime {

using jinja::Value;
using project::BatchResults;
using project::Node;

bool IsMicrobatch(const Node& node) {
  return node.type == project::ResourceType::kModel && node.config->materialized == "incremental" &&
         node.config->incremental_strategy == "microbatch";
}

namespace {

// Adds to the table that is there, unless it is to be built anew.
bool IsIncremental(const RunState& state, const Node& node, const std::optional<adapter::Relation>& existing) {
  if (!existing || existing->type != adapter::RelationType::kTable) return false;
  if (node.config->full_refresh) return !*node.config->full_refresh;
  return std::ranges::none_of(state.options().invocation->flags,
                              [](const auto& flag) { return flag.first == "FULL_REFRESH" && flag.second.Truthy(); });
}

Result<BatchSize> SizeOf(const Node& node) {
  const Value& word = node.config->Get("batch_size");
  if (const auto size = BatchSizeFrom(word.IsString() ? word.AsString() : std::string_view())) return *size;
  return Diagnostic(kBadMicrobatch,
                    fmt::format("Microbatch model '{}' does not have a 'batch_size' config (one of ['hour', 'day', "
                                "'month', 'year']) specificed.",
                                node.name),
                    node.config->Where("batch_size"));
}

Result<std::vector<Batch>> BatchesOf(RunState& state, const Node& node, BatchSize size, bool incremental) {
  const RunnerOptions& options = state.options();
  if (const auto previous = options.previous_batches.find(node.unique_id); previous != options.previous_batches.end()) {
    std::vector<Batch> again;
    for (const auto& [start, end] : previous->second.failed) again.push_back({start, end});
    return again;
  }
  BatchRequest request{.model = node.name,
                       .size = size,
                       .incremental = incremental,
                       .start = options.event_time_start,
                       .end = options.event_time_end,
                       .now = options.invocation->started_at};
  if (const Value& lookback = node.config->Get("lookback"); lookback.type() == jinja::Type::kInt)
    request.lookback = lookback.AsInt();
  if (const Value& begin = node.config->Get("begin"); begin.Truthy()) {
    STIR_ASSIGN(const std::string text, begin.Str());
    request.begin = ParseTimestamp(text);
    if (!request.begin)
      return Diagnostic(kBadMicrobatch, fmt::format("`begin` of '{}' is not a time: `{}`", node.name, text),
                        node.config->Where("begin"))
          .Hint("write it as 2024-01-01 or 2024-01-01T06:00:00Z");
  }
  return PlanBatches(request);
}

// Collects what becomes of the batches, and tells of each.
class BatchLog {
 public:
  BatchLog(const RunState& state, const Node& node, BatchSize size, NodeOutcome& outcome)
      : state_(state), node_(node), size_(size), outcome_(outcome) {
    outcome_.result.batches.emplace();
  }

  void Tell(const Batch& batch, size_t index, size_t total, std::string status, std::string message = "",
            double seconds = 0) const {
    if (!state_.options().on_batch) return;
    state_.options().on_batch(BatchNews{node_.id, BatchLabel(batch.start, size_), static_cast<int>(index) + 1,
                                        static_cast<int>(total), std::move(status), std::move(message), seconds});
  }

  void Ended(const Batch& batch, NodeOutcome part) {
    const bool good = part.errors.empty();
    BatchResults& batches = *outcome_.result.batches;
    (good ? batches.successful : batches.failed).emplace_back(batch.start, batch.end);
    std::ranges::move(part.errors, std::back_inserter(outcome_.errors));
  }
  void Skipped(const Batch& batch) { outcome_.result.batches->failed.emplace_back(batch.start, batch.end); }

  // The batches of the last run that had gone well are part of this one's result.
  void Conclude(const BatchResults* previous) {
    BatchResults& batches = *outcome_.result.batches;
    const size_t good = batches.successful.size(), bad = batches.failed.size();
    outcome_.result.status = bad == 0 ? "success" : good == 0 ? "error" : "partial success";
    outcome_.result.message = bad == 0    ? "SUCCESS"
                              : good == 0 ? "ERROR"
                                          : fmt::format("PARTIAL SUCCESS ({}/{})", good, good + bad);
    outcome_.result.failures = 0;
    std::ranges::sort(batches.successful);
    std::ranges::sort(batches.failed);
    if (previous) std::ranges::copy(previous->successful, std::back_inserter(batches.successful));
  }

 private:
  const RunState& state_;
  const Node& node_;
  BatchSize size_;
  NodeOutcome& outcome_;
};

Status RunAll(RunState& state, const Node& node, Worker& worker, NodeOutcome& outcome) {
  STIR_ASSIGN(const BatchSize size, SizeOf(node));
  STIR_ASSIGN(
      const std::optional<adapter::Relation> existing,
      state.relations().Find(*worker.connection, std::string(node.database), std::string(node.schema), node.alias));
  const bool incremental = IsIncremental(state, node, existing);
  STIR_ASSIGN(const std::vector<Batch> batches, BatchesOf(state, node, size, incremental));
  BatchLog log(state, node, size, outcome);
  bool skip = false;
  for (size_t i = 0; i < batches.size(); ++i) {
    const Batch& batch = batches[i];
    if (skip) {
      log.Tell(batch, i, batches.size(), "skipped");
      log.Skipped(batch);
      continue;
    }
    const BatchPart part{batch, size, i == 0, i + 1 == batches.size(), i > 0 || incremental};
    log.Tell(batch, i, batches.size(), "started");
    NodeOutcome done = RunNode(state, node, worker, &part);
    log.Tell(batch, i, batches.size(), done.result.status, done.result.message, done.result.execution_time);
    skip = i == 0 && !done.errors.empty();
    log.Ended(batch, std::move(done));
  }
  const auto previous = state.options().previous_batches.find(node.unique_id);
  log.Conclude(previous == state.options().previous_batches.end() ? nullptr : &previous->second);
  return {};
}

}  // namespace

NodeOutcome RunBatches(RunState& state, const Node& node, Worker& worker) {
  NodeOutcome outcome{BlankResult(node, state, worker), {}};
  ResultTimer timer(*state.options().invocation->clock, outcome.result);
  timer.Begin("compile");
  timer.End();
  timer.Begin("execute");
  if (Status status = RunAll(state, node, worker, outcome); !status.ok()) {
    outcome.result.status = "error";
    outcome.errors = std::move(status).error();
    for (Diagnostic& error : outcome.errors)
      if (error.subject.empty()) error.subject = node.unique_id;
    outcome.result.message = outcome.errors.front().message;
  }
  return outcome;
}

}  // namespace stir::runtime
