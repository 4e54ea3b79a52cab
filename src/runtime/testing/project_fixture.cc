#include "runtime/testing/project_fixture.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "base/clock.h"
#include "embedded/embedded.h"
#include "project/files.h"
#include "project/parse.h"

namespace stir::runtime::testing {

namespace fs = std::filesystem;

// Keeps the SQL that was sent.
class EventLog final : public EventSink {
 public:
  void Emit(const Event& event) override {
    if (event.name != "SQLQuery") return;
    statements.push_back(Bare(event.message));
    messages.push_back(event.message);
  }
  std::vector<std::string> statements, messages;

 private:
  // "On model.shop.a: /* ... */\nselect 1" -> "select 1"
  static std::string Bare(const std::string& message) {
    std::string sql = message.substr(message.find(": ") + 2);
    if (sql.starts_with("/* ")) sql = sql.substr(sql.find("*/") + 3);
    return sql;
  }
};

// One parse of the project and what a runner of it needs.
struct ProjectFixture::Opened {
  project::Environment environment;
  project::Invocation invocation;
  project::Target target;
  std::shared_ptr<const project::Manifest> manifest;
  std::unique_ptr<adapter::Connection> connection;
  Worker worker;
  std::unique_ptr<NodeRunner> runner;
};

ProjectFixture::ProjectFixture(Files files)
    : sources_(std::make_unique<SourceMap>()), log_(std::make_unique<EventLog>()) {
  static std::atomic<int> count{0};
  root_ = fs::temp_directory_path() / fmt::format("stir_runtime_{}_{}", ::getpid(), count++);
  fs::remove_all(root_);
  files.try_emplace("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
  files.try_emplace("profiles.yml",
                    fmt::format("shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: {}}}\n",
                                (root_ / "shop.duckdb").string()));
  for (const auto& [path, text] : files) Write(path, text);
}

ProjectFixture::~ProjectFixture() {
  opened_.clear();
  engine_.reset();
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void ProjectFixture::Write(const std::string& path, const std::string& text) {
  fs::create_directories((root_ / path).parent_path());
  std::ofstream(root_ / path, std::ios::binary) << text;
}

std::string ProjectFixture::Read(const std::string& path) const {
  std::ifstream in(root_ / path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<std::unique_ptr<ProjectFixture::Opened>> ProjectFixture::Open(const Command& command) {
  auto opened = std::make_unique<Opened>();
  project::Invocation& invocation = opened->invocation;
  invocation.id = "11111111-2222-4333-8444-555555555555";
  invocation.clock = &SystemClock();
  invocation.started_at = SystemClock().Now();
  invocation.environment = &opened->environment;
  invocation.events = log_.get();
  STIR_ASSIGN(invocation.vars, project::ParseVars(command.vars, *sources_));
  invocation.flags = {{"FULL_REFRESH", jinja::Value::Bool(command.full_refresh)},
                      {"STORE_FAILURES", jinja::Value::Bool(command.store_failures)},
                      {"WHICH", jinja::Value::String("build")}};
  Redactor redactor;
  STIR_ASSIGN(project::ProjectFiles files, project::ReadProject(stir::SystemFiles(), root_, invocation, *sources_));
  const project::ProfileRequest request{root_, "shop", "", 0};
  STIR_ASSIGN(opened->target, project::ReadTarget(stir::SystemFiles(), request, invocation, *sources_, redactor));
  std::vector<project::BuiltinFile> macros;
  for (const embedded::EmbeddedFile& file : embedded::Macros()) macros.push_back({file.path, file.text});
  project::BuiltinMacros builtin(macros, *sources_);
  project::ParseOptions options{&invocation, &opened->target, &adapter::duckdb::DuckDbDialect(), &builtin, 1};
  STIR_ASSIGN(project::ParsedProject parsed, project::ParseProject(std::move(files), options, *sources_));
  opened->manifest = parsed.manifest;
  if (!engine_) {
    STIR_ASSIGN(engine_, adapter::duckdb::OpenDuckDb(opened->target.profile));
  }
  STIR_ASSIGN(opened->connection, engine_->Connect());
  opened->worker = {opened->connection.get(), "Thread-1 (worker)"};
  RunnerOptions runner;
  runner.invocation = &invocation;
  runner.target = &opened->target;
  runner.files = &stir::SystemFiles();
  runner.sources = sources_.get();
  runner.target_path = root_ / "target";
  runner.empty = command.empty;
  runner.query_comment = command.query_comment;
  opened->runner = std::make_unique<NodeRunner>(opened->manifest, *engine_, std::move(runner));
  return opened;
}

void ProjectFixture::WithRunner(const Command& command,
                                const std::function<void(NodeRunner&, const project::Manifest&, Worker&)>& body) {
  auto opened = Open(command);
  ASSERT_TRUE(opened.ok()) << opened.error().front().message;
  opened_.push_back(*std::move(opened));
  Opened& current = *opened_.back();
  body(*current.runner, *current.manifest, current.worker);
}

BuildResult ProjectFixture::Build(const Command& command) {
  BuildResult result;
  auto opened = Open(command);
  if (!opened.ok()) {
    result.errors = std::move(opened).error();
    for (const Diagnostic& error : result.errors) ADD_FAILURE() << error.message << " " << error.hint;
    return result;
  }
  opened_.push_back(*std::move(opened));
  Opened& current = *opened_.back();
  log_->statements.clear();
  log_->messages.clear();
  const auto wanted = [&](const project::Node& node) {
    if (node.type > project::ResourceType::kTest) return false;
    return command.only.empty() || std::ranges::find(command.only, node.unique_id) != command.only.end();
  };
  std::vector<graph::NodeId> selected;
  for (const graph::NodeId id : current.manifest->graph().TopologicalOrder())
    if (wanted(current.manifest->node(id))) selected.push_back(id);
  if (Status prepared = current.runner->Prepare(selected, current.worker); !prepared.ok()) {
    result.errors = std::move(prepared).error();
    return result;
  }
  result.start_hooks = current.runner->RunHooks(true, {}, current.worker);
  std::vector<project::NodeResult> results;
  for (const graph::NodeId id : selected) {
    NodeOutcome outcome = current.runner->Run(id, current.worker);
    results.push_back(outcome.result);
    result.nodes.emplace(current.manifest->node(id).unique_id, std::move(outcome));
  }
  result.end_hooks = current.runner->RunHooks(false, results, current.worker);
  result.statements = log_->statements;
  result.messages = log_->messages;
  return result;
}

std::vector<std::vector<std::string>> ProjectFixture::Rows(const std::string& sql) {
  std::vector<std::vector<std::string>> texts;
  Result<std::unique_ptr<adapter::Connection>> connection = engine_->Connect();
  if (!connection.ok()) return texts;
  auto rows = (*connection)->Query(sql);
  if (!rows.ok()) {
    ADD_FAILURE() << rows.error().front().message;
    return texts;
  }
  std::vector<adapter::Cell> row;
  while (true) {
    Result<bool> more = (*rows)->Next(row);
    if (!more.ok() || !*more) return texts;
    std::vector<std::string>& line = texts.emplace_back();
    for (const adapter::Cell& cell : row)
      line.push_back(std::holds_alternative<std::monostate>(cell) ? "∅" : adapter::CellText(cell));
  }
}

}  // namespace stir::runtime::testing
