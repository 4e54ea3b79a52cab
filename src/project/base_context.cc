// Each name is one small function over its arguments; nothing here knows a node.
#include "project/base_context.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "jinja/json_text.h"
#include "project/behavior.h"
#include "project/config.h"
#include "project/exceptions.h"
#include "project/kinds.h"
#include "project/yaml_values.h"
#include "pylib/convert.h"
#include "pylib/modules.h"
#include "yaml/node.h"

#include <nlohmann/json.hpp>

namespace stir::project {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

constexpr std::string_view kSecretPrefix = "DBT_ENV_SECRET";

Result<Value> ReturnValue(CallContext& context, const Arguments& arguments) {
  ArgumentReader args("return", arguments);
  Value value = args.Optional("data", Value::None());
  STIR_TRY(args.Finish());
  return context.ReturnFromMacro(std::move(value));
}

Result<Value> FromJson(CallContext&, const Arguments& arguments) {
  ArgumentReader args("fromjson", arguments);
  STIR_ASSIGN(Value text, args.Required("string"));
  Value fallback = args.Optional("default");
  STIR_TRY(args.Finish());
  if (!text.IsString()) return fallback;
  const Json json = ReadJson(text.AsString());
  return json.is_discarded() ? fallback : pylib::FromJson(json);
}

// json.dumps and yaml.dump with dbt's default for values that cannot be written.
template <typename Dump>
jinja::Function Dumper(std::string name, Dump dump) {
  return [name = std::move(name), dump](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args(name, arguments);
    STIR_ASSIGN(Value value, args.Required("value"));
    Value fallback = args.Optional("default");
    const Value sort_keys = args.Optional("sort_keys", Value::Bool(false));
    STIR_TRY(args.Finish());
    Result<std::string> text = dump(value, sort_keys.Truthy());
    if (!text.ok()) return fallback;
    return Value::String(*std::move(text));
  };
}

Result<Value> FromYaml(CallContext&, const Arguments& arguments) {
  ArgumentReader args("fromyaml", arguments);
  STIR_ASSIGN(Value text, args.Required("value"));
  Value fallback = args.Optional("default");
  STIR_TRY(args.Finish());
  if (!text.IsString()) return fallback;
  SourceMap sources;  // the text is the program's own: its places are of no use to anyone
  Result<yaml::Document> document = yaml::Parse(sources, sources.Add("<fromyaml>", std::string(text.AsString())));
  return document.ok() ? pylib::FromYaml(*document->root) : fallback;
}

Result<std::vector<Value>> Collect(CallContext& context, const Value& value) {
  STIR_ASSIGN(auto iterator, context.Iterate(value));
  std::vector<Value> items;
  while (true) {
    STIR_ASSIGN(std::optional<Value> item, iterator->Next());
    if (!item) return items;
    items.push_back(*std::move(item));
  }
}

// Python's set, as far as templates use it: a list without doubles.
jinja::Function SetMaker(std::string name, bool strict) {
  return [name = std::move(name), strict](CallContext& context, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args(name, arguments);
    STIR_ASSIGN(Value value, args.Required("value"));
    Value fallback = args.Optional("default");
    STIR_TRY(args.Finish());
    Result<std::vector<Value>> items = Collect(context, value);
    if (!items.ok()) {
      if (strict) return std::move(items).error();
      return fallback;
    }
    Result<Value> set = jinja::MakeSet(*items);
    if (!set.ok() && !strict) return fallback;
    return set;
  };
}

jinja::Function ZipMaker(std::string name, bool strict) {
  return [name = std::move(name), strict](CallContext& context, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args(name, arguments);
    const std::span<const Value> columns = args.RestPositional();
    Value fallback = args.Optional("default");
    std::vector<std::vector<Value>> lists;
    size_t shortest = columns.empty() ? 0 : SIZE_MAX;
    for (const Value& column : columns) {
      Result<std::vector<Value>> items = Collect(context, column);
      if (!items.ok()) {
        if (strict) return std::move(items).error();
        return fallback;
      }
      shortest = std::min(shortest, items->size());
      lists.push_back(*std::move(items));
    }
    std::vector<Value> rows;
    for (size_t row = 0; row < shortest; ++row) {
      std::vector<Value> tuple;
      for (const auto& list : lists) tuple.push_back(list[row]);
      rows.push_back(Value::Tuple(std::move(tuple)));
    }
    return Value::List(std::move(rows));
  };
}

// print(): shown as it is. Without `shown` it does nothing.
jinja::Function Printer(EventSink* events, bool shown) {
  return [events, shown](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args("print", arguments);
    STIR_ASSIGN(Value message, args.Required("msg"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(std::string text, message.Str());
    if (!events || !shown) return Value::String("");
    JsonWriter json;
    json.BeginObject().Key("msg").String(text).EndObject();
    events->Emit({"Z052", "PrintEvent", Level::kInfo, std::move(text), std::move(json).Take()});
    return Value::String("");
  };
}

bool Prints(const Invocation& invocation) {
  const auto print = std::ranges::find(invocation.flags, "PRINT", &decltype(invocation.flags)::value_type::first);
  return print == invocation.flags.end() || print->second.Truthy();
}

Result<Value> LocalMd5(CallContext&, const Arguments& arguments) {
  ArgumentReader args("local_md5", arguments);
  STIR_ASSIGN(Value text, args.Required("value"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string bytes, text.Str());
  return Value::String(Md5Hex(bytes));
}

bool SameText(const Value& a, const Value& b) {
  if (a.IsString() && b.IsString()) return ToLower(a.AsString()) == ToLower(b.AsString());
  return a.Equals(b);
}

// a minus b, both dicts of lists, names compared without case: what grants and revokes are computed from.
Result<Value> DiffOfTwoDicts(CallContext&, const Arguments& arguments) {
  ArgumentReader args("diff_of_two_dicts", arguments);
  STIR_ASSIGN(Value a, args.Required("dict_a"));
  STIR_ASSIGN(Value b, args.Required("dict_b"));
  STIR_TRY(args.Finish());
  if (!a.IsDict() || !b.IsDict()) return Diagnostic(kBadCall, "`diff_of_two_dicts` takes two dicts");
  std::vector<std::pair<Value, Value>> difference;
  for (const auto& [key, items] : a.AsDict().entries()) {
    std::vector<Value> left;
    if (items.IsSequence()) left = items.Items();
    for (const auto& [other_key, other_items] : b.AsDict().entries()) {
      if (!SameText(key, other_key) || !other_items.IsSequence()) continue;
      for (const Value& gone : other_items.Items()) {
        std::erase_if(left, [&](const Value& item) { return SameText(item, gone); });
      }
    }
    if (!left.empty()) difference.emplace_back(key, Value::List(std::move(left)));
  }
  return Value::MakeDict(std::move(difference));
}

// Variables as dbt prints them: JSON, keys sorted.
std::string Printed(const Value& vars) {
  Result<std::string> text = jinja::JsonText(vars.IsDict() ? vars : Value::MakeDict(),
                                             {.sort_keys = true, .indent = "    ", .any_value = true});
  return text.ok() ? *std::move(text) : "{}";
}

class VarObject final : public jinja::Object {
 public:
  VarObject(FindVarFunction find, std::optional<VarAsker> asker, bool rendered)
      : find_(std::move(find)), asker_(std::move(asker)), rendered_(rendered) {}
  std::string_view TypeName() const override { return "Var"; }
  bool IsCallable() const override { return true; }

  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    ArgumentReader args("var", arguments);
    STIR_ASSIGN(Value name, args.Required("var_name"));
    const bool has_default = args.Has("default") || arguments.positional.size() > 1;
    Value fallback = args.Optional("default");
    STIR_TRY(args.Finish());
    if (!name.IsString()) return Diagnostic(kBadCall, "`var` takes the variable's name as a text");
    const Value* found = find_(name.AsString());
    if (!found) {
      if (has_default || !asker_) return fallback;
      return Missing(name.AsString());
    }
    if (!rendered_ || !found->IsString() || !HasJinja(found->AsString())) return Thaw(*found);
    STIR_ASSIGN(auto text,
                jinja::Template::Parse(std::string(found->AsString()),
                                       jinja::Origin{context.call_span().source, 0, false, context.call_span()}));
    STIR_ASSIGN(std::string rendered, context.RenderNested(*text));
    return Value::String(std::move(rendered));
  }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name != "has_var") return std::optional<Value>();
    return std::optional(
        jinja::MakeFunction("has_var", [find = find_](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader args("has_var", arguments);
          STIR_ASSIGN(Value var, args.Required("var_name"));
          STIR_TRY(args.Finish());
          return Value::Bool(var.IsString() && find(var.AsString()) != nullptr);
        }));
  }

 private:
  Diagnostic Missing(std::string_view name) const {
    const Value vars = asker_->supplied();
    std::vector<std::string> names;
    if (vars.IsDict()) {
      for (const auto& [key, value] : vars.AsDict().entries()) names.emplace_back(key.AsString());
    }
    const std::string meant = DidYouMean(name, names);
    return Diagnostic(kVarMissing, fmt::format("Required var '{}' not found in config:\nVars supplied to {} = {}", name,
                                               asker_->name, Printed(vars)))
        .Hint(meant.empty() ? "set it under `vars:` in dbt_project.yml or with --vars, or give `var` a default"
                            : meant);
  }

  FindVarFunction find_;
  std::optional<VarAsker> asker_;
  bool rendered_;
};

}  // namespace

