#include "project/node_info.h"

#include "project/value_json.h"

namespace stir::project {
namespace {

// dbt's times in events have no zone.
std::string EventTime(Timestamp time) {
  if (time == Timestamp{}) return "";
  std::string text = FormatTimestamp(time);
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace

void WriteNodeInfo(JsonWriter& json, const Node& node, std::string_view status, Timestamp started_at,
                   Timestamp finished_at) {
  json.Key("node_info").BeginObject();
  json.Key("materialized").String(node.config->materialized);
  const jinja::Value& meta = node.config->Get("meta");
  json.Key("meta");
  if (meta.IsDict()) {
    WriteValue(json, meta);
  } else {
    json.BeginObject().EndObject();
  }
  json.Key("node_checksum").String(node.checksum);
  json.Key("node_finished_at").String(EventTime(finished_at)).Key("node_name").String(node.name);
  json.Key("node_path").String(node.path).Key("node_relation").BeginObject();
  json.Key("alias").String(node.alias).Key("database").String(node.database);
  json.Key("relation_name").String(node.relation_name).Key("schema").String(node.schema).EndObject();
  json.Key("node_started_at").String(EventTime(started_at)).Key("node_status").String(status);
  json.Key("resource_type").String(ResourceTypeName(node.type)).Key("unique_id").String(node.unique_id).EndObject();
}

}  // namespace stir::project
