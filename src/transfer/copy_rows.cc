// One thread takes batches from the engine, a thread a COPY writes them.
#include "transfer/copy_rows.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "adapter/drain.h"
#include "transfer/kinds.h"
#include "transfer/postgres_server.h"

namespace stir::transfer {
namespace {

using adapter::DrainBatch;

constexpr size_t kBlock = 1 << 18;

// Batches on their way from one reader to several writers.
class Batches {
 public:
  explicit Batches(size_t most) : most_(most) {}

  // False when a writer failed: no use in going on.
  bool Push(std::unique_ptr<DrainBatch> batch) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return batches_.size() < most_ || failed_; });
    if (failed_) return false;
    batches_.push_back(std::move(batch));
    filled_.notify_one();
    return true;
  }
  // Null at the end, and after a failure.
  std::unique_ptr<DrainBatch> Pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !batches_.empty() || ended_ || failed_; });
    if (failed_ || batches_.empty()) return nullptr;
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    room_.notify_one();
    return batch;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    filled_.notify_all();
  }
  void Fail(Diagnostics errors) {
    const std::lock_guard lock(mutex_);
    if (!failed_) errors_ = std::move(errors);
    failed_ = true;
    filled_.notify_all();
    room_.notify_all();
  }
  bool failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }
  Diagnostics TakeErrors() { return std::move(errors_); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<std::unique_ptr<DrainBatch>> batches_;
  size_t most_;
  bool ended_ = false, failed_ = false;
  Diagnostics errors_;
};

void AppendLines(const DrainBatch& batch, std::string& out) {
  for (size_t row = 0; row < batch.rows(); ++row) {
    out += batch.column(0).Bytes(row);
    out += '\n';
  }
}

Result<int64_t> CopyBatches(const CopyRequest& request, const CancelToken& cancel, Batches& batches) {
  STIR_ASSIGN(const auto server, Server::Open(request.to, request.span, cancel));
  // The transaction that makes the rows visible is the one that waits for the disk.
  STIR_TRY(server->Execute("SET synchronous_commit = off"));
  STIR_ASSIGN(const auto copy, server->BeginCopyIn(request.copy));
  const PgEncoder encoder(request.columns);
  const bool binary = !request.columns.empty();
  std::string block(binary ? kCopyHeader : std::string_view());
  const auto write = [&]() -> Status {
    Status written = copy->Write(block);
    block.clear();
    return written.ok() ? Status() : Status(server->Placed(std::move(written).error()));
  };
  while (const auto batch = batches.Pop()) {
    binary ? encoder.Append(*batch, block) : AppendLines(*batch, block);
    if (block.size() >= kBlock) STIR_TRY(write());
  }
  if (batches.failed()) return int64_t{0};  // let go of, the COPY is undone
  if (binary) block += kCopyTrailer;
  STIR_TRY(write());
  auto rows = copy->Finish();
  if (!rows.ok()) return server->Placed(std::move(rows).error());
  return rows;
}

Status ReadBatches(adapter::Connection& connection, const CopyRequest& request, Batches& batches) {
  auto* giver = dynamic_cast<adapter::DrainGiver*>(&connection);
  if (giver == nullptr) return Diagnostic(kTransferNotBuilt, "this engine gives no rows to this process");
  std::vector<adapter::FeedType> types;
  for (const PgWriting& column : request.columns) types.push_back(column.type);
  if (types.empty()) types.emplace_back();
  STIR_ASSIGN(const auto drain, giver->OpenDrain(request.query, types));
  while (true) {
    STIR_ASSIGN(auto batch, drain->Next());
    if (batch == nullptr || !batches.Push(std::move(batch))) return {};
  }
}

}  // namespace

Result<int64_t> CopyRows(adapter::Connection& connection, const CopyRequest& request, const CancelToken& cancel) {
  Batches batches(static_cast<size_t>(request.streams) * 4);
  std::vector<int64_t> copied(static_cast<size_t>(request.streams));
  std::vector<std::thread> writers;
  for (int64_t& rows : copied) {
    writers.emplace_back([&] {
      auto done = CopyBatches(request, cancel, batches);
      if (done.ok())
        rows = *done;
      else
        batches.Fail(std::move(done).error());
    });
  }
  if (Status read = ReadBatches(connection, request, batches); !read.ok()) batches.Fail(std::move(read).error());
  batches.End();
  for (std::thread& writer : writers) writer.join();
  if (batches.failed()) return batches.TakeErrors();
  int64_t rows = 0;
  for (int64_t each : copied) rows += each;
  return rows;
}

}  // namespace stir::transfer
