// `connections:` and `secrets:`.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "pg/settings.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "project/yaml_values.h"
#include "pylib/convert.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 14> kTypeNames = {"target",     "files", "duckdb", "webhook", "postgres",
                                                         "http",       "ssh",   "slack",  "email",   "pagerduty",
                                                         "clickhouse", "trino", "s3",     "kafka"};

// The mapping with what `targets.<name>` says laid over it.
YamlNode WithTarget(const YamlNode& node, const std::string& target) {
  const yaml::Node* targets = node->Find("targets");
  const yaml::Node* chosen = targets && targets->IsMapping() ? targets->Find(target) : nullptr;
  if (!chosen || !chosen->IsMapping()) return node;
  auto merged = std::make_shared<yaml::Node>(*node);
  for (const yaml::Entry& entry : chosen->entries) {
    std::erase_if(merged->entries, [&](const yaml::Entry& old) { return old.key->text == entry.key->text; });
    merged->entries.push_back(entry);
  }
  return merged;
}

// All that the mapping says but its type and overrides, as an adapter's profile has it.
std::shared_ptr<const Json> SettingsOf(const yaml::Node& node, Reader& reader) {
  auto settings = std::make_shared<Json>(Json::object());
  for (const yaml::Entry& entry : node.entries) {
    if (entry.key->text == "targets") continue;
    const auto value = reader.Value(*entry.value);
    if (!value) continue;
    if (auto json = pylib::ToJson(*value); json.ok()) (*settings)[entry.key->text] = *std::move(json);
  }
  return settings;
}

std::filesystem::path Below(const std::filesystem::path& root, const std::string& path) {
  return path.empty() ? std::filesystem::path() : (root / path).lexically_normal();
}

void CheckTargets(Fields& fields, Reader& reader) {
  const yaml::Node* targets = fields.Find("targets");
  if (!targets) return;
  if (!targets->IsMapping()) return reader.WrongType(*targets, "targets", "a mapping from a target's name to settings");
  for (const yaml::Entry& entry : targets->entries)
    if (!entry.value->IsMapping()) reader.WrongType(*entry.value, entry.key->text, "a mapping");
}

}  // namespace

std::string_view ToString(ConnectionType type) { return kTypeNames[static_cast<size_t>(type)]; }
bool IsBuilt(ConnectionType type) { return type <= ConnectionType::kPagerDuty; }
bool IsDatabase(ConnectionType type) {
  switch (type) {
    case ConnectionType::kTarget:
    case ConnectionType::kDuckDb:
    case ConnectionType::kPostgres:
    case ConnectionType::kClickHouse:
    case ConnectionType::kTrino:
      return true;
    default:
      return false;
  }
}
bool IsFileStore(ConnectionType type) { return type == ConnectionType::kFiles || type == ConnectionType::kS3; }
bool TakesAlerts(ConnectionType type) {
  switch (type) {
    case ConnectionType::kFiles:
    case ConnectionType::kWebhook:
    case ConnectionType::kSlack:
    case ConnectionType::kEmail:
    case ConnectionType::kPagerDuty:
      return true;
    default:
      return false;
  }
}

Connection ReadConnection(const std::string& name, const YamlNode& node, const ReadContext& context, Reader& reader) {
  const YamlNode merged = WithTarget(node, context.target_name);
  Connection connection{.name = name,
                        .type = ConnectionType::kTarget,
                        .span = node->span,
                        .root = {},
                        .path = {},
                        .url = {},
                        .headers = {},
                        .credentials = {},
                        .severity = {},
                        .mail = {},
                        .ssh = {},
                        .settings = {},
                        .node = node};
  Fields fields(reader, *merged, fmt::format("connection `{}`", name));
  if (!merged->IsMapping()) return connection;
  fields.Require("type", "one of `files`, `duckdb`, `postgres`, `webhook`, ...");
  connection.type = fields.OneOf<ConnectionType>("type", kTypeNames, ConnectionType::kTarget).value;
  CheckTargets(fields, reader);
  switch (connection.type) {
    case ConnectionType::kFiles:
      connection.root = Below(context.project_dir, fields.RequireText("root", "a folder, relative to the project"));
      break;
    case ConnectionType::kDuckDb:
      connection.path = Below(context.project_dir, fields.RequireText("path", "a file, relative to the project"));
      fields.IgnoreRest();  // settings, extensions, attach: the adapter's own
      break;
    case ConnectionType::kWebhook:
      connection.url = fields.RequireText("url");
      for (auto& [key, value] : fields.TextMap("headers")) connection.headers.emplace_back(key, value);
      break;
    case ConnectionType::kPostgres:
      for (std::string_view word : pg::SettingWords()) fields.Ignore(word);
      break;
    case ConnectionType::kHttp:
      ReadHttpConnection(connection, fields);
      break;
    case ConnectionType::kSsh:
      ReadSshConnection(connection, fields, context);
      break;
    case ConnectionType::kSlack:
      connection.url = fields.RequireText("webhook", "the address of an incoming webhook");
      break;
    case ConnectionType::kPagerDuty:
      ReadPagerDutyConnection(connection, fields);
      break;
    case ConnectionType::kEmail:
      ReadEmailConnection(connection, fields);
      break;
    default:
      fields.IgnoreRest();
  }
  fields.Finish();
  connection.settings = SettingsOf(*merged, reader);
  return connection;
}

std::vector<SecretSource> ReadSecrets(const yaml::Node& node, const ReadContext& context, Reader& reader) {
  Fields fields(reader, node, "`secrets`");
  const std::filesystem::path folder = Below(context.project_dir, fields.Text("folder", "stir/secrets"));
  const std::vector<std::string> command = fields.Texts("command");
  std::vector<SecretSource> sources;
  for (const auto& word : fields.PlacedTexts("from")) {
    if (*word == "env")
      sources.push_back({SecretSource::Kind::kEnv, {}, {}});
    else if (*word == "file")
      sources.push_back({SecretSource::Kind::kFile, folder, {}});
    else if (*word == "command" && !command.empty())
      sources.push_back({SecretSource::Kind::kCommand, {}, command});
    else if (*word == "command")
      reader.Error(Diagnostic(kBadValue, "secrets come from a command, but no `command` is given", word.span)
                       .Hint("add `command: [program, argument]`; it gets the secret's name as its last argument"));
    else
      reader.Error(Diagnostic(kBadValue, fmt::format("secrets cannot come from `{}`", *word), word.span)
                       .Hint("one of `env`, `file`, `command`"));
  }
  fields.Finish();
  if (sources.empty()) sources.push_back({});
  return sources;
}

}  // namespace stir::platform
