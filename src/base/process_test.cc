#include "base/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/kinds.h"
#include "base/testing/fake_clock.h"

namespace stir {
namespace {

using std::chrono::milliseconds;

struct Ran {
  ProcessResult result;
  std::string out, err;
};

Ran Launch(ProcessSpec spec, const CancelToken& cancel = {}) {
  Ran ran;
  auto result = RunProcess(
      spec,
      [&](Stream stream, std::string_view line) {
        (stream == Stream::kOut ? ran.out : ran.err).append(line).append("|");
      },
      cancel);
  EXPECT_TRUE(result.ok());
  if (result.ok()) ran.result = *result;
  return ran;
}

ProcessSpec Shell(std::string script) { return {.argv = {"sh", "-c", std::move(script)}}; }

TEST(Process, GivesLinesStatusEnvironmentAndFolder) {
  ProcessSpec spec = Shell("echo one; echo two >&2; printf \"$X $(pwd)\"; exit 3");
  spec.environment["X"] = "x y";
  spec.directory = "/";
  const Ran ran = Launch(spec);
  EXPECT_EQ(ran.out, "one|x y /|");
  EXPECT_EQ(ran.err, "two|");
  EXPECT_EQ(ran.result.end, ProcessResult::End::kExited);
  EXPECT_EQ(ran.result.code, 3);
}

TEST(Process, FeedsInputLargerThanAPipe) {
  ProcessSpec spec{.argv = {"wc", "-c"}};
  spec.input = std::string(1 << 20, 'x');
  EXPECT_EQ(Launch(spec).out, "1048576|");
  spec.argv = {"true"};  // does not read it: no SIGPIPE
  EXPECT_EQ(Launch(spec).result.code, 0);
}

TEST(Process, ReportsTheSignal) {
  const Ran ran = Launch(Shell("kill -9 $$"));
  EXPECT_EQ(ran.result.end, ProcessResult::End::kSignaled);
  EXPECT_EQ(ran.result.code, SIGKILL);
}

TEST(Process, DeadlineEndsTheWholeGroupEvenWhenTermIsIgnored) {
  test::TempFolder folder;
  ProcessSpec spec = Shell("trap '' TERM; (trap '' TERM; sleep 30; echo late > leaked) & sleep 30");
  spec.directory = folder.path().string();
  spec.timeout = milliseconds(100);
  spec.grace = milliseconds(100);
  const Duration start = SystemClock().Monotonic();
  const Ran ran = Launch(spec);
  EXPECT_EQ(ran.result.end, ProcessResult::End::kTimedOut);
  EXPECT_EQ(ran.result.code, SIGKILL);
  EXPECT_LT(SystemClock().Monotonic() - start, std::chrono::seconds(10));
}

TEST(Process, CancelAsksPolitelyFirst) {
  CancelSource source;
  std::jthread canceler([&] {
    std::this_thread::sleep_for(milliseconds(100));
    source.request_stop();
  });
  const Ran ran = Launch(Shell("trap 'echo cleaned; exit 7' TERM; while :; do sleep 0.01; done"), source.get_token());
  EXPECT_EQ(ran.result.end, ProcessResult::End::kCanceled);
  EXPECT_EQ(ran.result.code, 7);
  EXPECT_EQ(ran.out, "cleaned|");
}

TEST(Process, IsEndedByADescriptorToo) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ProcessSpec spec = Shell("sleep 30");
  spec.stop = ends[0];
  spec.own_session = spec.is_guarded = false;
  const std::jthread closer([&] {
    std::this_thread::sleep_for(milliseconds(100));
    static_cast<void>(write(ends[1], "x", 1) == 1);
  });
  EXPECT_EQ(Launch(spec).result.end, ProcessResult::End::kCanceled);
  close(ends[0]), close(ends[1]);
}

TEST(Process, WithoutASessionOfItsOwnItHasAGroupOfItsOwn) {
  ProcessSpec spec = Shell("ps -o sess=,pgid= -p $$");
  spec.own_session = false;
  pid_t session = 0, group = 0;
  ASSERT_EQ(std::sscanf(Launch(spec).out.c_str(), "%d %d", &session, &group), 2);
  EXPECT_EQ(session, getsid(0));
  EXPECT_NE(group, getpgid(0));
}

TEST(Process, ABackgroundProcessDoesNotHoldUs) {
  const Duration start = SystemClock().Monotonic();
  EXPECT_EQ(Launch(Shell("sleep 5 & echo done")).out, "done|");
  EXPECT_LT(SystemClock().Monotonic() - start, std::chrono::seconds(4));
}

// Whether the process is there and runs; one that nobody has waited for yet does not.
bool Runs(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string number, name, state;
  return static_cast<bool>(stat >> number >> name >> state) && state != "Z";
}

TEST(Process, AKilledParentTakesItsChildrenAlong) {
  test::TempFolder folder;
  const std::string file = (folder.path() / "pids").string();
  const pid_t parent = fork();
  if (parent == 0) {
    static_cast<void>(
        RunProcess(Shell("sleep 600 & echo $$ $! >" + file + ".new; mv " + file + ".new " + file + "; wait"), {}));
    _exit(0);
  }
  std::string shell, sleeper;
  const auto wait_until = [](const auto& condition) {
    for (int tries = 0; tries < 1000 && !condition(); ++tries) std::this_thread::sleep_for(milliseconds(10));
    return condition();
  };
  ASSERT_TRUE(wait_until([&] { return static_cast<bool>(std::ifstream(file) >> shell >> sleeper); }));
  EXPECT_TRUE(Runs(shell) && Runs(sleeper));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(wait_until([&] { return !Runs(shell) && !Runs(sleeper); }));
}

TEST(Process, SaysWhyItDidNotStart) {
  auto missing = RunProcess({.argv = {"no-such-program"}}, {});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error()[0].kind, kProcessNotStarted);
  EXPECT_EQ(missing.error()[0].message, "cannot start `no-such-program`: no such program");
  ProcessSpec spec{.argv = {"true"}};
  spec.directory = "/no/such/folder";
  auto folder = RunProcess(spec, {});
  ASSERT_FALSE(folder.ok());
  EXPECT_NE(folder.error()[0].message.find("there is no such folder"), std::string::npos);
}

}  // namespace
}  // namespace stir
