// Finding the target, rendering its output, and each engine's own idea of its default database and schema.
#include "project/profile.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "jinja/kinds.h"
#include "project/base_context.h"
#include "project/kinds.h"
#include "project/project_config.h"
#include "project/yaml_values.h"
#include "pylib/convert.h"
#include "yaml/node.h"

namespace stir::project {

namespace {

namespace fs = std::filesystem;
using jinja::Value;

// What a template may never see of a target.
constexpr std::array<std::string_view, 14> kPrivateKeys{
    "password", "pass",   "token",        "private_key", "private_key_passphrase", "client_secret",    "refresh_token",
    "secrets",  "secret", "keyfile_json", "sslkey",      "motherduck_token",       "private_key_path", "api_key"};

std::vector<std::string> KeysOf(const yaml::Node& mapping) {
  std::vector<std::string> keys;
  for (const yaml::Entry& entry : mapping.entries) keys.push_back(entry.key->text);
  return keys;
}

// "did you mean `x`?", else the list of what there is.
std::string Suggest(std::string_view word, const std::vector<std::string>& names) {
  std::string hint = DidYouMean(word, names);
  if (hint.empty() && !names.empty()) hint = "there are: " + Join(names, ", ");
  return hint;
}

std::string StringIn(const Value& dict, std::string_view key) {
  const Value* value = dict.AsDict().Find(key);
  if (!value || value->IsNone()) return {};
  Result<std::string> text = value->Str();
  return text.ok() ? *std::move(text) : std::string();
}

// The name under which DuckDB attaches a file.
std::string DuckDbDatabase(const std::string& path) {
  if (path.empty() || path.starts_with(":memory:")) return "memory";
  std::string name = path.substr(0, path.find('?'));
  for (std::string_view scheme : {"md:", "motherduck:", "ducklake:"}) {
    if (name.starts_with(scheme)) name = name.substr(scheme.size());
  }
  name = fs::path(name).filename().string();
  return name.substr(0, name.find('.'));
}

void FillDatabaseAndSchema(adapter::Profile& profile, const Value& output) {
  profile.database = StringIn(output, "database");
  profile.schema = StringIn(output, "schema");
  if (profile.database.empty()) profile.database = StringIn(output, "dbname");
  if (profile.database.empty()) profile.database = StringIn(output, "catalog");
  if (profile.type == "duckdb") {
    if (profile.database.empty()) profile.database = DuckDbDatabase(StringIn(output, "path"));
    if (profile.schema.empty()) profile.schema = "main";
  }
  if (profile.type == "clickhouse") {
    profile.database.clear();  // ClickHouse has one level: dbt's schema is its database
    if (profile.schema.empty()) profile.schema = "default";
  }
}

class TargetReader {
 public:
  TargetReader(const ProfileRequest& request, const Invocation& invocation, Redactor& redactor)
      : request_(request), base_(invocation, {}, ""), scope_(base_, reads_) {
    scope_.Set("var", VarsOnly(invocation.vars, reads_));
    scope_.Set("env_var", MakeEnvVar(*invocation.environment, true,
                                     [&redactor](const std::string& value) { redactor.Add(Secret(value)); }));
  }

