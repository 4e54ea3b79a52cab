// Everything becomes a dict with the keys and the order of dbt's artifact; a key that was not written has its default.
#include "project/semantic_properties.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"
#include "project/kinds.h"
#include "project/property_parts.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;
using MetricDefaults = std::initializer_list<std::pair<std::string_view, Value>>;

const Value* FoundIn(const Value& dict, std::string_view key) {
  const Value* found = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  return found && !found->IsNone() ? found : nullptr;
}

Value GetIn(const Value& dict, std::string_view key) {
  const Value* found = FoundIn(dict, key);
  return found ? *found : Value::None();
}

Value Filled(const Value& given, MetricDefaults defaults) {
  Value filled = Value::MakeDict();
  for (const auto& [key, value] : defaults) {
    const Value* written = FoundIn(given, key);
    filled.AsDict().Set(key, written ? *written : value);
  }
  return filled;
}

void Replace(Value& dict, std::string_view key, Value value) { dict.AsDict().Set(key, std::move(value)); }

Value AsText(const Value& value) {
  const Result<std::string> text = value.Str();
  return value.IsNone() ? value : Value::String(text.ok() ? *text : std::string());
}

Value Filters(const Value& given) {
  if (given.IsNone() || given.IsUndefined()) return Value::None();
  std::vector<Value> filters;
  auto add = [&](const Value& each) {
    filters.push_back(Value::MakeDict({{Value::String("where_sql_template"), each}}));
  };
  if (given.IsSequence()) {
    for (const Value& each : given.Items()) add(each);
  } else {
    add(given);
  }
  return Value::MakeDict({{Value::String("where_filters"), Value::List(std::move(filters))}});
}

// {meta: ...} of a config that may say more.
Value OnlyMeta(const Value& element) {
  const Value config = GetIn(element, "config");
  const Value* meta = FoundIn(config, "meta");
  return Value::MakeDict({{Value::String("meta"), meta ? *meta : Value::MakeDict()}});
}

class SemanticReader {
 public:
  SemanticReader(std::string_view kind, const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors,
                 Diagnostics& warnings)
      : node_(node),
        scope_(scope),
        errors_(errors),
        warnings_(warnings),
        reader_(node, What(kind, node), errors, &scope) {}

  SemanticPatch Metric() {
    SemanticPatch patch = Common(ResourceType::kMetric);
    static constexpr std::array<std::string_view, 5> kTypes{"simple", "ratio", "cumulative", "derived", "conversion"};
    const std::string type = ToLower(reader_.Text("type", "simple"));
    CheckWord(type, kTypes, "type of a metric", "type");
    if (!reader_.Has("type_params")) {
      Fail(kNotSupported, "metrics without `type_params` are not supported yet", patch.name_span,
           "write the metric's parameters under `type_params:`");
      return patch;
    }
    const Value given = Rendered(reader_.Mapping("type_params"), true);
    patch.fields = Value::MakeDict();
    Replace(patch.fields, "label", Value::String(reader_.Text("label", patch.name)));
    Replace(patch.fields, "type", Value::String(type));
    Replace(patch.fields, "type_params", TypeParams(given, type, patch));
    Replace(patch.fields, "filter", Filters(Late("filter")));
    Replace(patch.fields, "time_granularity", OrNone(reader_.Text("time_granularity")));
    patch.tags = reader_.Texts("tags");
    reader_.Mapping("meta");
    return Done(std::move(patch));
  }

  SemanticPatch SemanticModel(const ParseContext& context) {
    SemanticPatch patch = Common(ResourceType::kSemanticModel);
    const std::string model = reader_.RequiredText("model");
    NoteModel(model, context, patch);
    patch.fields = Value::MakeDict();
    Replace(patch.fields, "model", Value::String(model));
    Replace(patch.fields, "node_relation", Value::None());
    Replace(patch.fields, "label", OrNone(reader_.Text("label")));
    const yaml::Node* defaults = reader_.Mapping("defaults");
    Replace(patch.fields, "defaults",
            defaults ? Filled(Rendered(defaults), {{"agg_time_dimension", Value::None()}}) : Value::None());
    Replace(patch.fields, "entities", Each("entities", &SemanticReader::Entity));
    Replace(patch.fields, "measures", Each("measures", &SemanticReader::Measure));
    Replace(patch.fields, "dimensions", Each("dimensions", &SemanticReader::Dimension));
    Replace(patch.fields, "primary_entity", OrNone(reader_.Text("primary_entity")));
    return Done(std::move(patch));
  }

