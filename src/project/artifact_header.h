// What every artifact but the manifest begins with: the key `metadata`.
#pragma once

#include "project/artifacts.h"

namespace stir::project {

// `schema`: "run-results/v6".
inline void WriteArtifactHeader(JsonWriter& json, std::string_view schema, const ArtifactMetadata& metadata) {
  json.Key("metadata").BeginObject();
  json.Key("dbt_schema_version").String("https://schemas.getdbt.com/dbt/" + std::string(schema) + ".json");
  json.Key("dbt_version").String(kDbtVersion);
  json.Key("generated_at").String(FormatTimestamp(metadata.generated_at));
  json.Key("invocation_id").String(metadata.invocation_id);
  json.Key("invocation_started_at").String(FormatTimestamp(metadata.invocation_started_at));
  json.Key("env").BeginObject().EndObject().EndObject();
}

// As Python writes a time in UTC: no fraction where there is none.
inline std::string PythonTime(Timestamp time) {
  std::string text = FormatTimestamp(time);
  text.erase(text.ends_with(".000000Z") ? text.size() - 8 : text.size() - 1);
  return text + "+00:00";
}

inline void WriteTextOrNull(JsonWriter& json, std::string_view key, std::string_view text) {
  json.Key(key);
  text.empty() ? json.Null() : json.String(text);
}

inline void WriteTiming(JsonWriter& json, const std::vector<PhaseTiming>& timing) {
  json.Key("timing").BeginArray();
  for (const PhaseTiming& phase : timing) {
    json.BeginObject().Key("name").String(phase.name);
    json.Key("started_at").String(FormatTimestamp(phase.started_at));
    json.Key("completed_at").String(FormatTimestamp(phase.completed_at)).EndObject();
  }
  json.EndArray();
}

}  // namespace stir::project
