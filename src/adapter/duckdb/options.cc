// Reads the output of profiles.yml for DuckDB.
#include "adapter/duckdb/options.h"

#include <fmt/format.h>
#include <array>
#include <nlohmann/json.hpp>

#include "adapter/duckdb/kinds.h"
#include "base/strings.h"

namespace stir::adapter::duckdb {
namespace {

// Work that dbt-duckdb does in Python, or through a service: said plainly rather than passed over.
constexpr std::array<std::string_view, 4> kUnsupported = {"plugins", "filesystems", "remote", "flights"};

std::string ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return value.dump();
}

std::string Literal(const Json& value) { return fmt::format("'{}'", ReplaceAll(ScalarText(value), "'", "''")); }

class Reader {
 public:
  explicit Reader(const Profile& profile) : profile_(profile) {
    if (profile.settings != nullptr && profile.settings->is_object()) output_ = *profile.settings;
  }

  Result<Options> Read() {
    if (const Json* path = Find("path")) options_.path = ScalarText(*path);
    ReadUnsupported();
    ReadDatabase();
    ReadConfig();
    ReadExtensions();
    ReadSecrets();
    ReadAttach();
    ReadSettings();
    ReadRetries();
    if (!errors_.empty()) return std::move(errors_);
    return std::move(options_);
  }

 private:
  const Json* Find(const char* key) const {
    const auto it = output_.find(key);
    return it == output_.end() || it->is_null() ? nullptr : &*it;
  }

