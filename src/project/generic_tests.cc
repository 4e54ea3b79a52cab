// From a declaration to a node: its form, its configuration apart from its arguments, its names, what it refers to.
#include "project/generic_tests.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "base/digest.h"
#include "base/strings.h"
#include "project/dbt_warnings.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;
using Entries = std::vector<std::pair<std::string, Value>>;

constexpr size_t kLongestName = 63, kTruncatedName = 30, kHashDigits = 10;

// Keys that configure a test where they stand beside its arguments, in dbt's order.
constexpr std::array<std::string_view, 15> kConfigKeys{
    "severity",   "tags",     "enabled",   "where",          "limit",
    "warn_if",    "error_if", "fail_calc", "store_failures", "store_failures_as",
    "sql_header", "meta",     "database",  "schema",         "alias"};

Value* Find(Entries& entries, std::string_view key) {
  auto found = std::ranges::find(entries, key, [](const auto& entry) { return std::string_view(entry.first); });
  return found == entries.end() ? nullptr : &found->second;
}

std::optional<Value> Pop(Entries& entries, std::string_view key) {
  auto found = std::ranges::find(entries, key, [](const auto& entry) { return std::string_view(entry.first); });
  if (found == entries.end()) return std::nullopt;
  Value value = std::move(found->second);
  entries.erase(found);
  return value;
}

void Set(Entries& entries, std::string_view key, Value value) {
  if (Value* found = Find(entries, key)) {
    *found = std::move(value);
  } else {
    entries.emplace_back(key, std::move(value));
  }
}

std::string ArgumentText(const Value& value) {
  Result<std::string> text = value.Str();
  return text.ok() ? *std::move(text) : std::string();
}

// Every run of characters that a name cannot have becomes one underscore.
std::string Cleaned(std::string_view text) {
  std::string clean;
  bool gap = false;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      clean += c;
      gap = false;
    } else {
      if (!gap) clean += '_';
      gap = true;
    }
  }
  return clean;
}

// Python's repr of the text of a value.
void AppendText(std::string& out, const Value& value) {
  const Result<std::string> repr = (value.IsString() ? value : Value::String(ArgumentText(value))).Repr();
  if (repr.ok()) out += *repr;
}

// Python's repr of the metadata with keys sorted and every leaf as text.
void AppendHashable(std::string& out, const Value& value) {
  if (value.IsDict()) {
    std::vector<std::pair<std::string, const std::pair<Value, Value>*>> sorted;
    for (const auto& entry : value.AsDict().entries()) sorted.emplace_back(ArgumentText(entry.first), &entry);
    std::ranges::sort(sorted, {}, [](const auto& entry) -> const std::string& { return entry.first; });
    out += '{';
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0) out += ", ";
      const Result<std::string> key = sorted[i].second->first.Repr();
      if (key.ok()) out += *key;
      out += ": ";
      AppendHashable(out, sorted[i].second->second);
    }
    out += '}';
  } else if (value.type() == jinja::Type::kList) {
    out += '[';
    const std::vector<Value>& items = value.Items();
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += ", ";
      AppendHashable(out, items[i]);
    }
    out += ']';
  } else {
    AppendText(out, value);
  }
}

Value DictOf(const Entries& entries) {
  std::vector<std::pair<Value, Value>> pairs;
  for (const auto& [key, value] : entries) pairs.emplace_back(Value::String(key), value);
  return Value::MakeDict(std::move(pairs));
}

// `ref('x')` and its like may stand in an argument without braces.
bool LooksLikeCall(std::string_view text) {
  text = Strip(text);
  if (!text.ends_with(')')) return false;
  for (std::string_view name : {"env_var", "ref", "var", "source", "doc"}) {
    if (text.starts_with(name) && Strip(text.substr(name.size())).starts_with('(')) return true;
  }
  return false;
}

bool HasVersion(const TestTarget& target) { return target.version && !target.version->text.empty(); }

std::string RefText(const TestTarget& target) {
  std::string text = "ref('" + std::string(target.name) + "'";
  if (HasVersion(target)) text += ", version='" + target.version->text + "'";
  return text + ")";
}

