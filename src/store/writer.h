// The one thread that writes: takes what all callers want changed, and commits it together. With one commit for many
// callers, the price of making it durable is paid once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "store/sqlite.h"

namespace stir::store {

class Writer {
 public:
  using Work = std::function<Status(Connection&)>;

  Writer(std::unique_ptr<Connection> connection, std::function<void(std::string_view)> before_write);
  ~Writer();

  // Runs `work` on the writer's thread inside of a transaction and returns once it is committed. When it fails, what it
  // did is taken back and nobody else's work is. `durable`: on disk, also if the power fails. Thread safe.
  Status Do(std::string_view name, bool durable, const Work& work);

 private:
  struct Job {
    std::string_view name;
    bool durable;
    const Work& work;
    Status status;
    bool done = false;
  };

  void Loop();
  void Process(const std::vector<Job*>& batch);
  Status Transact(const std::vector<Job*>& batch);
  Status RunJobs(const std::vector<Job*>& batch);
  Status SetDurability(bool durable);
  void Announce(std::string_view step) const;

  const std::unique_ptr<Connection> connection_;  // used by thread_ only
  const std::function<void(std::string_view)> before_write_;
  bool durable_ = false;  // what the connection is set to; thread_ only

  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  std::vector<Job*> queue_;  // guarded by mutex_, as are the jobs' `done`
  bool stopping_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace stir::store