Value MakeVar(FindVarFunction find, std::optional<VarAsker> asker) {
  return Value::New<VarObject>(std::move(find), std::move(asker), true);
}

FindVarFunction Noting(FindVarFunction find, Reads& reads) {
  return [find = std::move(find), &reads](std::string_view name) {
    reads.AddVar(name);
    return find(name);
  };
}

VarAsker ConfigurationAsker(Value command_line) {
  return {"<Configuration>", [vars = std::move(command_line)] { return vars; }};
}

Value MakePlainVar(FindVarFunction find, Value command_line) {
  return Value::New<VarObject>(std::move(find), ConfigurationAsker(std::move(command_line)), false);
}

Value MakeEnvVar(const Environment& environment, bool secrets, std::function<void(const std::string&)> on_secret) {
  return jinja::MakeFunction(
      "env_var",
      [&environment, secrets, on_secret = std::move(on_secret)](CallContext&,
                                                                const Arguments& arguments) -> Result<Value> {
        ArgumentReader args("env_var", arguments);
        STIR_ASSIGN(Value name_value, args.Required("var"));
        const bool has_default = args.Has("default") || arguments.positional.size() > 1;
        Value fallback = args.Optional("default");
        STIR_TRY(args.Finish());
        if (!name_value.IsString()) return Diagnostic(kBadCall, "`env_var` takes the variable's name as a text");
        const std::string name(name_value.AsString());
        const bool secret = name.starts_with(kSecretPrefix);
        if (secret && !secrets) {
          return Diagnostic(kSecretNotAllowed, "secret environment variable `" + name + "` may not be read here")
              .Hint("only profiles.yml and packages.yml may read `" + std::string(kSecretPrefix) + "_*`");
        }
        if (auto found = environment.find(name); found != environment.end()) {
          if (secret && on_secret) on_secret(found->second);
          return Value::String(found->second);
        }
        if (has_default) return fallback;
        return Diagnostic(kEnvVarMissing, "environment variable `" + name + "` is not set")
            .Hint("set it, or give `env_var` a default");
      });
}

