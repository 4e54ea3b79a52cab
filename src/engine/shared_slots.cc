#include "engine/shared_slots.h"

#include <utility>
#include <vector>

namespace stir::engine {

void SharedSlots::SetLimits(std::map<std::string, uint32_t> limits) {
  std::unique_lock lock(mutex_);
  desk_.SetLimits(std::move(limits));
  Grant(std::move(lock));
}

SharedSlots::Answer SharedSlots::Ask(scheduler::SlotRequest request, std::function<void()> on_grant) {
  std::unique_lock lock(mutex_);
  request.since = clock_.Monotonic();
  const auto ticket = desk_.Ask(std::move(request));
  Answer answer{Seat(*this, ticket), false};
  std::vector<std::function<void()>> others;
  for (const auto granted : desk_.Grant(clock_.Monotonic())) {
    if (granted == ticket) {
      answer.granted = true;
    } else {
      others.push_back(std::move(on_grant_.at(granted)));
      on_grant_.erase(granted);
    }
  }
  if (!answer.granted) on_grant_.emplace(ticket, std::move(on_grant));
  lock.unlock();
  for (const auto& tell : others) tell();
  return answer;
}

SharedSlots::Seat SharedSlots::Hold(scheduler::SlotRequest request) {
  const std::scoped_lock lock(mutex_);
  request.since = clock_.Monotonic();
  return {*this, desk_.Hold(std::move(request))};
}

void SharedSlots::Return(scheduler::SlotDesk::Ticket ticket) {
  std::unique_lock lock(mutex_);
  desk_.Return(ticket);
  on_grant_.erase(ticket);
  Grant(std::move(lock));
}

void SharedSlots::Grant(std::unique_lock<std::mutex> lock) {
  std::vector<std::function<void()>> told;
  for (const auto granted : desk_.Grant(clock_.Monotonic())) {
    told.push_back(std::move(on_grant_.at(granted)));
    on_grant_.erase(granted);
  }
  lock.unlock();
  for (const auto& tell : told) tell();
}

}  // namespace stir::engine
