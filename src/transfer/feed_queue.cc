#include "transfer/feed_queue.h"

#include "adapter/kinds.h"

namespace stir::transfer {

void FeedQueue::Start(size_t capacity, int writers) {
  capacity_ = capacity;
  writers_ = writers;
}

bool FeedQueue::Push(std::unique_ptr<adapter::FeedBatch> batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || batches_.size() < capacity_; });
  if (closed_) return false;
  batches_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

void FeedQueue::WriterDone() {
  const std::lock_guard lock(mutex_);
  --writers_;
  changed_.notify_all();
}

void FeedQueue::Fail(Diagnostics errors) {
  const std::lock_guard lock(mutex_);
  if (!error_ && !closed_) error_ = std::move(errors);
  closed_ = true;
  changed_.notify_all();
}

void FeedQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Result<std::unique_ptr<adapter::FeedBatch>> FeedQueue::Pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || writers_ == 0 || !batches_.empty(); });
  if (error_) return Diagnostics(*error_);
  if (closed_) return Diagnostic(adapter::kCanceled, "canceled");
  if (batches_.empty()) return std::unique_ptr<adapter::FeedBatch>();
  auto batch = std::move(batches_.front());
  batches_.pop_front();
  changed_.notify_all();
  return batch;
}

std::optional<Diagnostics> FeedQueue::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool FeedQueue::WaitForWriters(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return writers_ == 0; });
}

}  // namespace stir::transfer
