// DuckDB keeps the adapter contract.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/testing/contract.h"

namespace stir::adapter {
namespace {

Result<std::unique_ptr<Adapter>> OpenIn(const std::string& folder) {
  Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<Json>(Json{{"type", "duckdb"}, {"path", folder + "/shop.duckdb"}});
  return duckdb::OpenDuckDb(profile);
}

INSTANTIATE_TEST_SUITE_P(
    DuckDb, AdapterContract,
    testing::Values(ContractSubject{
        .name = "duckdb",
        .open = OpenIn,
        .endless_query = "select count(*) from range(10000000) a, range(10000000) b where a.range + b.range = -1",
    }),
    ContractName);

}  // namespace
}  // namespace stir::adapter