std::string NameWithVersion(const TestTarget& target) {
  return std::string(target.name) + (HasVersion(target) ? "_v" + target.version->text : "");
}

bool IsName(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

}  // namespace

TestNames SynthesizeTestNames(std::string_view type, std::string_view target, const Value& kwargs) {
  std::vector<std::pair<std::string, Value>> sorted;
  for (const auto& [key, value] : kwargs.AsDict().entries()) sorted.emplace_back(ArgumentText(key), value);
  std::ranges::sort(sorted, {}, [](const auto& entry) { return entry.first; });
  std::vector<std::string> parts;
  for (const auto& [key, value] : sorted) {
    if (key == "model") continue;
    if (value.IsDict()) {
      for (const auto& [_, item] : value.AsDict().entries()) parts.push_back(Cleaned(ArgumentText(item)));
    } else if (value.IsSequence()) {
      for (const Value& item : value.Items()) parts.push_back(Cleaned(ArgumentText(item)));
    } else {
      parts.push_back(Cleaned(ArgumentText(value)));
    }
  }
  const std::string identifier = std::string(type) + "_" + std::string(target);
  TestNames names;
  names.full = names.shortened = identifier + "_" + Join(parts, "__");
  if (names.full.size() > kLongestName)
    names.shortened = identifier.substr(0, kTruncatedName) + "_" + Md5Hex(names.full);
  return names;
}

std::string TestHash(std::string_view name, const Value& metadata) {
  std::string text(name);
  AppendHashable(text, metadata);
  const std::string digest = Md5Hex(text);
  return digest.substr(digest.size() - kHashDigits);
}

QuietMacros::QuietMacros(const MacroIndex& macros) : quiet_(macros.all().size(), true) {
  static constexpr std::array<std::string_view, 7> kLoud{"ref",    "source",       "config",         "function",
                                                         "metric", "builtins.ref", "builtins.source"};
  for (const Macro& macro : macros.all()) {
    for (const std::string& callee : macro.source->Callees()) {
      const bool loud = std::ranges::find(kLoud, callee) != kLoud.end() || callee.starts_with("exceptions.") ||
                        callee.starts_with("config.set") || callee.starts_with("context");
      if (loud) quiet_[macro.id] = false;
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Macro& macro : macros.all()) {
      if (!quiet_[macro.id]) continue;
      const bool loud = std::ranges::any_of(macro.depends_on, [&](MacroId needed) { return !quiet_[needed]; });
      if (loud) quiet_[macro.id] = false, changed = true;
    }
  }
}

struct GenericTestBuilder::Declaration {
  std::string word;         // as written: "dbt_utils.at_least_one"
  std::string name, space;  // "at_least_one", "dbt_utils"
  Entries kwargs;           // what is left for the macro
  Entries config;
  std::string custom_name, description;
  TestNames names;
  std::string column;
  std::vector<std::string> column_tags;
  Span span;
};

void GenericTestBuilder::Fail(std::string message, Span span, std::string hint) {
  nodes_.errors().push_back(Diagnostic(kBadTest, std::move(message), span).Hint(std::move(hint)));
}

// The test's word and its arguments' mapping, null without; false when the entry has neither form.
bool GenericTestBuilder::ReadForm(const yaml::Node& entry, Declaration& test, const yaml::Node*& arguments) {
  if (entry.IsString()) {
    test.word = entry.text;
  } else if (entry.IsMapping() && entry.Find("test_name")) {
    test.word = entry.Find("test_name")->text;
    arguments = &entry;
  } else if (entry.IsMapping() && entry.entries.size() == 1) {
    test.word = entry.entries.front().key->text;
    test.span = entry.entries.front().key->span;
    arguments = entry.entries.front().value.get();
  } else {
    Fail("a test must be a name, or a mapping with one name and its arguments", entry.span,
         entry.IsMapping() ? "indent the arguments deeper than the test's name" : "");
    return false;
  }
  if (!arguments || arguments->IsMapping()) return true;
  Fail("the arguments of test `" + test.word + "` must be a mapping, not " + std::string(Describe(*arguments)),
       test.span);
  return false;
}

