// Each metric is resolved to the aggregations that it stands on; a filter goes into them as `case when`.
#include "project/osi_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "project/kinds.h"
#include "project/semantic_filters.h"

namespace stir::project {
namespace {

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool IsPlainName(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::ranges::all_of(text, IsWordChar);
}

std::string JsonTextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool HasValue(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

// What a measure, or a metric without one, does with the rows of its model.
struct Aggregation {
  std::string model, function, expression;
  double percentile = 0.5;
  bool discrete = false;
};

// Aggregations that are others: counting is summing ones, a median a percentile.
void Normalize(Aggregation& aggregation) {
  std::string& expression = aggregation.expression;
  if (aggregation.function == "sum_boolean") {
    expression = fmt::format("CASE WHEN {} THEN 1 ELSE 0 END", expression);
    aggregation.function = "sum";
  } else if (aggregation.function == "count") {
    if (expression != "1") expression = fmt::format("CASE WHEN {} IS NOT NULL THEN 1 ELSE 0 END", expression);
    aggregation.function = "sum";
  } else if (aggregation.function == "median") {
    aggregation.function = "percentile";
    aggregation.percentile = 0.5;
  }
}

Aggregation AggregationOf(const Json& aggregates, std::string model, std::string expression) {
  Aggregation aggregation{std::move(model), JsonTextAt(aggregates, "agg"), std::move(expression)};
  if (const auto more = aggregates.find("agg_params"); more != aggregates.end() && more->is_object()) {
    const Json percentile = more->value("percentile", Json());
    if (percentile.is_number()) aggregation.percentile = percentile.get<double>();
    aggregation.discrete = more->value("use_discrete_percentile", Json()) == true;
  }
  Normalize(aggregation);
  return aggregation;
}

// A bare column belongs to its model, also where it is counted.
std::string Qualified(const Aggregation& aggregation) {
  constexpr std::string_view kHead = "CASE WHEN ", kTail = " IS NOT NULL THEN 1 ELSE 0 END";
  const std::string_view expression = aggregation.expression;
  if (IsPlainName(expression)) return fmt::format("{}.{}", aggregation.model, expression);
  if (expression.starts_with(kHead) && expression.ends_with(kTail)) {
    const auto inner = expression.substr(kHead.size(), expression.size() - kHead.size() - kTail.size());
    if (IsPlainName(inner)) return fmt::format("{}{}.{}{}", kHead, aggregation.model, inner, kTail);
  }
  return aggregation.expression;
}

std::string Aggregated(const Aggregation& aggregation, const std::string& filter) {
  const std::string column = Qualified(aggregation);
  const std::string rows = filter.empty() ? column : fmt::format("CASE WHEN {} THEN {} END", filter, column);
  const std::string& function = aggregation.function;
  if (function == "count_distinct") return fmt::format("COUNT(DISTINCT {})", rows);
  if (function == "average") return fmt::format("AVG({})", rows);
  if (function == "percentile") {
    return fmt::format("{}({}) WITHIN GROUP (ORDER BY {})",
                       aggregation.discrete ? "PERCENTILE_DISC" : "PERCENTILE_CONT",
                       Json(aggregation.percentile).dump(), rows);
  }
  return fmt::format("{}({})", ToUpper(function), rows);
}

std::string BothFilters(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return one.empty() ? other : one;
  return fmt::format("({}) AND ({})", one, other);
}

// Puts `with` where `word` stands as a word.
std::string ReplaceWord(std::string_view text, std::string_view word, std::string_view with) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = at + word.size();
    const bool begins = !word.empty() && text.substr(at).starts_with(word) && (at == 0 || !IsWordChar(text[at - 1]));
    if (begins && (end == text.size() || !IsWordChar(text[end]))) {
      out += with;
      at = end;
    } else {
      out += text[at++];
    }
  }
  return out;
}

Json OsiExpression(std::string text) {
  return {{"dialects", Json::array({{{"dialect", "ANSI_SQL"}, {"expression", std::move(text)}}})}};
}

Json OsiDataType(const Json& value) {
  static const std::map<std::string, const char*, std::less<>> kNames = {
      {"string", "String"},          {"integer", "Integer"}, {"decimal", "Decimal"}, {"float", "Float"},
      {"boolean", "Boolean"},        {"date", "Date"},       {"time", "Time"},       {"datetime", "DateTime"},
      {"datetime_tz", "DateTimeTz"}, {"opaque", "Opaque"}};
  const auto found = value.is_string() ? kNames.find(value.get<std::string>()) : kNames.end();
  return found == kNames.end() ? Json() : Json(found->second);
}

// That form has no nulls.
void DropNulls(Json& object) {
  for (auto entry = object.begin(); entry != object.end();)
    entry = entry->is_null() ? object.erase(entry) : std::next(entry);
}

// What of an entity, dimension or measure is a column.
std::string OsiColumn(const Json& part) {
  return HasValue(part, "expr") ? JsonTextAt(part, "expr") : ToLower(JsonTextAt(part, "name"));
}

Json OsiField(const Json& part, std::string expression) {
  Json field = {{"name", ToLower(JsonTextAt(part, "name"))}, {"expression", OsiExpression(std::move(expression))}};
  if (part.contains("is_partition")) {  // a dimension
    field["dimension"] = {{"is_time", JsonTextAt(part, "type") == "time"}};
    field["datatype"] = OsiDataType(part.value("datatype", Json()));
  }
  field["label"] = part.value("label", Json());
  field["description"] = part.value("description", Json());
  DropNulls(field);
  return field;
}

class OsiWriter {
 public:
  explicit OsiWriter(const Json& manifest) : manifest_(manifest) {}

