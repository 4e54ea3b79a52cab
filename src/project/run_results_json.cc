// run_results.json: version 6, every key always there.
#include "project/artifact_header.h"

namespace stir::project {

namespace {

JsonWriter& WriteBatches(JsonWriter& json, const BatchResults& batches) {
  json.BeginObject();
  for (const auto& [key, list] : {std::pair("successful", &batches.successful), std::pair("failed", &batches.failed)}) {
    json.Key(key).BeginArray();
    for (const auto& [start, end] : *list)
      json.BeginArray().String(PythonTime(start)).String(PythonTime(end)).EndArray();
    json.EndArray();
  }
  return json.EndObject();
}

void WriteResult(JsonWriter& json, const NodeResult& result) {
  json.BeginObject();
  json.Key("status").String(result.status);
  WriteTiming(json, result.timing);
  json.Key("thread_id").String(result.thread_id);
  json.Key("execution_time").Double(result.execution_time);
  json.Key("adapter_response").Raw(result.adapter_response);
  WriteTextOrNull(json, "message", result.message);
  json.Key("failures");
  result.failures ? json.Int(*result.failures) : json.Null();
  json.Key("unique_id").String(result.unique_id);
  json.Key("compiled");
  result.compiled ? json.Bool(*result.compiled) : json.Null();
  json.Key("compiled_code");
  result.compiled.value_or(false) ? json.String(result.compiled_code) : json.Null();
  WriteTextOrNull(json, "relation_name", result.relation_name);
  json.Key("batch_results");
  result.batches ? WriteBatches(json, *result.batches) : json.Null();
  json.Key("overload_results").Raw(result.has_overloads ? R"({"successful": [], "failed": []})" : "null");
  json.EndObject();
}

}  // namespace

std::string WriteRunResults(const std::vector<NodeResult>& results, double elapsed_seconds, std::string_view args,
                            const ArtifactMetadata& metadata) {
  JsonWriter json;
  json.BeginObject();
  WriteArtifactHeader(json, "run-results/v6", metadata);
  json.Key("results").BeginArray();
  for (const NodeResult& result : results) WriteResult(json, result);
  json.EndArray();
  json.Key("elapsed_time").Double(elapsed_seconds);
  json.Key("args").Raw(args);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace stir::project
