#include "engine/pipeline_alerts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/http.h"
#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "platform/bind.h"
#include "scheduler/retry.h"

namespace stir::engine {
namespace {

constexpr int kMostAttempts = 20;
constexpr Duration kClaim = std::chrono::seconds(60);
constexpr Duration kLook = std::chrono::seconds(5);  // how often what waits for its next attempt is looked at

const scheduler::RetryPolicy kRedelivery{.retries = kMostAttempts,
                                         .delay = std::chrono::seconds(5),
                                         .backoff = scheduler::Backoff::kExponential,
                                         .factor = 2,
                                         .max_delay = std::chrono::hours(1),
                                         .jitter = 0.2};

std::string PayloadOf(const AlertFacts& facts, Timestamp now) {
  JsonWriter json;
  json.BeginObject().Key("event").String(facts.event).Key("pipeline").String(facts.pipeline);
  json.Key("run").Int(facts.run).Key("run_id").String(facts.run_id);
  json.Key("logical_date").String(FormatTimestamp(facts.zone.ToLocal(facts.interval.start)).substr(0, 10));
  json.Key("data_interval_start").String(FormatTimestamp(facts.interval.start));
  json.Key("data_interval_end").String(FormatTimestamp(facts.interval.end));
  json.Key("task").String(facts.task).Key("attempt").Int(facts.attempt).Key("allowed").Bool(facts.allowed);
  json.Key("message")
      .String(facts.message)
      .Key("log")
      .String(facts.log)
      .Key("at")
      .String(FormatTimestamp(now))
      .EndObject();
  return std::move(json).Take();
}

std::string TextOf(const Diagnostics& errors) { return errors.empty() ? std::string() : errors.front().message; }

std::string FieldOf(const store::Message& message, const char* field) {
  const Json payload = ReadJson(message.payload);
  return payload.is_object() && payload.contains(field) && payload[field].is_string()
             ? payload[field].get<std::string>()
             : std::string();
}

}  // namespace

std::vector<store::NewMessage> MakeAlerts(const AlertFacts& facts, const std::vector<std::string>& channels,
                                          const std::string& key, Timestamp now) {
  std::vector<store::NewMessage> messages;
  for (const std::string& channel : channels)
    messages.push_back({.dedup_key = fmt::format("{}/{}", key, channel),
                        .run = facts.run,
                        .channel = channel,
                        .payload = PayloadOf(facts, now),
                        .created_at = now});
  return messages;
}

AlertSender::AlertSender(Workspace& workspace, const PipelineNarrator& narrator)
    : workspace_(workspace), narrator_(narrator), thread_([this] { Loop(); }) {}

AlertSender::~AlertSender() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AlertSender::Wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void AlertSender::Loop() {
  bool waiting = false;
  for (bool closing = false; !closing;) {
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return woken_ || closing_; };
      if (waiting)
        wake_.wait_for(lock, kLook, due);
      else
        wake_.wait(lock, due);
      woken_ = false;
      closing = closing_;
    }
    waiting = SendDue();
  }
}

// True when something is left for later.
bool AlertSender::SendDue() {
  store::Store& store = workspace_.store();
  const Clock& clock = workspace_.host().clock;
  bool left = false;
  while (true) {
    const Timestamp now = clock.Now();
    auto claimed = store.ClaimMessages(now, now + kClaim, 16);
    if (!claimed.ok() || claimed->empty()) return left;
    for (const store::Message& message : *claimed) {
      const Status sent = Deliver(message);
      if (sent.ok()) {
        static_cast<void>(store.MarkDelivered(message.id, clock.Now()).ok());
        narrator_.AlertSent(message.run.value_or(0), message.channel, FieldOf(message, "task"));
        continue;
      }
      const bool give_up = message.attempts >= kMostAttempts;
      std::optional<Timestamp> next;
      if (!give_up)
        next = clock.Now() + RetryDelay(kRedelivery, std::max(message.attempts, 1), static_cast<uint64_t>(message.id));
      static_cast<void>(
          store.MarkFailed(message.id, workspace_.host().redactor.Redact(TextOf(sent.error())), next).ok());
      narrator_.AlertFailed(message.run.value_or(0), message.channel, TextOf(sent.error()), give_up);
      left = left || !give_up;
    }
  }
}

Status AlertSender::Deliver(const store::Message& message) {
  STIR_ASSIGN(const platform::Connection* defined, workspace_.definitions().FindConnection(message.channel));
  platform::RunScope scope(workspace_.values(), workspace_.definitions(), workspace_.secrets(), {});
  STIR_ASSIGN(const platform::Connection connection,
              platform::BindConnection(workspace_.definitions(), *defined, scope));
  if (connection.type == platform::ConnectionType::kFiles) return DeliverToFiles(connection, message);
  if (connection.type == platform::ConnectionType::kWebhook) return DeliverToWebhook(connection, message);
  return Diagnostic(kAlertRefused, fmt::format("connection `{}` takes no alerts", connection.name));
}

// The file's name follows from the alert, so sending it twice leaves one file.
Status AlertSender::DeliverToFiles(const platform::Connection& connection, const store::Message& message) {
  const std::string task = FieldOf(message, "task");
  const std::string name =
      fmt::format("{}-run{}{}{}-{}.json", FieldOf(message, "logical_date"), message.run.value_or(0),
                  task.empty() ? "" : "-", ReplaceAll(task, "/", "_"), Md5Hex(message.dedup_key).substr(0, 8));
  const Json payload = ReadJson(message.payload);
  return workspace_.host().files.WriteAtomic(connection.root / name, WriteJson(payload, 2) + "\n");
}

Status AlertSender::DeliverToWebhook(const platform::Connection& connection, const store::Message& message) {
  HttpRequest request;
  request.method = "POST";
  request.url = connection.url;
  request.headers = connection.headers;
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Idempotency-Key", Md5Hex(message.dedup_key));
  Json payload = ReadJson(message.payload);
  payload["text"] =
      fmt::format("[{}] {}", FieldOf(message, "pipeline"), FieldOf(message, "message"));  // what chats show
  request.body = WriteJson(payload);
  Http& http = workspace_.host().http ? *workspace_.host().http : SystemHttp();
  STIR_ASSIGN(const HttpResponse response, http.Send(request));
  if (response.status >= 200 && response.status < 300) return {};
  return Diagnostic(kAlertRefused,
                    fmt::format("the webhook of connection `{}` answered {}", connection.name, response.status));
}

}  // namespace stir::engine