  Result<OsiDocument> Write() {
    Json datasets = Json::array();
    for (const Json& model : manifest_["semantic_models"]) datasets.push_back(Dataset(model));
    for (const Json& metric : manifest_["metrics"]) metrics_[JsonTextAt(metric, "name")] = &metric;
    Json model = {{"name", "semantic_model"}, {"datasets", std::move(datasets)}};
    if (Json found = Relationships(); !found.empty()) model["relationships"] = std::move(found);
    STIR_ASSIGN(Json written, Metrics());
    if (!written.empty()) model["metrics"] = std::move(written);
    OsiDocument document{.text = WriteJson({{"version", "0.1.1"},
                                            {"dialects", Json::array({"ANSI_SQL"})},
                                            {"semantic_model", Json::array({std::move(model)})}}),
                         .losses = std::move(losses_)};
    return document;
  }

 private:
  struct Key {
    std::string dataset, column;
    bool is_one = false;  // primary or unique
  };

  void Lose(std::string_view issue, const std::string& element, std::string_view kind, std::string_view how) {
    DbtEvent event{"I078", "MFConverterIssue", fmt::format("{} '{}' was {}", kind, element, how)};
    event.data = WriteJson({{"converter_name", "MSIToOSIConverter"}, {"element_name", element}, {"issue_type", issue}});
    losses_.push_back(std::move(event));
  }

  Json Dataset(const Json& model) {
    const std::string name = ToLower(JsonTextAt(model, "name"));
    Json fields = Json::array(), primary, unique = Json::array();
    for (const Json& entity : model["entities"]) {
      fields.push_back(OsiField(entity, OsiColumn(entity)));
      const std::string type = JsonTextAt(entity, "type");
      if (type == "primary") primary = Json::array({OsiColumn(entity)});
      if (type == "unique") unique.push_back(Json::array({OsiColumn(entity)}));
      AddKey(entity, name);
    }
    for (const Json& dimension : model["dimensions"]) fields.push_back(OsiField(dimension, OsiColumn(dimension)));
    for (const Json& measure : model["measures"]) {
      const Aggregation aggregation = AggregationOf(measure, name, OsiColumn(measure));
      fields.push_back(OsiField(measure, aggregation.expression));
      measures_[ToLower(JsonTextAt(measure, "name"))] = {aggregation, &measure};
    }
    Json dataset = {{"name", name},
                    {"source", model["node_relation"].value("relation_name", "")},
                    {"primary_key", std::move(primary)},
                    {"unique_keys", unique.empty() ? Json() : std::move(unique)},
                    {"description", model.value("description", Json())},
                    {"fields", fields.empty() ? Json() : std::move(fields)}};
    DropNulls(dataset);
    return dataset;
  }

