// The workers of an execution: threads that wait for a job, do it, and put the result where the one who decides waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapter/connection.h"
#include "base/clock.h"
#include "runtime/runner.h"

namespace stir::engine {

// Jobs are callables that get the worker they run on. Made, fed and destroyed by one thread. A job of several parts
// reports each as it ends, and returns the last.
template <typename Done>
class Crew {
 public:
  using Job = std::function<Done(runtime::Worker&)>;

  // One thread for each connection, which it owns.
  explicit Crew(std::vector<std::unique_ptr<adapter::Connection>> connections) : connections_(std::move(connections)) {
    threads_.reserve(connections_.size());
    for (size_t i = 0; i < connections_.size(); ++i) threads_.emplace_back([this, i] { Work(i); });
  }

  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    job_waits_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  size_t size() const { return connections_.size(); }

  // `first`: before all that wait.
  void Submit(Job job, bool first = false) {
    {
      const std::lock_guard lock(mutex_);
      first ? jobs_.push_front(std::move(job)) : jobs_.push_back(std::move(job));
    }
    job_waits_.notify_one();
  }

  // Waits until a job is done, Wake was called, or `at_most` has passed; nullopt for the latter two.
  std::optional<Done> Wait(std::optional<Duration> at_most) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !done_.empty() || woken_; };
    if (at_most) {
      done_waits_.wait_for(lock, *at_most, ready);
    } else {
      done_waits_.wait(lock, ready);
    }
    if (done_.empty()) {
      woken_ = false;
      return std::nullopt;
    }
    Done done = std::move(done_.front());
    done_.pop_front();
    return done;
  }

  // From a job: a part of it is done.
  void Report(Done done) {
    {
      const std::lock_guard lock(mutex_);
      done_.push_back(std::move(done));
    }
    done_waits_.notify_one();
  }

  // From any thread: lets Wait return.
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    done_waits_.notify_one();
  }

  void CancelRunning() {
    for (const auto& connection : connections_) connection->Cancel();
  }

 private:
  void Work(size_t index) {
    const std::string name = "Thread-" + std::to_string(index + 1);
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    runtime::Worker worker{connections_[index].get(), name + " (worker)"};
    std::unique_lock lock(mutex_);
    while (true) {
      job_waits_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      Done done = job(worker);
      lock.lock();
      done_.push_back(std::move(done));
      done_waits_.notify_one();
    }
  }

  std::vector<std::unique_ptr<adapter::Connection>> connections_;
  std::mutex mutex_;
  std::condition_variable job_waits_, done_waits_;
  std::deque<Job> jobs_;  // guarded by mutex_, as all below
  std::deque<Done> done_;
  bool woken_ = false;
  bool closing_ = false;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace stir::engine