std::optional<GenericTestBuilder::Declaration> GenericTestBuilder::Read(const TestTarget& target,
                                                                        const DeclaredTest& test) {
  Declaration read;
  read.span = test.node->span;
  read.column = test.column;
  read.column_tags = test.tags;
  const yaml::Node* arguments = nullptr;
  if (!ReadForm(*test.node, read, arguments)) return std::nullopt;
  const size_t dot = read.word.find('.');
  read.name = dot == std::string::npos ? read.word : read.word.substr(dot + 1);
  read.space = dot == std::string::npos ? std::string() : read.word.substr(0, dot);
  if (!IsName(read.name) || (dot != std::string::npos && !IsName(read.space))) {
    Fail("`" + read.word + "` is no name of a test", read.span);
    return std::nullopt;
  }
  if (arguments) {
    for (const yaml::Entry& entry : arguments->entries) {
      if (entry.key->text != "test_name") read.kwargs.emplace_back(entry.key->text, ValueOf(*entry.value));
    }
    WarnOfOldForm(target, read, *arguments);
  }
  if (!test.column.empty()) Set(read.kwargs, "column_name", Value::String(test.column));
  if (std::optional<Value> nested = Pop(read.kwargs, "arguments"); nested && nested->IsDict()) {
    for (const auto& [key, value] : nested->AsDict().entries()) Set(read.kwargs, ArgumentText(key), value);
  }
  if (Find(read.kwargs, "model")) {
    Fail("test `" + read.word + "` may not have an argument `model`: it is the node that is tested", read.span);
    return std::nullopt;
  }
  const std::string model =
      target.table ? "source('" + target.table->source_name + "', '" + target.table->name + "')" : RefText(target);
  Set(read.kwargs, "model", Value::String("{{ get_where_subquery(" + model + ") }}"));
  return read;
}

// Configuration belongs under `config`, and what the macro takes under `arguments`.
void GenericTestBuilder::WarnOfOldForm(const TestTarget& target, const Declaration& test, const yaml::Node& declared) {
  static constexpr std::array<std::string_view, 6> kOwn{"test_name",   "config", "column_name",
                                                        "description", "name",   "arguments"};
  const std::string& file = target.file->file->path;
  const yaml::Entry* loose = nullptr;  // an argument that stands outside of `arguments`
  for (const yaml::Entry& entry : declared.entries) {
    const std::string& key = entry.key->text;
    if (std::ranges::find(kConfigKeys, key) != std::ranges::end(kConfigKeys)) {
      warnings_.push_back(Diagnostic(kDeprecated, "`" + key + "` belongs under `config`", entry.key->span)
                              .As(Severity::kWarning)
                              .InDbt(MovedToConfig(key, "data_tests." + test.word + "." + key, file)));
    } else if (loose == nullptr && std::ranges::find(kOwn, key) == kOwn.end()) {
      loose = &entry;
    }
  }
  const yaml::Node* arguments = declared.Find("arguments");
  if (loose == nullptr || (arguments != nullptr && !arguments->entries.empty())) return;
  const std::string_view name = target.table ? std::string_view(target.table->name) : target.name;
  warnings_.push_back(Diagnostic(kDeprecated, "arguments of a test belong under `arguments`", loose->key->span)
                          .As(Severity::kWarning)
                          .InDbt(ArgumentsOutside(test.word, name, target.file->package->name(), file)));
}

