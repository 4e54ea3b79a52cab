#include "engine/task_crew.h"

#include <fmt/format.h>
#include <pthread.h>

namespace stir::engine {

TaskCrew::~TaskCrew() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void TaskCrew::Submit(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));
    if (idle_ < jobs_.size()) threads_.emplace_back([this, index = threads_.size()] { Work(index); });
  }
  wake_.notify_one();
}

void TaskCrew::Work(size_t index) {
  const std::string name = fmt::format("Thread-{}", index + 1);
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(name + " (worker)");
    lock.lock();
  }
}

}  // namespace stir::engine
