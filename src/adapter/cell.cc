// Cells as text, and the small queries that stir asks for itself.
#include "adapter/cell.h"

#include <fmt/format.h>
#include <chrono>

namespace stir::adapter {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

std::string DateText(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  const int year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  const auto day = static_cast<unsigned>(date.day());
  // There is no year zero: 0 is 1 BC.
  if (year <= 0) return fmt::format("{:04}-{:02}-{:02} (BC)", 1 - year, month, day);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string TimestampText(const TimestampCell& cell) {
  int64_t days = cell.micros / kMicrosPerDay;
  int64_t micros = cell.micros % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  const int64_t seconds = micros / kMicrosPerSecond;
  std::string out =
      fmt::format("{} {:02}:{:02}:{:02}", DateText(days), seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const int64_t rest = micros % kMicrosPerSecond; rest != 0) {
    out += fmt::format(".{:06}", rest);
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (cell.with_zone) out += "+00";
  return out;
}

std::string DoubleText(double value) {
  std::string out = fmt::format("{}", value);
  if (out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
  return out;
}

struct TextOf {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return DoubleText(value); }
  std::string operator()(const Decimal& value) const { return value.digits; }
  std::string operator()(const Date& value) const { return DateText(value.days); }
  std::string operator()(const TimestampCell& value) const { return TimestampText(value); }
  std::string operator()(const Text& value) const { return value.value; }
  std::string operator()(const Other& value) const { return value.text; }
};

}  // namespace

std::string CellText(const Cell& cell) { return std::visit(TextOf{}, cell); }

Result<std::vector<std::vector<Cell>>> QueryAll(Connection& connection, std::string_view sql) {
  STIR_ASSIGN(auto rows, connection.Query(sql));
  std::vector<std::vector<Cell>> all;
  while (true) {
    std::vector<Cell> row;
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) return all;
    all.push_back(std::move(row));
  }
}

Result<int64_t> QueryCount(Connection& connection, std::string_view sql) {
  STIR_ASSIGN(auto rows, QueryAll(connection, sql));
  if (rows.empty() || rows[0].empty()) return int64_t{0};
  const auto* value = std::get_if<int64_t>(&rows[0][0]);
  return value != nullptr ? *value : int64_t{0};
}

}  // namespace stir::adapter
