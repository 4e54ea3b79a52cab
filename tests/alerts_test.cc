// What is told when a pipeline fails and when it is well again: to a real mail server (aiosmtpd), and to a server that
// keeps what Slack and PagerDuty would get.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/support/child.h"
#include "tests/support/pipeline_project.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Child;
using testing_support::Ended;
using testing_support::WaitFor;
using testing_support::Words;

constexpr std::string_view kReceivers = R"(
import asyncio, email, email.policy, http.server, json, os, threading
from aiosmtpd.smtp import SMTP
def keep(what, value):
    with open(what, 'a') as f: f.write(json.dumps(value) + '\n')
class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody'): return '550 no such user here'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        keep('mails', {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'subject': mail['subject'], 'id': mail['message-id'],
                       'date': mail['date'] is not None, 'text': mail.get_content(), 'raw': max(map(len, envelope.content.splitlines()))})
        return '250 OK'
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        keep('posts', {'path': self.path, 'body': json.loads(self.rfile.read(int(self.headers['Content-Length'])))})
        self.send_response(202 if self.path == '/pagerduty' else 200); self.end_headers()
loop = asyncio.new_event_loop()
mailbox = loop.run_until_complete(loop.create_server(lambda: SMTP(Mailbox(), loop=loop), '127.0.0.1', 0))
threading.Thread(target=loop.run_forever, daemon=True).start()
web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open('ports.new', 'w') as f: f.write(f"{web.server_port} {mailbox.sockets[0].getsockname()[1]}")
os.rename('ports.new', 'ports')
web.serve_forever()
)";

class AlertsTest : public testing_support::PipelineProject {
 protected:
  void SetUp() override {
    PipelineProject::SetUp();
    Write("receivers.py", kReceivers);
    receivers_ = std::make_unique<Child>(Words{"/usr/bin/python3", "receivers.py"}, project_, root_ / "receivers");
    ASSERT_TRUE(WaitFor([&] { return fs::exists(project_ / "ports"); })) << receivers_->Output();
    const std::string ports = Lines("ports")[0];
    web_ = "http://127.0.0.1:" + ports.substr(0, ports.find(' '));
    mail_port_ = ports.substr(ports.find(' ') + 1);
    setenv("STIR_SECRET_SLACK", "T000-hush", 1);
  }

  std::string Chat() const {
    return fmt::format("chat: {{type: slack, webhook: \"{}/{{{{ secret('slack') }}}}\"}}", web_);
  }
  std::string Pager() const {
    return fmt::format("pager: {{type: pagerduty, routing_key: key, url: {}/pagerduty}}", web_);
  }
  std::string Mail(std::string_view to) const {
    return fmt::format(
        "mail: {{type: email, server: 127.0.0.1, port: {}, tls: none, from: stir@example.org, to: [{}]}}", mail_port_,
        to);
  }
  // `work` fails until there is a file `fixed`.
  void Alerting(const std::string& connections, const std::string& channels) const {
    Pipelines(fmt::format("  - name: core\n    schedule: none\n    on_failure: [{}]\n    tasks:\n"
                          "      - {{name: work, shell: \"echo 'café <b>'; test -e fixed\"}}\n"
                          "      - {{name: other, shell: test -e fixed}}\n",
                          channels),
              "{" + connections + "}");
  }
  std::vector<Json> Kept(const std::string& what) const {
    std::vector<Json> kept;
    for (const std::string& line : Lines(what)) kept.push_back(Json::parse(line));
    return kept;
  }

  std::unique_ptr<Child> receivers_;
  std::string web_, mail_port_;
};

