// dbt's events about one node: when it starts, ends, is skipped or canceled.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "engine/narrator.h"
#include "engine/node_info.h"
#include "runtime/hook_results.h"

namespace stir::engine {
namespace {

using project::Node;
using project::ResourceType;

// The data of an event about a node: its own keys, then node_info.
template <typename Fill>
std::string NodeData(const NodeStory& story, std::string_view status, Fill fill) {
  JsonWriter json;
  json.BeginObject();
  fill(json);
  WriteNodeInfo(json, story, status);
  json.EndObject();
  return std::move(json).Take();
}

std::string Plain(const NodeStory& story, std::string_view status) {
  return NodeData(story, status, [](JsonWriter&) {});
}

struct TestWords {
  std::string shown;
  Level level;
};

TestWords WordsOfTest(const project::NodeResult& result) {
  if (result.status == "pass") return {"PASS", Level::kInfo};
  if (result.status == "warn") return {fmt::format("WARN {}", result.failures.value_or(0)), Level::kWarn};
  if (result.status == "fail") return {fmt::format("FAIL {}", result.failures.value_or(0)), Level::kError};
  return {"ERROR", Level::kError};
}

bool IsTest(const Node& node) { return node.type == ResourceType::kTest || node.type == ResourceType::kUnitTest; }

// "unique_a_id"; of a unit test with its model: "orders::empty_input".
std::string TestName(const Node& node) {
  if (!node.unit_test) return std::string(node.name);
  const std::string_view version = node.unit_test->version;
  return fmt::format("{}::{}{}{}", node.unit_test->model, node.name, version.empty() ? "" : "_v", version);
}

bool IsError(const project::NodeResult& result) { return result.status == "error" || result.status == "runtime error"; }

}  // namespace

std::string Narrator::SchemaName(const Node& node) const {
  const bool elsewhere =
      !node.database.empty() && !style_.home_database.empty() && node.database != style_.home_database;
  return elsewhere ? fmt::format("{}.{}", node.database, node.schema) : std::string(node.schema);
}

std::string Narrator::Describe(const Node& node) const {
  switch (node.type) {
    case ResourceType::kTest:
    case ResourceType::kUnitTest:
      return fmt::format("{} {}", ResourceTypeName(node.type), TestName(node));
    case ResourceType::kSeed:
      return fmt::format("seed file {}.{}", SchemaName(node), node.alias);
    case ResourceType::kSavedQuery:
      return fmt::format("saved query {}", node.name);
    case ResourceType::kSnapshot:
    case ResourceType::kFunction:
      return fmt::format("{} {}.{}", ResourceTypeName(node.type), SchemaName(node), node.alias);
    case ResourceType::kModel:
      return fmt::format("{} {} model {}.{}", node.language,
                         runtime::IsMicrobatch(node) ? "microbatch" : node.config->materialized, SchemaName(node),
                         node.alias);
    default:
      return fmt::format("{} {}", ReplaceAll(ResourceTypeName(node.type), "_", " "), node.name);
  }
}

// "2 of 6 START sql view model main.a ...... [RUN]", with dots up to the width.
std::string Narrator::Padded(std::string text, std::string_view state) const {
  text += ' ';
  const auto width = static_cast<size_t>(style_.width), length = CountCodePoints(text);
  if (length < width) text.append(width - length, '.');
  return fmt::format("{} [{}]", text, state);
}

std::string Narrator::Line(const NodeStory& story, std::string_view text, std::string_view state,
                           double seconds) const {
  return Progress(story.index, story.total, text, state, seconds);
}

std::string Narrator::Progress(int index, int total, std::string_view text, std::string_view state,
                               double seconds) const {
  const std::string shown = seconds < 0 ? std::string(state) : fmt::format("{} in {:.2f}s", state, seconds);
  return Padded(fmt::format("{} of {} {}", index, total, text), shown);
}

// A hook's line keeps to the width; only its state stands behind it.
std::string Narrator::HookLine(const NodeStory& story, std::string_view text, std::string_view state) const {
  constexpr size_t kCut = 3;
  std::string line = fmt::format("{} of {} {} ", story.index, story.total, text);
  const size_t width = std::max(static_cast<size_t>(style_.width), kCut) - kCut;
  if (CountCodePoints(line) > width) {
    size_t end = 0;
    for (size_t i = 0; i < width; ++i) end += DecodeUtf8(line, end).length;
    line.resize(end);
  }
  line.append(static_cast<size_t>(style_.width) - CountCodePoints(line), '.');
  return fmt::format("{} [{}]", line, state);
}

void Narrator::NodeStarted(const NodeStory& story) const {
  Say("Q024", "NodeStart", Level::kDebug, fmt::format("Began running node {}", story.node->unique_id),
      Plain(story, "started"));
}

void Narrator::StartLine(const NodeStory& story) const {
  if (style_.words == NodeWords::kNone) return;
  const Node& node = *story.node;
  const std::string description = style_.words == NodeWords::kFreshness
                                      ? fmt::format("freshness of {}.{}", node.source->source_name, node.name)
                                      : Describe(node);
  Say("Q011", "LogStartLine", Level::kInfo, Line(story, "START " + description, "RUN"),
      NodeData(story, "started", [&](JsonWriter& json) {
        json.Key("description").String(description).Key("index").Int(story.index).Key("total").Int(story.total);
      }));
}

void Narrator::NodeEnded(const NodeStory& story, const NodeReport& report) const {
  const project::NodeResult& result = report.result;
  if (!IsError(result) || report.diagnostics.empty()) return;
  Say("W002", "CatchableExceptionOnRun", Level::kDebug, result.message,
      NodeData(story, "executing",
               [&](JsonWriter& json) { json.Key("exc").String(result.message).Key("exc_info").String(""); }));
}

void Narrator::NodeFinished(const NodeStory& story, const NodeReport& report) const {
  const project::NodeResult& result = report.result;
  Say("Q025", "NodeFinished", Level::kDebug, fmt::format("Finished running node {}", story.node->unique_id),
      NodeData(story, result.status, [&](JsonWriter& json) { WriteRunResult(json.Key("run_result"), result); }));
}

void Narrator::Batch(const Node& node, const runtime::BatchNews& news) const {
  const std::string what = fmt::format("batch {} of {}.{}", news.label, SchemaName(node), node.alias);
  const NodeStory story{.node = &node, .index = news.index, .total = news.total};
  const auto data = [&](std::string_view status) {
    return NodeData(story, status, [&](JsonWriter& json) {
      json.Key("batch_index").Int(news.index).Key("description").String(what);
      if (news.status != "started") json.Key("execution_time").Double(news.seconds).Key("status").String(status);
      json.Key("total_batches").Int(news.total);
    });
  };
  const bool failed = news.status == "error", skipped = news.status == "skipped";
  if (news.status == "started" || skipped) NodeStarted(story);
  if (news.status == "started") {
    Say("Q045", "LogStartBatch", Level::kInfo, "Batch " + Line(story, "START " + what, "RUN"), data("started"));
    return;
  }
  if (failed) {
    const std::string why = "Exception on worker thread. " + news.message;
    Say("W004", "GenericExceptionOnRun", Level::kError, "[ERROR]: Unhandled error while executing \n" + why,
        NodeData(story, "error", [&](JsonWriter& json) {
          json.Key("build_path").String("").Key("exc").String(why).Key("unique_id").String(node.unique_id);
        }));
  }
  const std::string_view head = failed ? "ERROR creating" : skipped ? "SKIP" : "OK created";
  const std::string_view state = failed ? "ERROR" : skipped ? "SKIPPED" : std::string_view(news.message);
  Say("Q046", "LogBatchResult", failed ? Level::kError : Level::kInfo,
      "Batch " + Line(story, fmt::format("{} {}", head, what), state, news.seconds), data(news.status));
  NodeReport report{&node, {}, {}, {}, {}};
  report.result.status = news.status;
  report.result.message = state;
  report.result.execution_time = news.seconds;
  NodeFinished(story, report);
}

void Narrator::ResultLine(const NodeStory& story, const NodeReport& report) const {
  if (style_.words == NodeWords::kNone) return;
  if (style_.words == NodeWords::kFreshness) return FreshnessLine(story, report);
  if (IsTest(*story.node)) return TestLine(story, report);
  if (story.node->type == ResourceType::kSeed) return SeedLine(story, report);
  if (story.node->type == ResourceType::kSnapshot) return SnapshotLine(story, report);
  if (story.node->type == ResourceType::kFunction) return FunctionLine(story, report);
  ModelLine(story, report);
}

void Narrator::TestLine(const NodeStory& story, const NodeReport& report) const {
  const Node& node = *story.node;
  const project::NodeResult& result = report.result;
  const TestWords words = WordsOfTest(result);
  Say("Q007", "LogTestResult", words.level,
      Line(story, fmt::format("{} {}", words.shown, TestName(node)), words.shown, result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("attached_node").String(story.attached == nullptr ? std::string_view() : story.attached->unique_id);
        json.Key("execution_time").Double(result.execution_time).Key("index").Int(story.index);
        json.Key("name").String(TestName(node)).Key("num_failures").Int(result.failures.value_or(0));
        json.Key("num_models").Int(story.total).Key("status").String(result.status);
      }));
}

