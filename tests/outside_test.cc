// Tasks that reach out of the project, beside their real counterparts: a web server of Python's library, OpenSSH's own
// server on a port of its own, files that appear, pipelines that wait for and trigger each other, in a service and
// without one.
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
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
using testing_support::IsAlive;
using testing_support::ReadFile;
using testing_support::WaitFor;
using testing_support::Words;
using namespace std::chrono_literals;

// Pages of rows by link, cursor and header; answers that fail, for ever and for a while; what it was asked goes to a
// ledger.
constexpr std::string_view kServer = R"(
import http.server, json, sys, time
seen = {}
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def answer(self, status, value, headers={}):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for k, v in headers.items(): self.send_header(k, v)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def page(self):
        query = dict(p.split('=') for p in self.path.partition('?')[2].split('&') if p)
        return int(query.get('page', query.get('cursor', 1)))
    def do_GET(self):
        with open('requests', 'a') as f:
            f.write(f"{self.command} {self.path} {self.headers.get('Authorization')} {self.headers.get('Idempotency-Key')}\n")
        path = self.path.partition('?')[0]
        n = self.page()
        rows = [{'id': n * 2 - 1}, {'id': n * 2}]
        count = seen[path] = seen.get(path, 0) + 1
        if path == '/link': self.answer(200, {'data': {'items': rows}, 'next': f'/link?page={n + 1}' if n < 3 else None})
        elif path == '/cursor': self.answer(200, {'rows': rows, 'meta': {'cursor': n + 1 if n < 3 else ''}})
        elif path == '/header': self.answer(200, rows, {'Link': f'<?page={n + 1}>; rel="next", <?page=3>; rel="last"'} if n < 3 else {})
        elif path == '/loop': self.answer(200, {'rows': [], 'next': '/loop'})
        elif path == '/flaky': self.answer(200, {'ok': True}) if count > 2 else self.answer(503, b'busy', {'Retry-After': '1'})
        elif path == '/redirect': self.answer(302, b'', {'Location': '/one'})
        elif path == '/one': self.answer(200, {'id': 7, 'name': 'seven'})
        elif path == '/gone': self.answer(404, b'no such thing')
        elif path == '/slow': time.sleep(60)
        else: self.answer(400, b'what?')
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        with open('requests', 'a') as f:
            f.write(f"POST {self.path} {body.decode()} {self.headers.get('Idempotency-Key')}\n")
        count = seen[self.path] = seen.get(self.path, 0) + 1
        self.answer(201, {'made': True}) if count > 1 else self.answer(500, b'again')
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open('port.new', 'w') as f: f.write(str(server.server_port))
import os; os.rename('port.new', 'port')
server.serve_forever()
)";

using OutsideTest = testing_support::PipelineProject;

class HttpTest : public OutsideTest {
 protected:
  void SetUp() override {
    OutsideTest::SetUp();
    Write("server.py", kServer);
    server_ =
        std::make_unique<Child>(std::vector<std::string>{"/usr/bin/python3", "server.py"}, project_, root_ / "server");
    ASSERT_TRUE(WaitFor([&] { return fs::exists(project_ / "port"); })) << server_->Output();
    api_ = fmt::format(
        "{{api: {{type: http, base_url: \"http://127.0.0.1:{}\", auth: {{bearer: \"{{{{ secret('api') }}}}\"}}}}}}",
        Lines("port")[0]);
    setenv("STIR_SECRET_API", "hush-hush", 1);
  }

  std::unique_ptr<Child> server_;
  std::string api_;
};

TEST_F(HttpTest, PagesByLinkCursorAndHeader) {
  Tasks(
      "      - {name: link, http: /link, connection: api, pages: {items: data.items, next: next}}\n"
      "      - {name: cursor, http: \"/cursor?size=2\", connection: api, pages: {items: rows, next: meta.cursor, "
      "param: cursor},\n"
      "         save: \"landing/{{ ds }}.jsonl\", needs: [link]}\n"
      "      - {name: header, http: /header, connection: api, pages: {}, needs: [cursor]}\n"
      "      - {name: told, shell: \"echo {{ tasks.link.outputs.records[5].id }} {{ tasks.cursor.outputs.rows }} {{ "
      "tasks.header.outputs.pages }} >> told\", needs: [header]}\n",
      api_);
  const Ended run = Run();
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(Lines("told"), Words{"6 6 3"});
  EXPECT_EQ(Lines("landing/2026-01-01.jsonl"),
            (Words{R"({"id":1})", R"({"id":2})", R"({"id":3})", R"({"id":4})", R"({"id":5})", R"({"id":6})"}));
  EXPECT_EQ(Lines("requests")[4], "GET /cursor?size=2&cursor=2 Bearer hush-hush None");
  EXPECT_EQ(run.out.find("hush-hush"), std::string::npos);
  EXPECT_EQ(Stir({"runs", "logs", "1"}).out.find("hush-hush"), std::string::npos);
}

