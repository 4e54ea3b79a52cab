// Services that decide through simulated months and die at any moment, beside clocks that jump, schedules that are
// changed and pauses: after every step what must always hold is looked at.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "scheduler/clockwork.h"
#include "scheduler/testing/seeds.h"
#include "scheduler/testing/times.h"

namespace stir::scheduler {
namespace {

using Kind = Decision::Kind;
using std::chrono::hours;
using std::chrono::minutes;

struct StoredRun {
  Interval interval;
  TaskState state = TaskState::kQueued;
};

// What survives: the memory and the runs of one pipeline. A change is refused when the memory is not what the writer
// read.
struct Disk {
  Memory memory;
  std::vector<StoredRun> runs;
  std::vector<Decision> decisions;

  bool Commit(Timestamp read_decided_until, const std::string& read_schedule, const Memory& next,
              const Decision& decision) {
    if (memory.decided_until != read_decided_until || memory.schedule != read_schedule) return false;
    const bool paused = memory.paused;
    memory = next;
    memory.paused = paused;
    if (decision.kind == Kind::kStart) runs.push_back({decision.interval});
    decisions.push_back(decision);
    return true;
  }
  int Active() const {
    return static_cast<int>(std::ranges::count_if(runs, [](const auto& run) { return !IsFinal(run.state); }));
  }
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed), now_(At("2026-01-15T03:20:00Z") + minutes(Upto(700000))) {
    static constexpr const char* kZones[] = {"UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
                                             "Africa/Casablanca"};
    zone_ = kZones[Upto(5)];
    NewCalendar();
    schedule_.missed = static_cast<Missed>(Upto(3));
    schedule_.max_active_runs = 1 + static_cast<int>(Upto(3));
    schedule_.depends_on_past = Upto(4) == 0;
    if (Upto(2) == 0) schedule_.skip_when = SkipWindow{hours(Upto(24)), hours(Upto(24)), *Zone::Find(zone_), "window"};
    if (Upto(4) == 0) schedule_.start = now_ + hours(24 * Upto(20)) - hours(24 * 10);
    watched_since_.assign(2, now_);
  }

  void Live(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      Disturb();
      Pass();
      for (size_t service = 0; service < watched_since_.size(); ++service)
        if (Upto(3) != 0) Work(service, /*may_die=*/true);
      Check();
    }
    Settle();
  }

 private:
  uint64_t Upto(uint64_t bound) { return random_() % bound; }

  void NewCalendar() {
    static constexpr const char* kCrons[] = {"0 * * * *",    "*/15 * * * *", "30 2 * * *",     "0 */2 * * *", "@daily",
                                             "15 1 * * mon", "0 6 L * *",    "45 1,2,3 * * *", "0 0 15W * *"};
    const uint64_t choice = Upto(10);
    const Zone zone = *Zone::Find(zone_);
    if (choice == 9) {
      schedule_.calendar = Calendar::OfPeriod(minutes(37), Timestamp{}, zone);
      schedule_.text = "every 37m";
    } else {
      schedule_.calendar = Calendar::OfCron(*Cron::Parse(kCrons[choice]), zone);
      schedule_.text = kCrons[choice];
    }
  }

  // What happens to a service and its machine.
  void Disturb() {
    const uint64_t what = Upto(100);
    if (what < 6) Restart(Upto(2));
    if (what == 6) now_ -= minutes(Upto(3000));
    if (what == 7) now_ += hours(Upto(24 * 9));  // everything was down, or asleep
    if (what == 8) NewCalendar();
    if (what == 9) disk_.memory.paused = true;
    if (what >= 10 && what < 14 && disk_.memory.paused) Resume();
  }

  void Restart(size_t service) { watched_since_[service] = now_; }

  void Resume() {
    disk_.memory.paused = false;
    watched_since_.assign(2, now_);
  }

  // Time goes on, and runs end.
  void Pass() {
    now_ += minutes(1 + Upto(Upto(10) == 0 ? 3000 : 45));
    for (StoredRun& run : disk_.runs)
      if (!IsFinal(run.state) && Upto(3) == 0) run.state = Upto(6) == 0 ? TaskState::kFailed : TaskState::kSuccess;
    // Somebody retries what failed.
    for (StoredRun& run : disk_.runs)
      if (run.state == TaskState::kFailed && Upto(8) == 0) run.state = TaskState::kSuccess;
  }