  SemanticPatch SavedQuery(const ParseContext& context) {
    SemanticPatch patch = Common(ResourceType::kSavedQuery);
    const Value given = Rendered(reader_.Mapping("query_params"), true);
    if (!given.IsDict() || !FoundIn(given, "metrics"))
      Fail(kMissingKey, reader_.what() + " has no `query_params` with `metrics`", patch.name_span);
    Value params = Filled(given, {{"metrics", Value::List()},
                                  {"group_by", Value::List()},
                                  {"where", Value::None()},
                                  {"order_by", Value::List()},
                                  {"limit", Value::None()}});
    Replace(params, "where", Filters(GetIn(given, "where")));
    const Value metrics = GetIn(params, "metrics");
    if (metrics.IsSequence()) {
      for (const Value& metric : metrics.Items()) patch.metrics.emplace_back(Str(metric));
    }
    patch.fields = Value::MakeDict();
    Replace(patch.fields, "query_params", std::move(params));
    Replace(patch.fields, "exports", Exports(patch, context));
    Replace(patch.fields, "label", OrNone(reader_.Text("label")));
    patch.tags = reader_.Texts("tags");
    return Done(std::move(patch));
  }

  // Measures with `create_metric: true` make a metric of their name.
  std::vector<SemanticPatch> CreatedMetrics() {
    std::vector<SemanticPatch> created;
    for (const YamlNode& node : reader_.List("measures")) {
      const Value measure = Rendered(node.get());
      const Value* create = FoundIn(measure, "create_metric");
      if (!create || !create->Truthy()) continue;
      SemanticPatch metric;
      metric.type = ResourceType::kMetric;
      metric.name = Str(GetIn(measure, "name"));
      metric.name_span = node->span;
      const Value config_meta = OnlyMeta(measure);
      metric.config.push_back({"enabled", Value::Bool(true), ConfigLayer::kProperties, node->span});
      metric.config.push_back({"meta", GetIn(config_meta, "meta"), ConfigLayer::kProperties, node->span});
      const Value* label = FoundIn(measure, "label");
      const Value* expr = FoundIn(measure, "expr");
      const Value* description = FoundIn(measure, "description");
      metric.plain_description = description ? Str(*description) : "Metric created from measure " + metric.name;
      Value params = Value::MakeDict();
      Replace(params, "measure", Value::String(metric.name));
      Replace(params, "expr", expr ? *expr : Value::String(metric.name));
      metric.fields = Value::MakeDict();
      Replace(metric.fields, "label", label ? *label : Value::String(metric.name));
      Replace(metric.fields, "type", Value::String("simple"));
      Replace(metric.fields, "type_params", TypeParams(params, "simple", metric));
      Replace(metric.fields, "filter", Value::None());
      Replace(metric.fields, "time_granularity", Value::None());
      created.push_back(std::move(metric));
    }
    return created;
  }

 private:
  static std::string What(std::string_view kind, const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    return std::string(kind) + (name ? " " + Quoted(name->text) : std::string());
  }
  static std::string Str(const Value& value) {
    const Result<std::string> text = value.Str();
    return text.ok() ? *text : std::string();
  }
  static Value OrNone(const std::string& text) { return text.empty() ? Value::None() : Value::String(text); }

  void Fail(Kind kind, std::string message, Span span, std::string hint = {}) {
    errors_.push_back(Diagnostic(kind, std::move(message), span).Hint(std::move(hint)));
  }

  void CheckWord(std::string_view word, std::span<const std::string_view> known, const std::string& what,
                 std::string_view key) {
    if (std::ranges::find(known, word) != known.end()) return;
    const yaml::Node* node = node_.Find(key);
    Fail(kBadConfig, Quoted(word) + " is no " + what, node ? node->span : node_.span,
         "there are " + Join(std::vector<std::string>(known.begin(), known.end()), ", "));
  }

  // Filters keep their Jinja: it is the semantic layer's.
  Value Rendered(const yaml::Node* node, bool keep_filters = false) {
    if (!node) return Value::None();
    return RenderedOrNone(*node, scope_, errors_,
                          [&](std::string_view key) { return keep_filters && (key == "filter" || key == "where"); });
  }

  Value Late(std::string_view key) {
    const yaml::Node* node = reader_.Find(key);
    return node ? ValueOf(*node) : Value::None();
  }

