// A run's rows in the store, as the executor knows them: changes are gathered and committed together, each guarded by
// the state that the store is known to hold.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace stir::engine {

// Used by one thread.
class RunRecord {
 public:
  RunRecord(store::Store& store, store::Fence fence) : store_(store), fence_(fence) {}

  // What the store holds already; `tasks` as Store::Tasks gives them.
  void Adopt(const std::vector<store::Task>& tasks);
  // The stored row of a task, as it was adopted; null for one that the store did not have.
  const store::Task* Stored(std::string_view name) const;
  const std::map<std::string, store::Task, std::less<>>& adopted() const { return adopted_; }
  // A task that the store may not have yet.
  void Add(store::NewTask task);
  // `change` needs `to`, `at` and what is to be said; from and attempt are filled in. To the same state is nothing.
  void Change(const std::string& name, store::TaskChange change);
  void ChangeRun(store::RunChange change) { pending_.run = std::move(change); }
  void AddAlerts(std::vector<store::NewMessage> messages);
  // What a running task waits for; false, and nothing, when it was said before.
  bool Note(const std::string& name, const std::string& message);
  void AddRun(store::NewRun run) { pending_.runs.push_back(std::move(run)); }
  void AddAudit(store::AuditEntry entry) { pending_.audit.push_back(std::move(entry)); }
  void Renew(store::AssetVersion asset) { pending_.renewed.push_back(std::move(asset)); }
  void AddCheckpoint(store::Checkpoint checkpoint) { pending_.checkpoints.push_back(std::move(checkpoint)); }
  bool has_alerts() const { return !pending_.messages.empty(); }

  // Commits what was gathered; nothing gathered is no commit.
  Status Flush();

 private:
  struct Known {
    scheduler::TaskState state = scheduler::TaskState::kNone;
    int attempts = 0;
    std::string note;
  };

  store::Store& store_;
  const store::Fence fence_;
  std::map<std::string, Known, std::less<>> known_;
  std::map<std::string, store::Task, std::less<>> adopted_;
  store::Changes pending_;
};

}  // namespace stir::engine
