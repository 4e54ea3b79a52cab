// Where the one thread that decides waits for what happens elsewhere.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace stir::engine {

template <typename Message>
class Mailbox {
 public:
  // From any thread.
  void Push(Message message) {
    {
      const std::scoped_lock lock(mutex_);
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  // Waits until there is a message, or `at_most` has passed; returns all there are.
  std::vector<Message> Wait(std::optional<Duration> at_most) {
    std::unique_lock lock(mutex_);
    const auto some = [this] { return !messages_.empty(); };
    if (at_most)
      arrived_.wait_for(lock, *at_most, some);
    else
      arrived_.wait(lock, some);
    return std::exchange(messages_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Message> messages_;  // guarded by mutex_
};

}  // namespace stir::engine
