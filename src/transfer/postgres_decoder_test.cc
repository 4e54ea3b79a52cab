// Streams as they may come: cut anywhere, short, of another shape.
#include "transfer/postgres_decoder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "base/json.h"
#include "transfer/kinds.h"

namespace stir::transfer {
namespace {

using namespace std::string_literals;

// Two rows of (int4, text): (258, 'ab'), (NULL, '').
const std::string kHeader = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
const std::string kRows = "\0\2\0\0\0\4\0\0\1\2\0\0\0\2"s + "ab" + "\0\2\377\377\377\377\0\0\0\0"s;
const std::string kEnd = "\377\377"s;

class DecoderTest : public testing::Test {
 protected:
  void SetUp() override {
    adapter::Profile profile;
    profile.type = "duckdb";
    profile.settings = std::make_shared<Json>(Json{{"path", ":memory:"}});
    adapter_ = *adapter::duckdb::OpenDuckDb(profile);
    connection_ = *adapter_->Connect();
    fields_ = {FieldOf({.name = "a", .type = 23}, {.oid = 23}), FieldOf({.name = "b", .type = 25}, {.oid = 25})};
  }

  // Decodes `stream`, given in pieces of `size`, and asks the engine.
  std::string Decode(const std::string& stream, size_t size) {
    auto* taker = dynamic_cast<adapter::FeedTaker*>(connection_.get());
    std::unique_ptr<adapter::FeedBatch> batch;
    auto feed = *taker->OpenFeed(FeedColumnsOf(fields_), [&] { return Result(std::move(batch)); });
    batch = feed->MakeBatch();
    PgDecoder decoder(fields_);
    decoder.BeginBatch(*batch);
    decoder.BeginStream();
    for (size_t at = 0; at < stream.size(); at += size) {
      if (const Status taken = decoder.Take(std::string_view(stream).substr(at, size)); !taken.ok())
        return taken.error().front().message;
    }
    if (const Status ended = decoder.EndStream(); !ended.ok()) return ended.error().front().message;
    batch->SetRows(decoder.rows());
    const auto rows =
        adapter::QueryAll(*connection_, "SELECT * EXCLUDE (_stir_unfit, _stir_unfit_text) FROM " + feed->sql());
    if (!rows.ok()) return rows.error().front().message;
    std::string out;
    for (const auto& row : *rows)
      for (const auto& cell : row)
        out += (std::holds_alternative<std::monostate>(cell) ? "NULL" : "<" + CellText(cell) + ">") + " ";
    return out;
  }

  std::unique_ptr<adapter::Adapter> adapter_;
  std::unique_ptr<adapter::Connection> connection_;
  std::vector<PgField> fields_;
};

TEST_F(DecoderTest, ReadsAStreamCutAnywhere) {
  for (const size_t size : {1000U, 1U, 2U, 3U, 7U, 20U})
    EXPECT_EQ(Decode(kHeader + kRows + kEnd, size), "<258> <ab> NULL <> ") << size;
}

TEST_F(DecoderTest, RefusesWhatIsNoCopyOfTheseColumns) {
  EXPECT_EQ(Decode("1\tab\n\\N\t\n of a text", 1000), "the server's COPY is not in binary form");
  EXPECT_EQ(Decode(kHeader + "\0\1\0\0\0\0"s + kEnd, 1000), "the server sent 1 columns, not 2");
  EXPECT_EQ(Decode(kHeader + kRows, 1000), "the server's COPY ended in the middle");
  EXPECT_EQ(Decode(kHeader + kRows.substr(0, 9), 1000), "the server's COPY ended in the middle");
}

TEST(PostgresColumns, MapsNumerics) {
  const auto name = [](int precision, int scale) {
    const int32_t modifier = precision == 0 ? -1 : (precision << 16 | (scale & 0x7ff)) + 4;
    return TypeName(FieldOf({.name = "n", .type = 1700, .modifier = modifier}, {.oid = 1700}).type);
  };
  EXPECT_EQ(name(12, 2), "DECIMAL(12,2)");
  EXPECT_EQ(name(38, 38), "DECIMAL(38,38)");
  EXPECT_EQ(name(39, 2), "VARCHAR");
  EXPECT_EQ(name(0, 0), "VARCHAR");
  EXPECT_EQ(name(3, -2), "DECIMAL(5,0)");
  EXPECT_EQ(name(2, 4), "DECIMAL(4,4)");
}

}  // namespace
}  // namespace stir::transfer
