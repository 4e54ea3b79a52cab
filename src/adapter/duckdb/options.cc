// Reads the output of profiles.yml for DuckDB.
#include "adapter/duckdb/options.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "adapter/duckdb/attach.h"
#include "adapter/duckdb/kinds.h"
#include "base/strings.h"

namespace stir::adapter::duckdb {
namespace {

// Work that dbt-duckdb does in Python, or through a service: said plainly rather than passed over.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kUnsupported{{
    {"plugins", "dbt-duckdb's plugins are Python"},
    {"filesystems", "fsspec is Python; DuckDB's own `httpfs` reads http and s3"},
    {"module_paths", "modules are Python"},
    {"remote", "Buena Vista is a server for dbt-duckdb"},
    {"flights", "Flights run on MotherDuck"},
    {"motherduck_token", "MotherDuck is a service that stir does not speak with"},
    {"is_ducklake", "DuckLake is not supported"},
}};

// Every word of a duckdb output, and of an entry of `attach`.
constexpr std::array<std::string_view, 22> kWords{"type",
                                                  "threads",
                                                  "path",
                                                  "database",
                                                  "schema",
                                                  "settings",
                                                  "config_options",
                                                  "attach",
                                                  "extensions",
                                                  "secrets",
                                                  "retries",
                                                  "external_root",
                                                  "keep_open",
                                                  "disable_transactions",
                                                  "plugins",
                                                  "filesystems",
                                                  "module_paths",
                                                  "remote",
                                                  "flights",
                                                  "is_ducklake",
                                                  "use_credential_provider",
                                                  "motherduck_token"};
constexpr std::array<std::string_view, 7> kAttachWords{"path",      "type",    "alias",      "secret",
                                                       "read_only", "options", "is_ducklake"};

// A path of MotherDuck or DuckLake.
bool IsElsewhere(std::string_view path) {
  return path.starts_with("md:") || path.starts_with("motherduck:") || path.starts_with("ducklake:");
}

class Reader {
 public:
  explicit Reader(const Profile& profile) : profile_(profile) {
    if (profile.settings != nullptr && profile.settings->is_object()) output_ = *profile.settings;
  }

  Result<Options> Read() {
    if (const Json* path = Find("path")) options_.path = ScalarText(*path);
    ReadUnsupported();
    ReadUnknown(output_, kWords, "a duckdb profile");
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
  const Json* Find(std::string_view key) const {
    const auto it = output_.find(std::string(key));
    return it == output_.end() || it->is_null() ? nullptr : &*it;
  }

  void Wrong(std::string message, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadProfile, std::move(message)).Hint(std::move(hint)));
  }

  void ReadUnsupported() {
    for (const auto& [word, why] : kUnsupported) {
      const Json* value = Find(word);
      if (value == nullptr || *value == false) continue;
      Wrong(fmt::format("`{}` of a duckdb profile is not supported by stir", word), std::string(why));
    }
    if (IsElsewhere(options_.path) && !options_.path.starts_with("ducklake:"))
      Wrong(fmt::format("`path: {}` names MotherDuck, which stir does not support",
                        options_.path.substr(0, options_.path.find('?'))));
    if (options_.path.starts_with("ducklake:")) Wrong("`path` names a DuckLake, which stir does not support");
  }

  void ReadUnknown(const Json& object, std::span<const std::string_view> words, std::string_view where) {
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(words, key) != words.end()) continue;
      const std::vector<std::string> known(words.begin(), words.end());
      const std::string meant = DidYouMean(key, known);
      Wrong(fmt::format("`{}` is not a word of {}", key, where),
            meant.empty() ? fmt::format("it knows {}", Join(known, ", ")) : meant);
    }
  }

  // As in dbt-duckdb, `database` may only repeat what the path says, or name an attached database.
  void ReadDatabase() {
    if (IsElsewhere(options_.path)) return;
    const std::string derived = DatabaseNameOf(options_.path);
    options_.database = profile_.database.empty() ? derived : profile_.database;
    if (const Json* named = Find("database")) options_.database = ScalarText(*named);
    if (options_.database == derived) return;
    if (const Json* attach = Find("attach"); attach != nullptr && attach->is_array()) {
      for (const Json& each : *attach) {
        if (each.is_object() && each.contains("alias") && ScalarText(each["alias"]) == options_.database) return;
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
      if (key.find("secret") != std::string::npos || key.find("token") != std::string::npos ||
          key.find("password") != std::string::npos)
        options_.secrets.push_back(ScalarText(value));
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
      SetupStep step;
      if (entry.is_string()) {
        step.name = entry.get<std::string>();
      } else if (entry.is_object() && entry.contains("name") && entry.contains("repo")) {
        step.name = ScalarText(entry["name"]);
        // A folder or an address is a text, a repository that the engine knows is a word.
        const std::string repo = ScalarText(entry["repo"]);
        const bool quote = repo.find_first_of("/:") != std::string::npos && !repo.starts_with('\'');
        step.sql = fmt::format("INSTALL {} FROM {}", step.name, quote ? Literal(repo) : repo);
      } else {
        return Wrong("an entry of `extensions` must be a name, or a mapping with `name` and `repo`");
      }
      options_.setup.push_back(std::move(step));
    });
  }

  void ReadSecrets() {
    int number = 0;
    ForEachEntry("secrets", [&](const Json& entry) {
      ++number;
      if (!entry.is_object() || !entry.contains("type"))
        return Wrong("an entry of `secrets` must be a mapping with a `type`");
      options_.setup.push_back(SecretStep(entry, number));
      CollectSecrets(entry, options_.secrets);
    });
    const Json* provider = Find("use_credential_provider");
    if (provider == nullptr) return;
    if (ScalarText(*provider) != "aws")
      return Wrong(fmt::format("`use_credential_provider: {}` is not supported", ScalarText(*provider)),
                   "it can only be `aws`; an entry of `secrets` does the same for other services");
    options_.setup.push_back(SecretStep(Json{{"type", "s3"}, {"provider", "credential_chain"}}, number + 1));
  }

  void ReadAttach() {
    ForEachEntry("attach", [&](const Json& entry) {
      if (!entry.is_object() || !entry.contains("path"))
        return Wrong("an entry of `attach` must be a mapping with a `path`");
      ReadUnknown(entry, kAttachWords, "an entry of `attach`");
      const std::string path = ScalarText(entry["path"]);
      if (IsElsewhere(path) || entry.value("is_ducklake", Json()) == true)
        return Wrong("an entry of `attach` names MotherDuck or a DuckLake, which stir does not support");
      options_.setup.push_back(AttachStep(entry, errors_));
      CollectAttachSecrets(entry, options_.secrets);
    });
  }

  void ReadRetries() {
    const Json* retries = Find("retries");
    if (retries == nullptr) return;
    if (!retries->is_object()) return Wrong("`retries` must be a mapping");
    ReadUnknown(*retries, std::array<std::string_view, 3>{"connect_attempts", "query_attempts", "retryable_exceptions"},
                "`retries`");
    const auto number = [&](const char* key, int& target) {
      const auto found = retries->find(key);
      if (found == retries->end() || found->is_null()) return;
      if (!found->is_number_integer() || found->get<int>() < 1)
        return Wrong(fmt::format("`{}` of `retries` must be a whole number from 1", key));
      target = found->get<int>();
    };
    number("connect_attempts", options_.connect_attempts);
    number("query_attempts", options_.query_attempts);
    const auto names = retries->find("retryable_exceptions");
    if (names == retries->end() || !names->is_array()) return;
    options_.retryable.clear();
    for (const Json& name : *names) options_.retryable.push_back(ScalarText(name));
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
