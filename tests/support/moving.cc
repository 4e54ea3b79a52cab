#include "tests/support/moving.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace stir::testing_support {

namespace fs = std::filesystem;
using pg::testing::Cluster;

void MovingTest::SetUp() {
  root_ = fs::temp_directory_path() / fmt::format("stir-moving-{}", getpid());
  fs::remove_all(root_);
  Cluster::Get().MakeDatabase("faults");
  setenv("NO_COLOR", "1", 1);
  setenv("TZ", "UTC", 1);
  MakeProject("in", false);
  MakeProject("out", true);
  Ingestion("in", Connection("reader"));
  EXPECT_EQ(
      Sql(fmt::format(
          "do $$ begin create role reader login; exception when duplicate_object then end $$; create table source as "
          "select i::bigint as id, i % 7 as part, repeat('x', 50) as v from generate_series(1, {}) i; alter table "
          "source alter id set not null; grant select on source to reader",
          kSourceRows)),
      "");
}

void MovingTest::TearDown() {
  for (const fs::path& folder : mounts_) umount2(folder.c_str(), MNT_DETACH);
  if (!HasFailure()) fs::remove_all(root_);
}

bool MovingTest::Mount(const fs::path& folder, const std::string& size, const std::string& owner) {
  fs::create_directories(folder);
  const passwd* account = getpwnam(owner.c_str());
  if (account == nullptr) return false;
  const std::string options = fmt::format("size={},mode=700,uid={},gid={}", size, account->pw_uid, account->pw_gid);
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) != 0) return false;
  mounts_.push_back(folder);
  return true;
}

void MovingTest::MakeProject(const std::string& project, bool publishes) const {
  Write(project, "dbt_project.yml", "name: faults\nprofile: faults\n");
  Write(project, "profiles.yml",
        "faults: {target: dev, outputs: {dev: {type: duckdb, path: faults.duckdb, threads: 2}}}\n");
  if (publishes) {
    Write(project, "models/target.sql",
          "{{ config(materialized='table') }}\nselect range as id, (range % 7)::integer as part, '{{ var(\"v\") }}' "
          "as v from range({{ var('rows', 120000) }})\n");
  } else {
    Write(project, "models/sources.yml", "sources: [{name: raw, schema: raw, tables: [{name: source}]}]\n");
  }
}

std::string MovingTest::Connection(const std::string& user, const std::string& rest) {
  return ConnectionTo(Cluster::Get().host(), Cluster::Get().port(), user, rest);
}

std::string MovingTest::ConnectionTo(const std::string& host, const std::string& port, const std::string& user,
                                     const std::string& rest) {
  return fmt::format("{{type: postgres, host: {}, port: {}, user: {}, database: faults, connect_timeout: 2{}}}", host,
                     port, user, rest);
}

void MovingTest::Ingestion(const std::string& project, const std::string& connection) const {
  Write(project, "stir/in.yml",
        fmt::format("version: 1\nconnections:\n  app: {}\ningestions:\n  - name: source\n    from: {{connection: app, "
                    "table: public.source}}\n    to: source('raw', 'source')\n    mode: full\n    key: [id]\n",
                    connection));
}

void MovingTest::Publication(const std::string& project, const std::string& strategy, const std::string& connection,
                             const std::string& table) const {
  Write(project, "stir/out.yml",
        fmt::format("version: 1\nconnections:\n  app: {}\npublications:\n  - {{name: target, from: ref('target'), to: "
                    "{{connection: app, table: public.{}{}}}, strategy: {}, key: [id], keep: 0}}\npipelines:\n  - "
                    "{{name: p, schedule: none, tasks: [{{name: out, publish: target}}]}}\n",
                    connection, table, strategy == "partition" ? ", partition_by: [part]" : "", strategy));
}

void MovingTest::Write(const std::string& project, const fs::path& path, std::string_view text) const {
  fs::create_directories((root_ / project / path).parent_path());
  std::ofstream(root_ / project / path, std::ios::binary) << text;
}

std::unique_ptr<Child> MovingTest::Start(const std::string& project, std::vector<std::string> words) {
  words.insert(words.begin(), STIR_BINARY);
  return std::make_unique<Child>(words, root_ / project, root_ / fmt::format("out-{}", ++started_));
}

Ended MovingTest::Stir(const std::string& project, std::vector<std::string> words) {
  return Start(project, std::move(words))->Wait();
}

void MovingTest::Builds(const std::string& project, const std::string& v, int rows) {
  const Ended built = Stir(project, {"run", "--quiet", "--vars", fmt::format("{{v: {}, rows: {}}}", v, rows)});
  EXPECT_EQ(built.code, 0) << built.out;
}

std::string MovingTest::Sql(std::string_view sql) { return Cluster::Get().Ask("faults", sql); }

std::string MovingTest::Loaded(const std::string& project) {
  const std::string out =
      Stir(project, {"sql", "--quiet", "--output", "csv",
                     "select count(*), sum(id), count(distinct id), left(min(v), 3) from raw.source"})
          .out;
  const size_t rows = out.find('\n');
  return rows == std::string::npos ? out : out.substr(rows + 1, out.find('\n', rows + 1) - rows - 1);
}

void ExpectSays(const Ended& ended, std::string_view text) {
  EXPECT_NE(ended.out.find(text), std::string::npos) << "expected to see: " << text << "\nin:\n" << ended.out;
}

}  // namespace stir::testing_support