  SemanticPatch Common(ResourceType type) {
    SemanticPatch patch;
    patch.type = type;
    const yaml::Node* name = node_.Find("name");
    patch.name = reader_.RequiredText("name");
    patch.name_span = name ? name->span : node_.span;
    patch.description = ReadDescription(reader_, node_, errors_);
    ReadConfig(reader_, node_, {}, scope_, patch.config, nullptr, errors_);
    return patch;
  }

  SemanticPatch Done(SemanticPatch patch) {
    Append(warnings_, reader_.UnknownKeys(Severity::kWarning));
    return patch;
  }

  // --- metrics

  static Value MeasureInput(const Value& given) {
    if (given.IsNone() || given.IsUndefined()) return Value::None();
    Value input = Filled(given, {{"name", given.IsString() ? given : Value::None()},
                                 {"filter", Value::None()},
                                 {"alias", Value::None()},
                                 {"join_to_timespine", Value::Bool(false)},
                                 {"fill_nulls_with", Value::None()}});
    Replace(input, "filter", Filters(GetIn(given, "filter")));
    return input;
  }

  Value MetricInput(const Value& given, SemanticPatch& patch) {
    if (given.IsNone() || given.IsUndefined()) return Value::None();
    Value input = Filled(given, {{"name", given.IsString() ? given : Value::None()},
                                 {"filter", Value::None()},
                                 {"alias", Value::None()},
                                 {"offset_window", Value::None()},
                                 {"offset_to_grain", Value::None()}});
    Replace(input, "filter", Filters(GetIn(given, "filter")));
    Replace(input, "offset_window", Window(GetIn(given, "offset_window")));
    patch.metrics.push_back(Str(GetIn(input, "name")));
    return input;
  }

  // "7 days" -> {count: 7, granularity: day}.
  Value Window(const Value& given) {
    if (given.IsNone()) return given;
    static constexpr std::array<std::string_view, 11> kGrains{"nanosecond", "microsecond", "millisecond", "second",
                                                              "minute",     "hour",        "day",         "week",
                                                              "month",      "quarter",     "year"};
    const std::string text = ToLower(Str(given));
    const std::vector<std::string_view> words = Split(text, ' ');
    int64_t count = 0;
    const bool counted =
        words.size() == 2 && std::from_chars(words[0].data(), words[0].data() + words[0].size(), count).ptr ==
                                 words[0].data() + words[0].size();
    if (!counted) {
      Fail(kBadConfig, Quoted(text) + " is no window of time", node_.span,
           "write a count and a grain, as in `28 days`");
      return Value::None();
    }
    std::string_view grain = words[1];
    if (grain.ends_with('s') && std::ranges::find(kGrains, grain.substr(0, grain.size() - 1)) != kGrains.end())
      grain.remove_suffix(1);
    return Value::MakeDict({{Value::String("count"), Value::Int(count)},
                            {Value::String("granularity"), Value::String(std::string(grain))}});
  }

  Value Cumulative(const Value& given, const std::string& type) {
    if (type != "cumulative") return Value::None();
    const Value own = GetIn(given, "cumulative_type_params");
    Value params = Filled(own, {{"window", GetIn(given, "window")},
                                {"grain_to_date", GetIn(given, "grain_to_date")},
                                {"period_agg", Value::String("first")},
                                {"metric", Value::None()}});
    Replace(params, "window", Window(GetIn(params, "window")));
    Replace(params, "metric", Value::None());
    return params;
  }

  Value Conversion(const Value& given) {
    if (!given.IsDict()) return Value::None();
    Value params = Filled(given, {{"entity", Value::None()},
                                  {"base_measure", Value::None()},
                                  {"conversion_measure", Value::None()},
                                  {"base_metric", Value::None()},
                                  {"conversion_metric", Value::None()},
                                  {"calculation", Value::String("conversion_rate")},
                                  {"window", Value::None()},
                                  {"constant_properties", Value::None()}});
    Replace(params, "base_measure", MeasureInput(GetIn(given, "base_measure")));
    Replace(params, "conversion_measure", MeasureInput(GetIn(given, "conversion_measure")));
    Replace(params, "window", Window(GetIn(given, "window")));
    return params;
  }