  void AddKey(const Json& entity, const std::string& dataset) {
    const std::string name = ToLower(JsonTextAt(entity, "name")), type = JsonTextAt(entity, "type");
    if (type == "natural") {
      Lose("NATURAL_ENTITY_DROPPED", name, "Entity",
           "excluded from the OSI document: natural entities have no equivalent in the OSI format.");
      return;
    }
    if (!keys_.contains(name)) entities_.push_back(name);
    keys_[name].push_back({dataset, OsiColumn(entity), type == "primary" || type == "unique"});
  }

  // From the side of the many to the side of the one; between equals by name.
  Json Relationships() const {
    Json relationships = Json::array();
    for (const std::string& entity : entities_) {
      const std::vector<Key>& keys = keys_.at(entity);
      for (size_t i = 0; i < keys.size(); ++i) {
        for (size_t j = i + 1; j < keys.size(); ++j) {
          const Key *from = &keys[i], *to = &keys[j];
          if (from->dataset == to->dataset) continue;
          if (from->is_one != to->is_one ? from->is_one : from->dataset > to->dataset) std::swap(from, to);
          relationships.push_back({{"name", fmt::format("{}__{}__{}", from->dataset, to->dataset, entity)},
                                   {"from", from->dataset},
                                   {"to", to->dataset},
                                   {"from_columns", Json::array({from->column})},
                                   {"to_columns", Json::array({to->column})}});
        }
      }
    }
    return relationships;
  }

  Result<Json> Metrics() {
    Json written = Json::array();
    std::vector<std::string> hidden;
    for (const Json& metric : manifest_["metrics"]) {
      const std::string name = JsonTextAt(metric, "name"), type = JsonTextAt(metric, "type");
      const Json& params = metric["type_params"];
      if (type == "conversion") {
        Lose("CONVERSION_METRIC_DROPPED", name, "Metric",
             "excluded from the OSI document: conversion metrics cannot be represented in the OSI format.");
        const Json& conversion = params["conversion_type_params"];
        NoteHidden(conversion, "base_measure", "base_metric", hidden);
        NoteHidden(conversion, "conversion_measure", "conversion_metric", hidden);
        continue;
      }
      if (params.value("is_private", Json()) == true) {
        LosePrivate(name);
        continue;
      }
      if (type == "cumulative") {
        Lose("CUMULATIVE_SEMANTICS_LOSS", name, "Metric",
             "included in the OSI document, but its cumulative window and grain semantics cannot be represented.");
        if (!HasValue(params, "cumulative_type_params") || !HasValue(params["cumulative_type_params"], "metric"))
          NoteHidden(params, "measure", "", hidden);
      }
      STIR_ASSIGN(std::string expression, Resolve(metric, ""));
      Json entry = {{"name", name},
                    {"expression", OsiExpression(std::move(expression))},
                    {"datatype", OsiDataType(metric.value("datatype", Json()))},
                    {"description", metric.value("description", Json())}};
      DropNulls(entry);
      written.push_back(std::move(entry));
    }
    for (Json& proxy : Proxies()) written.push_back(std::move(proxy));
    for (const std::string& name : hidden) LosePrivate(name);
    return written;
  }

  void LosePrivate(const std::string& name) {
    Lose("PRIVATE_METRIC_DROPPED", name, "Metric",
         "excluded from the OSI document: private metrics are not included in OSI output.");
  }

