// Typed SQL on the target or on a connection.
#include "engine/sql.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapter/kinds.h"
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
              platform::LoadDefinitions({host.files, host.sources, options.project_dir, setting->target.name, *manifest, values}));
  STIR_ASSIGN(const platform::Connection* found, definitions.FindConnection(name));
  if (found->type == platform::ConnectionType::kTarget) return setting->target.profile;
  platform::Secrets secrets(definitions.secrets, host.environment, host.redactor);
  platform::RunScope scope(values, definitions, secrets, {});
  STIR_ASSIGN(const platform::Connection connection, platform::BindConnection(definitions, *found, scope));
  if (!platform::IsDatabase(connection.type)) {
    return Diagnostic(kNotADatabase, fmt::format("the connection `{}` of type `{}` takes no SQL", name, ToString(connection.type)),
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

Result<adapter::Profile> ProfileFor(const Host& host, const Options& options, const SqlRequest& request) {
  if (!request.connection.empty() && request.connection != "target") {
    return ProfileOfConnection(host, options, request.connection);
  }
  STIR_ASSIGN(const TargetSetting setting, ReadTargetSetting(host, options));
  return setting.target.profile;
}

// The engine counts in the statement; people see the text that they wrote.
Diagnostics Placed(Diagnostics errors, SourceId source, const StatementRange& range) {
  for (Diagnostic& error : errors) {
    if (error.span) continue;
    const auto begin = static_cast<uint32_t>(range.begin);
    if (error.engine_offset >= 0) {
      const auto at = std::min(begin + static_cast<uint32_t>(error.engine_offset), static_cast<uint32_t>(range.end));
      error.span = {source, at, at + 1};
    } else if (error.kind == adapter::kDatabaseError) {
      error.span = {source, begin, begin + 1};
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
    if (!rows.ok()) return Placed(std::move(rows).error(), source, range);
    if (Status status = on_rows(**rows); !status.ok()) return Placed(std::move(status).error(), source, range);
  }
  return {};
}

}  // namespace stir::engine
