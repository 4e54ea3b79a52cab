// Names are found in dbt's order: macros first (a project may replace any name), then what the phase offers, then the
// base.
#include "project/parse_context.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"
#include "project/config_layers.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

Value Nothing(std::string name, Value result) {
  return jinja::MakeFunction(std::move(name),
                             [result](CallContext&, const Arguments&) -> Result<Value> { return Thaw(result); });
}

class RecordedMacro final : public jinja::Object {
 public:
  RecordedMacro(ParseScope& scope, const Macro& macro) : scope_(scope), macro_(macro) {}
  std::string_view TypeName() const override { return "MacroGenerator"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    scope_.recording().reads.AddMacro(macro_);
    if (!scope_.InMacro()) scope_.recording().AddMacro(macro_.id);
    const ParseScope::MacroDepth depth(scope_);
    return context.Call(macro_.callable, arguments);
  }

 private:
  ParseScope& scope_;
  const Macro& macro_;
};

// A package's name: its macros, each noting its calls.
class RecordedNamespace final : public jinja::Object {
 public:
  RecordedNamespace(ParseScope& scope, std::string package) : scope_(scope), package_(std::move(package)) {}
  std::string_view TypeName() const override { return "MacroNamespace"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const Macro* macro = scope_.context().macros().Find(package_, name);
    if (!macro) return std::optional<Value>();
    return std::optional(scope_.Recorded(*macro));
  }
  Result<std::optional<Value>> GetItem(CallContext& context, const Value& key) override {
    return key.IsString() ? GetAttribute(context, key.AsString()) : std::optional<Value>();
  }

 private:
  ParseScope& scope_;
  std::string package_;
};

class ParseRelation final : public jinja::Object {
 public:
  ParseRelation(const adapter::Dialect& dialect, adapter::Relation relation)
      : dialect_(dialect), relation_(std::move(relation)) {}
  std::string_view TypeName() const override { return "Relation"; }
  bool IsMapping() const override { return true; }
  Result<std::string> Str() const override { return dialect_.Render(relation_); }
  Result<std::string> Repr() const override { return "<Relation " + dialect_.Render(relation_) + ">"; }
  bool Equals(const Value& other) const override {
    const auto* relation = other.As<ParseRelation>();
    return relation && relation->relation_ == relation_;
  }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    auto text = [](const std::string& part) { return part.empty() ? Value::None() : Value::String(part); };
    if (name == "database") return std::optional(text(relation_.database));
    if (name == "schema") return std::optional(text(relation_.schema));
    if (name == "identifier" || name == "name" || name == "table") return std::optional(text(relation_.identifier));
    if (name == "type") return std::optional(Value::None());
    if (name == "get") return std::optional(Get());
    if (name == "render") return std::optional(Nothing("render", Value::String(dialect_.Render(relation_))));
    if (name.starts_with("is_") || name.starts_with("can_")) return std::optional(Value::Bool(false));
    return std::optional(Nothing(std::string(name), Value::FromObject(jinja::Ref<jinja::Object>(this))));
  }

 private:
  Value Get() {
    return jinja::MakeFunction(
        "get",
        [self = jinja::Ref<ParseRelation>(this)](CallContext& context, const Arguments& arguments) -> Result<Value> {
          jinja::ArgumentReader args("get", arguments);
          STIR_ASSIGN(const Value key, args.Required("key"));
          Value fallback = args.Optional("default");
          STIR_TRY(args.Finish());
          if (!key.IsString()) return fallback;
          if (key.AsString() == "metadata") return RelationMetadata(self->dialect_);
          STIR_ASSIGN(std::optional<Value> found, self->GetAttribute(context, key.AsString()));
          return found ? *std::move(found) : std::move(fallback);
        });
  }

  const adapter::Dialect& dialect_;
  adapter::Relation relation_;
};