void BaseContext::Add(std::string name, jinja::Function function) {
  Value value = jinja::MakeFunction(name, std::move(function));
  names_.emplace(std::move(name), std::move(value));
}

BaseContext::BaseContext(const Invocation& invocation, Value target, std::string_view project_name)
    : clock_(*invocation.clock),
      warnings_(invocation.warnings),
      behavior_(MakeBehavior(invocation)),
      command_line_(invocation.vars) {
  Add("return", ReturnValue);
  Add("fromjson", FromJson);
  Add("tojson", Dumper("tojson", pylib::DumpJson));
  Add("fromyaml", FromYaml);
  Add("toyaml", Dumper("toyaml", pylib::DumpYaml));
  Add("set", SetMaker("set", false));
  Add("set_strict", SetMaker("set_strict", true));
  Add("zip", ZipMaker("zip", false));
  Add("zip_strict", ZipMaker("zip_strict", true));
  Add("log", MakeLog(invocation.events, {}));
  Add("print", Printer(invocation.events, Prints(invocation)));
  Add("local_md5", LocalMd5);
  Add("diff_of_two_dicts", DiffOfTwoDicts);
  names_.emplace("env_var", MakeEnvVar(*invocation.environment, false));
  names_.emplace("dbt_version", Value::String(std::string(kDbtVersion)));
  names_.emplace("invocation_id", Value::String(invocation.id));
  names_.emplace("run_started_at", pylib::MakeDatetimeUtc(invocation.started_at));
  names_.emplace("modules", Modules(*invocation.clock));
  names_.emplace("exceptions", MakeExceptions(invocation.events, invocation.warnings));
  std::vector<std::pair<Value, Value>> flags;
  for (const auto& [name, value] : invocation.flags) flags.emplace_back(Value::String(name), value);
  names_.emplace("flags", Value::MakeDict(std::move(flags)));
  if (!target.IsUndefined()) {
    names_.emplace("target", target);
    names_.emplace("env", std::move(target));
  }
  if (!project_name.empty()) names_.emplace("project_name", Value::String(std::string(project_name)));
}

