// The journal of publications, kept in the store.
#pragma once

#include <optional>

#include "base/clock.h"
#include "store/store.h"
#include "transfer/publish.h"

namespace stir::engine {

// Thread safe as the store is, for one publication at a time. References must outlive it.
class StoreJournal final : public transfer::Journal {
 public:
  StoreJournal(store::Store& store, const Clock& clock, std::optional<int64_t> run)
      : store_(store), clock_(clock), run_(run) {}
  Status Record(const transfer::JournalEntry& entry) override;

 private:
  store::Store& store_;
  const Clock& clock_;
  const std::optional<int64_t> run_;  // none: not of a run
};

}  // namespace stir::engine
