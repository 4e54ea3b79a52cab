// An alert in the words of those who are told: chats, mailboxes, PagerDuty. Pure.
#pragma once

#include <span>
#include <string>

#include "base/http.h"
#include "base/mail.h"
#include "platform/definitions.h"
#include "store/records.h"

namespace stir::engine {

// A message of the outbox, read again.
struct Alert {
  std::string key;  // the same however often it is sent
  std::string event, pipeline, task, message, logical_date, log;
  int64_t run = 0;
  Timestamp at;
  std::string last_lines;  // of the attempt's log
  bool recovered() const { return event == "run_recovered"; }
};
Alert ReadAlert(const store::Message& message);

// Of alerts that go out as one: "[core] task extract.europe failed: no such host", "[core] 3 alerts: ...".
std::string AlertTitle(std::span<const Alert> alerts);
// Each with pipeline, task, time, the last lines of its log, and the command that tells more.
std::string AlertText(std::span<const Alert> alerts);

HttpRequest WebhookRequest(const platform::Connection& connection, const store::Message& message);
// An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat).
HttpRequest SlackRequest(const platform::Connection& connection, std::span<const Alert> alerts);
// Events API v2: all failures of a pipeline are one incident, which its recovery resolves.
HttpRequest PagerDutyRequest(const platform::Connection& connection, const Alert& alert, const std::string& host);
Mail AlertMail(const platform::Connection& connection, std::span<const Alert> alerts);

}  // namespace stir::engine
