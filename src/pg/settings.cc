#include "pg/settings.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "pg/kinds.h"

namespace stir::pg {
namespace {

// A word of the settings, and what libpq calls it; empty: no parameter of libpq.
struct Word {
  std::string_view name, libpq;
};

constexpr std::array<Word, 33> kWords = {{{"host", "host"},
                                          {"hostaddr", "hostaddr"},
                                          {"port", "port"},
                                          {"user", "user"},
                                          {"password", "password"},
                                          {"pass", "password"},
                                          {"database", "dbname"},
                                          {"dbname", "dbname"},
                                          {"service", "service"},
                                          {"passfile", "passfile"},
                                          {"sslmode", "sslmode"},
                                          {"sslcert", "sslcert"},
                                          {"sslkey", "sslkey"},
                                          {"sslpassword", "sslpassword"},
                                          {"sslrootcert", "sslrootcert"},
                                          {"sslcrl", "sslcrl"},
                                          {"channel_binding", "channel_binding"},
                                          {"gssencmode", "gssencmode"},
                                          {"target_session_attrs", "target_session_attrs"},
                                          {"keepalives_interval", "keepalives_interval"},
                                          {"keepalives_count", "keepalives_count"},
                                          {"tcp_user_timeout", "tcp_user_timeout"},
                                          {"dsn", ""},
                                          {"connect_timeout", ""},
                                          {"keepalives_idle", ""},
                                          {"application_name", ""},
                                          {"role", ""},
                                          {"retries", ""},
                                          {"search_path", ""},
                                          {"statement_timeout", ""},
                                          {"lock_timeout", ""},
                                          {"idle_in_transaction_session_timeout", ""},
                                          {"autocommit", ""}}};

constexpr auto kNames = [] {
  std::array<std::string_view, kWords.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kWords[i].name;
  return names;
}();

// Settings of the session, given when it is made.
constexpr std::array<std::string_view, 4> kSessionSettings = {"search_path", "statement_timeout", "lock_timeout",
                                                              "idle_in_transaction_session_timeout"};

constexpr int kConnectTimeout = 10;  // seconds

std::string ScalarText(const Json& value) { return value.is_string() ? value.get<std::string>() : WriteJson(value); }

// Inside libpq's `options`, blanks and backslashes of a value are escaped.
std::string Escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == ' ' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class SettingsReader {
 public:
  SettingsReader(const Json& given, std::string_view application_name)
      : given_(given), application_name_(application_name) {}

  Result<Settings> Read() {
    // libpq takes the last of what is said twice.
    const std::string dsn = Text("dsn", "");
    if (!dsn.empty()) {
      Set("connect_timeout", std::to_string(kConnectTimeout));
      Set("application_name", std::string(application_name_));
      Set("dbname", dsn);
    }
    AddWords();
    AddOwn(dsn.empty());
    AddSessionSettings();
    CheckPort();
    settings_.database = Text("database", Text("dbname", ""));
    settings_.role = Text("role", "");
    settings_.connect.attempts = 1 + Whole("retries", 1);
    if (!errors_.empty()) return std::move(errors_);
    return std::move(settings_);
  }

 private:
  const Json* Find(std::string_view key) const {
    if (!given_.is_object()) return nullptr;
    const auto it = given_.find(key);
    return it == given_.end() || it->is_null() ? nullptr : &*it;
  }

  std::string Text(std::string_view key, std::string fallback) const {
    const Json* value = Find(key);
    return value == nullptr ? std::move(fallback) : ScalarText(*value);
  }

  int Whole(std::string_view key, int fallback) {
    const Json* value = Find(key);
    if (value == nullptr) return fallback;
    if (value->is_number_integer() && value->get<int64_t>() >= 0) return value->get<int>();
    Wrong(fmt::format("`{}: {}` is not a whole number", key, ScalarText(*value)));
    return fallback;
  }

  void Wrong(std::string message, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadSettings, std::move(message)).Hint(std::move(hint)));
  }

  void Set(std::string_view keyword, std::string value) {
    settings_.connect.parameters.emplace_back(keyword, std::move(value));
  }

  void AddWords() {
    for (const Word& word : kWords) {
      const Json* value = word.libpq.empty() ? nullptr : Find(word.name);
      if (value == nullptr) continue;
      if (value->is_structured())
        Wrong(fmt::format("`{}` must be a single value", word.name));
      else
        Set(word.libpq, ScalarText(*value));
    }
  }

  void AddOwn(bool with_defaults) {
    if (with_defaults || Find("connect_timeout") != nullptr)
      Set("connect_timeout", std::to_string(Whole("connect_timeout", kConnectTimeout)));
    if (const int idle = Whole("keepalives_idle", 0); idle > 0) Set("keepalives_idle", std::to_string(idle));
    if (with_defaults || Find("application_name") != nullptr)
      Set("application_name", Text("application_name", std::string(application_name_)));
  }

  void AddSessionSettings() {
    std::string all;
    for (std::string_view name : kSessionSettings) {
      const std::string value = Text(name, "");
      if (!value.empty()) all += fmt::format("{}-c {}={}", all.empty() ? "" : " ", name, Escaped(value));
    }
    if (!all.empty()) Set("options", std::move(all));
  }

  void CheckPort() {
    const Json* port = Find("port");
    if (port == nullptr) return;
    const std::string text = ScalarText(*port);
    const bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoi(text) > 65535)
      Wrong(fmt::format("`port: {}` is no port", text), "it is a number up to 65535");
  }

  const Json& given_;
  std::string_view application_name_;
  Settings settings_;
  Diagnostics errors_;
};

// A server that is not told of it keeps the session of a client that is gone, with its locks, for hours. On a socket in
// the file system it is always told.
Status LetServerNotice(Session& session) {
  constexpr int kUserTimeouts = 120000;
  std::string set = "set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3";
  if (session.server_version() >= kUserTimeouts) set += "; set tcp_user_timeout = '60s'";
  STIR_TRY(session.Execute(set));
  return {};
}

}  // namespace

std::span<const std::string_view> SettingWords() { return kNames; }

Result<Settings> ReadSettings(const Json& settings, std::string_view application_name) {
  return SettingsReader(settings, application_name).Read();
}

Result<std::unique_ptr<Session>> Open(const Settings& settings) {
  STIR_ASSIGN(std::unique_ptr<Session> session, Session::Open(settings.connect));
  STIR_TRY(LetServerNotice(*session));
  STIR_TRY(SetRole(*session, settings));
  return session;
}

Status SetRole(Session& session, const Settings& settings) {
  if (!settings.role.empty()) STIR_TRY(session.Execute("set role " + settings.role));
  return {};
}

}  // namespace stir::pg
