// semantic_manifest.json: what MetricFlow reads, the semantic layer's nodes cut down to the keys that it knows. A key
// that the node does not have gets what MetricFlow would take in its place.
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "project/artifacts.h"

namespace stir::project {

namespace {

struct Shape;

struct Field {
  const char* name;
  const Shape* shape = nullptr;    // of the object, or of each of a list's; null: the value as it is
  const char* otherwise = "null";  // JSON
};

struct Shape {
  std::initializer_list<Field> fields;
};

constexpr const char *kFalse = "false", *kEmptyList = "[]", *kEmpty = "{}";

const Shape kConfig{{{"meta", nullptr, kEmpty}}};
const Shape kWindow{{{"count"}, {"granularity"}}};
const Shape kWhereFilter{{{"where_sql_template"}}};
const Shape kFilter{{{"where_filters", &kWhereFilter}}};
const Shape kRelation{{{"alias"}, {"schema_name"}, {"database"}, {"relation_name", nullptr, "\"\""}}};

const Shape kEntity{
    {{"name"}, {"description"}, {"type"}, {"role"}, {"expr"}, {"metadata"}, {"label"}, {"config", &kConfig}}};
const Shape kAggregation{
    {{"percentile"}, {"use_discrete_percentile", nullptr, kFalse}, {"use_approximate_percentile", nullptr, kFalse}}};
const Shape kNonAdditive{{{"name"}, {"window_choice", nullptr, "\"min\""}, {"window_groupings", nullptr, kEmptyList}}};
const Shape kMeasure{{{"name"},
                      {"agg"},
                      {"description"},
                      {"create_metric"},
                      {"expr"},
                      {"agg_params", &kAggregation},
                      {"metadata"},
                      {"non_additive_dimension", &kNonAdditive},
                      {"agg_time_dimension"},
                      {"label"},
                      {"config", &kConfig}}};
const Shape kValidity{{{"is_start", nullptr, kFalse}, {"is_end", nullptr, kFalse}}};
const Shape kDimensionParams{{{"time_granularity"}, {"validity_params", &kValidity}}};
const Shape kDimension{{{"name"},
                        {"description"},
                        {"type"},
                        {"datatype"},
                        {"is_partition", nullptr, kFalse},
                        {"type_params", &kDimensionParams},
                        {"expr"},
                        {"metadata"},
                        {"label"},
                        {"config", &kConfig}}};
const Shape kDefaults{{{"agg_time_dimension"}}};
const Shape kModel{{{"name"},
                    {"defaults", &kDefaults},
                    {"description"},
                    {"node_relation", &kRelation},
                    {"primary_entity"},
                    {"entities", &kEntity, kEmptyList},
                    {"measures", &kMeasure, kEmptyList},
                    {"dimensions", &kDimension, kEmptyList},
                    {"label"},
                    {"metadata"},
                    {"config", &kConfig}}};

const Shape kInputMeasure{
    {{"name"}, {"filter", &kFilter}, {"alias"}, {"join_to_timespine", nullptr, kFalse}, {"fill_nulls_with"}}};
const Shape kInputMetric{{{"name"}, {"filter", &kFilter}, {"alias"}, {"offset_window", &kWindow}, {"offset_to_grain"}}};
const Shape kProperty{{{"base_property"}, {"conversion_property"}}};
const Shape kConversion{{{"base_measure", &kInputMeasure},
                         {"base_metric", &kInputMetric},
                         {"conversion_measure", &kInputMeasure},
                         {"conversion_metric", &kInputMetric},
                         {"entity"},
                         {"calculation", nullptr, "\"conversion_rate\""},
                         {"window", &kWindow},
                         {"constant_properties", &kProperty}}};
const Shape kCumulative{
    {{"window", &kWindow}, {"grain_to_date"}, {"period_agg", nullptr, "\"first\""}, {"metric", &kInputMetric}}};
const Shape kMetricAggregation{{{"semantic_model"},
                                {"agg"},
                                {"agg_params", &kAggregation},
                                {"agg_time_dimension"},
                                {"non_additive_dimension", &kNonAdditive}}};
const Shape kMetricParams{{{"measure", &kInputMeasure},
                           {"numerator", &kInputMetric},
                           {"denominator", &kInputMetric},
                           {"expr"},
                           {"window", &kWindow},
                           {"grain_to_date"},
                           {"metrics", &kInputMetric},
                           {"conversion_type_params", &kConversion},
                           {"cumulative_type_params", &kCumulative},
                           {"input_measures", &kInputMeasure, kEmptyList},
                           {"metric_aggregation_params", &kMetricAggregation},
                           {"join_to_timespine", nullptr, kFalse},
                           {"fill_nulls_with"},
                           {"is_private", nullptr, kFalse}}};
const Shape kMetric{{{"name"},
                     {"description"},
                     {"type"},
                     {"datatype"},
                     {"type_params", &kMetricParams},
                     {"filter", &kFilter},
                     {"metadata"},
                     {"label"},
                     {"config", &kConfig},
                     {"time_granularity"}}};

const Shape kQuery{{{"metrics"},
                    {"group_by", nullptr, kEmptyList},
                    {"order_by", nullptr, kEmptyList},
                    {"limit"},
                    {"where", &kFilter}}};
const Shape kExportConfig{{{"export_as"}, {"schema_name"}, {"alias"}}};
const Shape kExport{{{"name"}, {"config", &kExportConfig}}};
const Shape kSavedQuery{{{"name"},
                         {"query_params", &kQuery},
                         {"description"},
                         {"metadata"},
                         {"label"},
                         {"exports", &kExport, kEmptyList},
                         {"tags", nullptr, kEmptyList}}};

Json Cut(const Json& value, const Shape* shape) {
  if (shape && value.is_array()) {
    Json list = Json::array();
    for (const Json& item : value) list.push_back(Cut(item, shape));
    return list;
  }
  if (!shape || !value.is_object()) return value;
  Json cut = Json::object();
  for (const Field& field : shape->fields) {
    const auto found = value.find(field.name);
    cut[field.name] = found == value.end() ? ReadJson(field.otherwise) : Cut(*found, field.shape);
  }
  return cut;
}

Json NodesOf(const Manifest& manifest, ResourceType type, const Shape& shape) {
  Json list = Json::array();
  for (const Node& node : manifest.nodes()) {
    if (node.type != type) continue;
    JsonWriter json;
    WriteNode(json, manifest, node);
    list.push_back(Cut(ReadJson(json.text()), &shape));
  }
  return list;
}

std::string TextOf(const jinja::Value& dict, std::string_view key) {
  const jinja::Value* value = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  return value && value->IsString() ? std::string(value->AsString()) : std::string();
}

Json TextOrNull(std::string_view text) { return text.empty() ? Json() : Json(text); }

Json TimeSpine(const Node& node) {
  const jinja::Value& spine = node.model->time_spine;
  const std::string name = TextOf(spine, "standard_granularity_column");
  const Column* column = node.FindColumn(name);
  Json granularities = Json::array();
  const jinja::Value* custom = spine.AsDict().Find("custom_granularities");
  if (custom && custom->IsSequence()) {
    for (const jinja::Value& each : custom->Items())
      granularities.push_back(
          {{"name", TextOf(each, "name")}, {"column_name", TextOrNull(TextOf(each, "column_name"))}});
  }
  return {{"node_relation",
           {{"alias", node.alias},
            {"schema_name", node.schema},
            {"database", TextOrNull(node.database)},
            {"relation_name", node.relation_name}}},
          {"primary_column", {{"name", name}, {"time_granularity", TextOrNull(column ? column->granularity : Text())}}},
          {"custom_granularities", std::move(granularities)}};
}

// Time spines, and the one model that is one by its name alone where there are semantic models.
Json ProjectConfiguration(const Manifest& manifest, bool has_models) {
  Json spines = Json::array(), tables = Json::array();
  for (const Node& node : manifest.nodes()) {
    if (!node.model) continue;
    const bool is_spine = node.model->time_spine.IsDict();
    if (is_spine) spines.push_back(TimeSpine(node));
    if (has_models && !is_spine && node.name == "metricflow_time_spine")
      tables.push_back({{"location", node.relation_name}, {"column_name", "date_day"}, {"grain", "day"}});
  }
  return {{"time_spine_table_configurations", std::move(tables)},
          {"metadata", nullptr},
          {"dsi_package_version", {{"major_version", "0"}, {"minor_version", "213"}, {"patch_version", "0"}}},
          {"time_spines", std::move(spines)}};
}

}  // namespace

std::string WriteSemanticManifest(const Manifest& manifest) {
  Json models = NodesOf(manifest, ResourceType::kSemanticModel, kModel);
  Json configuration = ProjectConfiguration(manifest, !models.empty());
  return WriteJson({{"semantic_models", std::move(models)},
                    {"metrics", NodesOf(manifest, ResourceType::kMetric, kMetric)},
                    {"project_configuration", std::move(configuration)},
                    {"saved_queries", NodesOf(manifest, ResourceType::kSavedQuery, kSavedQuery)}});
}

}  // namespace stir::project
