#include "server/event_log.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace stir::server {
namespace {

constexpr size_t kMostBytes = size_t{8} << 20;
// What one reader is given at once; it gets the rest when it has taken that.
constexpr size_t kAtOnce = size_t{256} << 10;

constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};

std::optional<int64_t> IntIn(const Json& data, const char* key) {
  if (!data.is_object()) return std::nullopt;
  const auto found = data.find(key);
  return found != data.end() && found->is_number_integer() ? std::optional(found->get<int64_t>()) : std::nullopt;
}

std::string TextIn(const Json& data, const char* key) {
  if (!data.is_object()) return {};
  const auto found = data.find(key);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// One event of the stream. JSON has no line ends of its own, so the data is one line.
std::string AsSent(std::string_view id, Timestamp at, const Event& event) {
  JsonWriter json;
  json.BeginObject().Key("at").String(FormatTimestamp(at)).Key("code").String(event.code);
  json.Key("name").String(event.name).Key("level").String(kLevels[static_cast<size_t>(event.level)]);
  json.Key("message").String(event.message).Key("data").Raw(event.data.empty() ? "{}" : event.data).EndObject();
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, event.name, json.text());
}

}  // namespace

class EventLog::EventFeed final : public Feed {
 public:
  EventFeed(EventLog& log, FeedFilter filter, uint64_t from, std::string first)
      : log_(log), filter_(std::move(filter)), from_(from), first_(std::move(first)) {
    const std::scoped_lock lock(log_.mutex_);
    ++log_.feeds_;
  }
  ~EventFeed() override {
    const std::scoped_lock lock(log_.mutex_);
    --log_.feeds_;
  }
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  std::string Next() override {
    if (!first_.empty()) return std::exchange(first_, {});
    return log_.Read(filter_, from_);
  }

 private:
  EventLog& log_;
  const FeedFilter filter_;
  uint64_t from_;
  std::string first_;
};

EventLog::EventLog(EventSink& next, const Clock& clock)
    : next_(next), clock_(clock), beginning_(fmt::format("{:x}", clock.Now().time_since_epoch().count())) {}

void EventLog::OnNews(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

void EventLog::Count(std::string_view name, const std::string& state) {
  if (name == "PipelineRunFinished") ++ended_.runs[state];
  if (name == "TaskFinished") ++ended_.tasks[state];
}

void EventLog::Emit(const Event& event) {
  next_.Emit(event);
  if (event.level == Level::kDebug) return;
  const Json data = ReadJson(event.data);
  Kept kept{IntIn(data, "run"), TextIn(data, "pipeline"), {}};
  const Timestamp now = clock_.Now();
  const std::scoped_lock lock(mutex_);
  if (kept.run) {
    if (event.name == "PipelineRunStarted") pipelines_[*kept.run] = kept.pipeline;
    if (kept.pipeline.empty())
      if (const auto known = pipelines_.find(*kept.run); known != pipelines_.end()) kept.pipeline = known->second;
    if (event.name == "PipelineRunFinished") pipelines_.erase(*kept.run);
  }
  Count(event.name, TextIn(data, "state"));
  kept.text = AsSent(fmt::format("{}-{}", beginning_, first_ + kept_.size()), now, event);
  bytes_ += kept.text.size();
  kept_.push_back(std::move(kept));
  while (bytes_ > kMostBytes && kept_.size() > 1) {
    bytes_ -= kept_.front().text.size();
    kept_.pop_front();
    ++first_;
  }
  if (wake_ && feeds_ > 0) wake_();
}

std::string EventLog::Read(const FeedFilter& filter, uint64_t& from) const {
  const std::scoped_lock lock(mutex_);
  std::string text;
  if (from < first_) {
    text = "event: reset\ndata: {}\n\n";
    from = first_;
  }
  for (; from < first_ + kept_.size() && text.size() < kAtOnce; ++from) {
    const Kept& kept = kept_[from - first_];
    if (filter.run && kept.run != filter.run) continue;
    if (!filter.pipeline.empty() && kept.pipeline != filter.pipeline) continue;
    text += kept.text;
  }
  return text;
}

std::shared_ptr<Feed> EventLog::Follow(FeedFilter filter, std::string_view last_id) {
  uint64_t next = 0;
  {
    const std::scoped_lock lock(mutex_);
    next = first_ + kept_.size();
  }
  // A reader that has just come knows from its first event that it is heard.
  std::string first = fmt::format("retry: 1000\nid: {}-{}\nevent: hello\ndata: {{}}\n\n", beginning_, next - 1);
  if (last_id.empty()) return std::make_shared<EventFeed>(*this, std::move(filter), next, std::move(first));
  const size_t dash = last_id.find('-');
  uint64_t last = 0;
  const char* const end = last_id.data() + last_id.size();
  const bool is_number =
      dash != std::string_view::npos && std::from_chars(last_id.data() + dash + 1, end, last).ptr == end && last < next;
  if (is_number && last_id.substr(0, dash) == beginning_)
    return std::make_shared<EventFeed>(*this, std::move(filter), last + 1, "retry: 1000\n\n");
  first = fmt::format("retry: 1000\nid: {}-{}\nevent: reset\ndata: {{}}\n\n", beginning_, next - 1);
  return std::make_shared<EventFeed>(*this, std::move(filter), next, std::move(first));
}

EventLog::Ended EventLog::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

int64_t EventLog::feeds() const {
  const std::scoped_lock lock(mutex_);
  return feeds_;
}

}  // namespace stir::server
