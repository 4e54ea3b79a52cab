#include "transfer/postgres_jobs.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "base/parallel.h"
#include "transfer/postgres_server.h"

namespace stir::transfer {

Status RunJobs(const platform::Connection& connection, Span span, const CancelToken& cancel,
               const std::vector<Job>& jobs) {
  if (jobs.empty()) return {};
  constexpr unsigned kMost = 4;
  std::mutex mutex;
  Diagnostics errors;  // guarded by mutex
  ParallelFor(
      jobs.size(),
      [&](size_t i) {
        const auto run = [&]() -> Status {
          STIR_ASSIGN(const auto server, Server::Open(connection, span, cancel));
          STIR_TRY(server->Execute("SET maintenance_work_mem = '256MB'"));
          STIR_TRY(server->Execute(jobs[i].sql));
          return {};
        };
        Status done = run();
        if (done.ok()) return;
        const std::lock_guard lock(mutex);
        if (errors.empty()) errors = std::move(done).error();
      },
      std::min(kMost, std::max(1U, std::thread::hardware_concurrency())));
  return StatusOf(std::move(errors));
}

}  // namespace stir::transfer
