// A command's traces: on the terminal, in target/ and logs/, and in the databases that stand in the project's folder.
#include "tests/support/observe.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "adapter/duckdb/duckdb_adapter.h"
#include "base/digest.h"
#include "base/strings.h"
#include "tests/support/artifact_facts.h"

namespace stir::testing_support {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArtifacts[] = {"manifest.json", "run_results.json", "catalog.json", "sources.json",
                                      "semantic_manifest.json"};
constexpr int kMostRows = 40;  // of a relation that are recorded one by one

std::string WithoutPaths(std::string text, const Workplace& place) {
  text = ReplaceAll(std::move(text), fs::canonical(place.project()).string(), "PROJECT");
  return ReplaceAll(std::move(text), fs::canonical(place.root()).string(), "HOME");
}

std::string WithoutRun(std::string text) {
  static const std::vector<std::pair<std::regex, std::string>> kRules = {
      {std::regex(R"(^\d\d:\d\d:\d\d  ?)"), ""},
      {std::regex(R"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"), "<uuid>"},
      {std::regex(R"( (in|after) \d+\.\d+s)"), " $1 <time>"},
      {std::regex(R"(\d+ hours \d+ minutes and \d+\.\d+ seconds \(\d+\.\d+s\))"), "<time>"},
      {std::regex(R"(\b\d+ macros)"), "N macros"},
  };
  for (const auto& [pattern, name] : kRules) text = std::regex_replace(text, pattern, name);
  return WithoutNow(std::move(text));
}

// The lines, each with how often it stands there; those of an explanation that ends a command are marked as that. With
// several threads it is chance who starts first.
Entries TerminalLines(const std::string& out, const Workplace& place) {
  static const std::regex kThreads(R"(Concurrency: (\d+) threads.*)"), kNumber(R"(^\d+ of (\d+) )"), kDots(R"(\.{3,})");
  std::map<std::string, int> counts;
  bool threads = false, explains = false;
  std::istringstream lines(WithoutPaths(out, place));
  for (std::string line; std::getline(lines, line);) {
    line = WithoutRun(std::move(line));
    if (Strip(line).empty()) continue;
    if (std::smatch found; std::regex_match(line, found, kThreads)) threads = found.str(1) != "1";
    if (threads) line = std::regex_replace(std::regex_replace(line, kNumber, "_ of $1 "), kDots, "...");
    ++counts[explains ? "explained: " + line : line];
    explains = explains || line.find("Encountered an error") != std::string::npos;
  }
  Entries entries;
  for (const auto& [line, count] : counts) entries[line] = std::to_string(count);
  return entries;
}

std::string CellText(const adapter::Cell& cell) {
  if (const auto* text = std::get_if<adapter::Text>(&cell)) return text->value;
  if (const auto* other = std::get_if<adapter::Other>(&cell)) return other->text;
  if (const auto* number = std::get_if<int64_t>(&cell)) return std::to_string(*number);
  return std::holds_alternative<std::monostate>(cell) ? "NULL" : "?";
}

using Table = std::vector<std::vector<std::string>>;

Result<Table> Ask(adapter::Connection& session, const std::string& sql, std::vector<std::string>* names = nullptr) {
  auto rows = session.Query(sql);
  if (!rows.ok()) return std::move(rows).error();
  if (names != nullptr) {
    for (const adapter::ColumnInfo& column : (*rows)->columns()) names->push_back(column.name);
  }
  Table table;
  std::vector<adapter::Cell> row;
  while (true) {
    auto more = (*rows)->Next(row);
    if (!more.ok()) return std::move(more).error();
    if (!*more) return table;
    std::vector<std::string>& cells = table.emplace_back();
    for (const adapter::Cell& cell : row) cells.push_back(CellText(cell));
  }
}

std::string Quoted(std::string_view name) { return '"' + ReplaceAll(std::string(name), "\"", "\"\"") + '"'; }

// A row as JSON. An id that was computed from the time of the run is as new in every run as that time.
std::string RowText(std::vector<std::string> cells, const std::vector<std::string>& names) {
  for (std::string& cell : cells) cell = WithoutNow(std::move(cell));
  const bool now = std::ranges::find(cells, "<now>") != cells.end();
  for (size_t i = 0; now && i < cells.size(); ++i) {
    if (names[i] == "dbt_scd_id") cells[i] = "<run>";
  }
  return nlohmann::json(cells).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void AddRows(adapter::Connection& session, const std::string& relation, Entries& entries) {
  std::vector<std::string> names;
  auto rows = Ask(session, fmt::format("select columns(*)::varchar from {} order by all", relation), &names);
  if (!rows.ok()) {
    entries["error"] = JsonText(rows.error().front().message);
    return;
  }
  std::vector<std::string> shown;
  for (std::vector<std::string>& row : *rows) shown.push_back(RowText(std::move(row), names));
  std::ranges::sort(shown);
  entries["rows"] = std::to_string(shown.size());
  for (size_t i = 0; i < shown.size() && i < kMostRows; ++i) entries[fmt::format("row {:02}", i + 1)] = shown[i];
  if (shown.size() > kMostRows) entries["row hash"] = JsonText(Md5Hex(Join(shown, "\n")));
}

void AddColumns(adapter::Connection& session, std::string_view filter, Entries& entries) {
  auto columns =
      Ask(session, fmt::format("select column_name, data_type || case when is_nullable then '' else ' not null' "
                               "end || coalesce(' -- ' || comment, '') from duckdb_columns() where {} "
                               "order by column_index",
                               filter));
  int number = 0;
  for (const auto& row : columns.ok() ? *columns : Table{}) {
    entries[fmt::format("column {:02} {}", ++number, row[0])] = JsonText(row[1]);
  }
  auto constraints = Ask(session, fmt::format("select constraint_text from duckdb_constraints() where {} and "
                                              "constraint_type <> 'NOT NULL' order by all",
                                              filter));
  for (const auto& row : constraints.ok() ? *constraints : Table{}) entries["constraint " + row[0]] = "true";
}

void AddRelations(adapter::Connection& session, Facts& facts) {
  auto relations =
      Ask(session,
          "select database_name, schema_name, table_name as name, 'table' as type, coalesce(comment, ''), "
          "(select coalesce(string_agg(shown, ' ' order by shown), '') from (select *, regexp_replace(sql, "
          "'\"?[0-9a-f]{32}\"?', '<hash>') as shown from duckdb_indexes()) i where i.table_oid = "
          "t.table_oid and i.database_name = t.database_name) from duckdb_tables() t where not temporary union "
          "all select database_name, schema_name, view_name, 'view', coalesce(comment, ''), '' from "
          "duckdb_views() where not internal and not temporary order by all");
  if (!relations.ok()) {
    facts["relation error"]["error"] = JsonText(relations.error().front().message);
    return;
  }
  for (const auto& row : *relations) {
    Entries& entries = facts[fmt::format("relation {}.{}.{}", row[0], row[1], row[2])];
    entries["type"] = JsonText(row[3]);
    if (!row[4].empty()) entries["comment"] = JsonText(row[4]);
    if (!row[5].empty()) entries["indexes"] = JsonText(row[5]);
    AddRows(session, fmt::format("{}.{}.{}", Quoted(row[0]), Quoted(row[1]), Quoted(row[2])), entries);
    AddColumns(session,
               fmt::format("database_name = '{}' and schema_name = '{}' and table_name = '{}'", row[0], row[1], row[2]),
               entries);
  }
  auto schemas = Ask(session, "select database_name || '.' || schema_name from duckdb_schemas() where not internal");
  for (const auto& row : schemas.ok() ? *schemas : Table{}) facts["schemas"][row[0]] = "true";
}

void AddDatabase(const fs::path& file, Facts& facts) {
  adapter::Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<const Json>(Json{{"type", "duckdb"}, {"path", file.string()}});
  auto engine = adapter::duckdb::OpenDuckDb(profile);
  auto session = engine.ok() ? (*engine)->Connect() : Result<std::unique_ptr<adapter::Connection>>(engine.error());
  if (session.ok()) {
    AddRelations(**session, facts);
  } else {
    facts["relation error"][file.filename().string()] = JsonText(session.error().front().message);
  }
}

void AddCompiled(const fs::path& folder, const Workplace& place, Facts& facts) {
  if (!fs::exists(folder)) return;
  Entries& entries = facts["compiled"];
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    entries[fs::relative(entry.path(), folder).string()] = JsonText(WithoutPaths(ReadFile(entry.path()), place));
  }
}

}  // namespace

