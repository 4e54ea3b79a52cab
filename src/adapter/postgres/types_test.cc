// Names and cells, without a server.
#include "adapter/postgres/types.h"

#include <gtest/gtest.h>

#include "adapter/cell.h"

namespace stir::adapter::postgres {
namespace {

TEST(PostgresTypes, AreNamedAsTheServerNamesThem) {
  EXPECT_EQ(BuiltinTypeName(1700, ((20 << 16) | 4) + 4), "numeric(20,4)");
  EXPECT_EQ(BuiltinTypeName(1700, ((5 << 16) | (-2 & 0x7ff)) + 4), "numeric(5,-2)");
  EXPECT_EQ(BuiltinTypeName(1043, 24), "character varying(20)");
  EXPECT_EQ(BuiltinTypeName(1042, -1), "bpchar");
  EXPECT_EQ(BuiltinTypeName(1184, 3), "timestamp(3) with time zone");
  EXPECT_EQ(BuiltinTypeName(1186, 5), std::nullopt) << "an interval's fields are the server's to name";
  EXPECT_EQ(BuiltinTypeName(99999, -1), std::nullopt);
}

std::string Shown(uint32_t type, std::string_view text) { return CellText(CellOf(type, "t", text)); }

TEST(PostgresTypes, KeepTimesExact) {
  EXPECT_EQ(Shown(1114, "2026-02-28 10:20:30.5"), "2026-02-28 10:20:30.5");
  EXPECT_EQ(Shown(1184, "2026-02-28 10:20:30+05:30"), "2026-02-28 04:50:30+00");
  EXPECT_EQ(Shown(1184, "1880-01-01 00:00:00+00:19:32"), "1879-12-31 23:40:28+00");
  EXPECT_EQ(Shown(1082, "0001-01-01"), "0001-01-01");
  for (const char* odd : {"infinity", "-infinity", "0044-03-15 BC", "294276-12-31 23:59:59.999999"})
    EXPECT_EQ(Shown(1114, odd), odd);
  EXPECT_TRUE(std::holds_alternative<Other>(CellOf(1082, "date", "infinity")));
}

TEST(PostgresTypes, KeepNumbersExact) {
  EXPECT_EQ(std::get<Decimal>(CellOf(1700, "numeric", "NaN")).digits, "NaN");
  EXPECT_EQ(std::get<int64_t>(CellOf(20, "bigint", "-9223372036854775808")), INT64_MIN);
  EXPECT_EQ(std::get<double>(CellOf(701, "double precision", "-Infinity")), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<double>(CellOf(700, "real", "0.1")), 0.1);
}

}  // namespace
}  // namespace stir::adapter::postgres