TEST_F(HttpTest, WaitsAsLongAsTheServerAsksAndPostsOnceByItsKey) {
  Tasks(
      "      - {name: flaky, http: /flaky, connection: api, retries: 3}\n"
      "      - {name: make, http: /things, connection: api, json: {day: \"{{ ds }}\"}, retries: 1}\n",
      api_);
  const auto before = std::chrono::steady_clock::now();
  const Ended run = Run();
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(States(), (Words{"flaky success(3)", "make success(2)"}));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 2s) << "Retry-After was not heard";
  Words posts;
  for (const std::string& line : Lines("requests"))
    if (line.starts_with("POST")) posts.push_back(line);
  ASSERT_EQ(posts.size(), 2U);
  EXPECT_TRUE(posts[0].starts_with(R"(POST /things {"day":"2026-01-01"} )"));
  EXPECT_EQ(posts[0], posts[1]);
}

TEST_F(HttpTest, WhatIsWrongIsNotTriedAgainAndWhatIsExpectedIsNoFailure) {
  Tasks(
      "      - {name: gone, http: /gone, connection: api, retries: 3, allow_failure: true}\n"
      "      - {name: maybe, http: /gone, connection: api, expect: 404}\n"
      "      - {name: moved, http: /redirect, connection: api}\n"
      "      - {name: loop, http: /loop, connection: api, pages: {items: rows, next: next}, allow_failure: true}\n"
      "      - {name: list, http: /one, connection: api, pages: {}, save: never.jsonl, allow_failure: true}\n"
      "      - {name: told, shell: \"echo {{ tasks.maybe.outputs.status }} {{ tasks.moved.outputs.body.name }} >> "
      "told\", "
      "needs: [maybe, moved]}\n",
      api_);
  const Ended run = Run();
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(States(), (Words{"gone failed(1)", "maybe success(1)", "moved success(1)", "loop failed(1)",
                             "list failed(1)", "told success(1)"}));
  EXPECT_EQ(Lines("told"), Words{"404 seven"});
  EXPECT_FALSE(fs::exists(project_ / "never.jsonl"));
  for (const std::string_view said :
       {"stir/p.yml:8:28: the answer is 404: no such thing", "stir/p.yml:11:28: page 1 names itself as the next",
        "page 1 has no list of rows"})
    EXPECT_NE(run.out.find(said), std::string::npos) << said << "\n" << run.out;
}

TEST_F(HttpTest, ATimeoutEndsARequest) {
  Tasks("      - {name: slow, http: /slow, connection: api, timeout: 300ms}\n", api_);
  const Ended run = Run();
  EXPECT_EQ(run.code, 1);
  EXPECT_NE(run.out.find("ran longer than its timeout of 300ms"), std::string::npos) << run.out;
}

constexpr const char* kSshd = "/usr/sbin/sshd";

class SshTest : public OutsideTest {
 protected:
  void SetUp() override {
    OutsideTest::SetUp();
    if (!fs::exists(kSshd) || !fs::exists("/usr/bin/ssh"))
      GTEST_SKIP() << "there is no sshd or no ssh: tools/setup test";
    if (getuid() == 0) fs::create_directories("/run/sshd");  // where it is root, the server insists
    user_ = getpwuid(getuid())->pw_name;
    for (const char* key : {"host", "mine", "other"}) Shell(fmt::format("ssh-keygen -q -t ed25519 -N '' -f {}", key));
    port_ = 20000 + getpid() % 20000;
    Write("sshd_config",
          fmt::format("Port {0}\nListenAddress 127.0.0.1\nHostKey {1}/host\nAuthorizedKeysFile {1}/mine.pub\n"
                      "StrictModes no\nUsePAM no\nPasswordAuthentication yes\nPidFile none\nPermitRootLogin yes\n",
                      port_, project_.string()));
    Shell(fmt::format("(printf '[127.0.0.1]:{} '; cat host.pub) > known", port_));
    server_ =
        std::make_unique<Child>(std::vector<std::string>{kSshd, "-D", "-e", "-f", (project_ / "sshd_config").string()},
                                project_, root_ / "sshd");
    ASSERT_TRUE(server_->Says("listening")) << server_->Output();
  }
  void Shell(const std::string& command) const {
    fs::create_directories(project_);
    Child child({"/bin/sh", "-c", command}, project_, root_ / "shell");
    const Ended ended = child.Wait();
    ASSERT_EQ(ended.code, 0) << ended.out;
  }
  std::string Connection(std::string_view name, std::string_view key, std::string_view known = "known") const {
    return fmt::format("{}: {{type: ssh, host: 127.0.0.1, port: {}, user: {}, key: {}, known_hosts: {}}}", name, port_,
                       user_, key, known);
  }