  Value TypeParams(const Value& given, const std::string& type, SemanticPatch& patch) {
    const Value measure = MeasureInput(GetIn(given, "measure"));
    const Value numerator = MetricInput(GetIn(given, "numerator"), patch);
    const Value denominator = MetricInput(GetIn(given, "denominator"), patch);
    if (type == "ratio" && (numerator.IsNone() || denominator.IsNone()))
      Fail(kMissingKey, reader_.what() + " is a ratio: it needs a `numerator` and a `denominator`", node_.span);
    if ((type == "simple" || type == "cumulative") && measure.IsNone())
      Fail(kMissingKey, reader_.what() + " needs a `measure`", node_.span);
    std::vector<Value> metrics;
    if (const Value* list = FoundIn(given, "metrics"); list && list->IsSequence()) {
      for (const Value& metric : list->Items()) metrics.push_back(MetricInput(metric, patch));
    }
    const Value conversion = Conversion(GetIn(given, "conversion_type_params"));
    if (type == "conversion" && conversion.IsNone())
      Fail(kMissingKey, reader_.what() + " needs `conversion_type_params`", node_.span);
    for (const Value& input : {measure, GetIn(conversion, "base_measure"), GetIn(conversion, "conversion_measure")}) {
      if (input.IsDict() && (type == "conversion" || !measure.IsNone())) patch.measures.push_back(input);
    }
    Value params = Value::MakeDict();
    Replace(params, "measure", measure);
    Replace(params, "input_measures", Value::List());
    Replace(params, "numerator", numerator);
    Replace(params, "denominator", denominator);
    Replace(params, "expr", AsText(GetIn(given, "expr")));
    Replace(params, "window", Window(GetIn(given, "window")));
    Replace(params, "grain_to_date", GetIn(given, "grain_to_date"));
    Replace(params, "metrics", Value::List(std::move(metrics)));
    Replace(params, "conversion_type_params", conversion);
    Replace(params, "cumulative_type_params", Cumulative(given, type));
    for (std::string_view key : {"metric_aggregation_params", "fill_nulls_with"}) Replace(params, key, Value::None());
    Replace(params, "join_to_timespine", Value::Bool(false));
    Replace(params, "is_private", Value::None());
    return params;
  }

  // --- semantic models

  Value Each(std::string_view key, Value (SemanticReader::*make)(const Value&, Span)) {
    std::vector<Value> all;
    for (const YamlNode& node : reader_.List(key)) {
      MappingReader(*node, "an entry of " + Quoted(key) + " of " + reader_.what(), errors_, &scope_)
          .RequiredText("name");
      all.push_back((this->*make)(Rendered(node.get()), node->span));
    }
    return Value::List(std::move(all));
  }

  void CheckType(const Value& element, std::string_view key, std::span<const std::string_view> known,
                 const std::string& what, Span span) {
    const std::string word = Str(GetIn(element, key));
    if (std::ranges::find(known, word) != known.end()) return;
    Fail(kBadConfig, Quoted(word) + " is no " + what + " in " + reader_.what(), span,
         "there are " + Join(std::vector<std::string>(known.begin(), known.end()), ", "));
  }

  Value Entity(const Value& given, Span span) {
    static constexpr std::array<std::string_view, 4> kTypes{"primary", "foreign", "unique", "natural"};
    CheckType(given, "type", kTypes, "type of an entity", span);
    Value entity = Filled(given, {{"name", Value::None()},
                                  {"type", Value::None()},
                                  {"description", Value::None()},
                                  {"label", Value::None()},
                                  {"role", Value::None()},
                                  {"expr", Value::None()}});
    Replace(entity, "config", OnlyMeta(given));
    return entity;
  }

  Value Measure(const Value& given, Span span) {
    static constexpr std::array<std::string_view, 9> kAggregations{
        "sum", "min", "max", "count_distinct", "sum_boolean", "average", "percentile", "median", "count"};
    CheckType(given, "agg", kAggregations, "aggregation", span);
    Value measure = Filled(
        given,
        {{"name", Value::None()}, {"agg", Value::None()}, {"description", Value::None()}, {"label", Value::None()}});
    Replace(measure, "create_metric", Value::Bool(false));
    Replace(measure, "expr", AsText(GetIn(given, "expr")));
    const Value params = GetIn(given, "agg_params"), dimension = GetIn(given, "non_additive_dimension");
    Replace(measure, "agg_params",
            params.IsNone() ? params
                            : Filled(params, {{"percentile", Value::None()},
                                              {"use_discrete_percentile", Value::Bool(false)},
                                              {"use_approximate_percentile", Value::Bool(false)}}));
    Replace(
        measure, "non_additive_dimension",
        dimension.IsNone()
            ? dimension
            : Filled(dimension,
                     {{"name", Value::None()}, {"window_choice", Value::None()}, {"window_groupings", Value::List()}}));
    Replace(measure, "agg_time_dimension", GetIn(given, "agg_time_dimension"));
    Replace(measure, "config", OnlyMeta(given));
    return measure;
  }

