// What needs other processes, signals or a full disk: the real binary is started, disturbed, and looked at afterwards.
// What the machine does not allow (mounting, as a plain user) is skipped with its reason.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fmt/format.h>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/child.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Child;
using testing_support::Ended;
using testing_support::IsAlive;
using testing_support::ReadFile;
using testing_support::WaitFor;
using namespace std::chrono_literals;

// Counts long enough to be interrupted, over rows that the engine cannot fold away.
constexpr std::string_view kLongQuery = "select count(*) as n from range(400000000000) t(i) where hash(i) % 7 = 3";

// A project on a DuckDB file in a folder of its own.
class FaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / fmt::format("stir-faults-{}", getpid());
    fs::remove_all(root_);
    project_ = root_ / "project";
    Write("dbt_project.yml", "name: faults\nversion: \"1.0\"\nprofile: faults\n");
    Write("profiles.yml",
          "faults:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: faults.duckdb, threads: 2}\n");
    setenv("NO_COLOR", "1", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("DBT_PROFILES_DIR");
    unsetenv("DBT_PROJECT_DIR");
  }

  void TearDown() override {
    for (const fs::path& mount : mounts_) umount2(mount.c_str(), MNT_DETACH);
    if (!HasFailure()) fs::remove_all(root_);
  }

  void Write(const fs::path& path, std::string_view text) const {
    fs::create_directories((project_ / path).parent_path());
    std::ofstream(project_ / path, std::ios::binary) << text;
  }

  std::unique_ptr<Child> Start(std::vector<std::string> words) {
    words.insert(words.begin(), STIR_BINARY);
    return std::make_unique<Child>(words, project_, root_ / fmt::format("out-{}", ++started_));
  }

  Ended Stir(std::vector<std::string> words) { return Start(std::move(words))->Wait(); }

  // A small file system of its own below the project; false, and the test is to be skipped, where none may be mounted.
  [[nodiscard]] bool Mount(const fs::path& path, std::string_view options) {
    fs::create_directories(project_ / path);
    if (mount("tmpfs", (project_ / path).c_str(), "tmpfs", 0, std::string(options).c_str()) != 0) return false;
    mounts_.push_back(project_ / path);
    return true;
  }

  fs::path root_, project_;

 private:
  std::vector<fs::path> mounts_;
  int started_ = 0;
};

#define STIR_SKIP_WITHOUT_MOUNT(path, options) \
  if (!Mount(path, options)) GTEST_SKIP() << "a file system cannot be mounted here: " << std::strerror(errno)

void ExpectSays(const Ended& ended, std::string_view text) {
  EXPECT_NE(ended.out.find(text), std::string::npos) << "expected to see: " << text << "\nin:\n" << ended.out;
}

TEST_F(FaultsTest, AHeldDatabaseNamesItsHolder) {
  Write("models/slow.sql", fmt::format("{{{{ config(materialized='table') }}}}\n{}\n", kLongQuery));
  Write("models/quick.sql", "select 1 as id\n");
  const auto holder = Start({"run", "-s", "slow"});
  ASSERT_TRUE(holder->Says("START sql table model main.slow"));

  const Ended second = Stir({"run", "-s", "quick"});
  EXPECT_EQ(second.code, 2);
  ExpectSays(second, "error[database-held]");
  ExpectSays(second, fmt::format("process {}", holder->pid()));
  ExpectSays(second, "run -s slow");
  EXPECT_EQ(Stir({"sql", "select 1"}).code, 2);

  // What needs no engine works beside it.
  EXPECT_EQ(Stir({"ls"}).code, 0);
  EXPECT_EQ(Stir({"parse"}).code, 0);

  holder->Signal(SIGINT);
  holder->Wait();
  EXPECT_EQ(Stir({"run", "-s", "quick"}).code, 0);
}

