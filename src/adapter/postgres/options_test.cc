// Profiles as libpq's parameters.
#include "adapter/postgres/options.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace stir::adapter::postgres {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

Profile ProfileOf(Json settings) {
  Profile profile;
  profile.type = "postgres";
  profile.settings = std::make_shared<Json>(std::move(settings));
  return profile;
}

TEST(PostgresOptions, SpeakDbtsWords) {
  const auto options = ReadOptions(ProfileOf({{"host", "db"},
                                              {"port", 5433},
                                              {"user", "u"},
                                              {"pass", "secret"},
                                              {"dbname", "shop"},
                                              {"role", "writer"},
                                              {"search_path", "a, b"},
                                              {"keepalives_idle", 30},
                                              {"retries", 2},
                                              {"sslmode", "require"}}));
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->connect.parameters, (Parameters{{"host", "db"},
                                                     {"port", "5433"},
                                                     {"user", "u"},
                                                     {"password", "secret"},
                                                     {"dbname", "shop"},
                                                     {"sslmode", "require"},
                                                     {"connect_timeout", "10"},
                                                     {"keepalives_idle", "30"},
                                                     {"application_name", "dbt"},
                                                     {"options", "-c search_path=a,\\ b"}}));
  EXPECT_EQ(options->connect.attempts, 3);
  EXPECT_EQ(options->role, "writer");
  EXPECT_EQ(options->database, "shop");
}

TEST(PostgresOptions, ReportEverythingThatIsWrong) {
  const auto options = ReadOptions(ProfileOf({{"host", {1, 2}}, {"port", "70000"}, {"connect_timeout", "soon"}}));
  ASSERT_FALSE(options.ok());
  std::vector<std::string> messages;
  for (const Diagnostic& error : options.error()) messages.push_back(error.message);
  EXPECT_EQ(messages,
            (std::vector<std::string>{"`host` must be a single value", "`connect_timeout: soon` is not a whole number",
                                      "`port: 70000` is no port"}));
}

}  // namespace
}  // namespace stir::adapter::postgres
