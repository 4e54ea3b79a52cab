// What the service says, kept for a while for those who listen: an EventSink that passes events on, numbers them and
// keeps the newest; and the feeds (server-sent events) that read them, from where a reader that was cut off left off.
//
// A number is "<beginning>-<n>": `beginning` is when this process began. What an earlier process said is gone with it;
// who asks for it, or for what fell out of the log, gets a `reset` first: what it shows may be old, it has to ask anew.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/event.h"
#include "server/http.h"

namespace stir::server {

struct FeedFilter {
  std::optional<int64_t> run;
  std::string pipeline;  // empty: all. Events of a task belong to its run's pipeline
};

// Thread safe.
class EventLog final : public EventSink {
 public:
  // `next` gets everything first; it outlives the log.
  EventLog(EventSink& next, const Clock& clock);

  // Debug events are passed on and not kept: they are lines of tasks, and stand in the logs.
  void Emit(const Event& event) override;

  // Called, from any thread, when there is something new.
  void OnNews(std::function<void()> wake);

  // From the event after `last_id` ("" : only what comes).
  std::shared_ptr<Feed> Follow(FeedFilter filter, std::string_view last_id);

  // How many runs and tasks ended since the beginning, by state.
  struct Ended {
    std::map<std::string, int64_t> runs, tasks;
  };
  Ended ended() const;
  int64_t feeds() const;

 private:
  class EventFeed;
  struct Kept {
    std::optional<int64_t> run;
    std::string pipeline;
    std::string text;  // as it is sent
  };
  // From `from` on, at most about `bytes`; `from` is moved. Kept events are shared by who reads them.
  std::string Read(const FeedFilter& filter, uint64_t& from) const;
  void Count(std::string_view name, const std::string& state);

  EventSink& next_;
  const Clock& clock_;
  const std::string beginning_;
  mutable std::mutex mutex_;
  std::function<void()> wake_;  // guarded by mutex_, as below
  std::deque<Kept> kept_;
  size_t bytes_ = 0;                          // of kept_
  uint64_t first_ = 1;                        // the number of kept_.front()
  std::map<int64_t, std::string> pipelines_;  // of runs under way
  Ended ended_;
  int64_t feeds_ = 0;
};

}  // namespace stir::server