void Narrator::SeedLine(const NodeStory& story, const NodeReport& report) const {
  const Node& node = *story.node;
  const project::NodeResult& result = report.result;
  const bool failed = IsError(result);
  const std::string text =
      fmt::format("{} seed file {}.{}", failed ? "ERROR loading" : "OK loaded", SchemaName(node), node.alias);
  Say("Q016", "LogSeedResult", failed ? Level::kError : Level::kInfo,
      Line(story, text, failed ? "ERROR" : result.message, result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("execution_time").Double(result.execution_time).Key("index").Int(story.index);
        json.Key("relation").String(node.alias).Key("result_message").String(failed ? "" : result.message);
        json.Key("schema").String(node.schema).Key("status").String(result.status).Key("total").Int(story.total);
      }));
}

void Narrator::ModelLine(const NodeStory& story, const NodeReport& report) const {
  const project::NodeResult& result = report.result;
  const bool failed = IsError(result);
  const std::string description = Describe(*story.node);
  const bool partial = result.status == "partial success";
  const std::string_view head = failed ? "ERROR creating" : partial ? "PARTIALLY created" : "OK created";
  const std::string text = fmt::format("{} {}", head, description);
  Say("Q012", "LogModelResult", failed ? Level::kError : Level::kInfo,
      Line(story, text, failed ? "ERROR" : result.message, result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("description").String(description).Key("execution_time").Double(result.execution_time);
        json.Key("index").Int(story.index).Key("status").String(failed ? result.status : result.message);
        json.Key("total").Int(story.total);
      }));
}