// Moves configuration out of the arguments. Its texts are rendered now, the arguments' only when the test is compiled.
void GenericTestBuilder::TakeConfig(Declaration& test, const TestTarget& target) {
  Entries nested;
  if (std::optional<Value> config = Pop(test.kwargs, "config"); config && config->IsDict()) {
    for (const auto& [key, value] : config->AsDict().entries()) nested.emplace_back(ArgumentText(key), value);
  } else if (config && !config->IsNone()) {
    Fail("`config` of test `" + test.word + "` must be a mapping", test.span);
  }
  for (std::string_view key : kConfigKeys) {
    std::optional<Value> beside = Pop(test.kwargs, key);
    if (beside && beside->Truthy() && Find(nested, key)) {
      Fail("test `" + test.word + "` gives `" + std::string(key) + "` twice: beside its arguments and under `config`",
           test.span);
    }
    if (!beside || !beside->Truthy()) {
      if (std::optional<Value> inside = Pop(nested, key)) beside = std::move(inside);
    }
    if (beside) test.config.emplace_back(key, *std::move(beside));
  }
  for (auto& entry : nested) test.config.push_back(std::move(entry));

  const ParseContext& context = *target.file->package->parse;
  SimpleScope scope(context.base(), nodes_.reads());
  scope.Set("var", context.PlainVar(nodes_.reads()));
  for (auto& [key, value] : test.config) {
    if (!value.IsString() || !HasJinja(value.AsString())) continue;
    yaml::Node node;
    node.type = yaml::Type::kString;
    node.text = value.AsString();
    node.span = test.span;
    Result<Value> rendered = RenderScalar(node, scope);
    if (rendered.ok()) {
      value = *std::move(rendered);
    } else {
      Append(nodes_.errors(), std::move(rendered).error());
    }
  }
  std::erase_if(test.config, [](const auto& entry) { return entry.second.IsNone(); });
}

void GenericTestBuilder::TakeNames(Declaration& test, const TestTarget& target) {
  if (std::optional<Value> description = Pop(test.kwargs, "description")) test.description = ArgumentText(*description);
  if (std::optional<Value> name = Pop(test.kwargs, "name")) {
    test.names.full = test.names.shortened = ArgumentText(*name);
    return;
  }
  const std::string type = (test.space.empty() ? "" : test.space + "_") + (target.table ? "source_" : "") + test.name;
  const std::string about =
      target.table ? target.table->source_name + "_" + target.table->name : NameWithVersion(target);
  test.names = SynthesizeTestNames(type, about, DictOf(test.kwargs));
  if (test.names.shortened != test.names.full && !Find(test.config, "alias")) {
    test.config.emplace_back("alias", Value::String(test.names.shortened));
  }
}

namespace {

// The test as a text: a call of its macro, and its configuration.
std::string RawCode(std::string_view word_macro, const Entries& config) {
  std::string code = "{{ " + std::string(word_macro) + "(**_dbt_generic_test_kwargs) }}";
  if (config.empty()) return code;
  code += "{{ config(";
  for (size_t i = 0; i < config.size(); ++i) {
    const auto& [key, value] = config[i];
    if (i > 0) code += ",";
    code +=
        key + "=" + (value.IsString() ? "\"" + ReplaceAll(value.AsString(), "\"", "\\\"") + "\"" : ArgumentText(value));
  }
  return code + ") }}";
}

std::vector<ConfigEntry> ConfigEntries(const Entries& config, Span span) {
  std::vector<ConfigEntry> entries;
  for (const auto& [key, value] : config) entries.push_back({ConfigKey(key), value, ConfigLayer::kInFile, span});
  return entries;
}

std::vector<std::string> TagsOf(Entries& config) {
  std::vector<std::string> tags;
  const Value* value = Find(config, "tags");
  if (!value) return tags;
  if (value->IsString()) return {std::string(value->AsString())};
  if (!value->IsSequence()) return tags;
  for (const Value& tag : value->Items()) tags.push_back(ArgumentText(tag));
  return tags;
}

// As dbt does, a test's configuration counts once by itself and once more in its text; only lists show it.
void RepeatAppended(Recording& recording, const std::vector<ConfigEntry>& again) {
  for (const ConfigEntry& entry : again) {
    auto found = std::ranges::find(recording.config, entry.key, &ConfigEntry::key);
    found->value = MergeConfigValue(entry.key, found->value, entry.value);
  }
}

// What the text's config() call says, as text; without one, what was configured.
Entries UnrenderedConfig(const Entries& config, const Recording& recording) {
  Entries unrendered;
  for (const auto& [key, value] : config) {
    Result<std::string> text = value.IsString() ? value.Str() : value.Repr();
    unrendered.emplace_back(key, Value::String(text.ok() ? *std::move(text) : std::string()));
  }
  if (!unrendered.empty()) return unrendered;
  for (const ConfigEntry& entry : recording.config) unrendered.emplace_back(entry.key, entry.value);
  return unrendered;
}

}  // namespace

