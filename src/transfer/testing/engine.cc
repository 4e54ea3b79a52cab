#include "transfer/testing/engine.h"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "base/strings.h"

namespace stir::transfer {

std::unique_ptr<adapter::Adapter> OpenDuckDb(const std::filesystem::path& file) {
  adapter::Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<Json>(Json{{"path", file.string()}});
  auto opened = adapter::duckdb::OpenDuckDb(profile);
  EXPECT_TRUE(opened.ok()) << opened.error().front().message;
  return *std::move(opened);
}

std::string RowsOf(adapter::Adapter& adapter, const std::string& query) {
  auto session = *adapter.Connect();
  EXPECT_TRUE(session->Execute("SET TimeZone = 'UTC'").ok());
  auto rows = adapter::QueryAll(*session, query);
  if (!rows.ok()) return rows.error().front().message;
  std::vector<std::string> lines;
  for (const auto& row : *rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(adapter::CellText(cell));
    lines.push_back(Join(cells, "|"));
  }
  return Join(lines, "\n");
}

Timestamp Day(int day) { return *ParseTimestamp(fmt::format("2026-11-{:02}", day)); }

}  // namespace stir::transfer
