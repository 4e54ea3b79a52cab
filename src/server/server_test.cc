// The pure parts of the server: what a target, an address, a Host, a token mean; the routes beside their description;
// events in their order; parts of logs.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/testing/fake_clock.h"
#include "embedded/embedded.h"
#include "server/endpoint.h"
#include "server/event_log.h"
#include "server/guard.h"
#include "server/kinds.h"
#include "server/log_text.h"
#include "server/metrics.h"
#include "server/problem.h"
#include "server/router.h"
#include "server/target.h"
#include "server/tokens.h"

namespace stir::server {
namespace {

Request Get(std::string_view target, std::vector<Header> headers = {{"host", "127.0.0.1:8642"}}) {
  return {.method = "GET", .target = std::string(target), .headers = std::move(headers), .body = {}};
}
Request Post(std::vector<Header> headers, std::string body = {}) {
  headers.push_back({"host", "localhost:8642"});
  return {.method = "POST", .target = "/", .headers = std::move(headers), .body = std::move(body)};
}

TEST(TargetTest, IsDecodedByItsParts) {
  const Target target = *ParseTarget("/api/v1/runs/7/tasks/each%5Ba%2Fb%5D/log?text=a+b%2Bc&limit=5&empty");
  EXPECT_EQ(target.path, (std::vector<std::string>{"api", "v1", "runs", "7", "tasks", "each[a/b]", "log"}));
  EXPECT_EQ(target.query.at("text"), "a b+c");
  EXPECT_EQ(target.query.at("limit"), "5");
  EXPECT_EQ(target.query.at("empty"), "");
  EXPECT_TRUE(ParseTarget("/")->path.empty());
  EXPECT_EQ(EncodeSegment("each[a/b]"), "each%5Ba%2Fb%5D");
  for (const char* wrong :
       {"", "runs", "*", "http://host/", "/%", "/%4", "/%zz", "/%ff", "/%00", "/a?x=1&x=2", "/?%c3=1"})
    EXPECT_FALSE(ParseTarget(wrong).ok()) << wrong;
}

TEST(EndpointTest, IsAPortWithOrWithoutAHost) {
  EXPECT_EQ(ParseEndpoint("8642")->host, "127.0.0.1");
  EXPECT_EQ(ParseEndpoint(":8642")->port, 8642);
  EXPECT_EQ(ParseEndpoint("0.0.0.0:80")->host, "0.0.0.0");
  EXPECT_EQ(ParseEndpoint("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseEndpoint("stir.example.com:80")->host, "stir.example.com");
  for (const char* wrong : {"", "host", "host:", "1:2:3", "::1:80", "127.0.0.1:65536", "127.0.0.1:-1", "80 "})
    EXPECT_FALSE(ParseEndpoint(wrong).ok()) << wrong;
}

TEST(GuardTest, AsksByWhichNameItIsCalled) {
  const Names names{{"stir.example.com"}};
  for (const char* ours :
       {"localhost", "LOCALHOST:1", "127.0.0.1:8642", "[::1]:8642", "10.1.2.3", "stir.example.com:80"})
    EXPECT_FALSE(Screen(Get("/", {{"host", ours}}), names)) << ours;
  for (const char* other :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[", "[::1", ":80"}) {
    const auto refused = Screen(Get("/", {{"host", other}}), names);
    ASSERT_TRUE(refused) << other;
    EXPECT_EQ(refused->status, 421) << other;
  }
  EXPECT_EQ(Screen(Get("/", {}), names)->status, 400);
  EXPECT_EQ(Screen(Get("/", {{"host", "localhost"}, {"host", "localhost"}}), names)->status, 400);
}

TEST(GuardTest, OtherOriginsChangeNothing) {
  EXPECT_FALSE(Screen(Post({}), {}));
  EXPECT_FALSE(Screen(Post({{"origin", "http://localhost:8642"}, {"sec-fetch-site", "same-origin"}}), {}));
  for (const char* origin : {"http://evil.example", "null", "http://localhost:1", "localhost:8642", ""})
    EXPECT_EQ(Screen(Post({{"origin", origin}}), {})->status, 403) << origin;
  EXPECT_EQ(Screen(Post({{"sec-fetch-site", "cross-site"}}), {})->status, 403);
  EXPECT_EQ(Screen(Post({{"content-type", "text/plain"}}, "{}"), {})->status, 415);
  EXPECT_FALSE(Screen(Post({{"content-type", "Application/JSON; charset=utf-8"}}, "{}"), {}));
}

TEST(GuardTest, ATokenComesByItsScheme) {
  EXPECT_EQ(BearerToken(Get("/")), "");
  EXPECT_EQ(BearerToken(Get("/", {{"authorization", "Bearer  stir_1 "}})), "stir_1");
  EXPECT_EQ(BearerToken(Get("/", {{"authorization", "bearer stir_1"}})), "stir_1");
  EXPECT_EQ(BearerToken(Get("/", {{"authorization", "Basic c3RpcjE="}})), std::nullopt);
  EXPECT_EQ(BearerToken(Get("/", {{"authorization", "Bearer "}})), std::nullopt);
}

TEST(TokensTest, AFileHoldsWhoMayDoWhat) {
  const test::TempFolder folder;
  const auto path = folder.path() / "tokens.json";
  TokenBook book(SystemFiles(), path);
  EXPECT_TRUE(*book.IsEmpty());
  const std::string token = MakeToken();
  EXPECT_EQ(token.size(), 69U);
  EXPECT_NE(token, MakeToken());
  ASSERT_TRUE(WriteTokens(SystemFiles(), path, {{"ana", Role::kOperator, Sha256Hex(token), Timestamp()}}).ok());
  EXPECT_EQ((*book.Find(token))->who, "token ana");
  EXPECT_EQ((*book.Find(token))->role, Role::kOperator);
  EXPECT_FALSE(*book.Find(token + "0"));
  ASSERT_TRUE(WriteTokens(SystemFiles(), path, {}).ok());
  EXPECT_FALSE(*book.Find(token)) << "a token that was taken back";
  std::ofstream(path) << "[{\"name\": \"ana\", \"role\": \"queen\"}]";
  EXPECT_FALSE(book.Find(token).ok()) << "what cannot be read lets nobody in";
}

TEST(RouterTest, FindsARouteOrSaysWhatThereIs) {
  const Match log = FindRoute("HEAD", ParseTarget("/api/v1/runs/7/tasks/a%2Fb/log")->path);
  ASSERT_NE(log.route, nullptr);
  EXPECT_EQ(log.route->path, "/api/v1/runs/{run}/tasks/{task}/log");
  EXPECT_EQ(log.path.at("task"), "a/b");
  EXPECT_TRUE(FindRoute("GET", {"api", "v1", "nothing"}).allowed.empty());
  EXPECT_TRUE(FindRoute("GET", {"api", "v1", "runs", ""}).allowed.empty());
  const Match deleted = FindRoute("DELETE", {"api", "v1", "runs", "7"});
  EXPECT_EQ(deleted.route, nullptr);
  EXPECT_EQ(deleted.allowed, (std::vector<std::string_view>{"GET", "HEAD"}));
}

// Every route is described, with its parameters and what it needs, and nothing else is.
TEST(RouterTest, TheDescriptionSaysWhatThereIs) {
  const Json api = ReadJson(embedded::Api().front().text);
  ASSERT_FALSE(api.is_discarded());
  std::set<std::string> described, there;
  for (const auto& [path, methods] : api["paths"].items())
    for (const auto& [method, operation] : methods.items()) described.insert(ToUpper(method) + " " + path);
  for (const Route& route : Routes()) {
    const std::string name = fmt::format("{} {}", route.method, route.path);
    EXPECT_TRUE(there.insert(name).second) << name;
    if (!described.contains(name)) continue;
    const Json& operation = api["paths"][std::string(route.path)][ToLower(route.method)];
    std::set<std::string> query, path, own_query, own_path;
    for (const Json& each : operation.value("parameters", Json::array())) {
      if (each["in"] == "query") query.insert(each["name"].get<std::string>());
      if (each["in"] == "path") path.insert(each["name"].get<std::string>());
    }
    for (const std::string_view each : Split(route.query, ' '))
      if (!each.empty()) own_query.emplace(each);
    for (const std::string_view each : Split(route.path, '/'))
      if (each.starts_with('{')) own_path.emplace(each.substr(1, each.size() - 2));
    EXPECT_EQ(query, own_query) << name;
    EXPECT_EQ(path, own_path) << name;
    const bool open = operation.contains("security") && operation["security"].empty();
    EXPECT_EQ(open, route.role == Role::kAnybody) << name;
    const std::string role = fmt::format("Role: {}.", ToString(route.role));
    EXPECT_EQ(operation.value("description", "").ends_with(role), !open) << name;
  }
  EXPECT_EQ(described, there);
}

TEST(ProblemTest, SaysWhatAndWhatToDo) {
  const Response one = ProblemOf({Diagnostic(kNotFound, "there is no asset `x`").Hint("look at /api/v1/assets")});
  EXPECT_EQ(one.status, 404);
  EXPECT_EQ(one.body,
            R"({"type":"urn:stir:error:not-found","title":"Not Found","status":404,"detail":"there is no asset `x`",)"
            R"("kind":"not-found","hint":"look at /api/v1/assets"})");
  const Json two = ReadJson(ProblemOf({Diagnostic(kBadRequest, "a"), Diagnostic(kBadRequest, "b")}).body);
  EXPECT_EQ(two["errors"][1]["detail"], "b");
}

class ListSink final : public EventSink {
 public:
  void Emit(const Event& event) override { codes.emplace_back(event.code); }
  std::vector<std::string> codes;
};

class EventLogTest : public testing::Test {
 protected:
  void Say(int run, std::string_view name, std::string_view pipeline = {}) {
    log_.Emit({"S100", name, Level::kInfo, "said",
               fmt::format(R"({{"run": {}, "pipeline": "{}", "state": "failed"}})", run, pipeline)});
  }
  // The names of the events of a feed, and the number of the last one.
  static std::vector<std::string> Names(Feed& feed, std::string* id = nullptr) {
    std::vector<std::string> names;
    for (std::string text = feed.Next(); !text.empty(); text = feed.Next())
      for (const std::string_view line : Split(text, '\n')) {
        if (line.starts_with("event: ")) names.emplace_back(line.substr(7));
        if (line.starts_with("id: ") && id != nullptr) *id = line.substr(4);
      }
    return names;
  }
  using List = std::vector<std::string>;

  test::FakeClock clock_;
  ListSink next_;
  EventLog log_{next_, clock_};
};

TEST_F(EventLogTest, AReaderGoesOnWhereItWas) {
  Say(1, "PipelineRunStarted", "p");
  int woken = 0;
  log_.OnNews([&] { ++woken; });
  Say(1, "TaskStarted");
  EXPECT_EQ(woken, 0) << "nobody listens";
  std::string id;
  {
    const auto feed = log_.Follow({}, "");
    EXPECT_EQ(log_.feeds(), 1);
    EXPECT_EQ(Names(*feed, &id), List{"hello"});
    Say(1, "TaskFinished");
    EXPECT_EQ(Names(*feed, &id), List{"TaskFinished"});
    EXPECT_EQ(woken, 1);
  }
  EXPECT_EQ(log_.feeds(), 0);
  Say(1, "PipelineRunFinished");
  Say(2, "PipelineRunStarted", "q");
  EXPECT_EQ(Names(*log_.Follow({}, id)), (List{"PipelineRunFinished", "PipelineRunStarted"}));
  EXPECT_EQ(Names(*log_.Follow({.run = 1, .pipeline = {}}, id)), List{"PipelineRunFinished"});
  EXPECT_EQ(Names(*log_.Follow({.run = {}, .pipeline = "p"}, id)), List{"PipelineRunFinished"});
  EXPECT_EQ(Names(*log_.Follow({}, "0-1")), List{"reset"});
  EXPECT_EQ(Names(*log_.Follow({}, id.substr(0, id.find('-')) + "-99")), List{"reset"});
  EXPECT_EQ(next_.codes.size(), 5U);
  EXPECT_EQ(log_.ended().runs.at("failed"), 1);
  EXPECT_EQ(log_.ended().tasks.at("failed"), 1);
}

TEST_F(EventLogTest, WhatFellOutIsTold) {
  const auto feed = log_.Follow({}, "");
  std::string first;
  EXPECT_EQ(Names(*feed, &first), List{"hello"});
  const std::string long_text(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) log_.Emit({"S100", "Long", Level::kInfo, long_text});
  const List names = Names(*feed);
  EXPECT_EQ(names.front(), "reset");
  EXPECT_LT(names.size(), 10U);
  log_.Emit({"S107", "TaskOutput", Level::kDebug, "a line"});
  EXPECT_EQ(Names(*feed), List{}) << "lines of tasks stand in their logs";
}

TEST(LogTextTest, IsReadInParts) {
  const test::TempFolder folder;
  const auto path = folder.path() / "1.log";
  EXPECT_EQ(ReadLog(path, 0, 1000)->size, 0) << "a task that has written nothing";
  std::string text;
  for (int i = 1; i <= 1000; ++i) text += fmt::format("line {} Ä\n", i);
  std::ofstream(path, std::ios::binary) << text << "begun";
  std::string all;
  for (int64_t at = 0; at < static_cast<int64_t>(text.size());) {
    const LogPart part = *ReadLog(path, at, 300);
    ASSERT_FALSE(part.text.empty());
    EXPECT_TRUE(IsUtf8(part.text));
    all += part.text;
    at = part.offset + static_cast<int64_t>(part.text.size());
  }
  EXPECT_EQ(all, text + "begun");
  EXPECT_EQ(ReadLogTail(path, 2, 1000)->text, "line 1000 Ä\nbegun");
  EXPECT_EQ(ReadLogTail(path, 100000, 20)->text, "line 1000 Ä\nbegun");
  EXPECT_EQ(ReadLogTail(path, 100000, 1 << 20)->text, text + "begun");
  EXPECT_EQ(ReadLog(path, 1 << 30, 100)->text, "");

  const LogMatches found = *SearchLogFile(path, "LINE 99", 0, 100);
  ASSERT_EQ(found.matches.size(), 11U);
  EXPECT_EQ(found.matches[0].line, "line 99 Ä");
  EXPECT_EQ(ReadLog(path, found.matches[1].offset, 300)->text.substr(0, 8), "line 990");
  EXPECT_EQ(found.next, -1);
  const LogMatches some = *SearchLogFile(path, "line", 0, 3);
  EXPECT_EQ(some.matches.size(), 3U);
  EXPECT_EQ(SearchLogFile(path, "line", some.next, 1)->matches[0].line, "line 4 Ä");
  EXPECT_EQ(SearchLogFile(path, "begun", 0, 3)->matches.size(), 1U);
}

TEST(LogTextTest, OneLineWithoutAnEndIsReadToo) {
  const test::TempFolder folder;
  const auto path = folder.path() / "1.log";
  std::ofstream(path, std::ios::binary) << std::string(1 << 20, '\x80');
  int64_t at = 0;
  for (int parts = 0; at < 1 << 20; ++parts) {
    ASSERT_LT(parts, 10000);
    const LogPart part = *ReadLog(path, at, 256);
    at = part.offset + static_cast<int64_t>(part.text.size());
  }
  EXPECT_TRUE(SearchLogFile(path, "x", 0, 1)->matches.empty());
}

TEST(MetricsTest, AreWrittenAsPrometheusReadsThem) {
  MetricsText text;
  text.Family("stir_runs", "gauge", "Runs.");
  text.Sample({{"state", "a\"b\\c\nd"}}, 2);
  text.Sample({}, 0.25, "_sum");
  EXPECT_EQ(
      std::move(text).Take(),
      "# HELP stir_runs Runs.\n# TYPE stir_runs gauge\nstir_runs{state=\"a\\\"b\\\\c\\nd\"} 2\nstir_runs_sum 0.25\n");
  RequestMetrics requests;
  requests.Count("GET", "/health", 200, 0.003);
  requests.Count("GET", "/health", 200, 9);
  MetricsText written;
  requests.Write(written);
  const std::string lines = std::move(written).Take();
  EXPECT_NE(lines.find("_bucket{method=\"GET\",route=\"/health\",code=\"200\",le=\"0.005\"} 1\n"), std::string::npos)
      << lines;
  EXPECT_NE(lines.find("le=\"+Inf\"} 2\n"), std::string::npos) << lines;
}

}  // namespace
}  // namespace stir::server