  std::string user_;
  int port_ = 0;
  std::unique_ptr<Child> server_;
};

TEST_F(SshTest, RunsAndGivesBackWhatItSays) {
  Tasks(
      "      - {name: a, connection: far, env: {WORD: \"it's\"}, ssh: \"echo \\\"$WORD $STIR_TASK\\\" > said; echo "
      "out; echo "
      "'{\\\"rows\\\": 3}'\"}\n"
      "      - {name: b, needs: [a], connection: far, retries: 1, ssh: \"echo broken {{ tasks.a.outputs.rows }} >&2; "
      "exit 7\"}\n",
      "{" + Connection("far", "mine") + "}");
  // The other side begins in the user's home.
  const Ended run = Run();
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_NE(run.out.find("`ssh` to `far` exited with status 7: broken 3"), std::string::npos) << run.out;
  EXPECT_EQ(States(), (Words{"a success(1)", "b failed(2)"}));
  const fs::path said = fs::path(getpwuid(getuid())->pw_dir) / "said";
  EXPECT_EQ(ReadFile(said), "it's a\n");
  fs::remove(said);
}

TEST_F(SshTest, WhatATaskIsGivenStandsOnNoCommandLine) {
  const fs::path seen = project_ / "seen";
  Tasks(fmt::format("      - {{name: t, connection: far, env: {{TOKEN: hush-4711}}, ssh: \"test $TOKEN = "
                    "hush-$((4000 + 711)) && cat /proc/[0-9]*/cmdline 2>/dev/null > {}; test -s {}\"}}\n",
                    seen.string(), seen.string()),
        "{" + Connection("far", "mine") + "}");
  const Ended run = Run();
  EXPECT_EQ(run.code, 0) << run.out;
  const std::string lines = ReadFile(seen);
  EXPECT_NE(lines.find(std::to_string(port_)), std::string::npos) << "it sees the client too";
  EXPECT_EQ(lines.find("hush-4711"), std::string::npos);
}

TEST_F(SshTest, APasswordOrAnUnknownHostIsAnErrorNotAQuestion) {
  Write("nobody", "");
  Tasks(
      "      - {name: password, connection: stranger, ssh: echo hi, retries: 3, timeout: 20s, allow_failure: true}\n"
      "      - {name: host, connection: unknown, ssh: echo hi, retries: 3, timeout: 20s}\n",
      "{" + Connection("stranger", "other") + ", " + Connection("unknown", "mine", "nobody") + "}");
  const Ended run = Run();
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_EQ(States(), (Words{"password failed(1)", "host failed(1)"}));
  EXPECT_NE(run.out.find("Permission denied"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("Host key verification failed"), std::string::npos) << run.out;
}

TEST_F(SshTest, WhatIsStoppedHereIsStoppedThere) {
  const std::string pids = (project_ / "pids").string();
  Tasks(fmt::format("      - {{name: t, connection: far, timeout: 2s, ssh: \"sleep 300 & echo $! $$ >> {}; wait\"}}\n",
                    pids),
        "{" + Connection("far", "mine") + "}");
  const Ended run = Run();
  EXPECT_EQ(run.code, 1) << run.out;
  std::istringstream text(ReadFile(pids));
  int seen = 0;
  for (pid_t pid = 0; text >> pid; ++seen)
    EXPECT_TRUE(WaitFor([&] { return !IsAlive(pid); })) << "process " << pid << " goes on at the other side";
  EXPECT_EQ(seen, 2);
}

TEST_F(SshTest, ACommandOutlivesAKilledStir) {
  const std::string there = (project_ / "there").string();
  Tasks(
      fmt::format("      - {{name: t, connection: far, ssh: \"echo begun >> {0}; until test -e {0}.go; do sleep 0.05; "
                  "done; echo '{{\\\"n\\\": 3}}'\"}}\n",
                  there),
      "{" + Connection("far", "mine") + "}");
  const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return !Lines("there").empty(); })) << run->Output();
  run->Signal(SIGKILL);
  run->Wait();
  const auto again = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(again->Says("resuming pipeline p")) << again->Output();
  Write("there.go", "");
  const Ended ended = again->Wait();
  EXPECT_EQ(ended.code, 0) << ended.out;
  EXPECT_EQ(Lines("there"), Words{"begun"});
  EXPECT_EQ(States(), Words{"t success(1)"});
}