// `adapter`: dispatch, type and quote are real, the rest answers as if the database were empty.
class ParseAdapter final : public jinja::Object {
 public:
  explicit ParseAdapter(ParseScope& scope) : scope_(scope) {}
  std::string_view TypeName() const override { return "ParseDatabaseWrapper"; }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const adapter::Dialect& dialect = scope_.context().dialect();
    if (name == "dispatch") return std::optional(Dispatch());
    if (name == "type") return std::optional(Nothing("type", Value::String(dialect.name)));
    if (name == "quote" || name == "quote_as_configured" || name == "quote_seed_column")
      return std::optional(Quote(dialect));
    if (name == "behavior") {
      scope_.recording().reads.flags = true;
      return std::optional(scope_.context().base().behavior());
    }
    if (name == "config") return std::optional(Value::MakeDict());
    if (name == "execute" || name == "run_sql_for_tests") {
      return std::optional(Nothing("execute", Value::Tuple({Value::String(""), Value::List()})));
    }
    if (name.starts_with("get_columns") || name.starts_with("get_missing") || name.starts_with("get_column_schema") ||
        name.starts_with("render_raw") || name == "get_partitions_metadata") {
      return std::optional(Nothing(std::string(name), Value::List()));
    }
    if (name.starts_with("check_") || name.starts_with("is_") || name == "already_exists" ||
        name == "valid_snapshot_target") {
      return std::optional(Nothing(std::string(name), Value::Bool(false)));
    }
    return std::optional(Nothing(std::string(name), Value::None()));
  }

 private:
  Value Dispatch() {
    return jinja::MakeFunction(
        "dispatch", [&scope = scope_](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader args("dispatch", arguments);
          STIR_ASSIGN(Value name, args.Required("macro_name"));
          const Value space = args.Optional("macro_namespace");
          STIR_TRY(args.Finish());
          if (!name.IsString()) return Diagnostic(kBadCall, "`adapter.dispatch` takes the macro's name as a text");
          STIR_ASSIGN(const Macro* macro,
                      scope.context().macros().Dispatch(name.AsString(), space.IsString() ? space.AsString() : "",
                                                        scope.context().package()));
          return scope.Recorded(*macro);
        });
  }

  static Value Quote(const adapter::Dialect& dialect) {
    return jinja::MakeFunction("quote", [&dialect](CallContext&, const Arguments& arguments) -> Result<Value> {
      if (arguments.positional.empty()) return Value::String("");
      STIR_ASSIGN(std::string text, arguments.positional.front().Str());
      return Value::String(dialect.Quote(text));
    });
  }

  ParseScope& scope_;
};

// `config`: calls collect, getters answer '' as dbt's do while parsing.
class ParseConfig final : public jinja::Object {
 public:
  explicit ParseConfig(ParseScope& scope) : scope_(scope) {}
  std::string_view TypeName() const override { return "ParseConfigObject"; }
  bool IsCallable() const override { return true; }

  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    std::vector<std::pair<std::string, Value>> options;
    for (const jinja::KeywordArgument& keyword : arguments.keywords) options.emplace_back(keyword.name, keyword.value);
    if (arguments.positional.size() == 1 && options.empty() && arguments.positional.front().IsDict()) {
      for (const auto& [key, value] : arguments.positional.front().AsDict().entries()) {
        if (key.IsString()) options.emplace_back(key.AsString(), value);
      }
    } else if (!arguments.positional.empty() || options.empty()) {
      return Diagnostic(kBadCall, "`config` takes keyword arguments, or one dict");
    }
    return Collect(std::move(options), context.call_span());
  }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "set") return std::optional(Set());
    if (name == "persist_relation_docs" || name == "persist_column_docs") {
      return std::optional(Nothing(std::string(name), Value::Bool(false)));
    }
    return std::optional(Nothing(std::string(name), Value::String("")));
  }

 private:
  Result<Value> Collect(std::vector<std::pair<std::string, Value>> options, Span span) {
    std::vector<ConfigEntry>& config = scope_.recording().config;
    for (auto& [name, value] : options) {
      const std::string key = ConfigKey(name);
      auto found = std::ranges::find(config, key, &ConfigEntry::key);
      if (found == config.end()) {
        config.push_back({key, Thaw(value), ConfigLayer::kInFile, span});
      } else {
        found->value = MergeConfigValue(key, found->value, Thaw(value));
        found->span = span;
      }
    }
    return Value::String("");
  }

  Value Set() {
    return jinja::MakeFunction(
        "set",
        [self = jinja::Ref<ParseConfig>(this)](CallContext& context, const Arguments& arguments) -> Result<Value> {
          ArgumentReader args("set", arguments);
          STIR_ASSIGN(Value name, args.Required("name"));
          STIR_ASSIGN(Value value, args.Required("value"));
          STIR_TRY(args.Finish());
          if (!name.IsString()) return Diagnostic(kBadCall, "`config.set` takes the key as a text");
          return self->Collect({{std::string(name.AsString()), std::move(value)}}, context.call_span());
        });
  }

  ParseScope& scope_;
};

Result<std::string> VersionText(const Value& version) {
  if (version.IsNone() || version.IsUndefined()) return std::string();
  return version.Str();
}

