#include "engine/process_record.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/testing/fake_clock.h"

namespace stir::engine {
namespace {

TEST(ProcessRecord, IsMadeOnceAndEndsOnce) {
  const test::TempFolder folder;
  const fs::path path = ProcessRecordPath(folder.path() / "1.log");
  EXPECT_EQ(path.filename(), "1.process");
  EXPECT_FALSE(ReadProcessRecord(path));
  const auto self = IdentityOf(getpid());
  ASSERT_TRUE(self && IsAlive(*self));
  EXPECT_TRUE(ClaimProcessRecord(path, *self));
  EXPECT_FALSE(ClaimProcessRecord(path, {})) << "who comes second does not begin";
  auto record = ReadProcessRecord(path);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->supervisor, *self);
  EXPECT_FALSE(record->end);

  const ProcessEnd end{{ProcessResult::End::kSignaled, 9}, {}, "{\"rows\": 3}", "why\xff"};
  std::ofstream(path, std::ios::app) << R"({"end": "exi)";
  EXPECT_FALSE(ReadProcessRecord(path)->end) << "whoever wrote it died over it";
  fs::remove(path);
  ASSERT_TRUE(ClaimProcessRecord(path, *self));
  EXPECT_TRUE(WriteProcessEnd(path, end, /*durable=*/true).ok());
  const auto ended = ReadProcessRecord(path);
  ASSERT_TRUE(ended && ended->end);
  EXPECT_EQ(ended->end->result.end, ProcessResult::End::kSignaled);
  EXPECT_EQ(ended->end->result.code, 9);
  EXPECT_EQ(ended->end->last_line, "{\"rows\": 3}");
  EXPECT_EQ(ended->end->last_error, "why\xef\xbf\xbd");

  fs::remove(path);
  EXPECT_TRUE(WriteProcessEnd(path, end, /*durable=*/false).ok());
  EXPECT_FALSE(fs::exists(path)) << "nobody wants to know any more";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 0) << "no draft is left";
}

TEST(ProcessRecord, AProcessIsTheOneThatStartedThen) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    pause();
    _exit(0);
  }
  while (getsid(child) != child) usleep(1000);
  auto identity = IdentityOf(child);
  ASSERT_TRUE(identity);
  ProcessIdentity other = *identity;
  ++other.start;
  EXPECT_FALSE(IsAlive(other));
  SignalTo(other, SIGKILL);
  EndSession(other);
  EXPECT_TRUE(IsAlive(*identity));
  EndSession(*identity);
  EXPECT_FALSE(IsAlive(*identity)) << "one that nobody has reaped is no more, either";
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(IdentityOf(child));
}

}  // namespace
}  // namespace stir::engine
