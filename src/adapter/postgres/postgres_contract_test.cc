// PostgreSQL keeps the adapter contract.
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "adapter/postgres/postgres_adapter.h"
#include "adapter/testing/contract.h"
#include "pg/testing/cluster.h"

namespace stir::adapter {
namespace {

// One database a folder, as an embedded engine has one file in it.
Result<std::unique_ptr<Adapter>> OpenIn(const std::string& folder) {
  static std::mutex mutex;
  static std::map<std::string, std::string> databases;
  pg::testing::Cluster& cluster = pg::testing::Cluster::Get();
  const std::lock_guard lock(mutex);
  std::string& database = databases[folder];
  if (database.empty()) database = cluster.MakeDatabase();
  Profile profile;
  profile.type = "postgres";
  profile.database = database;
  profile.settings = std::make_shared<Json>(
      Json{{"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database}});
  return postgres::OpenPostgres(profile);
}

INSTANTIATE_TEST_SUITE_P(Postgres, AdapterContract,
                         testing::Values(ContractSubject{
                             .name = "postgres",
                             .open = OpenIn,
                             .endless_query = "select pg_sleep(300)",
                         }),
                         ContractName);

}  // namespace
}  // namespace stir::adapter
