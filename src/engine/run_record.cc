#include "engine/run_record.h"

#include <utility>

namespace stir::engine {

using scheduler::TaskState;

void RunRecord::Adopt(const std::vector<store::Task>& tasks) {
  for (const store::Task& task : tasks) {
    known_[task.name] = {task.state, task.attempts, {}};
    adopted_[task.name] = task;
  }
}

const store::Task* RunRecord::Stored(std::string_view name) const {
  const auto found = adopted_.find(name);
  return found == adopted_.end() ? nullptr : &found->second;
}

void RunRecord::Add(store::NewTask task) {
  if (!known_.try_emplace(task.name).second) return;
  pending_.new_tasks.push_back(std::move(task));
}

void RunRecord::Change(const std::string& name, store::TaskChange change) {
  Known& known = known_[name];
  if (known.state == change.to) return;
  change.name = name;
  change.from = known.state;
  change.attempt = known.attempts;
  known.state = change.to;
  if (change.to == TaskState::kRunning) ++known.attempts;
  pending_.tasks.push_back(std::move(change));
}

bool RunRecord::Note(const std::string& name, const std::string& message) {
  if (std::exchange(known_[name].note, message) == message) return false;
  pending_.notes.push_back({name, message});
  return true;
}

void RunRecord::AddAlerts(std::vector<store::NewMessage> messages) {
  for (store::NewMessage& message : messages) pending_.messages.push_back(std::move(message));
}

Status RunRecord::Flush() {
  if (pending_.new_tasks.empty() && pending_.tasks.empty() && !pending_.run && pending_.messages.empty() &&
      pending_.notes.empty() && pending_.runs.empty())
    return {};
  store::Changes changes = std::exchange(pending_, {});
  changes.fence = fence_;
  return store_.Commit(changes);
}

}  // namespace stir::engine
