// Threads for the tasks of a run, made as they are needed: how many run at once is the plan's business, not theirs.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stir::engine {

// Used by one thread. Its end waits for the jobs that were given to it.
class TaskCrew {
 public:
  // Gets the name of the thread that it runs on, in dbt's form: "Thread-1 (worker)".
  using Job = std::function<void(const std::string& thread)>;

  TaskCrew() = default;
  ~TaskCrew();
  TaskCrew(const TaskCrew&) = delete;
  TaskCrew& operator=(const TaskCrew&) = delete;

  void Submit(Job job);

 private:
  void Work(size_t index);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;  // guarded by mutex_, as all below
  size_t idle_ = 0;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace stir::engine
