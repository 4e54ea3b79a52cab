#include "transfer/copy_rows.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "transfer/postgres_server.h"

namespace stir::transfer {
namespace {

constexpr size_t kBlock = 1 << 20;

// Blocks on their way from one reader to several writers.
class Blocks {
 public:
  explicit Blocks(size_t most) : most_(most) {}

  // False when a writer failed: no use in going on.
  bool Push(std::string block) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return blocks_.size() < most_ || failed_; });
    if (failed_) return false;
    blocks_.push_back(std::move(block));
    filled_.notify_one();
    return true;
  }
  // Nothing at the end, and after a failure.
  std::optional<std::string> Pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !blocks_.empty() || ended_ || failed_; });
    if (failed_ || blocks_.empty()) return std::nullopt;
    std::string block = std::move(blocks_.front());
    blocks_.pop_front();
    room_.notify_one();
    return block;
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
  std::deque<std::string> blocks_;
  size_t most_;
  bool ended_ = false, failed_ = false;
  Diagnostics errors_;
};

Result<int64_t> CopyBlocks(const CopyRequest& request, const CancelToken& cancel, Blocks& blocks) {
  STIR_ASSIGN(const auto server, Server::Open(request.to, request.span, cancel));
  // The transaction that makes the rows visible is the one that waits for the disk.
  STIR_TRY(server->Execute("SET synchronous_commit = off"));
  STIR_ASSIGN(const auto copy, server->BeginCopyIn(request.copy));
  while (auto block = blocks.Pop()) {
    if (Status written = copy->Write(*block); !written.ok()) return server->Placed(std::move(written).error());
  }
  if (blocks.failed()) return int64_t{0};  // let go of, the COPY is undone
  auto rows = copy->Finish();
  if (!rows.ok()) return server->Placed(std::move(rows).error());
  return rows;
}

Status ReadBlocks(adapter::Connection& connection, const std::string& query, Blocks& blocks) {
  STIR_ASSIGN(const auto rows, connection.Query(query));
  std::vector<adapter::Cell> row;
  std::string block;
  block.reserve(kBlock + kBlock / 8);
  while (true) {
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) break;
    block += std::get<adapter::Text>(row[0]).value;
    block += '\n';
    if (block.size() < kBlock) continue;
    if (!blocks.Push(std::exchange(block, {}))) return {};
    block.reserve(kBlock + kBlock / 8);
  }
  blocks.Push(std::move(block));
  return {};
}

}  // namespace

Result<int64_t> CopyRows(adapter::Connection& connection, const CopyRequest& request, const CancelToken& cancel) {
  Blocks blocks(static_cast<size_t>(request.streams) * 2);
  std::vector<int64_t> copied(static_cast<size_t>(request.streams));
  std::vector<std::thread> writers;
  for (int64_t& rows : copied) {
    writers.emplace_back([&] {
      auto done = CopyBlocks(request, cancel, blocks);
      if (done.ok())
        rows = *done;
      else
        blocks.Fail(std::move(done).error());
    });
  }
  if (Status read = ReadBlocks(connection, request.query, blocks); !read.ok()) blocks.Fail(std::move(read).error());
  blocks.End();
  for (std::thread& writer : writers) writer.join();
  if (blocks.failed()) return blocks.TakeErrors();
  int64_t rows = 0;
  for (int64_t each : copied) rows += each;
  return rows;
}

}  // namespace stir::transfer
