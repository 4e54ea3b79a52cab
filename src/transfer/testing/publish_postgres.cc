#include "transfer/testing/publish_postgres.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/strings.h"
#include "pg/testing/cluster.h"

namespace stir::transfer {

namespace stdfs = std::filesystem;

void PublishPostgresTest::SetUp() {
  std::string pattern = (stdfs::temp_directory_path() / "stir-publish-pg-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  adapter_ = OpenDuckDb(folder_ / "shop.duckdb");
  database_ = pg::testing::Cluster::Get().MakeDatabase();
  connection_.name = "app";
  connection_.type = platform::ConnectionType::kPostgres;
  As(pg::testing::Cluster::Get().user());
  lake_.name = "lake";
  lake_.type = platform::ConnectionType::kFiles;
  lake_.root = folder_ / "lake";
  publication_.name = "orders";
  publication_.from.model = "mart_orders";
  publication_.strategy = At(platform::Strategy::kSwap);
  publication_.to.table = At<std::string>("public.orders");
}

void PublishPostgresTest::TearDown() {
  adapter_.reset();
  std::error_code ignored;
  stdfs::remove_all(folder_, ignored);
}

void PublishPostgresTest::As(const std::string& user) {
  const auto& cluster = pg::testing::Cluster::Get();
  connection_.settings = std::make_shared<Json>(
      Json{{"host", cluster.host()}, {"port", cluster.port()}, {"user", user}, {"database", database_}});
}

void PublishPostgresTest::Model(const std::string& query) {
  auto session = *adapter_->Connect();
  auto made = session->Execute("create or replace table mart_orders as " + query);
  ASSERT_TRUE(made.ok()) << made.error().front().message;
}

std::string PublishPostgresTest::Sql(std::string_view sql) const {
  return pg::testing::Cluster::Get().Ask(database_, sql);
}

std::string PublishPostgresTest::Tables() const {
  return Sql(
      "select string_agg(relname, ' ' order by relname) from pg_class where relkind in ('r', 'p') and "
      "relnamespace = 'public'::regnamespace");
}

PublishRequest PublishPostgresTest::Request(const std::string& run) const {
  return {.publication = publication_,
          .to = connection_,
          .model = {.database = "shop", .schema = "main", .identifier = "mart_orders", .quote = {}, .include = {}},
          .run_id = run,
          .now = *ParseTimestamp("2026-11-21"),
          .patience = patience_,
          .stage = &lake_};
}

PublishOutcome PublishPostgresTest::Publishes(const std::string& run) {
  auto outcome = Publish(Request(run), *adapter_, SystemFiles(), journal_);
  if (outcome.ok()) return *outcome;
  for (const Diagnostic& error : outcome.error()) ADD_FAILURE() << error.message << " | " << error.hint;
  return {};
}

std::string PublishPostgresTest::Fails(const Failpoints& steps) {
  auto outcome = Publish(Request(), *adapter_, SystemFiles(), journal_, steps);
  if (outcome.ok()) return "it was published";
  std::vector<std::string> lines;
  for (const Diagnostic& error : outcome.error())
    lines.push_back(fmt::format("{}: {} | {}", error.kind.name, error.message, error.hint));
  return Join(lines, "\n");
}

void PublishPostgresTest::DieAt(const std::string& step) {
  adapter_.reset();
  const pid_t child = fork();
  if (child == 0) {
    auto adapter = OpenDuckDb(folder_ / "shop.duckdb");
    const Failpoints die([&](std::string_view reached) {
      if (reached == step) _exit(9);
    });
    auto done = Publish(Request("dies"), *adapter, SystemFiles(), journal_, die);
    if (!done.ok()) fmt::print(stderr, "{}\n", done.error().front().message);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 9) << step;
  adapter_ = OpenDuckDb(folder_ / "shop.duckdb");
}

}  // namespace stir::transfer
