// dbt's node_info and run_result.
#include "engine/node_info.h"

#include "base/clock.h"
#include "project/node_info.h"

namespace stir::engine {
void WriteNodeInfo(JsonWriter& json, const NodeStory& story, std::string_view status) {
  project::WriteNodeInfo(json, *story.node, status, story.started_at, story.finished_at);
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
