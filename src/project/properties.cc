// One reader for a file; each section of the file is one function.
#include "project/properties.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "project/config_layers.h"
#include "project/freshness.h"
#include "project/kinds.h"
#include "project/mapping_reader.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

// Sections that dbt knows and that are not read yet: a warning says so.
constexpr std::array<std::string_view, 6> kLaterSections{"metrics",    "semantic_models", "saved_queries",
                                                         "unit_tests", "functions",       "snapshots"};

std::string Quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

Value Merged(std::initializer_list<const Value*> dicts) {
  Value merged = Value::MakeDict();
  for (const Value* dict : dicts) {
    if (!dict->IsDict()) continue;
    for (const auto& [key, value] : dict->AsDict().entries()) merged.AsDict().Set(key, value);
  }
  return merged;
}

const Value* FindEntry(const std::vector<ConfigEntry>& entries, std::string_view key) {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void SetEntry(std::vector<ConfigEntry>& entries, ConfigEntry entry) {
  auto found = std::ranges::find(entries, entry.key, &ConfigEntry::key);
  if (found == entries.end()) {
    entries.push_back(std::move(entry));
  } else {
    *found = std::move(entry);
  }
}

std::vector<std::string> TextsOf(const Value* value) {
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

bool IsLateRendered(std::string_view key) {
  return key == "pre_hook" || key == "post_hook" || key == "pre-hook" || key == "post-hook" || key == "loaded_at_query";
}

class Reader {
 public:
  Reader(const ParseContext& context, Properties& out) : context_(context), out_(out), scope_(context.base()) {
    scope_.Set("var", context.plain_var());
  }

  void Read(const yaml::Node& root) {
    MappingReader file(root, "this file", out_.errors, &scope_);
    file.Find("version");
    for (std::string_view section : {"models", "seeds", "analyses"}) {
      ForEach(file, section, [&](const yaml::Node& node) { ReadNode(section, node); });
    }
    for (std::string_view section : {"data_tests", "tests"}) {
      ForEach(file, section, [&](const yaml::Node& node) { ReadNode("data_tests", node); });
    }
    ForEach(file, "sources", [&](const yaml::Node& node) { ReadSource(node); });
    ForEach(file, "exposures", [&](const yaml::Node& node) { ReadExposure(node); });
    ForEach(file, "macros", [&](const yaml::Node& node) { ReadMacro(node); });
    ForEach(file, "groups", [&](const yaml::Node& node) { ReadGroup(node); });
    for (std::string_view section : kLaterSections) {
      if (const yaml::Node* node = file.Find(section)) {
        out_.warnings.push_back(
            Diagnostic(kNotSupported, Quoted(section) + " are not supported yet and are passed over", node->span)
                .As(Severity::kWarning));
      }
    }
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

  Value Render(const yaml::Node& node, const std::function<bool(std::string_view)>& keep = {}) {
    Result<Value> value = RenderTree(node, scope_, keep);
    if (value.ok()) return *std::move(value);
    Append(out_.errors, std::move(value).error());
    return Value::None();
  }

  Value RenderedDict(MappingReader& reader, std::string_view key) {
    const yaml::Node* node = reader.Mapping(key);
    return node ? Render(*node) : Value::MakeDict();
  }

  // A description that is there but empty is dbt's error, because it is usually a slip of indentation.
  YamlNode ReadDescription(MappingReader& reader, const yaml::Node& node) {
    reader.Find("description");
    const yaml::Entry* entry = node.FindEntry("description");
    if (!entry) return nullptr;
    if (entry->value->IsString()) return entry->value;
    Error(kWrongType,
          "`description` of " + reader.what() + " must be a text, not " + std::string(Describe(*entry->value)),
          entry->value->IsNull() ? entry->key->span : entry->value->span);
    return nullptr;
  }

  // The entries of `config:`, and of the keys that dbt also takes beside it.
  void ReadConfig(MappingReader& reader, const yaml::Node& node, std::initializer_list<std::string_view> beside,
                  std::vector<ConfigEntry>& config, std::vector<std::pair<std::string, Value>>* unrendered) {
    if (const yaml::Node* mapping = reader.Mapping("config")) {
      for (const yaml::Entry& entry : mapping->entries) AddConfig(entry, config, unrendered);
    }
    for (std::string_view key : beside) {
      reader.Find(key);
      const yaml::Entry* entry = node.FindEntry(key);
      if (!entry) continue;
      if (FindEntry(config, key)) {
        Error(kBadConfig, Quoted(key) + " of " + reader.what() + " is given twice: here and under `config`",
              entry->key->span);
      } else {
        AddConfig(*entry, config, unrendered);
      }
    }
  }

  void AddConfig(const yaml::Entry& entry, std::vector<ConfigEntry>& config,
                 std::vector<std::pair<std::string, Value>>* unrendered) {
    const std::string key = ConfigKey(entry.key->text);
    Value value = IsLateRendered(key) ? ValueOf(*entry.value) : Render(*entry.value);
    if (unrendered) unrendered->emplace_back(entry.key->text, ValueOf(*entry.value));
    SetEntry(config, {key, std::move(value), ConfigLayer::kProperties, entry.value->span});
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

  DeclaredColumn ReadColumn(const yaml::Node& node, std::string_view owner, bool quote_all,
                            std::vector<DeclaredTest>& tests) {
    MappingReader reader(node, "a column of " + std::string(owner), out_.errors, &scope_);
    DeclaredColumn column;
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
    column.tags = Joined({reader.Texts("tags"), TextsOf(FindEntry(config, "tags"))});
    column.constraints = ReadConstraints(reader, false);
    for (const YamlNode& test : ReadTests(reader)) {
      const bool quote = column.quote.value_or(quote_all);
      tests.push_back({test, quote ? context_.dialect().Quote(column.name) : column.name, column.tags});
    }
    for (std::string_view key : {"docs", "granularity", "dimension", "entity"}) reader.Find(key);
    for (const yaml::Entry* extra : reader.Unknown()) {
      if (column.extra.IsUndefined()) column.extra = Value::MakeDict();
      column.extra.AsDict().Set(extra->key->text, Render(*extra->value));
    }
    return column;
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
    for (const YamlNode& column : reader.List("columns")) {
      DeclaredColumn read = ReadColumn(*column, reader.what(), quote_all, tests);
      auto twice = std::ranges::find(columns, read.name, &DeclaredColumn::name);
      if (twice == columns.end()) {
        columns.push_back(std::move(read));
      } else {
        *twice = std::move(read);  // as in dbt, the last one counts
      }
    }
    for (const YamlNode& test : ReadTests(reader)) tests.push_back({test, "", {}});
  }

  void ReadNode(std::string_view section, const yaml::Node& node) {
    NodePatch patch;
    patch.section = section;
    const yaml::Node* name = node.Find("name");
    const std::string what =
        std::string(section.substr(0, section.size() - 1)) + (name ? " " + Quoted(name->text) : "");
    MappingReader reader(node, what, out_.errors, &scope_);
    patch.name = reader.RequiredText("name");
    patch.name_span = name ? name->span : node.span;
    patch.description = ReadDescription(reader, node);
    ReadConfig(reader, node, {"meta", "docs", "group", "contract", "access"}, patch.config, &patch.unrendered);
    ReadColumns(reader, reader.Bool("quote_columns").value_or(false), patch.columns, patch.tests);
    patch.constraints = ReadConstraints(reader, true);
    patch.latest_version = reader.Text("latest_version");
    patch.deprecation_date = reader.Text("deprecation_date");
    if (const yaml::Node* versions = reader.Find("versions")) {
      Error(kNotSupported, "versions of models are not supported yet", versions->span);
    }
    for (std::string_view key :
         {"time_spine", "semantic_model", "metrics", "derived_semantics", "agg_time_dimension", "primary_entity"}) {
      reader.Find(key);
    }
    WarnUnknown(reader);
    out_.nodes.push_back(std::move(patch));
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
    level.tags = Joined({level.own_tags, TextsOf(FindEntry(config, "tags"))});
    level.freshness = ReadFreshness(reader, node, config, FreshnessSetting{});
    level.loaded_at_field = LateText(reader, node, config, "loaded_at_field");
    level.loaded_at_query = LateText(reader, node, config, "loaded_at_query");
    reader.Find("overrides");
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
    const std::optional<Value> field = LateText(reader, node, own, "loaded_at_field");
    const std::optional<Value> query = LateText(reader, node, own, "loaded_at_query");
    set("loaded_at_field", field ? *field : query ? Value::None() : source.loaded_at_field.value_or(Value::None()));
    set("loaded_at_query", query ? *query : field ? Value::None() : source.loaded_at_query.value_or(Value::None()));
    const Value* config_meta = FindEntry(own, "meta");
    set("meta", Merged({&source.meta, &own_meta, config_meta ? config_meta : &own_meta}));
    const std::vector<std::string> tags = Joined({source.tags, own_tags, TextsOf(FindEntry(own, "tags"))});
    const std::set<std::string> unique(tags.begin(), tags.end());
    set("tags", ListOf({unique.begin(), unique.end()}));
    table.test_tags = Joined({source.own_tags, own_tags});
    ReadColumns(reader, reader.Bool("quote_columns").value_or(false), table.columns, table.tests);
    for (std::string_view key : {"data_type", "docs", "constraints"}) reader.Find(key);
    WarnUnknown(reader);
    out_.sources.push_back(std::move(table));
  }

  void ReadOwner(MappingReader& reader, std::string& name, std::string& email) {
    const yaml::Node* node = reader.Mapping("owner");
    if (!node) return;
    MappingReader owner(*node, "`owner` of " + reader.what(), out_.errors, &scope_);
    name = owner.Text("name");
    email = owner.Text("email");
    if (name.empty() && email.empty())
      Error(kMissingKey, "`owner` of " + reader.what() + " needs a `name` or an `email`", node->span);
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
    ReadOwner(reader, exposure.owner_name, exposure.owner_email);
    ReadConfig(reader, node, {"meta", "tags"}, exposure.config, nullptr);
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
    if (!rendered.ok()) Append(out_.errors, std::move(rendered).error());
  }

  void ReadMacro(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "macro" + (name ? " " + Quoted(name->text) : std::string()), out_.errors);
    MacroPatch macro;
    macro.name = reader.RequiredText("name");
    macro.name_span = name ? name->span : node.span;
    if (const YamlNode description = ReadDescription(reader, node)) macro.description = description->text;
    macro.meta = RenderedDict(reader, "meta");
    if (const yaml::Node* docs = reader.Mapping("docs")) {
      macro.docs_show = MappingReader(*docs, "`docs`", out_.errors).Bool("show").value_or(true);
    }
    for (const YamlNode& argument : reader.List("arguments")) {
      MappingReader one(*argument, "an argument of " + reader.what(), out_.errors);
      macro.arguments.push_back({one.RequiredText("name"), one.Text("type"), one.Text("description")});
    }
    reader.Find("config");
    WarnUnknown(reader);
    out_.macros.push_back(std::move(macro));
  }

  void ReadGroup(const yaml::Node& node) {
    const yaml::Node* name = node.Find("name");
    MappingReader reader(node, "group" + (name ? " " + Quoted(name->text) : std::string()), out_.errors, &scope_);
    GroupPatch group;
    group.name = reader.RequiredText("name");
    ReadOwner(reader, group.owner_name, group.owner_email);
    group.description = reader.Text("description");
    reader.Find("config");
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
  if (!document->root->IsNull()) Reader(context, properties).Read(*document->root);
  return properties;
}

}  // namespace stir::project