  Standing StandingOf(size_t service) const {
    Standing standing{disk_.Active(), watched_since_[service], {}, {}};
    if (!disk_.runs.empty()) standing.last_run = disk_.runs.back().state;
    return standing;
  }

  // One service decides until nothing is left; it may read, lose the processor to the other, and write late.
  void Work(size_t service, bool may_die) {
    for (int i = 0; i < 20000; ++i) {
      const Memory read = disk_.memory;
      const Verdict verdict = Decide(schedule_, read, StandingOf(service), now_);
      if (!verdict.decision) {
        EXPECT_GT(verdict.wake_at.value_or(now_ + minutes(1)), now_);
        return;
      }
      if (may_die && Upto(40) == 0) return Restart(service);  // before the commit
      if (may_die && Upto(10) == 0) Work(1 - service, false);
      const bool allowed = Allowed(read, *verdict.decision);
      const Memory next = Remember(read, schedule_, *verdict.decision, now_);
      const bool written = disk_.Commit(read.decided_until, read.schedule, next, *verdict.decision);
      EXPECT_TRUE(allowed || !written) << verdict.decision->reason;
      if (may_die && Upto(40) == 0) return Restart(service);  // after it
    }
    ADD_FAILURE() << "a service never comes to rest";
  }

  // What a single decision must keep, as the disk stands when it is written.
  bool Allowed(const Memory& read, const Decision& decision) {
    if (disk_.memory.decided_until != read.decided_until) return true;  // it will be refused
    if (decision.kind == Kind::kAdopt) return true;
    bool good = decision.interval.start < decision.interval.end && decision.interval.end <= now_;
    if (decision.kind == Kind::kStart) {
      good = good && disk_.Active() < schedule_.max_active_runs && schedule_.SkipReason(decision.interval.end).empty();
      good = good && !read.paused && (!schedule_.start || decision.interval.start >= *schedule_.start);
      if (schedule_.depends_on_past && !disk_.runs.empty())
        good = good && disk_.runs.back().state == TaskState::kSuccess;
    }
    if (decision.kind == Kind::kSkip) good = good && !schedule_.SkipReason(decision.interval.end).empty();
    if (decision.kind == Kind::kDrop) good = good && schedule_.missed != Missed::kAll && decision.count > 0;
    return good;
  }

  void Check() {
    std::set<Timestamp> started;
    std::optional<Timestamp> until;
    for (const Decision& decision : disk_.decisions) {
      if (decision.kind == Kind::kAdopt) continue;
      EXPECT_TRUE(!until || *until == decision.interval.start) << "a gap or an overlap at " << FormatTimestamp(*until);
      until = decision.interval.end;
      const bool again = decision.kind == Kind::kStart && !started.insert(decision.interval.start).second;
      EXPECT_FALSE(again) << "twice: " << FormatTimestamp(decision.interval.start);
    }
    EXPECT_LE(disk_.Active(), schedule_.max_active_runs);
  }

  // When all that runs succeeds and nothing more happens, everything that is due has been decided.
  void Settle() {
    if (disk_.memory.paused) Resume();
    now_ = std::max(now_, disk_.memory.decided_until) + hours(24 * 70);
    for (int i = 0; i < 20000; ++i) {
      for (StoredRun& run : disk_.runs) run.state = TaskState::kSuccess;
      const Timestamp before = disk_.memory.decided_until;
      Work(0, false);
      if (disk_.memory.decided_until == before) break;
    }
    EXPECT_GT(NextInterval(schedule_, disk_.memory).end, now_);
    Check();
  }

  std::mt19937_64 random_;
  Timestamp now_;
  std::string zone_;
  Schedule schedule_;
  Disk disk_;
  std::vector<Timestamp> watched_since_;
};

TEST(Simulation, NoIntervalIsRunTwiceOrLostWhateverHappens) {
  testing::ForSeeds(300, [](uint64_t seed) { World(seed).Live(400); });
}

}  // namespace
}  // namespace stir::scheduler