  Result<Target> Read(const yaml::Node& root, SourceId source) {
    if (!root.IsMapping()) {
      return Diagnostic(kBadProfile, "profiles.yml must be a mapping, not " + std::string(Describe(root)),
                        Span{source, 0, 0});
    }
    if (request_.profile.empty()) {
      return Diagnostic(kNoProfile, "the project names no profile")
          .Hint("set `profile:` in dbt_project.yml, or give --profile");
    }
    const yaml::Node* profile = root.Find(request_.profile);
    if (!profile) {
      return Diagnostic(kNoProfile, "profile `" + request_.profile + "` not found in profiles.yml", Span{source, 0, 0})
          .Hint(Suggest(request_.profile, KeysOf(root)));
    }
    const yaml::Node* outputs = profile->IsMapping() ? profile->Find("outputs") : nullptr;
    if (!outputs || !outputs->IsMapping() || outputs->entries.empty()) {
      return Diagnostic(kBadProfile, "profile `" + request_.profile + "` has no `outputs`", profile->span);
    }
    STIR_ASSIGN(const std::string name, TargetName(*profile));
    const yaml::Node* output = outputs->Find(name);
    if (!output || !output->IsMapping()) {
      const yaml::Node* written = request_.target.empty() ? profile->Find("target") : nullptr;
      return Diagnostic(kNoTarget, "profile `" + request_.profile + "` has no target `" + name + "`",
                        written ? written->span : outputs->span)
          .Hint(Suggest(name, KeysOf(*outputs)));
    }
    return Make(name, *output);
  }

 private:
  Result<std::string> TargetName(const yaml::Node& profile) {
    if (!request_.target.empty()) return request_.target;
    const yaml::Node* target = profile.Find("target");
    if (!target || target->IsNull()) return std::string("default");
    STIR_ASSIGN(Value value, RenderScalar(*target, scope_));
    return value.Str();
  }

  Result<Target> Make(const std::string& name, const yaml::Node& output) {
    STIR_ASSIGN(const Value rendered, RenderOutput(output));
    Target target;
    target.profile_name = request_.profile;
    target.name = name;
    target.profile.type = StringIn(rendered, "type");
    if (target.profile.type.empty()) {
      return Diagnostic(kBadProfile, "target `" + name + "` has no `type`", output.span)
          .Hint("name the engine, for example `type: duckdb`");
    }
    target.type_span = output.Find("type")->span;
    STIR_ASSIGN(target.profile.threads, Threads(output, rendered));
    FillDatabaseAndSchema(target.profile, rendered);
    STIR_ASSIGN(Json settings, pylib::ToJson(rendered));
    target.profile.settings = std::make_shared<const Json>(std::move(settings));
    target.context = ContextOf(target, rendered);
    return target;
  }

  static bool IsPassword(std::string_view key) { return key == "password" || key == "pass"; }
  static bool IsSyntax(const Diagnostics& errors) { return jinja::IsSyntaxError(errors.front().kind); }

  // A password may hold what looks like broken Jinja: then it is taken as written.
  Result<Value> RenderOutput(const yaml::Node& output) {
    std::vector<std::pair<Value, Value>> entries;
    Diagnostics errors;
    for (const yaml::Entry& entry : output.entries) {
      Result<Value> value = RenderTree(*entry.value, scope_);
      if (!value.ok() && IsPassword(entry.key->text) && IsSyntax(value.error())) value = ValueOf(*entry.value);
      if (value.ok()) {
        entries.emplace_back(Value::String(entry.key->text), *std::move(value));
      } else {
        Append(errors, std::move(value).error());
      }
    }
    if (!errors.empty()) return errors;
    return Value::MakeDict(std::move(entries));
  }

  Result<int> Threads(const yaml::Node& output, const Value& rendered) const {
    if (request_.threads > 0) return request_.threads;
    const std::string text = StringIn(rendered, "threads");
    if (text.empty()) return 1;
    int threads = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
    if (error != std::errc() || end != text.data() + text.size() || threads < 1) {
      return Diagnostic(kBadProfile, "`threads` must be a whole number from 1 on, not `" + text + "`",
                        output.Find("threads")->span);
    }
    return threads;
  }