std::shared_ptr<const jinja::Template> GenericTestBuilder::CodeOf(std::string_view raw_code, Span span) {
  auto& code = codes_[std::string(raw_code)];
  if (code) return code;
  auto parsed = jinja::Template::Parse(std::string(raw_code), jinja::Origin{span.source, span.begin, false, span});
  if (parsed.ok()) {
    code = *std::move(parsed);
  } else {
    Append(nodes_.errors(), std::move(parsed).error());
  }
  return code;
}

// A version stands as it is written for the tests that are not rendered, and as a text in the call of the others.
void GenericTestBuilder::NoteTarget(const Declaration& test, const TestTarget& target, bool as_written,
                                    Recording& recording) const {
  if (target.table) {
    recording.sources.push_back({target.table->source_name, target.table->name, test.span});
  } else {
    const Version version = target.version ? *target.version : Version{};
    recording.refs.push_back({"", std::string(target.name), version.text, as_written && version.is_number, test.span});
  }
}

// Arguments in the order in which dbt renders them: it is the order of a test's references.
Status GenericTestBuilder::RenderKwargs(const Declaration& test, const TestTarget& target, ParseScope& scope,
                                        Value& kwargs) {
  std::vector<std::pair<Value, Value>> rendered;
  const std::function<Result<Value>(const Value&)> render = [&](const Value& value) -> Result<Value> {
    if (value.IsDict()) {
      std::vector<std::pair<Value, Value>> entries;
      for (const auto& [key, item] : value.AsDict().entries()) {
        STIR_ASSIGN(Value each, render(item));
        entries.emplace_back(key, std::move(each));
      }
      return Value::MakeDict(std::move(entries));
    }
    if (value.IsSequence()) {
      std::vector<Value> items;
      for (const Value& item : value.Items()) {
        STIR_ASSIGN(Value each, render(item));
        items.push_back(std::move(each));
      }
      return Value::List(std::move(items));
    }
    if (!value.IsString()) return value;
    std::string text(value.AsString());
    if (LooksLikeCall(text)) text = "{{ " + text + " }}";
    if (!HasJinja(text)) return value;
    STIR_ASSIGN(auto parsed, jinja::Template::Parse(
                                 std::move(text), jinja::Origin{test.span.source, test.span.begin, false, test.span}));
    jinja::RenderOptions options;
    options.undefined = jinja::UndefinedPolicy::kLenient;
    return jinja::RenderNative(*parsed, scope, options);
  };
  for (const auto& [key, value] : test.kwargs) {
    Value each = value;
    if (key == "model") {  // always the same call: noted without rendering it
      const Macro* where = scope.context().macros().Resolve(scope.context().package(), "get_where_subquery");
      if (where) scope.recording().AddMacro(where->id);
      NoteTarget(test, target, false, scope.recording());
      each = MakeParseRelation(scope.context().dialect(), scope.relation());
    } else if (key != "column_name") {
      STIR_ASSIGN(each, render(value));
    }
    rendered.emplace_back(Value::String(key), std::move(each));
  }
  kwargs = Value::MakeDict(std::move(rendered));
  return {};
}

// True for the tests that dbt does not render while parsing.
bool GenericTestBuilder::FindUses(const Node& node, const Declaration& test, const TestTarget& target,
                                  Recording& recording) {
  const PackageContext& package = *target.file->package;
  const MacroIndex& macros = *nodes_.project().macros;
  const Macro* macro = macros.GenericTest(test.name, test.space, package.name());
  if (!macro) {
    warnings_.push_back(
        Diagnostic(kTestNotFound, "test `" + test.word + "` not found: it will fail when it is run", test.span)
            .As(Severity::kWarning)
            .Hint(DidYouMean(test.word, macros.GenericTestNames())));
  } else {
    recording.AddMacro(macro->id);
    recording.reads.AddMacro(*macro);  // also when it is not rendered: that it needs no rendering depends on it
  }
  const bool simple = macro && macro->package == "dbt" && (test.name == "not_null" || test.name == "unique");
  if (simple) NoteTarget(test, target, true, recording);
  if (!simple) {
    ParseScope scope(*package.parse, recording, node.name);
    Value kwargs;
    Status status = RenderKwargs(test, target, scope, kwargs);
    if (status.ok() && node.code && macro && !quiet_.Contains(macro->id)) {
      scope.Set("_dbt_generic_test_kwargs", std::move(kwargs));
      jinja::RenderOptions options;
      options.undefined = jinja::UndefinedPolicy::kLenient;
      if (Result<std::string> rendered = jinja::Render(*node.code, scope, options); !rendered.ok()) {
        status = std::move(rendered).error();
      }
    } else {
      RepeatAppended(recording, ConfigEntries(test.config, test.span));
    }
    if (!status.ok()) Append(nodes_.errors(), std::move(status).error());
  }
  return simple;
}

