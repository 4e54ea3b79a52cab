#include "engine/pipeline_alerts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

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

constexpr size_t kAtOnce = 64;
constexpr size_t kLastLines = 20;
constexpr std::streamoff kLastBytes = 4096;

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// Of a file that may be large; nothing when it cannot be read.
std::string LastLines(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  const std::streamoff begin = std::max<std::streamoff>(size - kLastBytes, 0);
  in.seekg(begin);
  std::string text(static_cast<size_t>(size - begin), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  std::vector<std::string_view> lines = Split(Strip(text), '\n');
  if (begin > 0 && !lines.empty()) lines.erase(lines.begin());  // cut in the middle
  if (lines.size() > kLastLines) lines.erase(lines.begin(), lines.end() - kLastLines);
  return fmt::format("{}", fmt::join(lines, "\n"));
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

// Messages of one run to one channel stand together.
bool AlertSender::SendDue() {
  const Clock& clock = workspace_.host().clock;
  bool left = false;
  while (true) {
    const Timestamp now = clock.Now();
    auto claimed = workspace_.store().ClaimMessages(now, now + kClaim, kAtOnce);
    if (!claimed.ok() || claimed->empty()) return left;
    std::ranges::stable_sort(*claimed, {}, [](const store::Message& each) { return std::tie(each.channel, each.run); });
    for (std::span<const store::Message> rest = *claimed; !rest.empty();) {
      const auto other = std::ranges::find_if(
          rest, [&](const store::Message& each) { return each.channel != rest[0].channel || each.run != rest[0].run; });
      const auto same = static_cast<size_t>(other - rest.begin());
      left = Send(rest.first(same)) || left;
      rest = rest.subspan(same);
    }
  }
}

bool AlertSender::Send(std::span<const store::Message> messages) {
  const auto connection = ChannelOf(messages[0]);
  const auto type = connection.ok() ? connection->type : platform::ConnectionType::kFiles;
  const bool as_one = type == platform::ConnectionType::kSlack || type == platform::ConnectionType::kEmail;
  const size_t count = as_one ? messages.size() : 1;
  bool left = false;
  for (; !messages.empty(); messages = messages.subspan(count)) {
    const auto group = messages.first(count);
    const Status sent = connection.ok() ? Deliver(*connection, group) : Status(connection.error());
    for (const store::Message& message : group) left = !Settle(message, sent) || left;
  }
  return left;
}

// What became of it; false when it is left for later.
bool AlertSender::Settle(const store::Message& message, const Status& sent) {
  store::Store& store = workspace_.store();
  const Clock& clock = workspace_.host().clock;
  if (sent.ok()) {
    static_cast<void>(store.MarkDelivered(message.id, clock.Now()).ok());
    narrator_.AlertSent(message.run.value_or(0), message.channel, ReadAlert(message).task);
    return true;
  }
  const bool give_up = message.attempts >= kMostAttempts;
  std::optional<Timestamp> next;
  if (!give_up)
    next = clock.Now() + RetryDelay(kRedelivery, std::max(message.attempts, 1), static_cast<uint64_t>(message.id));
  static_cast<void>(store.MarkFailed(message.id, workspace_.host().redactor.Redact(TextOf(sent.error())), next).ok());
  narrator_.AlertFailed(message.run.value_or(0), message.channel, TextOf(sent.error()), give_up);
  return give_up;
}

Result<platform::Connection> AlertSender::ChannelOf(const store::Message& message) {
  STIR_ASSIGN(const platform::Connection* defined, workspace_.definitions().FindConnection(message.channel));
  platform::RunScope scope(workspace_.values(), workspace_.definitions(), workspace_.secrets(), {});
  return platform::BindConnection(workspace_.definitions(), *defined, scope);
}

std::vector<Alert> AlertSender::AlertsOf(std::span<const store::Message> messages) const {
  std::vector<Alert> alerts;
  for (const store::Message& message : messages) {
    Alert& alert = alerts.emplace_back(ReadAlert(message));
    if (!alert.log.empty()) alert.last_lines = LastLines(workspace_.folder().logs() / alert.log);
  }
  return alerts;
}

Status AlertSender::Deliver(const platform::Connection& connection, std::span<const store::Message> messages) {
  const std::vector<Alert> alerts = AlertsOf(messages);
  switch (connection.type) {
    case platform::ConnectionType::kFiles:
      return DeliverToFiles(connection, messages[0]);
    case platform::ConnectionType::kWebhook:
      return Post(connection, WebhookRequest(connection, messages[0]));
    case platform::ConnectionType::kSlack:
      return Post(connection, SlackRequest(connection, alerts));
    case platform::ConnectionType::kPagerDuty:
      return Post(connection, PagerDutyRequest(connection, alerts[0], HostName()));
    case platform::ConnectionType::kEmail:
      return SendMail(connection.mail.server, AlertMail(connection, alerts));
    default:
      return Diagnostic(kAlertRefused, fmt::format("connection `{}` takes no alerts", connection.name));
  }
}

// The file's name follows from the alert, so sending it twice leaves one file.
Status AlertSender::DeliverToFiles(const platform::Connection& connection, const store::Message& message) {
  const Alert alert = ReadAlert(message);
  const std::string name =
      fmt::format("{}-run{}{}{}-{}.json", alert.logical_date, alert.run, alert.task.empty() ? "" : "-",
                  ReplaceAll(alert.task, "/", "_"), Md5Hex(message.dedup_key).substr(0, 8));
  const Json payload = ReadJson(message.payload);
  return workspace_.host().files.WriteAtomic(connection.root / name, WriteJson(payload, 2) + "\n");
}

Status AlertSender::Post(const platform::Connection& connection, HttpRequest request) {
  Http& http = workspace_.host().http ? *workspace_.host().http : SystemHttp();
  STIR_ASSIGN(const HttpResponse response, http.Send(request));
  if (response.status >= 200 && response.status < 300) return {};
  return Diagnostic(kAlertRefused,
                    fmt::format("the {} of connection `{}` answered {}: {}",
                                connection.type == platform::ConnectionType::kPagerDuty ? "service" : "webhook",
                                connection.name, response.status, response.body.substr(0, 200)));
}

}  // namespace stir::engine
