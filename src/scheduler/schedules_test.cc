// Cron in time zones beside what Python's croniter and zoneinfo make of them: tests/oracle/schedules.txt holds cases
// and their answers, written by tests/oracle/schedules_oracle.py. STIR_SCHEDULES names another file, a longer one.
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <fstream>

#include "base/strings.h"
#include "scheduler/cron.h"

namespace stir::scheduler {
namespace {

int64_t Seconds(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// zone|cron|after|due due due, in seconds since 1970.
std::string Difference(std::string_view line) {
  const std::vector<std::string_view> parts = Split(line, '|');
  if (parts.size() != 4) return "not a case: " + std::string(line);
  const auto zone = Zone::Find(parts[0]);
  const auto cron = Cron::Parse(parts[1]);
  if (!zone.ok() || !cron.ok()) return "refused: " + std::string(line);
  Timestamp time{std::chrono::seconds(Seconds(parts[2]))};
  for (std::string_view expected : Split(parts[3], ' ')) {
    time = cron->Next(time, *zone);
    const Timestamp due{std::chrono::seconds(Seconds(expected))};
    if (time != due)
      return std::string(line) + ": due at " + FormatTimestamp(time) + " instead of " + FormatTimestamp(due);
  }
  return {};
}

TEST(Schedules, AreDueWhenCroniterAndZoneinfoSay) {
  const char* given = std::getenv("STIR_SCHEDULES");
  std::ifstream in(given ? given : STIR_SOURCE_DIR "/tests/oracle/schedules.txt");
  size_t cases = 0, wrong = 0;
  for (std::string line; std::getline(in, line) && wrong < 20; ++cases) {
    const std::string difference = Difference(line);
    if (difference.empty()) continue;
    ++wrong;
    ADD_FAILURE() << difference;
  }
  EXPECT_GE(cases, 2000U);
  if (given) std::printf("%zu cases\n", cases);
}

}  // namespace
}  // namespace stir::scheduler