Value MakeRef(ParseScope& scope) {
  return jinja::MakeFunction("ref", [&scope](CallContext& context, const Arguments& arguments) -> Result<Value> {
    RefUse use;
    use.span = context.call_span();
    const auto names = arguments.positional;
    for (const jinja::KeywordArgument& keyword : arguments.keywords) {
      if (keyword.name != "v" && keyword.name != "version") {
        return Diagnostic(kBadCall, "`ref` has no argument `" + std::string(keyword.name) + "`")
            .Hint("it takes a model's name, or a package's and a model's, and `v`");
      }
      STIR_ASSIGN(use.version, VersionText(keyword.value));
      use.version_is_number = keyword.value.type() == jinja::Type::kInt || keyword.value.type() == jinja::Type::kFloat;
    }
    if (names.empty() || names.size() > 2) {
      return Diagnostic(kBadCall, "`ref` takes one or two names, not " + std::to_string(names.size()));
    }
    for (const Value& name : names) {
      if (!name.IsString()) {
        return Diagnostic(kBadCall, "`ref` takes names as texts, not " + std::string(name.TypeName()));
      }
    }
    use.name = names.back().AsString();
    if (names.size() == 2) use.package = names.front().AsString();
    scope.recording().refs.push_back(std::move(use));
    return MakeParseRelation(scope.context().dialect(), scope.relation());
  });
}

Value MakeSource(ParseScope& scope) {
  return jinja::MakeFunction("source", [&scope](CallContext& context, const Arguments& arguments) -> Result<Value> {
    const auto names = arguments.positional;
    if (names.size() != 2 || !arguments.keywords.empty()) {
      return Diagnostic(kBadCall,
                        "`source` takes two names: the source's and the table's, not " + std::to_string(names.size()));
    }
    if (!names[0].IsString() || !names[1].IsString()) return Diagnostic(kBadCall, "`source` takes names as texts");
    scope.recording().sources.push_back(
        {std::string(names[0].AsString()), std::string(names[1].AsString()), context.call_span()});
    return MakeParseRelation(scope.context().dialect(), scope.relation());
  });
}

// function() and metric(): a name, or a package's and a name; noted in a list of the recording.
Value MakeNamed(ParseScope& scope, std::string word, std::vector<NamedUse> Recording::* uses) {
  return jinja::MakeFunction(
      word, [&scope, word, uses](CallContext& context, const Arguments& arguments) -> Result<Value> {
        const auto names = arguments.positional;
        if (names.empty() || names.size() > 2 || !arguments.keywords.empty() || !names.front().IsString() ||
            !names.back().IsString()) {
          return Diagnostic(kBadCall, "`" + word + "` takes a name, or a package's and a name, as texts");
        }
        NamedUse use;
        use.name = names.back().AsString();
        if (names.size() == 2) use.package = names.front().AsString();
        use.span = context.call_span();
        (scope.recording().*uses).push_back(std::move(use));
        return MakeParseRelation(scope.context().dialect(), scope.relation());
      });
}

// api.Relation and api.Column: whatever is made of them is the parse-time relation.
class ParseApi final : public jinja::Object {
 public:
  explicit ParseApi(Value relation) : relation_(std::move(relation)) {}
  std::string_view TypeName() const override { return "api"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments&) override { return relation_; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view) override {
    return std::optional(Value::FromObject(jinja::Ref<jinja::Object>(this)));
  }

 private:
  Value relation_;
};

Value EmptyGraph() {
  Value graph = Value::MakeDict();
  for (std::string_view key : {"nodes", "sources", "exposures", "metrics", "groups", "semantic_models", "saved_queries",
                               "unit_tests", "functions"}) {
    graph.AsDict().Set(key, Value::MakeDict());
  }
  return graph;
}

Value ModelOf(const ParseScope& scope) {
  Value model = Value::MakeDict();
  const adapter::Relation& relation = scope.relation();
  for (const auto& [key, value] : {std::pair<std::string_view, const std::string&>{"name", relation.identifier},
                                   {"alias", relation.identifier},
                                   {"schema", relation.schema},
                                   {"database", relation.database},
                                   {"package_name", scope.context().package()}}) {
    model.AsDict().Set(key, Value::String(value));
  }
  for (std::string_view key : {"config", "columns", "meta"}) model.AsDict().Set(key, Value::MakeDict());
  model.AsDict().Set("tags", Value::List());
  return model;
}

// Functions of the run phase that have nothing to do yet, with what they answer.
std::optional<Value> Stub(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNone{"load_result", "store_result",     "store_raw_result",
                                                         "write",       "load_agate_table", "submit_python_job"};
  if (std::ranges::find(kNone, name) != kNone.end()) return Nothing(std::string(name), Value::None());
  if (name == "render" || name == "adapter_macro") return Nothing(std::string(name), Value::String(""));
  if (name == "execute") return Value::Bool(false);
  if (name == "selected_resources" || name == "pre_hooks" || name == "post_hooks") return Value::List();
  if (name == "invocation_args_dict" || name == "dbt_metadata_envs") return Value::MakeDict();
  if (name == "graph") return EmptyGraph();
  if (name == "thread_id") return Value::String("MainThread");
  if (name == "sql" || name == "compiled_code") return Value::None();
  return std::nullopt;
}

