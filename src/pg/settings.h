// What a profile or a connection says about a server, in dbt-postgres's words and libpq's own, as a session's
// parameters.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "pg/session.h"

namespace stir::pg {

struct Settings {
  ConnectSpec connect;
  std::string database;  // empty: in `dsn`, a service file or PGDATABASE
  std::string role;      // SET ROLE after connecting; empty: none
};

// Every word that ReadSettings knows: `host`, `password` and `pass`, `dsn` (a URI or keywords; other words go before
// it), `sslmode`, `role`, `retries`, `statement_timeout`, `lock_timeout`, ...
std::span<const std::string_view> SettingWords();

// `settings` is a mapping; words that are not known are left alone. Wrong types are all reported at once, as
// kBadSettings.
Result<Settings> ReadSettings(const Json& settings, std::string_view application_name);

// A session in its role.
Result<std::unique_ptr<Session>> Open(const Settings& settings);
// As dbt: the name as it is written, so that case folds and `none` is no role.
Status SetRole(Session& session, const Settings& settings);

}  // namespace stir::pg
