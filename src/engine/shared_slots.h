// Slots of pools and lanes for all runs of a process. Who gets them is SlotDesk's to say; this carries the news to the
// runs.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "scheduler/slot_desk.h"

namespace stir::engine {

// Thread safe.
class SharedSlots {
 public:
  explicit SharedSlots(const Clock& clock) : clock_(clock) {}
  SharedSlots(const SharedSlots&) = delete;
  SharedSlots& operator=(const SharedSlots&) = delete;

  void SetLimits(std::map<std::string, uint32_t> limits);

  // A request, which gives back what it has, or goes, with its end.
  class Seat {
   public:
    Seat() = default;
    Seat(Seat&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), ticket_(other.ticket_) {}
    Seat& operator=(Seat&& other) noexcept {
      std::swap(slots_, other.slots_);
      std::swap(ticket_, other.ticket_);
      return *this;
    }
    ~Seat() {
      if (slots_) slots_->Return(ticket_);
    }

   private:
    friend class SharedSlots;
    Seat(SharedSlots& slots, scheduler::SlotDesk::Ticket ticket) : slots_(&slots), ticket_(ticket) {}
    SharedSlots* slots_ = nullptr;
    scheduler::SlotDesk::Ticket ticket_ = 0;
  };
  struct Answer {
    Seat seat;
    bool granted = false;  // at once; else `on_grant` is called, once, from any thread
  };
  Answer Ask(scheduler::SlotRequest request, std::function<void()> on_grant);
  // The slots of what runs already.
  Seat Hold(scheduler::SlotRequest request);

 private:
  void Return(scheduler::SlotDesk::Ticket ticket);
  // Calls those who got something; without the lock, which they may need.
  void Grant(std::unique_lock<std::mutex> lock);

  const Clock& clock_;
  std::mutex mutex_;
  scheduler::SlotDesk desk_;                                               // guarded by mutex_, as below
  std::map<scheduler::SlotDesk::Ticket, std::function<void()>> on_grant_;  // of those that wait
};

}  // namespace stir::engine