TEST_F(FaultsTest, OneInterruptStopsCleanly) {
  Write("models/quick.sql", "{{ config(materialized='table') }}\nselect 1 as id\n");
  Write("models/slow.sql",
        fmt::format("{{{{ config(materialized='table') }}}}\n-- depends on {{{{ ref('quick') }}}}\n{}\n", kLongQuery));
  Write("models/after.sql", "select * from {{ ref('slow') }}\n");
  const auto run = Start({"run"});
  ASSERT_TRUE(run->Says("START sql table model main.slow"));
  run->Signal(SIGINT);
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.code, 1);
  ExpectSays(ended, "OK created sql table model main.quick");
  ExpectSays(ended, "Exited because of keyboard interrupt");
  EXPECT_EQ(ended.out.find("error[database-error]"), std::string::npos) << ended.out;

  const std::string results = ReadFile(project_ / "target/run_results.json");
  EXPECT_NE(results.find("model.faults.quick"), std::string::npos);
  const Ended tables = Stir({"sql", "select string_agg(table_name, ' ' order by 1) as made from duckdb_tables()"});
  EXPECT_EQ(tables.code, 0);
  ExpectSays(tables, "| quick |");
}

TEST_F(FaultsTest, TwoInterruptsEndAtOnce) {
  Write("models/slow.sql", fmt::format("{{{{ config(materialized='table') }}}}\n{}\n", kLongQuery));
  // The hook cannot be canceled: a process that waits for its end would still be there after the first interrupt.
  Write("stir/p.yml",
        "version: 1\npipelines:\n  - name: p\n    schedule: none\n    tasks:\n"
        "      - {name: stubborn, shell: \"trap '' INT TERM; echo $$ > pid; sleep 3; sleep 3\"}\n");
  const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return fs::exists(project_ / "pid") && fs::file_size(project_ / "pid") > 0; }));
  run->Signal(SIGINT);
  std::this_thread::sleep_for(200ms);
  const auto begin = std::chrono::steady_clock::now();
  run->Signal(SIGINT);
  EXPECT_EQ(run->Wait().code, 130);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_EQ(Stir({"run", "-s", "nothing"}).code, 0);  // nothing is left that stands in the way
}

TEST_F(FaultsTest, AnInterruptedShellTaskIsEndedAndRunsAgain) {
  Write("stir/p.yml",
        "version: 1\npipelines:\n  - name: p\n    schedule: none\n    tasks:\n"
        "      - {name: first, shell: \"echo ran >> first\"}\n"
        "      - {name: long, shell: \"if [ -e again ]; then exit 0; fi; sleep 60 & echo $! > pid; wait\", needs: "
        "[first]}\n");
  const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return fs::exists(project_ / "pid") && fs::file_size(project_ / "pid") > 0; }));
  const pid_t sleeper = std::stoi(ReadFile(project_ / "pid"));
  run->Signal(SIGINT);
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.code, 1) << ended.out;
  ExpectSays(ended, "1 canceled");
  EXPECT_TRUE(WaitFor([&] { return !IsAlive(sleeper); })) << "the task's own child outlived it";

  // A retry goes on where it was: the first task does not run again.
  Write("again", "");
  const Ended again = Stir({"runs", "retry", "1"});
  EXPECT_EQ(again.code, 0) << again.out;
  EXPECT_EQ(ReadFile(project_ / "first"), "ran\n") << again.out;
}

TEST_F(FaultsTest, AnInterruptedQueryOfAPipelineIsCanceled) {
  Write("models/slow.sql", fmt::format("{{{{ config(materialized='table') }}}}\n{}\n", kLongQuery));
  Write("stir/p.yml",
        "version: 1\npipelines:\n  - name: p\n    schedule: none\n    tasks:\n      - {name: models, build: slow}\n");
  const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(run->Says("models: 1 task"));
  std::this_thread::sleep_for(300ms);
  run->Signal(SIGTERM);
  const Ended ended = run->Wait();
  EXPECT_EQ(ended.code, 1) << ended.out;
  const Ended state = Stir({"runs", "list", "-o", "json"});
  EXPECT_EQ(state.out.find("\"running\": true"), std::string::npos) << state.out;
  EXPECT_EQ(Stir({"sql", "from duckdb_tables()"}).code, 0);
}

