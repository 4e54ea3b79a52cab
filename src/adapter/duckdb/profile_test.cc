// The words of a profile: the statements they become, and what they bring about on a real engine.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/duckdb/options.h"
#include "adapter/duckdb/setup.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Profile ProfileOf(Json settings) {
  Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<Json>(std::move(settings));
  return profile;
}

std::vector<std::string> SetupSql(const Json& settings) {
  const auto options = ReadOptions(ProfileOf(settings));
  std::vector<std::string> sql;
  if (!options.ok()) return {options.error().front().message};
  for (const SetupStep& step : options->setup) sql.push_back(step.sql.empty() ? step.name : step.sql);
  return sql;
}

TEST(Options, ExtensionsThenSecretsThenAttachedDatabases) {
  const Json settings = Json::parse(R"({
    "attach": [{"path": "a.db", "type": "sqlite", "alias": "lite", "read_only": true},
               {"path": "host=h password=pw", "type": "postgres", "secret": "pg"},
               {"path": "b.duckdb", "options": {"block_size": 16384, "encryption_key": "it's", "quoted": "'x'", "off": false}}],
    "secrets": [{"type": "s3", "provider": "config", "key_id": "k", "secret": "s'1", "scope": ["s3://a", "s3://b"]},
                {"type": "http", "name": "web", "persistent": true, "extra_http_headers": {"A": "b"}, "chain": ["x", "y"]}],
    "use_credential_provider": "aws",
    "extensions": ["json", {"name": "spatial", "repo": "community"}, {"name": "mine", "repo": "/opt/ext"}]})");
  EXPECT_EQ(SetupSql(settings),
            (std::vector<std::string>{
                "json", "INSTALL spatial FROM community", "INSTALL mine FROM '/opt/ext'",
                "CREATE OR REPLACE SECRET _dbt_secret_1 (type s3, provider config, key_id 'k', secret 's''1', scope "
                "'s3://a', scope 's3://b')",
                "CREATE OR REPLACE PERSISTENT SECRET web (type http, extra_http_headers map {'A': 'b'}, chain array "
                "['x', 'y'])",
                "CREATE OR REPLACE SECRET _dbt_secret_3 (type s3, provider credential_chain)",
                "ATTACH IF NOT EXISTS 'a.db' AS lite (TYPE sqlite, READ_ONLY)",
                "ATTACH IF NOT EXISTS 'host=h password=pw' (TYPE postgres, SECRET pg)",
                "ATTACH IF NOT EXISTS 'b.duckdb' (BLOCK_SIZE 16384, ENCRYPTION_KEY 'it''s', QUOTED 'x')"}));
  EXPECT_EQ(ReadOptions(ProfileOf(settings))->secrets, (std::vector<std::string>{"k", "s'1", "b", "pw"}));
}

TEST(Options, EverythingWrongIsSaidAtOnce) {
  const auto options = ReadOptions(ProfileOf(Json::parse(R"({
    "pth": "x", "plugins": [], "settings": 1, "extensions": [1], "retries": {"connect_attempts": 0},
    "attach": [{"path": "a", "aliass": "b"}, "c"]})")));
  ASSERT_FALSE(options.ok());
  EXPECT_EQ(options.error().size(), 7u);
}

TEST(Options, RetriesAreRead) {
  const auto options = ReadOptions(ProfileOf(Json::parse(
      R"({"retries": {"connect_attempts": 3, "query_attempts": 2, "retryable_exceptions": ["HTTPException"]}})")));
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->connect_attempts, 3);
  EXPECT_EQ(options->query_attempts, 2);
  EXPECT_EQ(options->retryable, (std::vector<std::string>{"HTTPException"}));
}

TEST(WithoutSecrets, MessagesShowNone) {
  const std::vector<std::string> secrets{"hunter2"};
  const Diagnostics errors =
      WithoutSecrets({Diagnostic(kConnectionFailed, "cannot connect with password=hunter2")}, secrets);
  EXPECT_EQ(errors.front().message, "cannot connect with password=*****");
}

class ReadyDatabase : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "stir-profile-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string In(const char* name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