Value BaseContext::Modules(const Clock& clock) const {
  if (!warnings_) return pylib::Modules(clock);
  return pylib::Modules(clock, [warnings = warnings_] {
    return warnings->Warn("D034", "ModulesItertoolsUsageDeprecation",
                          "Usage of itertools modules is deprecated. Please use the built-in functions instead.", "{}");
  });
}

jinja::Function MakeLog(EventSink* events, std::function<void(JsonWriter& json)> about) {
  return [events, about = std::move(about)](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args("log", arguments);
    STIR_ASSIGN(Value message, args.Required("msg"));
    const bool info = args.Optional("info", Value::Bool(false)).Truthy();
    STIR_TRY(args.Finish());
    STIR_ASSIGN(std::string text, message.Str());
    if (!events) return Value::String("");
    JsonWriter json;
    json.BeginObject().Key("msg").String(text);
    if (about) about(json);
    json.EndObject();
    events->Emit({info ? "I062" : "I063", info ? "JinjaLogInfo" : "JinjaLogDebug", info ? Level::kInfo : Level::kDebug,
                  std::move(text), std::move(json).Take()});
    return Value::String("");
  };
}

bool BaseContext::Lookup(std::string_view name, Value& value) const {
  auto found = names_.find(name);
  if (found == names_.end()) return false;
  value = found->second;
  return true;
}

// Tells when somebody asks for the time.
class NotingClock final : public Clock {
 public:
  NotingClock(const Clock& clock, Reads& reads) : clock_(clock), reads_(reads) {}
  Timestamp Now() const override {
    reads_.uncertain = true;
    return clock_.Now();
  }
  Duration Monotonic() const override {
    reads_.uncertain = true;
    return clock_.Monotonic();
  }

 private:
  const Clock& clock_;
  Reads& reads_;
};

bool NotedContext::Lookup(std::string_view name, Value& value) {
  if (!base_.Lookup(name, value)) return false;
  if (name == "flags") reads_.flags = true;
  if (name == "target" || name == "env") reads_.target = true;
  if (name == "run_started_at" || name == "invocation_id") reads_.uncertain = true;
  if (name == "modules") {
    if (!clock_) clock_ = std::make_unique<NotingClock>(base_.clock(), reads_);
    value = base_.Modules(*clock_);
  }
  if (name == "env_var") {
    value = jinja::MakeFunction(
        "env_var",
        [env_var = std::move(value), &reads = reads_](CallContext& context,
                                                      const Arguments& arguments) -> Result<Value> {
          for (const Value& asked : arguments.positional.first(std::min<size_t>(arguments.positional.size(), 1))) {
            if (asked.IsString()) reads.AddVariable(asked.AsString());
          }
          for (const jinja::KeywordArgument& keyword : arguments.keywords) {
            if (keyword.name == "var" && keyword.value.IsString()) reads.AddVariable(keyword.value.AsString());
          }
          return context.Call(env_var, arguments);
        });
  }
  return true;
}

bool SimpleScope::Lookup(std::string_view name, Value& value) {
  for (const auto& [own, held] : own_) {
    if (own == name) {
      value = held;
      return true;
    }
  }
  return base_.Lookup(name, value);
}

namespace {

class Names final : public jinja::Object {
 public:
  explicit Names(LookupFunction lookup) : lookup_(std::move(lookup)) {}
  std::string_view TypeName() const override { return "dict"; }
  bool IsMapping() const override { return true; }
  std::optional<bool> Contains(const Value& name) override { return name.IsString() && Find(name.AsString()); }
  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    return {key.IsString() ? Find(key.AsString()) : std::nullopt};
  }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name != "get") return {Find(name)};
    jinja::Ref<Names> self(this);
    return {jinja::MakeFunction("get", [self](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("get", arguments);
      STIR_ASSIGN(const Value key, args.Required("key"));
      Value fallback = args.Optional("default");
      std::optional<Value> found = key.IsString() ? self->Find(key.AsString()) : std::nullopt;
      return found ? *std::move(found) : std::move(fallback);
    })};
  }

 private:
  std::optional<Value> Find(std::string_view name) {
    Value value;
    return lookup_(name, value) ? std::optional(std::move(value)) : std::nullopt;
  }

  LookupFunction lookup_;
};

}  // namespace

Value MakeNames(LookupFunction lookup) { return Value::New<Names>(std::move(lookup)); }

}  // namespace stir::project