Observer::Observer(const Workplace& place) : place_(place) {}

Observer::Stamps Observer::Artifacts() const {
  Stamps stamps;
  for (const char* name : kArtifacts) {
    std::error_code absent;
    const auto time = fs::last_write_time(place_.project() / "target" / name, absent);
    if (!absent) stamps[name] = time;
  }
  return stamps;
}

Step Observer::Run(const std::string& line) {
  Step step{line, {}};
  const fs::path log = place_.project() / "logs/dbt.log";
  fs::remove(log);
  const Stamps before = Artifacts();
  const Workplace::Said said = place_.Run(line);

  Entries& outcome = step.facts["outcome"];
  outcome["exit"] = std::to_string(said.exit);
  for (const auto& [name, time] : Artifacts()) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != time) outcome["wrote " + name] = "true";
    AddArtifact(name, WithoutPaths(ReadFile(place_.project() / "target" / name), place_), step.facts);
  }
  step.facts["terminal"] = TerminalLines(said.out, place_);
  AddEvents(ReadFile(log), step.facts);
  AddCompiled(place_.project() / "target/compiled", place_, step.facts);

  const fs::path here = fs::current_path();
  fs::current_path(place_.project());  // views over files name them from there
  std::vector<fs::path> databases;
  for (const fs::directory_entry& entry : fs::directory_iterator(place_.project())) {
    if (entry.path().extension() == ".duckdb") databases.push_back(entry.path());
  }
  std::ranges::sort(databases);
  for (const fs::path& database : databases) AddDatabase(database, step.facts);
  fs::current_path(here);
  return step;
}

}  // namespace stir::testing_support