Value MakeTryOrCompilerError() {
  return jinja::MakeFunction(
      "try_or_compiler_error", [](CallContext& context, const Arguments& arguments) -> Result<Value> {
        if (arguments.positional.size() < 2)
          return Diagnostic(kBadCall, "`try_or_compiler_error` takes a message and a function");
        return context.Call(arguments.positional[1], Arguments{arguments.positional.subspan(2), arguments.keywords});
      });
}

}  // namespace

void Recording::AddMacro(MacroId macro) {
  if (std::ranges::find(macros, macro) == macros.end()) macros.push_back(macro);
}

Value RelationMetadata(const adapter::Dialect& dialect) {
  return Value::MakeDict({{Value::String("type"), Value::String(dialect.title + "Relation")}});
}

Value MakeParseRelation(const adapter::Dialect& dialect, const adapter::Relation& relation) {
  return Value::New<ParseRelation>(dialect, relation);
}

ParseContext::ParseContext(const BaseContext& base, const MacroIndex& macros, const adapter::Dialect& dialect,
                           std::string package, FindVarFunction find_var, std::string default_database,
                           std::string default_schema)
    : base_(base),
      macros_(macros),
      dialect_(dialect),
      package_(std::move(package)),
      find_var_(std::move(find_var)),
      default_database_(std::move(default_database)),
      default_schema_(std::move(default_schema)) {}

ParseScope::ParseScope(const ParseContext& context, Recording& recording, std::string_view name)
    : context_(context), recording_(recording), base_(context.base(), recording.reads) {
  relation_.database = context.default_database();
  relation_.schema = context.default_schema();
  relation_.identifier = name;
  relation_.quote = context.dialect().default_quote;
  relation_.include = context.dialect().default_include;
}

Value ParseScope::Recorded(const Macro& macro) { return Value::New<RecordedMacro>(*this, macro); }

bool ParseScope::Lookup(std::string_view name, Value& value) {
  for (const auto& [own, held] : own_) {
    if (own != name) continue;
    value = held;
    return true;
  }
  const MacroIndex& macros = context_.macros();
  if (macros.Lookup(context_.package(), name, value)) {
    const Macro* macro = macros.Resolve(context_.package(), name);
    const bool is_namespace = value.TypeName() == "MacroNamespace";
    value = is_namespace || !macro ? Value::New<RecordedNamespace>(*this, std::string(name)) : Recorded(*macro);
    return true;
  }
  return LookupOwn(name, value) || base_.Lookup(name, value);
}

bool ParseScope::LookupOwn(std::string_view name, Value& value) {
  auto found = [&value](Value known) {
    value = std::move(known);
    return true;
  };
  if (name == "ref") return found(MakeRef(*this));
  if (name == "source") return found(MakeSource(*this));
  if (name == "function") return found(MakeNamed(*this, "function", &Recording::functions));
  if (name == "metric") return found(MakeNamed(*this, "metric", &Recording::metrics));
  if (name == "config") return found(Value::New<ParseConfig>(*this));
  if (name == "var") return found(context_.Var(recording_.reads));
  if (name == "adapter") return found(Value::New<ParseAdapter>(*this));
  if (name == "this") {
    if (relation_.identifier.empty()) return found(Value::None());
    return found(MakeParseRelation(context_.dialect(), relation_));
  }
  if (name == "model") return found(ModelOf(*this));
  if (name == "database") return found(Value::String(relation_.database));
  if (name == "schema") return found(Value::String(relation_.schema));
  if (name == "api" || name == "column" || name == "validation") {
    return found(Value::New<ParseApi>(MakeParseRelation(context_.dialect(), relation_)));
  }
  if (name == "try_or_compiler_error") return found(MakeTryOrCompilerError());
  if (name == "context")
    return found(MakeNames([this](std::string_view asked, Value& held) { return Lookup(asked, held); }));
  if (name == "builtins") {
    Value builtins = Value::MakeDict();
    builtins.AsDict().Set("ref", MakeRef(*this));
    builtins.AsDict().Set("source", MakeSource(*this));
    builtins.AsDict().Set("config", Value::New<ParseConfig>(*this));
    builtins.AsDict().Set("var", context_.Var(recording_.reads));
    return found(std::move(builtins));
  }
  if (std::optional<Value> stub = Stub(name)) return found(*std::move(stub));
  return false;
}

}  // namespace stir::project
