// Words of dbt-duckdb to SQL of the engine.
#include "adapter/duckdb/attach.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "adapter/duckdb/kinds.h"
#include "base/json.h"
#include "base/strings.h"

namespace stir::adapter::duckdb {
namespace {

bool IsIn(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string Member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? std::string() : ScalarText(*found);
}

std::string SecretParameter(const std::string& key, const Json& value) {
  static constexpr std::array<std::string_view, 3> kBare{"type", "provider", "extra_http_headers"};
  if (value.is_object()) {
    std::vector<std::string> members;
    for (const auto& [name, text] : value.items())
      members.push_back(fmt::format("{}: {}", Literal(name), Literal(text)));
    return fmt::format("{} map {{{}}}", key, Join(members, ", "));
  }
  if (value.is_array()) {
    std::vector<std::string> members;
    for (const Json& each : value) members.push_back(Literal(each));
    return fmt::format("{} array [{}]", key, Join(members, ", "));
  }
  return fmt::format("{} {}", key, IsIn(key, kBare) ? ScalarText(value) : Literal(value));
}

// A text that stands between quotes already is left as it is.
bool IsQuoted(std::string_view text) {
  text = Strip(text);
  return text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
}

void AddAttachOption(const std::string& key, const Json& value, std::vector<std::string>& out) {
  if (value.is_null() || value == false) return;
  if (value == true) {
    out.push_back(ToUpper(key));
  } else if (value.is_string() && !IsQuoted(value.get<std::string>())) {
    out.push_back(fmt::format("{} {}", ToUpper(key), Literal(value)));
  } else {
    out.push_back(fmt::format("{} {}", ToUpper(key), ScalarText(value)));
  }
}

// A word that stands there with nothing, false or an empty text is as if it were not there.
bool IsGiven(const Json& value) {
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return !value.is_null() && value != false;
}

// `type`, `secret` and `read_only` stand beside `options` or in it, not in both.
std::vector<std::string> AttachOptions(const Json& entry, Diagnostics& errors) {
  static constexpr std::array<std::string_view, 3> kOwn{"type", "secret", "read_only"};
  const auto found = entry.find("options");
  const Json more = found == entry.end() || !found->is_object() ? Json::object() : *found;
  std::vector<std::string> out;
  for (const std::string_view word : kOwn) {
    const std::string key(word);
    const Json beside = entry.value(key, Json());
    const bool given = IsGiven(beside);
    if (given && more.contains(key))
      errors.push_back(Diagnostic(
          kBadProfile, fmt::format("`{}` of an attached database is given twice: beside `options` and in it", key)));
    const Json value = given ? beside : more.value(key, Json());
    if (!IsGiven(value)) continue;
    out.push_back(key == "read_only" ? "READ_ONLY" : fmt::format("{} {}", ToUpper(key), ScalarText(value)));
  }
  for (const auto& [key, value] : more.items())
    if (!IsIn(key, kOwn)) AddAttachOption(key, value, out);
  return out;
}

}  // namespace

std::string ScalarText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return WriteJson(value);
}

std::string Literal(const Json& value) { return fmt::format("'{}'", ReplaceAll(ScalarText(value), "'", "''")); }

SetupStep SecretStep(const Json& secret, int number) {
  SetupStep step{.kind = SetupStep::Kind::kSecret, .name = Member(secret, "name"), .sql = {}, .type = {}};
  if (step.name.empty()) step.name = fmt::format("_dbt_secret_{}", number);
  std::vector<std::string> parameters{SecretParameter("type", secret["type"])};
  std::vector<std::string> scopes;
  for (const auto& [key, value] : secret.items()) {
    if (value.is_null() || key == "type" || key == "name" || key == "persistent") continue;
    if (key == "scope" && value.is_array()) {
      for (const Json& each : value) scopes.push_back(SecretParameter(key, each));
    } else {
      (key == "scope" ? scopes : parameters).push_back(SecretParameter(key, value));
    }
  }
  parameters.insert(parameters.end(), scopes.begin(), scopes.end());
  step.sql =
      fmt::format("CREATE OR REPLACE{} SECRET {} ({})", secret.value("persistent", Json()) == true ? " PERSISTENT" : "",
                  step.name, Join(parameters, ", "));
  return step;
}

SetupStep AttachStep(const Json& entry, Diagnostics& errors) {
  SetupStep step{
      .kind = SetupStep::Kind::kAttach, .name = Member(entry, "path"), .sql = {}, .type = Member(entry, "type")};
  const auto options = entry.find("options");
  if (step.type.empty() && options != entry.end() && options->is_object()) step.type = Member(*options, "type");
  step.sql = fmt::format("ATTACH IF NOT EXISTS {}", Literal(entry["path"]));
  if (const std::string alias = Member(entry, "alias"); !alias.empty()) step.sql += fmt::format(" AS {}", alias);
  const std::vector<std::string> with = AttachOptions(entry, errors);
  if (!with.empty()) step.sql += fmt::format(" ({})", Join(with, ", "));
  return step;
}

void CollectSecrets(const Json& secret, std::vector<std::string>& values) {
  static constexpr std::array<std::string_view, 9> kPublic{"type",   "provider", "name",    "scope",    "persistent",
                                                           "region", "endpoint", "use_ssl", "url_style"};
  for (const auto& [key, value] : secret.items()) {
    if (IsIn(key, kPublic)) continue;
    if (value.is_string()) values.push_back(value.get<std::string>());
    if (value.is_object())
      for (const auto& [name, text] : value.items())
        if (text.is_string()) values.push_back(text.get<std::string>());
  }
}

// `host=h password=pw` and `postgresql://user:pw@host`.
void CollectAttachSecrets(const Json& entry, std::vector<std::string>& values) {
  const std::string path = Member(entry, "path");
  for (const std::string_view word : {"password=", "passwd=", "motherduck_token="}) {
    const size_t at = path.find(word);
    if (at == std::string::npos) continue;
    const size_t begin = at + word.size();
    values.push_back(path.substr(begin, path.find_first_of(" &;", begin) - begin));
  }
  const size_t scheme = path.find("://");
  const size_t sign = scheme == std::string::npos ? scheme : path.find('@', scheme);
  const size_t colon = sign == std::string::npos ? sign : path.find(':', scheme + 3);
  if (colon < sign && sign != std::string::npos) values.push_back(path.substr(colon + 1, sign - colon - 1));
}

}  // namespace stir::adapter::duckdb
