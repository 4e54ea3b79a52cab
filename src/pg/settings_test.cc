// Settings as libpq's parameters, and with a server.
#include "pg/settings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pg/testing/cluster.h"

namespace stir::pg {
namespace {

using testing::Cluster;

std::string Answer(Session& session, std::string_view sql) {
  auto rows = session.Query(sql);
  if (!rows.ok()) return rows.error().front().message;
  Row row;
  const auto more = (*rows)->Next(row);
  return more.ok() && *more && row[0] ? std::string(*row[0]) : "";
}

TEST(Settings, WordsGoBeforeADsnAndADsnBeforeDefaults) {
  const Cluster& cluster = Cluster::Get();
  const Json given = {{"dsn", fmt::format("host={} port={} user={} dbname=postgres connect_timeout=3 "
                                          "application_name=theirs",
                                          cluster.host(), cluster.port(), cluster.user())},
                      {"lock_timeout", "7s"}};
  auto settings = ReadSettings(given, "stir");
  ASSERT_TRUE(settings.ok());
  auto session = Open(*settings);
  ASSERT_TRUE(session.ok()) << session.error().front().message;
  EXPECT_EQ(Answer(**session, "select current_setting('application_name')"), "theirs");
  EXPECT_EQ(Answer(**session, "select current_setting('lock_timeout')"), "7s");
  EXPECT_EQ(Answer(**session, "select current_database()"), "postgres");
}

TEST(Settings, ARoleIsTaken) {
  const Cluster& cluster = Cluster::Get();
  const Json given = {{"host", cluster.host()},
                      {"port", cluster.port()},
                      {"user", cluster.user()},
                      {"database", "postgres"},
                      {"role", "pg_read_all_data"}};
  auto session = Open(*ReadSettings(given, "stir"));
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(Answer(**session, "select current_user"), "pg_read_all_data");
}

TEST(Settings, AnErrorDoesNotShowTheDsn) {
  auto session = Open(*ReadSettings({{"dsn", "postgresql://stir:hush@/x?host=/nowhere"}, {"retries", 0}}, "stir"));
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().front().message.find("hush"), std::string::npos) << session.error().front().message;
}

}  // namespace
}  // namespace stir::pg