using WaitTest = OutsideTest;

TEST_F(WaitTest, ForFilesAQueryAndATimeWithoutAWorker) {
  Tasks(
      "      - {name: file, wait: {file: landing/*/_SUCCESS}}\n"
      "      - {name: query, wait: {sql: \"select count(*) from glob('go')\", every: 100ms}}\n"
      "      - {name: past, wait: {until: \"{{ data_interval_end }}\"}}\n"
      "      - {name: moment, wait: {for: 300ms}}\n"
      "      - {name: never, wait: {file: nothing, on_timeout: skip}, timeout: 500ms}\n"
      "      - {name: after, shell: echo after >> told, needs: [file, query, past, moment]}\n");
  const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(run->Says("file waits for a file landing/*/_SUCCESS")) << run->Output();
  ASSERT_TRUE(run->Says("never skipped")) << run->Output();
  EXPECT_EQ(States()[0], "file running(1)");
  EXPECT_TRUE(Lines("told").empty());
  Write("landing/2026-01-01/_SUCCESS", "");
  Write("go", "");
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.code, 0) << ended.out;
  EXPECT_EQ(Lines("told"), Words{"after"});
  EXPECT_EQ(States(), (Words{"file success(1)", "query success(1)", "past success(1)", "moment success(1)",
                             "never skipped(1)", "after success(1)"}));
}

TEST_F(WaitTest, TheTimeOfAWaitGoesOnOverProcessesAndRetries) {
  Tasks("      - {name: w, wait: {file: nothing}, timeout: 3s, retries: 5}\n");
  const auto first = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(first->Says("waits for file nothing"));
  std::this_thread::sleep_for(1500ms);
  first->Signal(SIGKILL);
  first->Wait();
  const auto before = std::chrono::steady_clock::now();
  const Ended second = Run();
  EXPECT_EQ(second.code, 1) << second.out;
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2800ms) << "the time began anew";
}

