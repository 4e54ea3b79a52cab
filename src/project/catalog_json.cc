// catalog.json: version 1.
#include "project/artifact_header.h"

namespace stir::project {

namespace {

void WriteTable(JsonWriter& json, const CatalogTable& table) {
  json.Key(table.unique_id).BeginObject().Key("metadata").BeginObject();
  json.Key("type").String(table.type).Key("schema").String(table.schema).Key("name").String(table.name);
  WriteTextOrNull(json, "database", table.database);
  WriteTextOrNull(json, "comment", table.comment);
  WriteTextOrNull(json, "owner", table.owner);
  json.EndObject().Key("columns").BeginObject();
  for (const CatalogTable::Column& column : table.columns) {
    json.Key(column.name).BeginObject().Key("type").String(column.type).Key("index").Int(column.index);
    json.Key("name").String(column.name);
    WriteTextOrNull(json, "comment", column.comment);
    json.EndObject();
  }
  // The engines here count no statistics; dbt's page asks for this key.
  json.EndObject().Key("stats").BeginObject().Key("has_stats").BeginObject();
  json.Key("id").String("has_stats").Key("label").String("Has Stats?").Key("value").Bool(false);
  json.Key("include").Bool(false).Key("description");
  json.String("Indicates whether there are statistics for this table").EndObject().EndObject();
  json.Key("unique_id").String(table.unique_id).EndObject();
}

}  // namespace

std::string WriteCatalog(const std::vector<CatalogTable>& nodes, const std::vector<CatalogTable>& sources,
                         const ArtifactMetadata& metadata) {
  JsonWriter json;
  json.BeginObject();
  WriteArtifactHeader(json, "catalog/v1", metadata);
  for (const auto& [key, tables] : {std::pair("nodes", &nodes), std::pair("sources", &sources)}) {
    json.Key(key).BeginObject();
    for (const CatalogTable& table : *tables) WriteTable(json, table);
    json.EndObject();
  }
  json.Key("errors").Null().EndObject();
  return std::move(json).Take();
}

}  // namespace stir::project