// The extension lies beside the library: no network, nothing in the user's home.
TEST_F(ReadyDatabase, SqliteIsAttachedReadAndWritten) {
  const Json settings{{"path", In("a.duckdb")},
                      {"config_options", {{"extension_directory", In("ext")}}},
                      {"attach", {{{"path", In("lite.db")}, {"type", "sqlite"}, {"alias", "lite"}}}}};
  {
    auto adapter = OpenDuckDb(ProfileOf(settings));
    ASSERT_TRUE(adapter.ok()) << adapter.error().front().message;
    auto connection = *(*adapter)->Connect();
    ASSERT_TRUE(connection->Execute("create table lite.t as select range as i, 'x' as s from range(3)").ok());
    const auto relations = connection->ListRelations("lite", "main");
    ASSERT_TRUE(relations.ok());
    ASSERT_EQ(relations->size(), 1u);
    EXPECT_EQ(relations->front().identifier, "t");
    const auto columns = connection->ListColumns({"lite", "main", "t", RelationType::kTable, {}, {}});
    ASSERT_TRUE(columns.ok());
    EXPECT_EQ(columns->size(), 2u);
  }
  std::ifstream file(In("lite.db"), std::ios::binary);
  std::string head(15, '\0');
  file.read(head.data(), 15);
  EXPECT_EQ(head, "SQLite format 3");
  EXPECT_FALSE(fs::exists(folder_ / "ext"));

  Json by_name = settings;
  by_name["path"] = ":memory:";
  by_name["extensions"] = {"sqlite"};
  by_name["attach"][0]["read_only"] = true;
  auto adapter = OpenDuckDb(ProfileOf(by_name));
  ASSERT_TRUE(adapter.ok()) << adapter.error().front().message;
  auto connection = *(*adapter)->Connect();
  EXPECT_EQ(*QueryCount(*connection, "select count(*) from lite.t"), 3);
  EXPECT_FALSE(connection->Execute("insert into lite.t values (1, 'y')").ok());
}

TEST_F(ReadyDatabase, AnExtensionIsTakenFromAFile) {
  const std::string file = fmt::format("{}/extensions/sqlite_scanner.duckdb_extension", STIR_BUILD_LIB_DIR);
  ASSERT_TRUE(fs::exists(file)) << "tools/setup test puts it there";
  auto adapter = OpenDuckDb(ProfileOf(
      {{"path", ":memory:"}, {"config_options", {{"extension_directory", In("ext")}}}, {"extensions", {file}}}));
  ASSERT_TRUE(adapter.ok()) << adapter.error().front().message;
  auto connection = *(*adapter)->Connect();
  EXPECT_EQ(*QueryCount(*connection,
                        "select count(*) from duckdb_extensions() where extension_name = 'sqlite_scanner' "
                        "and loaded"),
            1);
}

TEST_F(ReadyDatabase, WhatCannotBeMadeReadySaysWhatAndShowsNoSecret) {
  const auto failure = [&](Json settings) {
    settings["path"] = In("a.duckdb");
    auto adapter = OpenDuckDb(ProfileOf(std::move(settings)));
    return adapter.ok() ? Diagnostic(kDatabaseError, "opened") : adapter.error().front();
  };
  const Diagnostic secret = failure({{"secrets", {{{"type", "nosuch"}, {"name", "bucket"}, {"secret", "hunter2"}}}}});
  EXPECT_TRUE(secret.message.starts_with("the secret `bucket` could not be created: ")) << secret.message;
  EXPECT_EQ(secret.message.find("hunter2"), std::string::npos);
  const Diagnostic attach = failure({{"attach", {{{"path", In("no.duckdb")}, {"read_only", true}}}}});
  EXPECT_TRUE(attach.message.find("could not be attached: ") != std::string::npos) << attach.message;
  EXPECT_FALSE(attach.hint.empty());
  const Diagnostic extension = failure(
      {{"config_options", {{"custom_extension_repository", In("none")}}}, {"extensions", {"no_such_extension"}}});
  EXPECT_TRUE(extension.message.starts_with("the extension `no_such_extension` could not be loaded: "))
      << extension.message;
  EXPECT_EQ(extension.kind, kConnectionFailed);
}

TEST_F(ReadyDatabase, AQueryThatFailsMayBeTriedAgain) {
  auto adapter = *OpenDuckDb(ProfileOf({{"path", ":memory:"}, {"retries", {{"query_attempts", 3}}}}));
  auto connection = *adapter->Connect();
  const std::string query = fmt::format("select count(*) from read_csv('{}')", In("late.csv"));
  std::jthread later([&] {
    std::this_thread::sleep_for(300ms);
    std::ofstream(In("part.csv")) << "i\n1\n";
    fs::rename(In("part.csv"), In("late.csv"));
  });
  const auto count = QueryCount(*connection, query);
  ASSERT_TRUE(count.ok()) << count.error().front().message;
  EXPECT_EQ(*count, 1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(connection->Execute("select nope").ok()) << "no IOException";
  EXPECT_LT(std::chrono::steady_clock::now() - began, 900ms);
}

TEST_F(ReadyDatabase, WaitingForAnotherTryIsCutShort) {
  auto adapter = *OpenDuckDb(ProfileOf({{"path", ":memory:"}, {"retries", {{"query_attempts", 9}}}}));
  auto connection = *adapter->Connect();
  std::jthread later([&] {
    for (int i = 0; i < 100; ++i) {
      std::this_thread::sleep_for(20ms);
      connection->Cancel();
    }
  });
  const auto failed = connection->Execute(fmt::format("from read_csv('{}')", In("never.csv")));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().kind, kCanceled);
}

}  // namespace
}  // namespace stir::adapter::duckdb