TEST_F(AlertsTest, AChatIsToldOfTheFailureItsLastLinesAndTheRecovery) {
  Alerting(Chat(), "chat");
  const Ended failed = Run("core");
  EXPECT_EQ(failed.code, 1) << failed.out;
  std::string texts;
  for (const Json& post : Kept("posts")) {
    EXPECT_EQ(post["path"], "/T000-hush");
    texts += post["body"].dump();
  }
  for (const char* part : {"*core*: task work failed", "*core*: task other failed", "```", "café &lt;b&gt;",
                           "run 1 for 2026-01-01, task work", "`stir runs logs 1 --task work`"})
    EXPECT_NE(texts.find(part), std::string::npos) << part << "\n" << texts;
  const size_t before = Kept("posts").size();
  Write("fixed", "");
  EXPECT_EQ(Stir({"runs", "retry", "1"}).code, 0);
  ASSERT_EQ(Kept("posts").size(), before + 1);
  EXPECT_EQ(Kept("posts").back()["body"]["text"], "[core] pipeline core succeeded after it had failed");
  EXPECT_EQ(Run("core", "2026-01-02").code, 0);
  EXPECT_EQ(Kept("posts").size(), before + 1) << "told twice";
}

TEST_F(AlertsTest, APipelineIsOneIncidentThatItsNextRunResolves) {
  Alerting(Pager(), "pager");
  EXPECT_EQ(Run("core", "2026-01-01").code, 1);
  Write("fixed", "");
  EXPECT_EQ(Run("core", "2026-01-02").code, 0);
  const std::vector<Json> posts = Kept("posts");
  ASSERT_EQ(posts.size(), 3U);
  EXPECT_EQ(posts[0]["body"]["event_action"], "trigger");
  EXPECT_EQ(posts[0]["body"]["routing_key"], "key");
  EXPECT_EQ(posts[0]["body"]["payload"]["severity"], "error");
  EXPECT_EQ(posts[0]["body"]["payload"]["group"], "core");
  EXPECT_EQ(posts[2]["body"]["event_action"], "resolve");
  for (const Json& post : posts) EXPECT_EQ(post["body"]["dedup_key"], posts[0]["body"]["dedup_key"]);
  EXPECT_EQ(posts[2]["body"]["payload"]["summary"], "[core] pipeline core succeeded; run 1 before it had failed");
}

TEST_F(AlertsTest, AMailSaysItAllInAnyScript) {
  Pipelines(
      "  - name: kaffee-größe\n    schedule: none\n    on_failure: [mail]\n    tasks:\n"
      "      - {name: work, shell: \"echo 'naïve ☕'; exit 3\"}\n",
      "{" + Mail("data@example.org, ops@example.org") + "}");
  EXPECT_EQ(Run("kaffee-größe").code, 1);
  const std::vector<Json> mails = Kept("mails");
  ASSERT_EQ(mails.size(), 1U);
  const Json& mail = mails[0];
  EXPECT_EQ(mail["from"], "stir@example.org");
  EXPECT_EQ(mail["to"], (Words{"data@example.org", "ops@example.org"}));
  EXPECT_TRUE(mail["subject"].get<std::string>().starts_with("[kaffee-größe] task work failed")) << mail["subject"];
  EXPECT_NE(mail["text"].get<std::string>().find("naïve ☕"), std::string::npos) << mail["text"];
  EXPECT_NE(mail["text"].get<std::string>().find("stir runs logs 1 --task work"), std::string::npos) << mail["text"];
  EXPECT_EQ(mail["date"], true);
  EXPECT_LE(mail["raw"].get<int>(), 78);
}

TEST_F(AlertsTest, AServerThatRefusesIsQuotedAndAskedAgainLater) {
  Alerting(Mail("nobody@example.org"), "mail");
  const Ended failed = Run("core");
  EXPECT_EQ(failed.code, 1);
  EXPECT_NE(failed.out.find("took no mail: RCPT failed: 550"), std::string::npos) << failed.out;
  EXPECT_TRUE(Lines("mails").empty());
}

TEST_F(AlertsTest, WhatIsNoAddressIsSaidWhereItStands) {
  Alerting(Mail("\"Data Team <data@example.org>\""), "mail");
  const Ended check = Run("core");
  EXPECT_EQ(check.code, 2) << check.out;
  EXPECT_NE(check.out.find("`Data Team <data@example.org>` is no address of a mailbox"), std::string::npos)
      << check.out;
}

}  // namespace
}  // namespace stir
