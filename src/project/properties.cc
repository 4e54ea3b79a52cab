// One reader for a file; each section of the file is one function.
#include "project/properties.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <set>

#include "base/strings.h"
#include "project/freshness.h"
#include "project/kinds.h"
#include "project/mapping_reader.h"
#include "project/property_parts.h"
#include "project/semantic_properties.h"
#include "project/unit_test_properties.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

// What these say has its meaning in other files, too: rows, other nodes.
constexpr std::array<std::string_view, 5> kJoinedSections{"unit_tests", "metrics", "semantic_models", "saved_queries",
                                                          "functions"};

Value Merged(std::initializer_list<const Value*> dicts) {
  Value merged = Value::MakeDict();
  for (const Value* dict : dicts) {
    if (!dict->IsDict()) continue;
    for (const auto& [key, value] : dict->AsDict().entries()) merged.AsDict().Set(key, value);
  }
  return merged;
}

std::vector<std::string> StringsOf(const Value* value) {
  std::vector<std::string> texts;
  if (!value) return texts;
  if (value->IsString()) texts.emplace_back(value->AsString());
  if (value->IsSequence()) {
    for (const Value& item : value->Items()) {
      if (item.IsString()) texts.emplace_back(item.AsString());
    }
  }
  return texts;
}

std::vector<std::string> Joined(std::initializer_list<std::vector<std::string>> lists) {
  std::vector<std::string> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Value ListOf(const std::vector<std::string>& texts) {
  std::vector<Value> items;
  for (const std::string& text : texts) items.push_back(Value::String(text));
  return Value::List(std::move(items));
}

class PropertiesReader {
 public:
  PropertiesReader(const ParseContext& context, Properties& out)
      : context_(context), out_(out), scope_(context.base(), out.reads) {
    scope_.Set("var", context.PlainVar(out.reads));
  }

  void Read(const yaml::Node& root) {
    MappingReader file(root, "this file", out_.errors, &scope_);
    file.Find("version");
    for (std::string_view section : {"models", "seeds", "analyses", "snapshots", "functions"}) {
      ForEach(file, section, [&](const yaml::Node& node) { ReadNode(section, node); });
    }
    for (std::string_view section : {"data_tests", "tests"}) {
      ForEach(file, section, [&](const yaml::Node& node) { ReadNode("data_tests", node); });
    }
    ForEach(file, "sources", [&](const yaml::Node& node) { ReadSource(node); });
    ForEach(file, "exposures", [&](const yaml::Node& node) { ReadExposure(node); });
    ForEach(file, "macros", [&](const yaml::Node& node) { ReadMacro(node); });
    ForEach(file, "groups", [&](const yaml::Node& node) { ReadGroup(node); });
    ForEach(file, "unit_tests", [&](const yaml::Node& node) {
      out_.unit_tests.push_back(ReadUnitTest(node, scope_, out_.errors, out_.warnings));
    });
    ForEach(file, "metrics", [&](const yaml::Node& node) {
      out_.semantics.push_back(ReadMetric(node, scope_, out_.errors, out_.warnings));
    });
    ForEach(file, "semantic_models", [&](const yaml::Node& node) {
      std::ranges::move(ReadSemanticModel(node, context_, scope_, out_.errors, out_.warnings),
                        std::back_inserter(out_.semantics));
    });
    ForEach(file, "saved_queries", [&](const yaml::Node& node) {
      out_.semantics.push_back(ReadSavedQuery(node, context_, scope_, out_.errors, out_.warnings));
    });
    for (std::string_view section : kJoinedSections) out_.reads.others = out_.reads.others || root.Find(section);
    file.Find("anchors");
    Append(out_.warnings, file.UnknownKeys(Severity::kWarning));
  }

 private:
  void ForEach(MappingReader& file, std::string_view section, const std::function<void(const yaml::Node&)>& read) {
    for (const YamlNode& node : file.List(section)) {
      if (!node->IsMapping()) {
        Error(kWrongType, "an entry of " + Quoted(section) + " must be a mapping, not " + std::string(Describe(*node)),
              node->span);
      } else {
        read(*node);
      }
    }
  }

  void Error(Kind kind, std::string message, Span span) {
    out_.errors.push_back(Diagnostic(kind, std::move(message), span));
  }

  Value Render(const yaml::Node& node) { return RenderedOrNone(node, scope_, out_.errors); }

  Value RenderedDict(MappingReader& reader, std::string_view key) {
    const yaml::Node* node = reader.Mapping(key);
    return node ? Render(*node) : Value::MakeDict();
  }

  YamlNode ReadDescription(MappingReader& reader, const yaml::Node& node) {
    return project::ReadDescription(reader, node, out_.errors);
  }

  void ReadConfig(MappingReader& reader, const yaml::Node& node, std::initializer_list<std::string_view> beside,
                  std::vector<ConfigEntry>& config, Unrendered* unrendered) {
    project::ReadConfig(reader, node, beside, scope_, config, unrendered, out_.errors);
  }

  // Entries of `data_tests:` or, as it was called, `tests:`.
  std::vector<YamlNode> ReadTests(MappingReader& reader) {
    const yaml::Node* old_name = reader.Find("tests");
    const yaml::Node* new_name = reader.Find("data_tests");
    if (old_name && new_name) {
      Error(kBadTest, reader.what() + " has both `tests` and `data_tests`: keep one", old_name->span);
      return {};
    }
    const auto list = reader.List(new_name ? "data_tests" : "tests");
    return {list.begin(), list.end()};
  }

  // A column with its tests.
  struct TestedColumn {
    DeclaredColumn column;
    std::vector<DeclaredTest> tests;
  };

  TestedColumn ReadColumn(const yaml::Node& node, std::string_view owner, bool quote_all) {
    MappingReader reader(node, "a column of " + std::string(owner), out_.errors, &scope_);
    TestedColumn read;
    DeclaredColumn& column = read.column;
    column.span = node.span;
    column.name = reader.RequiredText("name");
    column.data_type = reader.Text("data_type");
    column.description = ReadDescription(reader, node);
    column.quote = reader.Bool("quote");
    std::vector<ConfigEntry> config;
    ReadConfig(reader, node, {}, config, nullptr);
    const Value meta = RenderedDict(reader, "meta");
    const Value* config_meta = FindEntry(config, "meta");
    column.meta = config_meta ? Merged({&meta, config_meta}) : meta;
    column.tags = Joined({reader.Texts("tags"), StringsOf(FindEntry(config, "tags"))});
    column.constraints = ReadConstraints(reader, false);
    for (const YamlNode& test : ReadTests(reader)) {
      const bool quote = column.quote.value_or(quote_all);
      read.tests.push_back({test, quote ? context_.dialect().Quote(column.name) : column.name, column.tags});
    }
    reader.Find("docs");
    column.granularity = reader.Text("granularity");
    if (const yaml::Node* dimension = reader.Find("dimension")) column.dimension = Render(*dimension);
    if (const yaml::Node* entity = reader.Find("entity")) column.entity = Render(*entity);
    for (const yaml::Entry* extra : reader.Unknown()) {
      if (column.extra.IsUndefined()) column.extra = Value::MakeDict();
      column.extra.AsDict().Set(extra->key->text, Render(*extra->value));
    }
    return read;
  }

  std::vector<TestedColumn> ReadColumns(MappingReader& reader, bool quote_all) {
    std::vector<TestedColumn> columns;
    for (const YamlNode& column : reader.List("columns"))
      columns.push_back(ReadColumn(*column, reader.what(), quote_all));
    return columns;
  }

  // As in dbt, the last of two columns of one name counts.
  static void AddColumn(TestedColumn read, std::vector<DeclaredColumn>& columns, std::vector<DeclaredTest>& tests) {
    std::ranges::move(read.tests, std::back_inserter(tests));
    auto twice = std::ranges::find(columns, read.column.name, &DeclaredColumn::name);
    if (twice == columns.end()) {
      columns.push_back(std::move(read.column));
    } else {
      *twice = std::move(read.column);
    }
  }

  // Every key is there, as dbt's artifacts have it; a model's constraints also name columns.
  Value ReadConstraints(MappingReader& reader, bool of_model) {
    std::vector<Value> constraints;
    for (const YamlNode& node : reader.List("constraints")) {
      const Value given = Render(*node);
      Value constraint = Value::MakeDict();
      for (const auto& [key, fallback] : {std::pair<std::string_view, Value>{"type", Value::None()},
                                          {"name", Value::None()},
                                          {"expression", Value::None()},
                                          {"warn_unenforced", Value::Bool(true)},
                                          {"warn_unsupported", Value::Bool(true)},
                                          {"to", Value::None()},
                                          {"to_columns", Value::List()},
                                          {"columns", Value::List()}}) {
        if (key == "columns" && !of_model) continue;
        const Value* value = given.IsDict() ? given.AsDict().Find(key) : nullptr;
        constraint.AsDict().Set(key, value ? *value : fallback);
      }
      constraints.push_back(std::move(constraint));
    }
    return Value::List(std::move(constraints));
  }

  void ReadColumns(MappingReader& reader, bool quote_all, std::vector<DeclaredColumn>& columns,
                   std::vector<DeclaredTest>& tests) {
    for (TestedColumn& column : ReadColumns(reader, quote_all)) AddColumn(std::move(column), columns, tests);
    for (const YamlNode& test : ReadTests(reader)) tests.push_back({test, "", {}});
  }

  // What a model's versions share and change.
  struct ModelBase {
    NodePatch patch;  // without columns and tests
    std::vector<TestedColumn> columns;
    std::vector<YamlNode> tests;
    bool quote_columns = false;
  };

  void ReadNode(std::string_view section, const yaml::Node& node) {
    ModelBase base;
    NodePatch& patch = base.patch;
    patch.section = section;
    const yaml::Node* name = node.Find("name");
    const std::string what =
        std::string(section.substr(0, section.size() - 1)) + (name ? " " + Quoted(name->text) : "");
    MappingReader reader(node, what, out_.errors, &scope_);
    patch.name = reader.RequiredText("name");
    patch.name_span = name ? name->span : node.span;
    patch.description = ReadDescription(reader, node);
    ReadConfig(reader, node, {"meta", "docs", "group", "contract", "access"}, patch.config, &patch.unrendered);
    base.quote_columns = reader.Bool("quote_columns").value_or(false);
    base.columns = ReadColumns(reader, base.quote_columns);
    base.tests = ReadTests(reader);
    patch.constraints = ReadConstraints(reader, true);
    patch.deprecation_date = reader.Text("deprecation_date");
    if (section == "snapshots" && reader.Find("relation")) patch.relation = node.FindEntry("relation")->value;
    if (const yaml::Node* spine = reader.Mapping("time_spine")) {
      patch.time_spine = Render(*spine);
      if (!patch.time_spine.AsDict().Find("custom_granularities"))
        patch.time_spine.AsDict().Set("custom_granularities", Value::List());
    }
    if (section == "functions") ReadSignature(reader, node, patch);
    const Version latest = ReadVersion(reader, node, "latest_version");
    const auto versions = section == "models" ? reader.List("versions") : std::span<const YamlNode>();
    if (versions.empty()) {
      if (!latest.text.empty()) {
        out_.errors.push_back(Diagnostic(kBadConfig, "`latest_version` of " + what + ", which has no versions",
                                         node.Find("latest_version")->span)
                                  .Hint("list its `versions:`"));
      }
      for (TestedColumn& column : base.columns) AddColumn(std::move(column), patch.columns, patch.tests);
      for (const YamlNode& test : base.tests) patch.tests.push_back({test, "", {}});
      out_.nodes.push_back(std::move(patch));
    } else {
      ReadVersions(reader, versions, base, latest);
    }
    for (std::string_view key : {"semantic_model", "metrics", "derived_semantics"}) {
      if (const yaml::Node* found = section == "models" ? reader.Find(key) : nullptr) {
        out_.warnings.push_back(
            Diagnostic(kNotSupported, Quoted(key) + " of a model is not supported yet and is passed over", found->span)
                .As(Severity::kWarning)
                .Hint("write it as entries of `semantic_models:` and `metrics:`"));
      }
    }
    for (std::string_view key : {"agg_time_dimension", "primary_entity"}) reader.Find(key);
    WarnUnknown(reader);
  }

  // Every key is there, as dbt's artifacts have it.
  static Value Filled(const Value& given, std::initializer_list<std::string_view> keys) {
    Value filled = Value::MakeDict();
    for (std::string_view key : keys) {
      const Value* value = given.IsDict() ? given.AsDict().Find(key) : nullptr;
      filled.AsDict().Set(key, value ? *value : Value::None());
    }
    return filled;
  }

  Value ReadArguments(MappingReader& reader) {
    std::vector<Value> arguments;
    for (const YamlNode& argument : reader.List("arguments")) {
      MappingReader one(*argument, "an argument of " + reader.what(), out_.errors, &scope_);
      one.RequiredText("name");
      one.RequiredText("data_type");
      arguments.push_back(Filled(Render(*argument), {"name", "data_type", "description", "default_value"}));
    }
    return Value::List(std::move(arguments));
  }

  Value ReadReturns(MappingReader& reader) {
    const yaml::Node* returns = reader.Mapping("returns");
    if (!returns) return Value::None();
    MappingReader(*returns, "`returns` of " + reader.what(), out_.errors, &scope_).RequiredText("data_type");
    return Filled(Render(*returns), {"data_type", "description"});
  }

  void ReadSignature(MappingReader& reader, const yaml::Node& node, NodePatch& patch) {
    patch.arguments = ReadArguments(reader);
    patch.returns = ReadReturns(reader);
    if (patch.returns.IsNone()) Error(kMissingKey, reader.what() + " has no `returns`", node.span);
    if (const yaml::Node* overloads = reader.Find("overloads"))
      Error(kNotSupported, "`overloads` of functions are not supported yet", overloads->span);
  }

  Version ReadVersion(MappingReader& reader, const yaml::Node& node, std::string_view key) {
    const yaml::Node* value = node.Find(key);
    Version version;
    version.text = reader.Text(key);
    version.is_number = value && (value->type == yaml::Type::kInt || value->type == yaml::Type::kFloat);
    return version;
  }

  // Numbers by value, other words by letter.
  static bool IsOlder(const Version& a, const Version& b) {
    char *end_a = nullptr, *end_b = nullptr;
    const double number_a = std::strtod(a.text.c_str(), &end_a), number_b = std::strtod(b.text.c_str(), &end_b);
    const bool numbers = *end_a == '\0' && *end_b == '\0';
    return numbers ? number_a < number_b : a.text < b.text;
  }

  void ReadVersions(MappingReader& model, std::span<const YamlNode> nodes, const ModelBase& base, Version latest) {
    std::vector<NodePatch> patches;
    for (const YamlNode& node : nodes) patches.push_back(ReadOneVersion(model, *node, base));
    for (size_t i = 0; i < patches.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (patches[i].version.text != patches[j].version.text) continue;
        out_.errors.push_back(Diagnostic(kBadConfig,
                                         model.what() + " has version " + Quoted(patches[i].version.text) + " twice",
                                         patches[i].name_span)
                                  .With({patches[j].name_span, "the other one"}));
      }
    }
    if (latest.text.empty()) {
      latest = std::ranges::max_element(patches, IsOlder, &NodePatch::version)->version;
    } else if (std::ranges::none_of(patches, [&](const NodePatch& each) { return each.version.text == latest.text; })) {
      std::vector<std::string> known;
      for (const NodePatch& each : patches) known.push_back(each.version.text);
      out_.errors.push_back(
          Diagnostic(kBadConfig,
                     "`latest_version` " + Quoted(latest.text) + " is none of the versions of " + model.what(),
                     base.patch.name_span)
              .Hint("its versions are " + Join(known, ", ")));
    }
    for (NodePatch& patch : patches) {
      patch.latest = latest;
      if (patch.version.text == latest.text) patch.files.push_back(patch.name);
      out_.nodes.push_back(std::move(patch));
    }
  }

  NodePatch ReadOneVersion(const MappingReader& model, const yaml::Node& node, const ModelBase& base) {
    const yaml::Node* v = node.IsMapping() ? node.Find("v") : nullptr;
    MappingReader reader(node, "version" + (v ? " " + Quoted(v->text) : std::string()) + " of " + model.what(),
                         out_.errors, &scope_);
    NodePatch patch = base.patch;
    if (!v) {
      if (node.IsMapping()) Error(kMissingKey, reader.what() + " has no `v`", node.span);
      return patch;
    }
    patch.version = ReadVersion(reader, node, "v");
    patch.name_span = v->span;
    const std::string file = reader.Text("defined_in", patch.name + "_v" + patch.version.text);
    patch.files = {file};
    if (YamlNode description = ReadDescription(reader, node)) patch.description = std::move(description);
    ReadVersionConfig(reader, node, patch);
    patch.deprecation_date = reader.Text("deprecation_date");
    Value constraints = ReadConstraints(reader, true);
    if (!constraints.Items().empty()) patch.constraints = std::move(constraints);
    ReadVersionColumns(reader, base, patch);
    const bool own_tests = reader.Has("tests") || reader.Has("data_tests");
    for (const YamlNode& test : own_tests ? ReadTests(reader) : base.tests) patch.tests.push_back({test, "", {}});
    for (std::string_view key : {"access", "docs"}) reader.Find(key);
    WarnUnknown(reader);
    return patch;
  }

  void ReadVersionConfig(MappingReader& reader, const yaml::Node& node, NodePatch& patch) {
    std::vector<ConfigEntry> config;
    ReadConfig(reader, node, {}, config, nullptr);
    if (config.empty()) return;
    for (ConfigEntry& entry : config) {
      if (const Value* outer = FindEntry(patch.config, entry.key)) entry.value = DeepMerged(*outer, entry.value);
      SetEntry(patch.config, std::move(entry));
    }
    patch.unrendered.clear();
    for (const ConfigEntry& entry : patch.config) {
      const yaml::Node* written = node.Find("config")->Find(entry.key);
      patch.unrendered.emplace_back(entry.key, written ? DeepMerged(entry.value, ValueOf(*written)) : entry.value);
    }
  }

  // Columns of a version: `include` and `exclude` choose among the model's, others are its own.
  void ReadVersionColumns(MappingReader& reader, const ModelBase& base, NodePatch& patch) {
    const yaml::Node* choice = nullptr;
    std::vector<const yaml::Node*> own;
    for (const YamlNode& column : reader.List("columns")) {
      const bool chooses = column->IsMapping() && (column->FindEntry("include") || column->FindEntry("exclude"));
      if (!chooses) {
        own.push_back(column.get());
      } else if (choice) {
        Error(kBadConfig, reader.what() + " has `include` or `exclude` twice", column->span);
      } else {
        choice = column.get();
      }
    }
    std::vector<std::string> included, excluded;
    bool all = true;
    if (choice) {
      MappingReader choices(*choice, "`columns` of " + reader.what(), out_.errors, &scope_);
      included = choices.Texts("include", {"*"});
      excluded = choices.Texts("exclude");
      all = included.size() == 1 && (included[0] == "*" || included[0] == "all");
      if (!all && !excluded.empty())
        Error(kBadConfig, "`exclude` of " + choices.what() + " needs `include: all`", choice->span);
    }
    for (const TestedColumn& column : base.columns) {
      const bool in = all || std::ranges::find(included, column.column.name) != included.end();
      if (in && std::ranges::find(excluded, column.column.name) == excluded.end())
        AddColumn(column, patch.columns, patch.tests);
    }
    for (const yaml::Node* column : own)
      AddColumn(ReadColumn(*column, reader.what(), base.quote_columns), patch.columns, patch.tests);
  }

  void WarnUnknown(const MappingReader& reader) {
    for (Diagnostic& warning : reader.UnknownKeys(Severity::kWarning)) {
      if (warning.hint.empty()) warning.hint = "dbt ignores it here; configuration stands under `config:`";
      out_.warnings.push_back(std::move(warning));
    }
  }

  Value ReadQuoting(MappingReader& reader, const Value& outer) {
    Value quoting = Thaw(outer);
    const Value own = RenderedDict(reader, "quoting");
    for (std::string_view key : {"database", "schema", "identifier", "column"}) {
      const Value* value = own.AsDict().Find(key);
      if (value && !value->IsNone()) quoting.AsDict().Set(key, *value);
      if (!quoting.AsDict().Find(key)) quoting.AsDict().Set(key, Value::None());
    }
    return quoting;
  }

  // A key of a source or table, beside `config:` or in it, as dbt lets it stand.
  FreshnessSetting ReadFreshness(MappingReader& reader, const yaml::Node& node, const std::vector<ConfigEntry>& config,
                                 FreshnessSetting freshness) {
    reader.Find("freshness");
    if (const yaml::Entry* entry = node.FindEntry("freshness"))
      freshness = MergeFreshness(freshness, Render(*entry->value));
    if (const Value* value = FindEntry(config, "freshness")) freshness = MergeFreshness(freshness, *value);
    return freshness;
  }

  void ReadSource(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "source" + (name ? " " + Quoted(name->text) : std::string()), out_.errors, &scope_);
    SourceTable common;
    common.source_name = reader.RequiredText("name");
    common.database = reader.Text("database", context_.default_database());
    common.schema = reader.Text("schema", common.source_name);
    if (const yaml::Node* database = node.Find("database")) common.unrendered_database = database->text;
    if (const yaml::Node* schema = node.Find("schema")) common.unrendered_schema = schema->text;
    common.loader = reader.Text("loader");
    common.source_description = ReadDescription(reader, node);
    common.quoting = ReadQuoting(reader, Value::MakeDict());
    std::vector<ConfigEntry> config;
    ReadConfig(reader, node, {}, config, nullptr);
    SourceLevel level;
    level.config = config;
    level.meta = RenderedDict(reader, "meta");
    const Value* config_meta = FindEntry(config, "meta");
    common.source_meta = config_meta ? Merged({&level.meta, config_meta}) : level.meta;
    level.meta = common.source_meta;
    level.own_tags = reader.Texts("tags");
    level.tags = Joined({level.own_tags, StringsOf(FindEntry(config, "tags"))});
    level.freshness = ReadFreshness(reader, node, config, FreshnessSetting{});
    level.loaded_at_field = LateText(reader, node, config, "loaded_at_field");
    level.loaded_at_query = LateText(reader, node, config, "loaded_at_query");
    if (const yaml::Node* overrides = reader.Find("overrides")) {
      Error(kNotSupported, "sources that override those of a package are not supported", overrides->span);
    }
    for (const YamlNode& table : reader.List("tables")) ReadTable(*table, common, level);
    WarnUnknown(reader);
  }

  struct SourceLevel {
    std::vector<ConfigEntry> config;
    Value meta;
    std::vector<std::string> own_tags, tags;
    FreshnessSetting freshness;
    std::optional<Value> loaded_at_field, loaded_at_query;  // given, maybe as none
  };

  std::optional<Value> LateText(MappingReader& reader, const yaml::Node& node, const std::vector<ConfigEntry>& config,
                                std::string_view key) {
    reader.Find(key);
    if (const yaml::Entry* entry = node.FindEntry(key)) {
      return key == "loaded_at_query" ? ValueOf(*entry->value) : Render(*entry->value);
    }
    if (const Value* value = FindEntry(config, key)) return *value;
    return std::nullopt;
  }

  void ReadTable(const yaml::Node& node, const SourceTable& common, const SourceLevel& source) {
    const yaml::Node* name = node.IsMapping() ? node.Find("name") : nullptr;
    MappingReader reader(
        node, "table" + (name ? " " + Quoted(name->text) : std::string()) + " of source " + Quoted(common.source_name),
        out_.errors, &scope_);
    if (!node.IsMapping()) return;
    SourceTable table = common;
    table.name = reader.RequiredText("name");
    table.name_span = name ? name->span : node.span;
    table.identifier = reader.Text("identifier", table.name);
    table.description = ReadDescription(reader, node);
    table.quoting = ReadQuoting(reader, common.quoting);
    if (const yaml::Node* external = reader.Mapping("external")) table.external = Render(*external);
    std::vector<ConfigEntry> own;
    ReadConfig(reader, node, {}, own, nullptr);
    const std::vector<std::string> own_tags = reader.Texts("tags");
    const Value own_meta = RenderedDict(reader, "meta");
    table.config = source.config;
    for (const ConfigEntry& entry : own) SetEntry(table.config, entry);
    auto set = [&](std::string_view key, Value value) {
      SetEntry(table.config, {std::string(key), std::move(value), ConfigLayer::kProperties, table.name_span});
    };
    std::erase_if(table.config, [](const ConfigEntry& entry) { return entry.key == "freshness"; });
    const FreshnessSetting freshness = ReadFreshness(reader, node, own, source.freshness);
    if (!IsEmpty(freshness)) set("freshness", FreshnessValue(freshness));
    // A field beside the table's name, also none, is the last word; one among its configuration has to say something.
    const bool says_field = node.FindEntry("loaded_at_field") != nullptr;
    const Value field = LateText(reader, node, own, "loaded_at_field").value_or(Value::None());
    const Value query = LateText(reader, node, own, "loaded_at_query").value_or(Value::None());
    set("loaded_at_field", says_field || !field.IsNone() ? field : source.loaded_at_field.value_or(Value::None()));
    set("loaded_at_query", says_field || !query.IsNone() ? query : source.loaded_at_query.value_or(Value::None()));
    const Value* config_meta = FindEntry(own, "meta");
    set("meta", Merged({&source.meta, &own_meta, config_meta ? config_meta : &own_meta}));
    const std::vector<std::string> tags = Joined({source.tags, own_tags, StringsOf(FindEntry(own, "tags"))});
    const std::set<std::string> unique(tags.begin(), tags.end());
    set("tags", ListOf({unique.begin(), unique.end()}));
    table.test_tags = Joined({source.own_tags, own_tags});
    ReadColumns(reader, reader.Bool("quote_columns").value_or(false), table.columns, table.tests);
    for (std::string_view key : {"data_type", "docs", "constraints"}) reader.Find(key);
    WarnUnknown(reader);
    out_.sources.push_back(std::move(table));
  }

  OwnerPatch ReadOwner(MappingReader& reader, const yaml::Node& about) {
    OwnerPatch patch;
    const yaml::Node* node = reader.Mapping("owner");
    if (!node) {
      if (!reader.Has("owner")) Error(kMissingKey, reader.what() + " has no `owner`", about.span);
      return patch;
    }
    MappingReader owner(*node, "`owner` of " + reader.what(), out_.errors, &scope_);
    patch.name = owner.Text("name");
    patch.email = owner.Text("email");
    if (patch.name.empty() && patch.email.empty())
      Error(kMissingKey, "`owner` of " + reader.what() + " needs a `name` or an `email`", node->span);
    for (const yaml::Entry* extra : owner.Unknown()) {
      if (patch.extra.IsUndefined()) patch.extra = Value::MakeDict();
      patch.extra.AsDict().Set(extra->key->text, Render(*extra->value));
    }
    return patch;
  }

  void CheckWord(const MappingReader& reader, const yaml::Node& node, std::string_view key, const std::string& word,
                 std::initializer_list<std::string_view> known) {
    if (word.empty() || std::ranges::find(known, word) != known.end()) return;
    out_.errors.push_back(
        Diagnostic(kBadConfig, Quoted(word) + " is no " + Quoted(key) + " of " + reader.what(), node.Find(key)->span)
            .Hint("there are " + Join(std::vector<std::string>(known.begin(), known.end()), ", ")));
  }

  void ReadExposure(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "exposure" + (name ? " " + Quoted(name->text) : std::string()), out_.errors, &scope_);
    ExposurePatch exposure;
    exposure.name = reader.RequiredText("name");
    exposure.name_span = name ? name->span : node.span;
    exposure.type = reader.RequiredText("type");
    exposure.label = reader.Text("label");
    exposure.maturity = reader.Text("maturity");
    exposure.url = reader.Text("url");
    exposure.description = ReadDescription(reader, node);
    CheckWord(reader, node, "type", exposure.type, {"dashboard", "notebook", "analysis", "ml", "application"});
    CheckWord(reader, node, "maturity", exposure.maturity, {"low", "medium", "high"});
    exposure.owner = ReadOwner(reader, node);
    exposure.tags = reader.Texts("tags");
    exposure.meta = RenderedDict(reader, "meta");
    ReadConfig(reader, node, {}, exposure.config, nullptr);
    for (const YamlNode& use : reader.List("depends_on")) NoteUse(*use, exposure.uses);
    WarnUnknown(reader);
    out_.exposures.push_back(std::move(exposure));
  }

  // An entry of depends_on is the text of a ref() or source() call.
  void NoteUse(const yaml::Node& node, Recording& uses) {
    if (!node.IsString()) return Error(kWrongType, "`depends_on` takes calls such as `ref('orders')`", node.span);
    auto parsed = jinja::Template::Parse("{{ " + node.text + " }}",
                                         jinja::Origin{node.span.source, node.span.begin, false, node.span});
    if (!parsed.ok()) return Append(out_.errors, std::move(parsed).error());
    ParseScope scope(context_, uses, "");
    Result<std::string> rendered = jinja::Render(**parsed, scope);
    out_.reads.Add(uses.reads);
    if (!rendered.ok()) Append(out_.errors, std::move(rendered).error());
  }

  void ReadMacro(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "macro" + (name ? " " + Quoted(name->text) : std::string()), out_.errors, &scope_);
    MacroPatch macro;
    macro.name = reader.RequiredText("name");
    macro.name_span = name ? name->span : node.span;
    macro.description = ReadDescription(reader, node);
    std::vector<ConfigEntry> config;
    ReadConfig(reader, node, {}, config, nullptr);
    const Value meta = RenderedDict(reader, "meta"), docs = RenderedDict(reader, "docs");
    const Value *config_meta = FindEntry(config, "meta"), *config_docs = FindEntry(config, "docs");
    macro.meta = Merged({&meta, config_meta ? config_meta : &meta});
    const Value all_docs = Merged({&docs, config_docs ? config_docs : &docs});
    if (const Value* show = all_docs.AsDict().Find("show")) macro.docs_show = show->Truthy();
    for (const YamlNode& argument : reader.List("arguments")) {
      MappingReader one(*argument, "an argument of " + reader.what(), out_.errors);
      macro.arguments.push_back({one.RequiredText("name"), one.Text("type"), ""});
      macro.argument_descriptions.push_back(argument->IsMapping() ? ReadDescription(one, *argument) : nullptr);
    }
    WarnUnknown(reader);
    out_.macros.push_back(std::move(macro));
  }

  void ReadGroup(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "group" + (name ? " " + Quoted(name->text) : std::string()), out_.errors, &scope_);
    GroupPatch group;
    group.name = reader.RequiredText("name");
    group.owner = ReadOwner(reader, node);
    group.name_span = name ? name->span : node.span;
    group.description = reader.Text("description");
    ReadConfig(reader, node, {}, group.config, nullptr);
    WarnUnknown(reader);
    out_.groups.push_back(std::move(group));
  }

  const ParseContext& context_;
  Properties& out_;
  SimpleScope scope_;
};

}  // namespace

Properties ReadProperties(const SourceMap& sources, SourceId file, const ParseContext& context) {
  Properties properties;
  Result<yaml::Document> document = yaml::Parse(sources, file);
  if (!document.ok()) {
    properties.errors = std::move(document).error();
    return properties;
  }
  properties.warnings = std::move(document->warnings);
  properties.reads.uncertain = UsesChance(sources.Text(file));
  if (!document->root->IsNull()) PropertiesReader(context, properties).Read(*document->root);
  return properties;
}

}  // namespace stir::project