  void Wrong(std::string message, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadProfile, std::move(message)).Hint(std::move(hint)));
  }

  void ReadUnsupported() {
    for (std::string_view word : kUnsupported) {
      if (Find(std::string(word).c_str()) != nullptr) {
        Wrong(fmt::format("`{}` of a duckdb profile is not supported by stir", word), "it needs dbt-duckdb's Python");
      }
    }
    if (options_.path.starts_with("md:") || options_.path.starts_with("motherduck:")) {
      Wrong(fmt::format("`path: {}` names MotherDuck, which stir does not support", options_.path));
    }
  }

  // As in dbt-duckdb, `database` may only repeat what the path says, or name an attached database.
  void ReadDatabase() {
    const std::string derived = DatabaseNameOf(options_.path);
    options_.database = profile_.database.empty() ? derived : profile_.database;
    if (const Json* named = Find("database")) options_.database = ScalarText(*named);
    if (options_.database == derived) return;
    if (const Json* attach = Find("attach"); attach != nullptr && attach->is_array()) {
      for (const Json& each : *attach) {
        if (each.is_object() && each.value("alias", "") == options_.database) return;
      }
    }
    Wrong(fmt::format("`database: {}` does not match `path: {}`", options_.database, options_.path),
          fmt::format("leave `database` out, or set it to `{}`, the name that DuckDB gives this file", derived));
  }

  void ReadConfig() {
    ForEachMember("config_options", [&](const std::string& key, const Json& value) {
      options_.config.emplace_back(key, ScalarText(value));
    });
  }

  void ReadSettings() {
    ForEachMember("settings", [&](const std::string& key, const Json& value) {
      options_.session.push_back(fmt::format("SET {} = {}", key, Literal(value)));
    });
  }

  template <typename F>
  void ForEachMember(const char* word, F&& each) {
    const Json* members = Find(word);
    if (members == nullptr) return;
    if (!members->is_object()) return Wrong(fmt::format("`{}` must be a mapping of names to values", word));
    for (const auto& [key, value] : members->items()) each(key, value);
  }

  template <typename F>
  void ForEachEntry(const char* word, F&& each) {
    const Json* entries = Find(word);
    if (entries == nullptr) return;
    if (!entries->is_array()) return Wrong(fmt::format("`{}` must be a list", word));
    for (const Json& entry : *entries) each(entry);
  }

  void ReadExtensions() {
    ForEachEntry("extensions", [&](const Json& entry) {
      if (entry.is_string()) {
        options_.extensions.push_back(entry.get<std::string>());
      } else if (entry.is_object() && entry.contains("name") && entry.contains("repo")) {
        const std::string name = ScalarText(entry["name"]);
        options_.setup.push_back(fmt::format("INSTALL {} FROM {}", name, ScalarText(entry["repo"])));
        options_.setup.push_back(fmt::format("LOAD {}", name));
      } else {
        Wrong("an entry of `extensions` must be a name, or a mapping with `name` and `repo`");
      }
    });
  }

  void ReadSecrets() {
    int number = 0;
    ForEachEntry("secrets", [&](const Json& entry) {
      ++number;
      if (!entry.is_object() || !entry.contains("type"))
        return Wrong("an entry of `secrets` must be a mapping with a `type`");
      AddSecret(entry, number);
    });
    if (const Json* provider = Find("use_credential_provider")) {
      if (ScalarText(*provider) != "aws") return Wrong("`use_credential_provider` can only be `aws`");
      AddSecret(Json{{"type", "s3"}, {"provider", "credential_chain"}}, number + 1);
    }
  }

  void AddSecret(const Json& secret, int number) {
    std::vector<std::string> parameters;
    std::string name = fmt::format("_dbt_secret_{}", number);
    std::string persistent;
    for (const auto& [key, value] : secret.items()) {
      if (value.is_null()) continue;
      if (key == "name") {
        name = ScalarText(value);
      } else if (key == "persistent") {
        if (value == true) persistent = " PERSISTENT";
      } else {
        AddSecretParameter(key, value, parameters);
      }
    }
    options_.setup.push_back(
        fmt::format("CREATE OR REPLACE{} SECRET {} ({})", persistent, name, Join(parameters, ", ")));
  }

  static void AddSecretParameter(const std::string& key, const Json& value, std::vector<std::string>& out) {
    const bool bare = key == "type" || key == "provider";
    if (value.is_object()) {
      std::vector<std::string> members;
      for (const auto& [name, text] : value.items())
        members.push_back(fmt::format("{}: {}", Literal(name), Literal(text)));
      out.push_back(fmt::format("{} MAP {{{}}}", key, Join(members, ", ")));
    } else if (value.is_array() && key == "scope") {
      for (const Json& each : value) out.push_back(fmt::format("scope {}", Literal(each)));
    } else if (value.is_array()) {
      std::vector<std::string> members;
      for (const Json& each : value) members.push_back(Literal(each));
      out.push_back(fmt::format("{} [{}]", key, Join(members, ", ")));
    } else {
      out.push_back(fmt::format("{} {}", key, bare ? ScalarText(value) : Literal(value)));
    }
  }

  void ReadAttach() {
    ForEachEntry("attach", [&](const Json& entry) {
      if (!entry.is_object() || !entry.contains("path"))
        return Wrong("an entry of `attach` must be a mapping with a `path`");
      std::string sql = fmt::format("ATTACH IF NOT EXISTS {}", Literal(entry["path"]));
      if (entry.contains("alias")) sql += fmt::format(" AS {}", ScalarText(entry["alias"]));
      const std::vector<std::string> options = AttachOptions(entry);
      if (!options.empty()) sql += fmt::format(" ({})", Join(options, ", "));
      options_.setup.push_back(std::move(sql));
    });
  }

  std::vector<std::string> AttachOptions(const Json& entry) {
    std::vector<std::string> out;
    const auto add = [&](const std::string& key, const Json& value) {
      if (value.is_null() || value == false) return;
      const std::string word = ToUpper(key);
      if (value == true) {
        out.push_back(word);
      } else if (word == "TYPE" || word == "SECRET" || value.is_number()) {
        out.push_back(fmt::format("{} {}", word, ScalarText(value)));
      } else {
        out.push_back(fmt::format("{} {}", word, Literal(value)));
      }
    };
    const Json more = entry.value("options", Json::object());
    for (const char* key : {"type", "secret", "read_only"}) {
      if (!entry.contains(key)) continue;
      if (more.contains(key))
        Wrong(fmt::format("`{}` of an attached database is given twice: beside `options` and in it", key));
      add(key, entry[key]);
    }
    for (const auto& [key, value] : more.items()) add(key, value);
    return out;
  }

  void ReadRetries() {
    const Json* retries = Find("retries");
    if (retries == nullptr || !retries->is_object()) return;
    const auto attempts = retries->find("connect_attempts");
    if (attempts != retries->end() && attempts->is_number_integer()) options_.connect_attempts = attempts->get<int>();
  }

  const Profile& profile_;
  Json output_ = Json::object();
  Options options_;
  Diagnostics errors_;
};

}  // namespace

Result<Options> ReadOptions(const Profile& profile) { return Reader(profile).Read(); }

std::string DatabaseNameOf(std::string_view path) {
  if (path.starts_with(":memory:")) return "memory";
  path.remove_prefix(path.find_last_of('/') == std::string_view::npos ? 0 : path.find_last_of('/') + 1);
  while (path.starts_with('.')) path.remove_prefix(1);
  return std::string(path.substr(0, path.find('.')));
}

}  // namespace stir::adapter::duckdb