  // Measures that are metrics by themselves.
  std::vector<Json> Proxies() const {
    std::vector<Json> proxies;
    for (const Json& model : manifest_["semantic_models"]) {
      for (const Json& measure : model["measures"]) {
        const std::string name = ToLower(JsonTextAt(measure, "name"));
        if (measure.value("create_metric", Json()) != true || metrics_.contains(name)) continue;
        Json entry = {{"name", name},
                      {"expression", OsiExpression(Aggregated(measures_.at(name).first, ""))},
                      {"description", measure.value("description", Json())}};
        DropNulls(entry);
        proxies.push_back(std::move(entry));
      }
    }
    return proxies;
  }

  // A measure below a metric is a metric that nobody sees, unless one of the project is the same.
  void NoteHidden(const Json& params, const char* measure_key, const char* metric_key,
                  std::vector<std::string>& hidden) {
    if (!params.is_object() || !HasValue(params, measure_key) || (*metric_key != '\0' && HasValue(params, metric_key)))
      return;
    const Json& input = params[measure_key];
    const std::string measure = JsonTextAt(input, "name");
    const Json fill = input.value("fill_nulls_with", Json());
    const bool joins = input.value("join_to_timespine", Json()) == true;
    if (!measures_.contains(measure) || HasSimpleMetric(measure, fill, joins)) return;
    std::string name = measure;
    if (fill.is_number_integer()) {
      const auto filled = fill.get<int64_t>();
      name +=
          filled >= 0 ? fmt::format("_fill_nulls_with_{}", filled) : fmt::format("_fill_nulls_with_neg_{}", -filled);
    }
    if (joins) name += "_join_to_timespine";
    if (!hidden_made_.insert(fmt::format("{} {} {}", measure, fill.dump(), joins)).second) return;
    const std::string base = name;
    const auto is_taken = [&] { return metrics_.contains(name) || std::ranges::find(hidden, name) != hidden.end(); };
    for (int count = 1; is_taken(); ++count) name = fmt::format("{}_{}", base, count);
    hidden.push_back(name);
  }

  // Is there a simple metric that is the measure and nothing more?
  bool HasSimpleMetric(const std::string& measure, const Json& fill, bool joins) const {
    if (measures_.at(measure).second->value("create_metric", Json()) == true && fill.is_null() && !joins) return true;
    return std::ranges::any_of(manifest_["metrics"], [&](const Json& metric) {
      const Json& params = metric["type_params"];
      if (JsonTextAt(metric, "type") != "simple" || !HasValue(params, "measure")) return false;
      const Json& input = params["measure"];
      return JsonTextAt(input, "name") == measure && !HasValue(metric, "filter") && !HasValue(input, "filter") &&
             input.value("fill_nulls_with", Json()) == fill &&
             (input.value("join_to_timespine", Json()) == true) == joins && !HasValue(metric, "time_granularity");
    });
  }

  // The filters of `parts`, all of which have to hold.
  static Result<std::string> FilterOf(std::initializer_list<const Json*> parts) {
    std::vector<std::string> filters;
    for (const Json* part : parts) {
      if (!HasValue(*part, "filter")) continue;
      for (const Json& each : part->at("filter")["where_filters"]) {
        STIR_ASSIGN(std::string text, RenderFilter(JsonTextAt(each, "where_sql_template")));
        if (!text.empty()) filters.push_back(std::move(text));
      }
    }
    if (filters.size() < 2) return filters.empty() ? std::string() : filters.front();
    return fmt::format("({})", Join(filters, ") AND ("));
  }

  Result<const Json*> Find(const std::string& name) const {
    const auto found = metrics_.find(name);
    if (found == metrics_.end()) return Diagnostic(kRefNotFound, fmt::format("metric `{}` not found", name));
    return found->second;
  }

  Result<const Aggregation*> FindMeasure(const std::string& name) const {
    const auto found = measures_.find(name);
    if (found == measures_.end()) return Diagnostic(kRefNotFound, fmt::format("measure `{}` not found", name));
    return &found->second.first;
  }

