// sources.json: version 3.
#include "project/artifact_header.h"
#include "project/value_json.h"

namespace stir::project {

namespace {

void WriteResult(JsonWriter& json, const SourceResult& result) {
  const std::chrono::duration<double> age = result.snapshotted_at - result.max_loaded_at;
  json.BeginObject().Key("unique_id").String(result.unique_id);
  json.Key("max_loaded_at").String(PythonTime(result.max_loaded_at));
  json.Key("snapshotted_at").String(PythonTime(result.snapshotted_at));
  json.Key("max_loaded_at_time_ago_in_s").Double(age.count());
  json.Key("status").String(result.status);
  WriteValue(json.Key("criteria"), result.criteria);
  json.Key("adapter_response").Raw(result.adapter_response);
  WriteTiming(json, result.timing);
  json.Key("thread_id").String(result.thread_id).Key("execution_time").Double(result.execution_time).EndObject();
}

}  // namespace

std::string WriteSources(const std::vector<SourceResult>& results, double elapsed_seconds,
                         const ArtifactMetadata& metadata) {
  JsonWriter json;
  json.BeginObject();
  WriteArtifactHeader(json, "sources/v3", metadata);
  json.Key("results").BeginArray();
  for (const SourceResult& result : results) WriteResult(json, result);
  json.EndArray().Key("elapsed_time").Double(elapsed_seconds).EndObject();
  return std::move(json).Take();
}

}  // namespace stir::project
