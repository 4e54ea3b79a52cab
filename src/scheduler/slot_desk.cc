#include "scheduler/slot_desk.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace stir::scheduler {
namespace {

// After this long a request counts for one priority more, and again.
constexpr Duration kAge = std::chrono::minutes(5);
// A request for many slots that has waited this long keeps those that are free from smaller ones behind it.
constexpr Duration kPatience = std::chrono::minutes(1);

int64_t AgedPriority(const SlotRequest& request, Duration now) {
  return request.priority + std::max<int64_t>((now - request.since) / kAge, 0);
}

}  // namespace

std::optional<uint32_t> SlotDesk::LimitOf(const std::string& name) const {
  const auto found = limits_.find(name);
  return name.empty() || found == limits_.end() ? std::nullopt : std::optional(std::max(found->second, 1U));
}

uint32_t SlotDesk::SlotsOf(const SlotRequest& request) const {
  const auto limit = LimitOf(request.pool);
  return limit ? std::min(request.slots, *limit) : request.slots;
}

uint32_t SlotDesk::Used(const std::string& name) const {
  const auto found = used_.find(name);
  return found == used_.end() ? 0 : found->second.all;
}

std::string SlotDesk::Obstacle(const SlotRequest& request) const {
  if (const auto limit = LimitOf(request.pool); limit && Used(request.pool) + SlotsOf(request) > *limit)
    return request.pool;
  if (const auto limit = LimitOf(request.lane); limit && Used(request.lane) + 1 > *limit) return request.lane;
  return {};
}

SlotDesk::Ticket SlotDesk::Ask(SlotRequest request) {
  tickets_.emplace(next_, Held{std::move(request), false});
  return next_++;
}

SlotDesk::Ticket SlotDesk::Hold(SlotRequest request) {
  const Ticket ticket = Ask(std::move(request));
  Give(ticket);
  return ticket;
}

void SlotDesk::Give(Ticket ticket) {
  Held& held = tickets_.at(ticket);
  held.granted = true;
  ++given_;
  taken_[ticket] = SlotsOf(held.request);
  SlotRequest counted = held.request;
  counted.slots = taken_[ticket];
  Count(counted, /*take=*/true);
}

void SlotDesk::Count(const SlotRequest& request, bool take) {
  const auto move = [&](const std::string& name, uint32_t slots) {
    if (name.empty()) return;
    Use& use = used_[name];
    uint32_t& own = use.by_run[request.run];
    use.all = take ? use.all + slots : use.all - slots;
    own = take ? own + slots : own - slots;
    if (take) use.turns[request.run] = given_;
    if (own == 0) use.by_run.erase(request.run);
  };
  move(request.pool, request.slots);
  move(request.lane, 1);
}

void SlotDesk::Return(Ticket ticket) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return;
  SlotRequest& request = found->second.request;
  if (found->second.granted) {
    request.slots = taken_.at(ticket);
    Count(request, /*take=*/false);
    taken_.erase(ticket);
  }
  const int64_t run = request.run;
  tickets_.erase(found);
  ForgetTurns(run);
}

// A run that asks for nothing has no turn any more.
void SlotDesk::ForgetTurns(int64_t run) {
  if (std::ranges::any_of(tickets_, [&](const auto& each) { return each.second.request.run == run; })) return;
  for (auto& [name, use] : used_) use.turns.erase(run);
}

// In turns: of two runs the one that holds less of what both want, or was given something longer ago.
bool SlotDesk::GoesBefore(const Held& a, Ticket ticket_a, const Held& b, Ticket ticket_b, Duration now) const {
  const auto key = [&](const Held& held, Ticket ticket) {
    const std::string& shared = LimitOf(held.request.pool) ? held.request.pool : held.request.lane;
    const auto use = used_.find(shared);
    const auto of = [&](const auto& by_run) {
      const auto found = by_run.find(held.request.run);
      return found == by_run.end() ? 0 : static_cast<uint64_t>(found->second);
    };
    const uint64_t own = use == used_.end() ? 0 : of(use->second.by_run);
    const uint64_t turn = use == used_.end() ? 0 : of(use->second.turns);
    // Within a run its own order holds, whatever was asked first.
    return std::tuple(-AgedPriority(held.request, now), own, turn, held.request.run, held.request.rank, ticket);
  };
  return key(a, ticket_a) < key(b, ticket_b);
}

std::optional<SlotDesk::Ticket> SlotDesk::Best(Duration now) const {
  std::vector<Ticket> waiting;
  for (const auto& [ticket, held] : tickets_)
    if (!held.granted) waiting.push_back(ticket);
  std::ranges::sort(waiting, [&](Ticket a, Ticket b) { return GoesBefore(tickets_.at(a), a, tickets_.at(b), b, now); });
  std::set<std::string> kept;  // for one that has waited long
  for (const Ticket ticket : waiting) {
    const SlotRequest& request = tickets_.at(ticket).request;
    if (kept.contains(request.pool) || kept.contains(request.lane)) continue;
    const std::string obstacle = Obstacle(request);
    if (obstacle.empty()) return ticket;
    if (now - request.since >= kPatience) kept.insert(obstacle);
  }
  return std::nullopt;
}

std::vector<SlotDesk::Ticket> SlotDesk::Grant(Duration now) {
  std::vector<Ticket> granted;
  while (const auto best = Best(now)) {
    Give(*best);
    granted.push_back(*best);
  }
  return granted;
}

}  // namespace stir::scheduler