  // The expression of a metric for rows that `above` lets through.
  Result<std::string> Resolve(const Json& metric, const std::string& above) const {
    const std::string type = JsonTextAt(metric, "type");
    const Json& params = metric["type_params"];
    if (type == "simple") return ResolveSimple(metric, above);
    STIR_ASSIGN(const std::string own, FilterOf({&metric}));
    const std::string filter = BothFilters(above, own);
    if (type == "cumulative") return ResolveCumulative(params, filter);
    if (type == "ratio") {
      STIR_ASSIGN(const std::string numerator, ResolveInput(params["numerator"], filter));
      STIR_ASSIGN(const std::string denominator, ResolveInput(params["denominator"], filter));
      return fmt::format("({}) / ({})", numerator, denominator);
    }
    std::string expression = JsonTextAt(params, "expr");
    for (const Json& input : params.value("metrics", Json::array())) {
      STIR_ASSIGN(const Json* metric_of, Find(JsonTextAt(input, "name")));
      STIR_ASSIGN(std::string resolved, ResolveInput(input, filter));
      const std::string kind = JsonTextAt(*metric_of, "type");
      if (kind == "derived" || kind == "ratio") resolved = fmt::format("({})", resolved);
      expression = ReplaceWord(expression, JsonTextAt(input, HasValue(input, "alias") ? "alias" : "name"), resolved);
    }
    return expression;
  }

  Result<std::string> ResolveInput(const Json& input, const std::string& above) const {
    STIR_ASSIGN(const Json* metric, Find(JsonTextAt(input, "name")));
    STIR_ASSIGN(const std::string own, FilterOf({&input}));
    return Resolve(*metric, BothFilters(above, own));
  }

  Result<std::string> ResolveSimple(const Json& metric, const std::string& above) const {
    const Json& params = metric["type_params"];
    if (HasValue(params, "metric_aggregation_params")) {
      STIR_ASSIGN(const std::string own, FilterOf({&metric}));
      const Json& aggregates = params["metric_aggregation_params"];
      const std::string expression = HasValue(params, "expr") ? JsonTextAt(params, "expr") : JsonTextAt(metric, "name");
      const Aggregation aggregation = AggregationOf(aggregates, JsonTextAt(aggregates, "semantic_model"), expression);
      return Aggregated(aggregation, BothFilters(above, own));
    }
    const Json& input = params["measure"];
    STIR_ASSIGN(const Aggregation* measure, FindMeasure(JsonTextAt(input, "name")));
    STIR_ASSIGN(const std::string own, FilterOf({&input, &metric}));
    return Aggregated(*measure, BothFilters(above, own));
  }

  // Window and grain cannot be said: what is summed up is.
  Result<std::string> ResolveCumulative(const Json& params, const std::string& filter) const {
    if (HasValue(params, "cumulative_type_params") && HasValue(params["cumulative_type_params"], "metric"))
      return ResolveInput(params["cumulative_type_params"]["metric"], filter);
    const Json& input = params["measure"];
    STIR_ASSIGN(const Aggregation* measure, FindMeasure(JsonTextAt(input, "name")));
    STIR_ASSIGN(const std::string own, FilterOf({&input}));
    return Aggregated(*measure, BothFilters(filter, own));
  }

  const Json& manifest_;
  std::vector<DbtEvent> losses_;
  std::vector<std::string> entities_;  // in order
  std::map<std::string, std::vector<Key>> keys_;
  std::map<std::string, std::pair<Aggregation, const Json*>> measures_;
  std::map<std::string, const Json*> metrics_;
  std::set<std::string> hidden_made_;
};

}  // namespace

Result<OsiDocument> MakeOsiDocument(std::string_view semantic_manifest) {
  const Json manifest = ReadJson(semantic_manifest);
  return OsiWriter(manifest).Write();
}

}  // namespace stir::project