  // What templates see of a connection to PostgreSQL: all of dbt-postgres's words, in its order.
  static Value PostgresContext(const adapter::Profile& profile, const Value& rendered) {
    const std::pair<std::string_view, Value> words[] = {{"host", Value::None()},
                                                        {"port", Value::None()},
                                                        {"user", Value::None()},
                                                        {"database", Value::None()},
                                                        {"schema", Value::None()},
                                                        {"connect_timeout", Value::Int(10)},
                                                        {"role", Value::None()},
                                                        {"search_path", Value::None()},
                                                        {"keepalives_idle", Value::Int(0)},
                                                        {"sslmode", Value::None()},
                                                        {"sslcert", Value::None()},
                                                        {"sslkey", Value::None()},
                                                        {"sslrootcert", Value::None()},
                                                        {"application_name", Value::String("dbt")},
                                                        {"autocommit", Value::Bool(false)},
                                                        {"retries", Value::Int(1)}};
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [word, usual] : words) {
      const Value* given = rendered.AsDict().Find(word);
      Value value = given ? *given : usual;
      if (word == "database") value = Value::String(profile.database);
      if (word == "schema") value = Value::String(profile.schema);
      entries.emplace_back(Value::String(std::string(word)), std::move(value));
    }
    entries.emplace_back(Value::String("dbname"), Value::String(profile.database));
    return Value::MakeDict(std::move(entries));
  }

  static Value ContextOf(const Target& target, const Value& output) {
    std::vector<std::pair<Value, Value>> entries;
    auto set = [&](std::string_view key, Value value) {
      entries.emplace_back(Value::String(std::string(key)), std::move(value));
    };
    const adapter::Profile& profile = target.profile;
    const bool postgres = profile.type == "postgres";
    const Value rendered = postgres ? PostgresContext(profile, output) : output;
    static constexpr std::array<std::string_view, 4> kOwn{"type", "threads", "database", "schema"};
    for (const auto& [key, value] : rendered.AsDict().entries()) {
      const bool own = std::ranges::find(kOwn, key.AsString()) != kOwn.end();
      const bool hidden = std::ranges::find(kPrivateKeys, key.AsString()) != kPrivateKeys.end();
      if (postgres || (!own && !hidden)) entries.emplace_back(key, value);
    }
    if (!postgres) set("database", Value::String(profile.database));
    if (!postgres) set("schema", Value::String(profile.schema));
    set("type", Value::String(profile.type));
    set("threads", Value::Int(profile.threads));
    set("name", Value::String(target.name));
    set("target_name", Value::String(target.name));
    set("profile_name", Value::String(target.profile_name));
    return Value::MakeDict(std::move(entries));
  }

  const ProfileRequest& request_;
  BaseContext base_;
  Reads reads_;  // profiles are read anew each time
  SimpleScope scope_;
};

}  // namespace

fs::path FindProfilesDirectory(Files& files, const fs::path& given, const fs::path& current,
                               const Environment& environment) {
  if (!given.empty()) return given;
  for (const char* name : {"DBT_PROFILES_DIR", "DBT_ENGINE_PROFILES_DIR"}) {
    if (auto found = environment.find(name); found != environment.end() && !found->second.empty()) return found->second;
  }
  if (files.Exists(current / "profiles.yml")) return current;
  auto home = environment.find("HOME");
  return home == environment.end() ? current : fs::path(home->second) / ".dbt";
}

Result<Target> ParseTarget(SourceId profiles, const ProfileRequest& request, const Invocation& invocation,
                           const SourceMap& sources, Redactor& redactor) {
  STIR_ASSIGN(yaml::Document document, yaml::Parse(sources, profiles));
  return TargetReader(request, invocation, redactor).Read(*document.root, profiles);
}

Result<Target> ReadTarget(Files& files, const ProfileRequest& request, const Invocation& invocation, SourceMap& sources,
                          Redactor& redactor) {
  const fs::path path = request.directory / "profiles.yml";
  if (!files.Exists(path)) {
    return Diagnostic(kNoProfile, "no profiles.yml found")
        .About(path.string())
        .Hint("write one there, put one beside dbt_project.yml, or name its folder with --profiles-dir");
  }
  STIR_ASSIGN(std::string text, files.Read(path));
  return ParseTarget(sources.Add(path.string(), std::move(text)), request, invocation, sources, redactor);
}

}  // namespace stir::project
