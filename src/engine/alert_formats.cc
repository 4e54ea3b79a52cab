#include "engine/alert_formats.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"

namespace stir::engine {
namespace {

constexpr size_t kLongestTitle = 150;
constexpr size_t kLongestSummary = 1024;  // PagerDuty's
constexpr size_t kLongestText = 3000;     // of a block in Slack

// At most `most` bytes, no character cut.
std::string Shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string Field(const Json& payload, const char* name) {
  const auto found = payload.find(name);
  return found != payload.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string ForSlack(std::string_view text) {
  return ReplaceAll(ReplaceAll(ReplaceAll(std::string(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string Where(const Alert& alert) {
  std::string where = fmt::format("run {} for {}", alert.run, alert.logical_date);
  if (!alert.task.empty()) where += ", task " + alert.task;
  return where + fmt::format(", {} UTC", FormatTimestamp(alert.at).substr(0, 19));
}

std::string Command(const Alert& alert) {
  return alert.task.empty() ? fmt::format("stir runs show {}", alert.run)
                            : fmt::format("stir runs logs {} --task {}", alert.run, alert.task);
}

HttpRequest PostOf(const std::string& url, const Json& body) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = WriteJson(body);
  return request;
}

}  // namespace

Alert ReadAlert(const store::Message& message) {
  Json payload = ReadJson(message.payload);
  if (!payload.is_object()) payload = Json::object();
  return {.key = message.dedup_key,
          .event = Field(payload, "event"),
          .pipeline = Field(payload, "pipeline"),
          .task = Field(payload, "task"),
          .message = Field(payload, "message"),
          .logical_date = Field(payload, "logical_date"),
          .log = Field(payload, "log"),
          .run = message.run.value_or(0),
          .at = message.created_at,
          .last_lines = {}};
}

std::string AlertTitle(std::span<const Alert> alerts) {
  const Alert& first = alerts.front();
  std::string title = fmt::format("[{}] ", first.pipeline);
  if (alerts.size() > 1) title += fmt::format("{} alerts: ", alerts.size());
  return Shortened(title + std::string(FirstLine(first.message)), kLongestTitle);
}

std::string AlertText(std::span<const Alert> alerts) {
  std::string text;
  for (const Alert& alert : alerts) {
    text += fmt::format("{}{}\n\n{}\n", text.empty() ? "" : "\n----\n\n", alert.message, Where(alert));
    if (!alert.last_lines.empty()) text += fmt::format("\n{}\n", alert.last_lines);
    text += fmt::format("\n{}\n", Command(alert));
  }
  return text;
}

HttpRequest WebhookRequest(const platform::Connection& connection, const store::Message& message) {
  Json payload = ReadJson(message.payload);
  payload["text"] = fmt::format("[{}] {}", Field(payload, "pipeline"), Field(payload, "message"));  // what chats show
  HttpRequest request = PostOf(connection.url, payload);
  request.headers.insert(request.headers.begin(), connection.headers.begin(), connection.headers.end());
  request.headers.emplace_back("Idempotency-Key", Md5Hex(message.dedup_key));
  return request;
}

HttpRequest SlackRequest(const platform::Connection& connection, std::span<const Alert> alerts) {
  Json blocks = Json::array();
  const auto add = [&](const std::string& text) {
    blocks.push_back({{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", Shortened(text, kLongestText)}}}});
  };
  for (const Alert& alert : alerts) {
    add(fmt::format("{} *{}*: {}", alert.recovered() ? ":white_check_mark:" : ":warning:", ForSlack(alert.pipeline),
                    ForSlack(alert.message)));
    if (!alert.last_lines.empty())
      add(fmt::format("```{}```", Shortened(ForSlack(alert.last_lines), kLongestText - 6)));
    const std::string where = fmt::format("{} · `{}`", ForSlack(Where(alert)), ForSlack(Command(alert)));
    blocks.push_back({{"type", "context"}, {"elements", {{{"type", "mrkdwn"}, {"text", where}}}}});
  }
  return PostOf(connection.url, {{"text", ForSlack(AlertTitle(alerts))}, {"blocks", blocks}});
}

HttpRequest PagerDutyRequest(const platform::Connection& connection, const Alert& alert, const std::string& host) {
  const bool is_message = alert.event == "notify";
  Json event = {{"routing_key", connection.credentials},
                {"event_action", alert.recovered() ? "resolve" : "trigger"},
                {"dedup_key", is_message ? Md5Hex(alert.key) : fmt::format("stir/{}/{}", host, alert.pipeline)},
                {"client", "stir"}};
  event["payload"] = {{"summary", Shortened(AlertTitle({&alert, 1}), kLongestSummary)},
                      {"source", host},
                      {"severity", is_message ? "info" : connection.severity},
                      {"timestamp", FormatTimestamp(alert.at)},
                      {"component", alert.task.empty() ? alert.pipeline : alert.task},
                      {"group", alert.pipeline},
                      {"class", alert.event},
                      {"custom_details",
                       {{"run", alert.run},
                        {"logical_date", alert.logical_date},
                        {"message", alert.message},
                        {"last_lines", alert.last_lines},
                        {"command", Command(alert)}}}};
  return PostOf(connection.url, event);
}

Mail AlertMail(const platform::Connection& connection, std::span<const Alert> alerts) {
  return {.from = connection.mail.from,
          .to = connection.mail.to,
          .subject = AlertTitle(alerts),
          .text = AlertText(alerts),
          .id = alerts.front().key,
          .date = alerts.front().at};
}

}  // namespace stir::engine
