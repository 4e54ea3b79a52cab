// Who gets the slots that several runs share: of pools, and of lanes (what the executor itself is short of). Highest
// priority first, in turns between runs of one priority, and nobody last for ever. Pure: time is handed in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace stir::scheduler {

struct SlotRequest {
  int64_t run = 0;
  std::string pool, lane;  // empty: none; a name that has no limit is no obstacle
  uint32_t slots = 1;      // of the pool; more than it has counts as all of it. Of the lane it takes one
  int priority = 0;        // higher goes first
  int64_t rank = 0;        // among requests of its run: lower goes first
  Duration since{};        // when it was asked, monotonic
};

class SlotDesk {
 public:
  using Ticket = uint64_t;

  // What is given out already stays so when a limit shrinks.
  void SetLimits(std::map<std::string, uint32_t> limits) { limits_ = std::move(limits); }
  Ticket Ask(SlotRequest request);
  // Slots of what runs already, whether or not there are any left.
  Ticket Hold(SlotRequest request);
  // Gives slots back, or takes a request away. A ticket is returned once.
  void Return(Ticket ticket);
  // The requests that may start now, in order. From here on they hold their slots.
  std::vector<Ticket> Grant(Duration now);

 private:
  struct Held {
    SlotRequest request;
    bool granted = false;
  };
  struct Use {
    uint32_t all = 0;
    std::map<int64_t, uint32_t> by_run;
    std::map<int64_t, uint64_t> turns;  // when a run was last given something, by count; kept while it asks for more
  };

  std::optional<uint32_t> LimitOf(const std::string& name) const;
  uint32_t SlotsOf(const SlotRequest& request) const;
  uint32_t Used(const std::string& name) const;
  // The pool or lane that has no room for it; empty: none.
  std::string Obstacle(const SlotRequest& request) const;
  void Give(Ticket ticket);
  bool GoesBefore(const Held& a, Ticket ticket_a, const Held& b, Ticket ticket_b, Duration now) const;
  void Count(const SlotRequest& request, bool take);
  std::optional<Ticket> Best(Duration now) const;
  void ForgetTurns(int64_t run);

  std::map<std::string, uint32_t> limits_;
  std::map<std::string, Use> used_;  // by pool or lane
  std::map<Ticket, Held> tickets_;
  std::map<Ticket, uint32_t> taken_;  // slots of the pool that a granted ticket holds
  Ticket next_ = 1;
  uint64_t given_ = 0;
};

}  // namespace stir::scheduler