// All that the declaration alone decides.
Node GenericTestBuilder::MakeNode(const Declaration& test, const TestTarget& target) {
  const PackageContext& package = *target.file->package;
  TextPool& pool = nodes_.pool();
  const Value kwargs = DictOf(test.kwargs);
  const Value metadata = DictOf({{"namespace", test.space.empty() ? Value::None() : Value::String(test.space)},
                                 {"name", Value::String(test.name)},
                                 {"kwargs", kwargs}});
  Node node;
  node.type = ResourceType::kTest;
  node.package = pool.Intern(package.name());
  node.name = pool.Intern(test.names.full);
  node.unique_id =
      pool.Add("test." + package.name() + "." + test.names.full + "." + TestHash(test.names.full, metadata));
  node.path = pool.Add(test.names.shortened + ".sql");
  const std::string_view file_path = target.file->file->path;
  node.original_file_path = pool.Intern(file_path);
  node.fqn = nodes_.FqnOf(package, file_path.substr(file_path.find('/') + 1), test.names.full);
  node.checksum_name = "none";
  node.span = test.span;
  static const auto no_columns = std::make_shared<const Columns>();
  node.columns = no_columns;
  const std::string raw_code = RawCode((test.space.empty() ? "" : test.space + ".") + "test_" + test.name, test.config);
  node.raw_code = pool.Intern(raw_code);
  node.code = CodeOf(raw_code, test.span);
  node.code_origin = {test.span.source, test.span.begin, false, test.span};
  node.description = pool.Intern(test.description);

  node.test = std::make_unique<TestPart>();
  node.test->generic = true;
  node.test->test_name = pool.Intern(test.name);
  node.test->test_namespace = pool.Intern(test.space);
  node.test->kwargs = kwargs;
  node.test->column_name = pool.Intern(test.column);
  node.test->file_key_name = pool.Intern(std::string(target.section) + "." + std::string(target.name));
  return node;
}

void GenericTestBuilder::TakeTags(Node& node, Declaration& test, const TestTarget& target) {
  std::vector<std::string> tags = TagsOf(test.config);
  tags.insert(tags.end(), test.column_tags.begin(), test.column_tags.end());
  if (target.table) tags.insert(tags.end(), target.table->test_tags.begin(), target.table->test_tags.end());
  const std::set<std::string> sorted(tags.begin(), tags.end());
  nodes_.AddTags(node, std::vector<std::string>(sorted.begin(), sorted.end()));
}

std::optional<Node> GenericTestBuilder::Build(const TestTarget& target, const DeclaredTest& declared) {
  std::optional<Declaration> read = Read(target, declared);
  if (!read) return std::nullopt;
  Declaration& test = *read;
  TakeConfig(test, target);
  TakeNames(test, target);
  Node node = MakeNode(test, target);
  TakeTags(node, test, target);

  const PackageContext& package = *target.file->package;
  Recording recording;
  recording.config = ConfigEntries(test.config, test.span);
  const bool simple = FindUses(node, test, target, recording);
  nodes_.TakeUses(node, recording);
  node.config = nodes_.LayerConfig(package, node.type, node.fqn, {}, recording.config);
  node.unrendered_config = nodes_.LayerUnrendered(package, node.type, node.fqn, {},
                                                  simple ? test.config : UnrenderedConfig(test.config, recording));
  nodes_.AddTags(node, node.config->tags);
  nodes_.Place(node, package);
  return node;
}

}  // namespace stir::project