  Value Dimension(const Value& given, Span span) {
    static constexpr std::array<std::string_view, 2> kTypes{"categorical", "time"};
    CheckType(given, "type", kTypes, "type of a dimension", span);
    Value dimension = Filled(given, {{"name", Value::None()},
                                     {"type", Value::None()},
                                     {"description", Value::None()},
                                     {"label", Value::None()},
                                     {"is_partition", Value::Bool(false)}});
    const Value params = GetIn(given, "type_params"), validity = GetIn(params, "validity_params");
    Value filled = params;
    if (params.IsDict()) {
      filled = Filled(params, {{"time_granularity", Value::None()}});
      Replace(filled, "validity_params",
              validity.IsNone() ? validity
                                : Filled(validity, {{"is_start", Value::Bool(false)}, {"is_end", Value::Bool(false)}}));
    }
    Replace(dimension, "type_params", std::move(filled));
    Replace(dimension, "expr", GetIn(given, "expr"));
    Replace(dimension, "metadata", Value::None());
    Replace(dimension, "config", OnlyMeta(given));
    Replace(dimension, "datatype", Value::None());
    return dimension;
  }

  void NoteModel(const std::string& model, const ParseContext& context, SemanticPatch& patch) {
    const yaml::Node* node = node_.Find("model");
    if (!node) return;
    auto parsed = jinja::Template::Parse("{{ " + model + " }}",
                                         jinja::Origin{node->span.source, node->span.begin, false, node->span});
    if (!parsed.ok()) return Append(errors_, std::move(parsed).error());
    ParseScope scope(context, patch.uses, "");
    if (Result<std::string> rendered = jinja::Render(**parsed, scope); !rendered.ok())
      Append(errors_, std::move(rendered).error());
    if (patch.uses.refs.empty())
      Fail(kBadConfig, "`model` of " + reader_.what() + " must be a reference such as `ref('orders')`", node->span);
  }

  // --- saved queries

  Value Exports(const SemanticPatch& patch, const ParseContext& context) {
    std::vector<Value> exports;
    for (const YamlNode& node : reader_.List("exports")) {
      const Value given = Rendered(node.get());
      const Value own = GetIn(given, "config");
      Value config = Filled(own, {{"export_as", Inherited(patch, "export_as")},
                                  {"schema_name", GetIn(own, "schema")},
                                  {"alias", GetIn(given, "name")},
                                  {"database", Value::String(context.default_database())}});
      if (GetIn(config, "schema_name").IsNone()) {
        const Value schema = Inherited(patch, "schema");
        Replace(config, "schema_name", schema.IsNone() ? Value::String(context.default_schema()) : schema);
      }
      Value made = Value::MakeDict();
      Replace(made, "name", GetIn(given, "name"));
      Replace(made, "config", std::move(config));
      Replace(made, "unrendered_config", own.IsDict() ? own : Value::MakeDict());
      exports.push_back(std::move(made));
    }
    return Value::List(std::move(exports));
  }

  static Value Inherited(const SemanticPatch& patch, std::string_view key) {
    const Value* value = FindEntry(patch.config, key);
    return value ? *value : Value::None();
  }

  const yaml::Node& node_;
  jinja::Scope& scope_;
  Diagnostics& errors_;
  Diagnostics& warnings_;
  MappingReader reader_;
};

}  // namespace

SemanticPatch ReadMetric(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors, Diagnostics& warnings) {
  return SemanticReader("metric", node, scope, errors, warnings).Metric();
}

std::vector<SemanticPatch> ReadSemanticModel(const yaml::Node& node, const ParseContext& context, jinja::Scope& scope,
                                             Diagnostics& errors, Diagnostics& warnings) {
  SemanticReader reader("semantic model", node, scope, errors, warnings);
  std::vector<SemanticPatch> all;
  all.push_back(reader.SemanticModel(context));
  std::ranges::move(reader.CreatedMetrics(), std::back_inserter(all));
  return all;
}

SemanticPatch ReadSavedQuery(const yaml::Node& node, const ParseContext& context, jinja::Scope& scope,
                             Diagnostics& errors, Diagnostics& warnings) {
  return SemanticReader("saved query", node, scope, errors, warnings).SavedQuery(context);
}

}  // namespace stir::project
