// Batches of rows on their way from several writers to the engine, which takes one at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "adapter/feed.h"
#include "base/result.h"

namespace stir::transfer {

class FeedQueue {
 public:
  void Start(size_t capacity, int writers);
  // Waits for room. False: nobody wants it any more.
  bool Push(std::unique_ptr<adapter::FeedBatch> batch);
  void WriterDone();
  // The first failure is the one that is told.
  void Fail(Diagnostics errors);
  void Close();
  // Waits for a batch; null when the writers have all ended.
  Result<std::unique_ptr<adapter::FeedBatch>> Pop();
  std::optional<Diagnostics> error() const;
  bool WaitForWriters(std::chrono::milliseconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<adapter::FeedBatch>> batches_;
  size_t capacity_ = 1;
  int writers_ = 0;
  bool closed_ = false;
  std::optional<Diagnostics> error_;
};

}  // namespace stir::transfer
