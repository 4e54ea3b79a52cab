// Alerts: written to the store's outbox in the same commit as what they tell of, then delivered by a thread of its own,
// again and again until the channel takes them. The same key is sent once, ever.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/alert_formats.h"
#include "engine/pipeline_events.h"
#include "engine/workspace.h"
#include "scheduler/calendar.h"
#include "store/records.h"

namespace stir::engine {

// What an alert says, beside its message.
struct AlertFacts {
  int64_t run = 0;
  std::string run_id, pipeline;
  scheduler::Interval interval;
  scheduler::Zone zone = scheduler::Zone::Utc();
  std::string task;  // empty: about the run
  int attempt = 0;
  std::string event;  // "task_failed", "run_failed", "run_recovered", "deadline_missed", "notify"
  std::string message;
  std::string log;       // below .stir/logs, or empty
  bool allowed = false;  // a failure that does not fail the run
};

// One message a channel. `key` tells this alert from all others; the channel is added to it.
std::vector<store::NewMessage> MakeAlerts(const AlertFacts& facts, const std::vector<std::string>& channels,
                                          const std::string& key, Timestamp now);

// Delivers what stands in the outbox from its making to its end: to a chat or mailbox, what waits of one run goes as
// one. References must outlive it.
class AlertSender {
 public:
  AlertSender(Workspace& workspace, const PipelineNarrator& narrator);
  ~AlertSender();  // tries what is due once more, and does not wait for what is not
  // There is something new in the outbox.
  void Wake();

 private:
  void Loop();
  bool SendDue();
  // True when they are left for later.
  bool Send(std::span<const store::Message> messages);
  Status Deliver(const platform::Connection& connection, std::span<const store::Message> messages);
  bool Settle(const store::Message& message, const Status& sent);
  Status DeliverToFiles(const platform::Connection& connection, const store::Message& message);
  Status Post(const platform::Connection& connection, HttpRequest request);
  Result<platform::Connection> ChannelOf(const store::Message& message);
  std::vector<Alert> AlertsOf(std::span<const store::Message> messages) const;

  Workspace& workspace_;
  const PipelineNarrator& narrator_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = true;  // guarded by mutex_, as below
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace stir::engine