// dbt names a function's status, not what the database answered.
void Narrator::FunctionLine(const NodeStory& story, const NodeReport& report) const {
  const project::NodeResult& result = report.result;
  const bool failed = IsError(result);
  const std::string description = Describe(*story.node);
  const std::string text = fmt::format("{} {}", failed ? "ERROR creating" : "OK created", description);
  Say("Q047", "LogFunctionResult", failed ? Level::kError : Level::kInfo,
      Line(story, text, failed ? "ERROR" : "SUCCESS", result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("description").String(description).Key("execution_time").Double(result.execution_time);
        json.Key("index").Int(story.index).Key("status").String(result.status).Key("total").Int(story.total);
      }));
}

void Narrator::SnapshotLine(const NodeStory& story, const NodeReport& report) const {
  const project::NodeResult& result = report.result;
  const bool failed = IsError(result);
  const std::string name = fmt::format("{}.{}", SchemaName(*story.node), story.node->alias);
  Say("Q015", "LogSnapshotResult", failed ? Level::kError : Level::kInfo,
      Line(story, (failed ? "ERROR snapshotting " : "OK snapshotted ") + name, failed ? "ERROR" : result.message,
           result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("cfg").BeginObject().EndObject().Key("description").String(name);
        json.Key("execution_time").Double(result.execution_time).Key("index").Int(story.index);
        json.Key("result_message").String(failed ? "" : result.message).Key("status").String(result.status);
        json.Key("total").Int(story.total);
      }));
}

