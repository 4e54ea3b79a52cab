// `http`, `ssh`, `wait` and `trigger` tasks, and the connections that the first two go through.
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "project/yaml_values.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 5> kWaits = {"until", "for", "file", "sql", "pipeline"};

HttpCall::Pages ReadPages(const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, "`pages`");
  HttpCall::Pages pages;
  pages.items = fields.Text("items");
  pages.next = fields.Text("next");
  pages.param = fields.Text("param");
  pages.limit = fields.Int("limit", pages.limit, 1, 1'000'000);
  if (!pages.param.empty() && pages.next.empty())
    fields.Require("next", "where a page holds the value of the parameter: `next: meta.cursor`");
  fields.Finish();
  return pages;
}

std::vector<int> ReadStatuses(const yaml::Node& node, Reader& reader) {
  std::vector<int> statuses;
  const auto add = [&](const yaml::Node& each) {
    if (const auto status = reader.Int(each, "expect", 100, 599)) statuses.push_back(static_cast<int>(*status));
  };
  if (!node.IsSequence()) add(node);
  for (const auto& item : node.items) add(*item);
  return statuses;
}

// The kind of wait is the key that is there.
std::optional<size_t> WaitKind(Fields& fields, const yaml::Node& node, Reader& reader) {
  std::vector<size_t> found;
  for (size_t i = 0; i < kWaits.size(); ++i)
    if (fields.Has(kWaits[i])) found.push_back(i);
  if (found.size() == 1) return found[0];
  if (node.IsMapping())
    reader.Error(Diagnostic(kBadValue,
                            found.empty() ? "nothing is said to wait for"
                                          : fmt::format("a wait is for one thing, not for both `{}` and `{}`",
                                                        kWaits[found[0]], kWaits[found[1]]),
                            node.span)
                     .Hint("one of `until`, `for`, `file`, `sql`, `pipeline`; several waits are several tasks"));
  return std::nullopt;
}

void ReadAuth(Connection& connection, const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, "`auth`");
  if (fields.Has("bearer")) connection.headers.emplace_back("Authorization", "Bearer " + fields.Text("bearer"));
  if (const yaml::Node* basic = fields.Find("basic")) {
    Fields inner(reader, *basic, "`basic`");
    connection.credentials = fmt::format("{}:{}", inner.RequireText("user"), inner.RequireText("password"));
    inner.Finish();
  }
  if (node.IsMapping() && fields.Has("bearer") == fields.Has("basic"))
    reader.Error(Diagnostic(kBadValue, "`auth` is one of `bearer` and `basic`", node.span)
                     .Hint("auth: {bearer: \"{{ secret('crm') }}\"}, or auth: {basic: {user: ..., password: ...}}"));
  fields.Finish();
}

// A host that begins with a dash would be an option of the client.
void CheckHost(const Placed<std::string>& host, Reader& reader) {
  if (!host->starts_with('-') && host->find_first_of(" \t\n") == std::string::npos) return;
  reader.Error(Diagnostic(kBadValue, fmt::format("`{}` is no host", *host), host.span));
}

}  // namespace

void ReadHttpConnection(Connection& connection, Fields& fields) {
  connection.url = fields.Text("base_url");
  for (auto& [key, value] : fields.TextMap("headers")) connection.headers.emplace_back(key, value);
  if (const yaml::Node* auth = fields.Find("auth")) ReadAuth(connection, *auth, fields.reader());
}

// BatchMode: what the client would ask a person for is an error in place of a question that nobody answers.
void ReadSshConnection(Connection& connection, Fields& fields, const ReadContext& context) {
  const Placed<std::string> host = {fields.RequireText("host"),
                                    fields.Has("host") ? fields.Find("host")->span : Span()};
  CheckHost(host, fields.reader());
  auto& words = connection.ssh;
  words = {"-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"};
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(fields.Time("connect_timeout", std::chrono::seconds(15)));
  words.insert(words.end(), {"-o", fmt::format("ConnectTimeout={}", seconds.count())});
  const auto file = [&](std::string_view key) {
    const std::string path = fields.Text(key);
    return path.empty() ? path : (context.project_dir / path).lexically_normal().string();
  };
  if (const std::string config = file("config"); !config.empty()) words.insert(words.end(), {"-F", config});
  if (const std::string key = file("key"); !key.empty())
    words.insert(words.end(), {"-i", key, "-o", "IdentitiesOnly=yes"});
  if (const std::string known = file("known_hosts"); !known.empty())
    words.insert(words.end(), {"-o", "UserKnownHostsFile=" + known});
  if (fields.Has("port")) words.insert(words.end(), {"-p", std::to_string(fields.Int("port", 22, 1, 65535))});
  const std::string user = fields.Text("user");
  words.insert(words.end(), {"--", user.empty() ? *host : user + "@" + *host});
}

void ReadHttpTask(Task& task, Fields& fields, Reader& reader) {
  HttpCall& http = task.http;
  http.url = fields.PlacedText("http");
  http.connection = fields.PlacedText("connection");
  http.method = ToUpper(fields.Text("method"));
  http.headers.clear();
  for (auto& [key, value] : fields.TextMap("headers")) http.headers.emplace_back(key, value);
  http.body = fields.Text("body");
  http.json = fields.Value("json");
  if (fields.Has("body") && fields.Has("json"))
    reader.Error(
        Diagnostic(kBadValue, fmt::format("{} has both `body` and `json`", fields.what()), fields.Find("json")->span));
  const yaml::Node* expect = fields.Find("expect");
  http.expect = expect ? ReadStatuses(*expect, reader) : std::vector<int>();
  const yaml::Node* pages = fields.Find("pages");
  http.pages = pages ? std::optional(ReadPages(*pages, reader)) : std::nullopt;
  http.save = fields.PlacedText("save");
}

void ReadSshTask(Task& task, Fields& fields) {
  task.text = fields.PlacedText("ssh");
  fields.Require("connection", "a connection of type `ssh`");
  task.subject = fields.PlacedText("connection");
  task.environment = fields.TextMap("env");
}

void ReadWaitTask(Task& task, Fields& fields, Reader& reader) {
  const yaml::Node* node = fields.Find("wait");
  Fields inner(reader, *node, fmt::format("`wait` of task `{}`", task.label));
  Wait wait;
  wait.every = inner.Time("every", Duration{0});
  static constexpr std::array<std::string_view, 2> kEnds = {"fail", "skip"};
  wait.skip_on_timeout = inner.OneOf<int>("on_timeout", kEnds, 0).value == 1;
  if (const auto kind = WaitKind(inner, *node, reader)) {
    wait.what = static_cast<Wait::For>(*kind);
    if (wait.what == Wait::For::kDuration)
      wait.duration = inner.Time("for", Duration{0});
    else
      wait.subject = inner.PlacedText(kWaits[*kind]);
    if (wait.what == Wait::For::kFile) wait.connection = inner.PlacedText("connection");
    if (wait.what == Wait::For::kSql) wait.connection = inner.PlacedText("connection", "target");
    if (wait.what == Wait::For::kPipeline)
      wait.task = inner.Text("task"), wait.logical_date = inner.Text("logical_date");
    inner.Finish();
  }
  task.wait = std::move(wait);
}

void ReadTriggerTask(Task& task, Fields& fields) {
  Trigger& trigger = task.trigger;
  task.subject = trigger.pipeline = fields.PlacedText("trigger");
  trigger.params = fields.Value("params");
  trigger.logical_date = fields.Text("logical_date");
  trigger.wait_for_completion = fields.Bool("wait_for_completion", false);
}

}  // namespace stir::platform