TEST_F(WaitTest, ForAnotherPipeline) {
  Pipelines(
      "  - name: up\n    schedule: \"@hourly\"\n    tasks: [{name: load, shell: test -e good}]\n"
      "  - {name: down, schedule: \"@daily\", tasks: [{name: w, wait: {pipeline: up}}, {name: t, needs: [w], shell: "
      "echo}]}\n");
  // A day waits for its last hour.
  const auto down = Start({"pipeline", "run", "down", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(down->Says("waits for pipeline up for 2026-01-01 23:00")) << down->Output();
  Write("good", "");
  EXPECT_EQ(Stir({"pipeline", "run", "up", "--logical-date", "2026-01-01T23:00:00Z"}).code, 0);
  const Ended ended = down->Wait();
  EXPECT_EQ(ended.code, 0) << ended.out;
  // A run that failed is not waited for.
  fs::remove(project_ / "good");
  EXPECT_EQ(Stir({"pipeline", "run", "up", "--logical-date", "2026-01-02T23:00:00Z"}).code, 1);
  const Ended vain = Stir({"pipeline", "run", "down", "--logical-date", "2026-01-02"});
  EXPECT_EQ(vain.code, 1);
  EXPECT_NE(vain.out.find("pipeline up for 2026-01-02 23:00 is failed"), std::string::npos) << vain.out;
}

constexpr std::string_view kTriggering =
    "  - {name: child, schedule: none, params: {region: none}, tasks: [{name: t, shell: \"sleep 0.3; echo {{ "
    "params.region }} >> "
    "told; test {{ params.region }} != bad\"}]}\n"
    "  - name: parent\n    schedule: none\n    params: {regions: [us, eu]}\n    tasks:\n"
    "      - {name: fan, for_each: \"{{ params.regions }}\", trigger: child, params: {region: \"{{ item }}\"}, "
    "wait_for_completion: "
    "true}\n"
    "      - {name: after, needs: [fan], shell: echo after >> told}\n"
    "      - {name: loose, needs: [after], trigger: child, params: {region: loose}}\n";

TEST_F(WaitTest, ATriggeredRunIsCarriedOutAndWaitedFor) {
  Pipelines(kTriggering);
  const Ended run = Run("parent");
  EXPECT_EQ(run.code, 0) << run.out;
  Words told = Lines("told");
  ASSERT_EQ(told.size(), 4U) << "the command ends when the runs that it made have";
  std::sort(told.begin(), told.begin() + 2);
  EXPECT_EQ(told, (Words{"eu", "us", "after", "loose"}));
  for (const Json& each : Runs()) EXPECT_EQ(each["state"], "success");
  const Ended failed = Stir({"pipeline", "run", "parent", "--logical-date", "2026-01-02", "-p", "regions=[us, bad]"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_NE(failed.out.find("of pipeline child is failed"), std::string::npos) << failed.out;
}

// Whenever it dies, no region is run by two runs, and none is left out.
TEST_F(WaitTest, KilledAtAnyMomentEachRunIsTriggeredOnce) {
  Pipelines(kTriggering);
  for (int round = 0; round < 6; ++round) {
    const auto service = Start({"up"});
    ASSERT_TRUE(service->Says("service started")) << service->Output();
    const auto parent = round == 0 ? Start({"pipeline", "run", "parent", "--logical-date", "2026-01-01"}) : nullptr;
    ASSERT_TRUE(WaitFor([&] { return !Runs().empty(); })) << "there is a run to go on with";
    std::this_thread::sleep_for(std::chrono::milliseconds(150 + 130 * round));
    if (parent) parent->Signal(SIGKILL), parent->Wait();
    service->Signal(SIGKILL);
    service->Wait();
  }
  const auto service = Start({"up"});
  EXPECT_TRUE(WaitFor([&] {
    const Json runs = Runs();
    for (const Json& run : runs)
      if (run["state"] != "success") return false;
    return runs.size() == 4;
  })) << service->Output()
      << Stir({"runs", "list"}).out;
  service->Signal(SIGTERM);
  EXPECT_EQ(service->Wait().code, 0);
}

using TeardownTest = OutsideTest;

// Whatever becomes of the work, also when it is stopped, what was set up is taken down; and it decides nothing.
TEST_F(TeardownTest, RunsWhateverBecomesOfTheWork) {
  const auto tasks = [](std::string_view work) {
    return fmt::format(
        "      - {{name: create, shell: echo create >> told}}\n"
        "      - {{name: work, needs: [create], shell: \"{}\"}}\n"
        "      - {{name: more, needs: [work], shell: echo more >> told}}\n"
        "      - {{name: drop, teardown: create, shell: echo drop >> told; false}}\n",
        work);
  };
  Tasks(tasks("echo work >> told"));
  EXPECT_EQ(Run().code, 0) << "a teardown that fails does not fail the run";
  Tasks(tasks("false"));
  EXPECT_EQ(Run().code, 1);
  EXPECT_EQ(States(2), (Words{"create success(1)", "work failed(1)", "more upstream_failed(0)", "drop failed(1)"}));
  EXPECT_EQ(Lines("told"), (Words{"create", "work", "more", "drop", "create", "drop"}));
  // What runs again finds it set up again.
  Tasks(tasks("echo work >> told"));
  EXPECT_EQ(Stir({"runs", "retry", "2"}).code, 0);
  EXPECT_EQ(States(2), (Words{"create success(2)", "work success(2)", "more success(1)", "drop failed(2)"}));
  fs::remove(project_ / "told");
  Tasks(tasks("sleep 60"));
  const auto stopped = Start({"pipeline", "run", "p", "--logical-date", "2026-01-02"});
  ASSERT_TRUE(stopped->Says("work started"));
  stopped->Signal(SIGINT);
  EXPECT_NE(stopped->Wait().code, 0);
  EXPECT_EQ(Lines("told"), (Words{"create", "drop"}));
}

}  // namespace
}  // namespace stir
