// dbt's node_info and run_result.
#include "engine/node_info.h"

#include "base/clock.h"

namespace stir::engine {
namespace {

using project::Node;

// dbt's times in events have no zone.
std::string NodeTime(Timestamp time) {
  if (time == Timestamp{}) return "";
  std::string text = FormatTimestamp(time);
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace

void WriteNodeInfo(JsonWriter& json, const NodeStory& story, std::string_view status) {
  const Node& node = *story.node;
  json.Key("node_info").BeginObject();
  json.Key("materialized").String(node.config->materialized).Key("meta").BeginObject().EndObject();
  json.Key("node_checksum").String(node.checksum);
  json.Key("node_finished_at").String(NodeTime(story.finished_at)).Key("node_name").String(node.name);
  json.Key("node_path").String(node.path).Key("node_relation").BeginObject();
  json.Key("alias").String(node.alias).Key("database").String(node.database);
  json.Key("relation_name").String(node.relation_name).Key("schema").String(node.schema).EndObject();
  json.Key("node_started_at").String(NodeTime(story.started_at)).Key("node_status").String(status);
  json.Key("resource_type").String(ResourceTypeName(node.type)).Key("unique_id").String(node.unique_id).EndObject();
}

void WriteRunResult(JsonWriter& json, const project::NodeResult& result) {
  json.BeginObject();
  json.Key("adapter_response").Raw(result.adapter_response).Key("execution_time").Double(result.execution_time);
  json.Key("message").String(result.message).Key("num_failures").Int(result.failures.value_or(0));
  json.Key("status").String(result.status).Key("thread").String(result.thread_id).Key("timing_info").BeginArray();
  for (const project::PhaseTiming& timing : result.timing) {
    json.BeginObject().Key("completed_at").String(FormatTimestamp(timing.completed_at));
    json.Key("name").String(timing.name).Key("started_at").String(FormatTimestamp(timing.started_at)).EndObject();
  }
  json.EndArray().EndObject();
}

}  // namespace stir::engine
