// Reads the output of profiles.yml for PostgreSQL.
#include "adapter/postgres/options.h"

#include <fmt/format.h>
#include <array>
#include <nlohmann/json.hpp>

#include "adapter/postgres/kinds.h"
#include "base/strings.h"

namespace stir::adapter::postgres {
namespace {

// A word of the profile, and what libpq calls it.
struct Word {
  std::string_view profile, libpq;
};

constexpr std::array<Word, 22> kParameters = {{{"host", "host"},
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
                                               {"tcp_user_timeout", "tcp_user_timeout"}}};

// Settings of the session, given when it is made.
constexpr std::array<std::string_view, 4> kSettings = {"search_path", "statement_timeout", "lock_timeout",
                                                       "idle_in_transaction_session_timeout"};

std::string ScalarText(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// Inside libpq's `options`, blanks and backslashes of a value are escaped.
std::string Escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == ' ' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const Profile& profile) : profile_(profile) {
    if (profile.settings != nullptr && profile.settings->is_object()) output_ = *profile.settings;
  }

  Result<Options> Read() {
    for (const Word& word : kParameters) AddParameter(std::string(word.libpq), std::string(word.profile));
    AddDefaults();
    AddSettings();
    CheckPort();
    options_.database = profile_.database.empty() ? Text("database", Text("dbname", "")) : profile_.database;
    if (!profile_.schema.empty()) options_.schema = profile_.schema;
    options_.role = Text("role", "");
    options_.connect.attempts = 1 + Whole("retries", 1);
    if (!errors_.empty()) return std::move(errors_);
    return std::move(options_);
  }

 private:
  const Json* Find(const std::string& key) const {
    const auto it = output_.find(key);
    return it == output_.end() || it->is_null() ? nullptr : &*it;
  }

  std::string Text(const std::string& key, std::string fallback) const {
    const Json* value = Find(key);
    return value == nullptr ? std::move(fallback) : ScalarText(*value);
  }

  int Whole(const std::string& key, int fallback) {
    const Json* value = Find(key);
    if (value == nullptr) return fallback;
    if (value->is_number_integer() && value->get<int64_t>() >= 0) return value->get<int>();
    Wrong(fmt::format("`{}: {}` is not a whole number", key, ScalarText(*value)));
    return fallback;
  }

  void Wrong(std::string message, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadProfile, std::move(message)).Hint(std::move(hint)));
  }

  void Set(const std::string& keyword, std::string value) {
    options_.connect.parameters.emplace_back(keyword, std::move(value));
  }

  void AddParameter(const std::string& keyword, const std::string& key) {
    const Json* value = Find(key);
    if (value == nullptr) return;
    if (value->is_structured()) return Wrong(fmt::format("`{}` must be a single value", key));
    Set(keyword, ScalarText(*value));
  }

  void AddDefaults() {
    Set("connect_timeout", std::to_string(Whole("connect_timeout", 10)));
    if (const int idle = Whole("keepalives_idle", 0); idle > 0) Set("keepalives_idle", std::to_string(idle));
    Set("application_name", Text("application_name", "dbt"));
  }

  void AddSettings() {
    std::string all;
    for (std::string_view name : kSettings) {
      const std::string value = Text(std::string(name), "");
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

  const Profile& profile_;
  Json output_ = Json::object();
  Options options_;
  Diagnostics errors_;
};

}  // namespace

Result<Options> ReadOptions(const Profile& profile) { return Reader(profile).Read(); }

}  // namespace stir::adapter::postgres