TEST_F(FaultsTest, TwoProcessesDoNotRunOnePipelineAtOnce) {
  Write("stir/p.yml",
        "version: 1\npipelines:\n  - name: p\n    schedule: none\n    tasks:\n"
        "      - {name: long, shell: \"echo ran >> ran; until [ -e go ]; do sleep 0.05; done\"}\n");
  const auto first = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return fs::exists(project_ / "ran"); }));
  const Ended second = Stir({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  EXPECT_NE(second.code, 0) << second.out;
  ExpectSays(second, fmt::format("{}", first->pid()));
  const Ended list = Stir({"runs", "list"});
  EXPECT_EQ(list.code, 0);
  ExpectSays(list, "running");
  Write("go", "");
  EXPECT_EQ(first->Wait().code, 0);
  EXPECT_EQ(ReadFile(project_ / "ran"), "ran\n");
}

TEST_F(FaultsTest, AFullDiskWhileATableIsBuiltLeavesTheOldOne) {
  STIR_SKIP_WITHOUT_MOUNT("db", "size=6m");
  Write("profiles.yml",
        "faults:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: db/faults.duckdb, threads: 1}\n");
  Write("models/big.sql",
        "{{ config(materialized='table') }}\nselect i as id, md5(i::varchar) as text from range({{ var('rows', 10) }}) "
        "t(i)\n");
  ASSERT_EQ(Stir({"run"}).code, 0);
  const Ended full = Stir({"run", "--vars", "{rows: 3000000}"});
  EXPECT_EQ(full.code, 1);
  ExpectSays(full, "No space left on device");
  ExpectSays(Stir({"sql", "select count(*) as n from big"}), "| 10 |");
}

TEST_F(FaultsTest, AFullDiskWhileArtifactsAreWrittenIsSaid) {
  STIR_SKIP_WITHOUT_MOUNT("target", "size=64k");
  for (int i = 0; i < 40; ++i) Write(fmt::format("models/m{}.sql", i), "select 1 as id\n");
  const Ended full = Stir({"run"});
  EXPECT_NE(full.code, 0);
  ExpectSays(full, "target/");
  ExpectSays(full, "no space left on device");
}

TEST_F(FaultsTest, AFullDiskWhileADropIsStagedLoadsNothing) {
  STIR_SKIP_WITHOUT_MOUNT("db", "size=6m");
  Write("profiles.yml",
        "faults:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: db/faults.duckdb, threads: 1}\n");
  Write("models/sources.yml", "sources: [{name: raw, schema: raw, tables: [{name: t}]}]\n");
  Write("stir/p.yml",
        "version: 1\nconnections:\n  drop: {type: files, root: drop}\ningestions:\n  - name: t\n"
        "    from: {connection: drop, path: \"*.csv\", format: csv}\n    to: source('raw', 't')\n    mode: full\n"
        "pipelines:\n  - name: p\n    schedule: none\n    tasks: [{name: load, ingest: t}]\n");
  Write("drop/a.csv", "id,text\n1,small\n");
  ASSERT_EQ(Stir({"pipeline", "run", "p", "--logical-date", "2026-01-01"}).code, 0);
  std::string rows = "id,text\n";
  std::mt19937_64 random(1);
  for (int i = 0; i < 300000; ++i) rows += fmt::format("{},{:x}{:x}\n", i, random(), random());
  Write("drop/a.csv", rows);
  const Ended full = Stir({"pipeline", "run", "p", "--logical-date", "2026-01-02"});
  EXPECT_EQ(full.code, 1);
  ExpectSays(full, "No space left on device");
  ExpectSays(Stir({"sql", "select count(*) as n from raw.t"}), "| 1 |");
}

TEST_F(FaultsTest, AFullDiskUnderTheStoreIsSaid) {
  STIR_SKIP_WITHOUT_MOUNT(".stir", "size=64k");
  Write("stir/p.yml",
        "version: 1\npipelines:\n  - name: p\n    schedule: none\n    tasks: [{name: t, shell: echo hello}]\n");
  const Ended full = Stir({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  EXPECT_NE(full.code, 0);
  ExpectSays(full, ".stir");
}

TEST_F(FaultsTest, AFolderThatCannotBeWrittenIsSaid) {
  Write("models/a.sql", "select 1 as id\n");
  STIR_SKIP_WITHOUT_MOUNT("target", "size=64k,ro");
  const Ended run = Stir({"run"});
  EXPECT_NE(run.code, 0);
  ExpectSays(run, "target");
  ExpectSays(run, "read-only file system");
}

TEST_F(FaultsTest, ADatabaseThatCannotBeWrittenIsSaid) {
  Write("profiles.yml",
        "faults:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: db/faults.duckdb, threads: 1}\n");
  Write("models/a.sql", "select 1 as id\n");
  STIR_SKIP_WITHOUT_MOUNT("db", "size=64k,ro");
  const Ended run = Stir({"run"});
  EXPECT_EQ(run.code, 2);
  ExpectSays(run, "db/faults.duckdb");
  ExpectSays(run, "Read-only file system");
}

// A secret is used wherever one can be used, each use fails, and nothing that was written or said holds it.
TEST_F(FaultsTest, ASecretIsNeverPrinted) {
  constexpr const char* kSecret = "s3cr3t-Wort!&x";
  setenv("STIR_SECRET_TOKEN", kSecret, 1);
  setenv("DBT_ENV_SECRET_PASSWORD", "An0ther-$ecret", 1);
  Write("profiles.yml",
        "faults:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: faults.duckdb\n"
        "      password: \"{{ env_var('DBT_ENV_SECRET_PASSWORD') }}\"\n");
  Write("models/a.sql", "select 1 as id\n");
  Write("stir/p.yml", R"(version: 1
connections:
  hook: {type: webhook, url: "http://127.0.0.1:9/{{ secret('token') }}", headers: {authorization: "Bearer {{ secret('token') }}"}}
pipelines:
  - name: p
    schedule: none
    on_failure: [hook]
    tasks:
      - {name: shell, shell: "echo out {{ secret('token') }}; echo err {{ secret('token') }} >&2; exit 3"}
      - {name: env, shell: "echo $TOKEN; exit 3", env: {TOKEN: "{{ secret('token') }}"}}
      - {name: json, shell: "echo '{\"token\": \"{{ secret('token') }}\"}'"}
      - {name: sql, sql: "select '{{ secret('token') }}' from nowhere"}
      - {name: template, shell: "{{ secret('token') / 2 }}"}
      - {name: notify, notify: hook, message: "the token is {{ secret('token') }}"}
      - {name: models, build: a}
)");
  std::string said;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"pipeline", "run", "p", "--logical-date", "2026-01-01"},
           {"runs", "show", "1"},
           {"runs", "logs", "1"},
           {"runs", "show", "1", "-o", "json"},
           {"debug"},
           {"pipeline", "show", "p"},
           {"--log-level", "debug", "build"},
           {"--log-format", "json", "pipeline", "run", "p", "--logical-date", "2026-01-02"}}) {
    said += Stir(words).out;
  }
  EXPECT_NE(said.find("***"), std::string::npos) << said;
  for (const std::string_view secret : {kSecret, "An0ther-$ecret"}) {
    EXPECT_EQ(said.find(secret), std::string::npos) << said;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(project_)) {
      if (!entry.is_regular_file()) continue;
      EXPECT_EQ(ReadFile(entry.path()).find(secret), std::string::npos) << entry.path();
    }
  }
  unsetenv("STIR_SECRET_TOKEN");
  unsetenv("DBT_ENV_SECRET_PASSWORD");
}

TEST_F(FaultsTest, AReaderThatGoesAwayIsNoCrash) {
  for (int i = 0; i < 300; ++i)
    Write(fmt::format("models/a_model_with_a_rather_long_name_{}.sql", i), "select 1 as id\n");
  Child shell({"/bin/bash", "-c", fmt::format("{} -q ls | head -1; echo ${{PIPESTATUS[0]}}", STIR_BINARY)}, project_,
              root_ / "out");
  const Ended ended = shell.Wait();
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out.find("rror"), std::string::npos) << ended.out;
}

}  // namespace
}  // namespace stir
