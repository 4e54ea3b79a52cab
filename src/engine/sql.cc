// Typed SQL on the target or on a connection.
#include "engine/sql.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapter/kinds.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/load_project.h"
#include "platform/bind.h"
#include "platform/load.h"
#include "platform/secrets.h"

namespace stir::engine {
namespace {

// The profile that a connection of stir/*.yml stands for. The whole project is read: connections may use its vars.
Result<adapter::Profile> ProfileOfConnection(const Host& host, const Options& options, const std::string& name) {
  STIR_ASSIGN(const std::unique_ptr<Setting> setting, ReadSetting(host, options));
  const Narrator silent(NullSink(), host.sources, {});
  STIR_ASSIGN(const std::shared_ptr<const project::Manifest> manifest, ParseSetting(*setting, host, options, silent));
  const platform::ProjectValues values(setting->invocation, *manifest, setting->target);
  STIR_ASSIGN(const platform::Definitions definitions,
              platform::LoadDefinitions(
                  {host.files, host.sources, options.project_dir, setting->target.name, *manifest, values}));
  STIR_ASSIGN(const platform::Connection* found, definitions.FindConnection(name));
  if (found->type == platform::ConnectionType::kTarget) return setting->target.profile;
  platform::Secrets secrets(definitions.secrets, host.environment, host.redactor);
  platform::RunScope scope(values, definitions, secrets, {});
  STIR_ASSIGN(const platform::Connection connection, platform::BindConnection(definitions, *found, scope));
  if (!platform::IsDatabase(connection.type)) {
    return Diagnostic(kNotADatabase,
                      fmt::format("the connection `{}` of type `{}` takes no SQL", name, ToString(connection.type)),
                      connection.span)
        .Hint("`sql` works on databases; files are read by an ingestion");
  }
  adapter::Profile profile;
  profile.type = ToString(connection.type);
  Json settings = connection.settings == nullptr ? Json::object() : *connection.settings;
  if (!connection.path.empty()) settings["path"] = connection.path.string();
  profile.settings = std::make_shared<const Json>(std::move(settings));
  return profile;
}

// Names without a schema are those of the target's models; by itself PostgreSQL looks into `public` only.
adapter::Profile InItsSchema(adapter::Profile profile) {
  if (profile.type != "postgres" || profile.schema.empty() || profile.settings == nullptr) return profile;
  Json settings = *profile.settings;
  Json& path = settings["search_path"];
  if (path.is_null()) path = fmt::format("\"{}\", public", ReplaceAll(profile.schema, "\"", "\"\""));
  profile.settings = std::make_shared<const Json>(std::move(settings));
  return profile;
}

Result<adapter::Profile> ProfileFor(const Host& host, const Options& options, const SqlRequest& request) {
  if (!request.connection.empty() && request.connection != "target") {
    return ProfileOfConnection(host, options, request.connection);
  }
  STIR_ASSIGN(const TargetSetting setting, ReadTargetSetting(host, options));
  return InItsSchema(setting.target.profile);
}

// The word that begins at an offset, or the one character there.
Span WordAt(SourceId source, std::string_view text, size_t at) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  size_t end = at;
  while (end < text.size() && in_word(text[end])) ++end;
  return {source, static_cast<uint32_t>(at), static_cast<uint32_t>(std::max(end, std::min(at + 1, text.size())))};
}

// The engine counts in the statement; people see the text that they wrote.
Diagnostics Placed(Diagnostics errors, SourceId source, std::string_view text, const StatementRange& range) {
  for (Diagnostic& error : errors) {
    if (error.span) continue;
    if (error.engine_offset >= 0) {
      error.span = WordAt(source, text, std::min(range.begin + static_cast<size_t>(error.engine_offset), range.end));
    } else if (error.kind == adapter::kDatabaseError) {
      error.span = WordAt(source, text, range.begin);
    }
  }
  return errors;
}

}  // namespace

Status RunSql(const Host& host, const Options& options, const SqlRequest& request, const OnRows& on_rows) {
  STIR_ASSIGN(const adapter::Profile profile, ProfileFor(host, options, request));
  STIR_ASSIGN(const std::unique_ptr<adapter::Adapter> engine, host.adapters.Open(profile));
  STIR_ASSIGN(const std::unique_ptr<adapter::Connection> connection, engine->Connect());
  const OnCancel<std::function<void()>> on_cancel(host.cancel, [&] { connection->Cancel(); });
  const SourceId source = host.sources.Add(request.name, request.text);
  const std::string_view text = host.sources.Text(source);
  for (const StatementRange& range : SplitStatements(text)) {
    auto rows = connection->Query(text.substr(range.begin, range.end - range.begin));
    if (!rows.ok()) return Placed(std::move(rows).error(), source, text, range);
    if (Status status = on_rows(**rows); !status.ok()) return Placed(std::move(status).error(), source, text, range);
  }
  return {};
}

}  // namespace stir::engine