void Narrator::FreshnessLine(const NodeStory& story, const NodeReport& report) const {
  const Node& node = *story.node;
  const project::NodeResult& result = report.result;
  const bool stale = result.status == "error", failed = result.status == "runtime error";
  const std::string_view word = failed ? "ERROR" : stale ? "ERROR STALE" : result.status == "warn" ? "WARN" : "PASS";
  const Level level = failed || stale ? Level::kError : result.status == "warn" ? Level::kWarn : Level::kInfo;
  Say("Q018", "LogFreshnessResult", level,
      Line(story, fmt::format("{} freshness of {}.{}", word, node.source->source_name, node.name), word,
           result.execution_time),
      NodeData(story, result.status, [&](JsonWriter& json) {
        json.Key("execution_time").Double(result.execution_time).Key("index").Int(story.index);
        json.Key("source_name").String(node.source->source_name).Key("status").String(result.status);
        json.Key("table_name").String(node.name).Key("total").Int(story.total);
      }));
}

void Narrator::NodeSkipped(const NodeStory& story) const {
  const Node& node = *story.node;
  const bool relation = node.type == ResourceType::kModel || node.type == ResourceType::kSeed ||
                        node.type == ResourceType::kSnapshot || node.type == ResourceType::kFunction;
  const std::string text = relation ? fmt::format("SKIP relation {}.{}", node.schema, node.name)
                                    : fmt::format("SKIP {} {}", ResourceTypeName(node.type), node.name);
  Say("Q034", "SkippingDetails", Level::kInfo, Line(story, text, "SKIP"),
      NodeData(story, "skipped", [&](JsonWriter& json) {
        json.Key("index").Int(story.index).Key("node_name").String(node.name);
        json.Key("resource_type").String(ResourceTypeName(node.type)).Key("schema").String(node.schema);
        json.Key("total").Int(story.total);
      }));
}

void Narrator::NodeSkippedByEphemeral(const NodeStory& story, const NodeReport& cause) const {
  const Node& node = *story.node;
  JsonWriter json;
  json.BeginObject().Key("index").Int(story.index).Key("relation").String(node.name).Key("schema").String(node.schema);
  json.Key("status").String(cause.result.status).Key("total").Int(story.total).EndObject();
  const std::string text = fmt::format("SKIP relation {}.{} due to ephemeral model status '{}'", node.schema, node.name,
                                       cause.result.status);
  Say("Z034", "LogSkipBecauseError", Level::kError, Line(story, text, "ERROR SKIP"), std::move(json).Take());
  if (IsError(cause.result)) Problem(cause);
}

void Narrator::NodeNothingToDo(const NodeStory& story) const {
  const std::string description = Describe(*story.node);
  Say("Q019", "LogNodeNoOpResult", Level::kInfo, Line(story, "NO-OP " + description, "NO-OP", 0.0),
      NodeData(story, "no-op", [&](JsonWriter& json) {
        json.Key("description").String(description).Key("execution_time").Double(0.0).Key("index").Int(story.index);
        json.Key("status").String("no-op").Key("total").Int(story.total);
      }));
}

void Narrator::NodeCanceled(const Node& node) const {
  JsonWriter json;
  json.BeginObject().Key("conn_name").String(node.unique_id).EndObject();
  Say("Q022", "LogCancelLine", Level::kError, Padded(fmt::format("CANCEL query {}", node.unique_id), "CANCEL"),
      std::move(json).Take());
}

void Narrator::HookStarted(const NodeStory& story) const {
  const std::string name = runtime::HookName(*story.node, story.index);
  Say("Q032", "LogHookStartLine", Level::kInfo, HookLine(story, "START hook: " + name, "RUN"),
      NodeData(story, "started", [&](JsonWriter& json) {
        json.Key("index").Int(story.index).Key("statement").String(name).Key("total").Int(story.total);
      }));
}

void Narrator::HookFinished(const NodeStory& story, const NodeReport& report) const {
  const std::string name = runtime::HookName(*story.node, story.index);
  const std::string_view status = report.result.status;
  const std::string_view word = status == "success" ? "OK" : status == "skipped" ? "SKIP" : "ERROR";
  const double seconds = report.result.execution_time;
  Say("Q033", "LogHookEndLine", Level::kInfo,
      HookLine(story, fmt::format("{} hook: {}", word, name), fmt::format("{} in {:.2f}s", word, seconds)),
      NodeData(story, status, [&](JsonWriter& json) {
        json.Key("execution_time").Double(seconds).Key("index").Int(story.index);
        json.Key("statement").String(name).Key("status").String(status).Key("total").Int(story.total);
      }));
}

}  // namespace stir::engine
