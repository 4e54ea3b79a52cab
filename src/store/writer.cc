#include "store/writer.h"

#include <utility>

namespace stir::store {

Writer::Writer(std::unique_ptr<Connection> connection, std::function<void(std::string_view)> before_write)
    : connection_(std::move(connection)), before_write_(std::move(before_write)), thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Status Writer::Do(std::string_view name, bool durable, const Work& work) {
  Job job{name, durable, work, {}};
  std::unique_lock lock(mutex_);
  queue_.push_back(&job);
  wake_.notify_one();
  finished_.wait(lock, [&] { return job.done; });
  return std::move(job.status);
}

void Writer::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::vector<Job*> batch = std::exchange(queue_, {});
    lock.unlock();
    Process(batch);
    lock.lock();
    for (Job* job : batch) job->done = true;
    finished_.notify_all();
  }
}

void Writer::Process(const std::vector<Job*>& batch) {
  const Status committed = Transact(batch);
  if (committed.ok()) return Announce("committed");
  if (connection_->InTransaction()) (void)connection_->Execute("ROLLBACK").ok();
  for (Job* job : batch) {
    if (job->status.ok()) job->status = committed;
  }
}

Status Writer::Transact(const std::vector<Job*>& batch) {
  bool durable = false;
  for (const Job* job : batch) durable = durable || job->durable;
  STIR_TRY(SetDurability(durable));
  STIR_TRY(connection_->Execute("BEGIN IMMEDIATE"));
  STIR_TRY(RunJobs(batch));
  Announce("commit");
  return connection_->Execute("COMMIT");
}

// A job that fails is undone alone. Some failures (a full disk) end the whole transaction: then all have failed.
Status Writer::RunJobs(const std::vector<Job*>& batch) {
  for (Job* job : batch) {
    Announce(job->name);
    STIR_TRY(connection_->Execute("SAVEPOINT job"));
    job->status = job->work(*connection_);
    if (!connection_->InTransaction()) return job->status;
    if (!job->status.ok()) STIR_TRY(connection_->Execute("ROLLBACK TO job"));
    STIR_TRY(connection_->Execute("RELEASE job"));
  }
  return {};
}

Status Writer::SetDurability(bool durable) {
  if (durable == durable_) return {};
  STIR_TRY(connection_->Execute(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  durable_ = durable;
  return {};
}

void Writer::Announce(std::string_view step) const {
  if (before_write_) before_write_(step);
}

}  // namespace stir::store
