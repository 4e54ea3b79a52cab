// Reading and writing `_stir.checkpoints`.
#include "transfer/ledger.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "adapter/cell.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

struct Counter {
  const char* name;
  int64_t Checkpoint::* member;
};

constexpr std::array<Counter, 9> kCounters = {{{"rows_read", &Checkpoint::read},
                                               {"duplicates", &Checkpoint::duplicates},
                                               {"filtered", &Checkpoint::filtered},
                                               {"outside", &Checkpoint::outside},
                                               {"rejected", &Checkpoint::rejected},
                                               {"stale", &Checkpoint::stale},
                                               {"inserted", &Checkpoint::inserted},
                                               {"updated", &Checkpoint::updated},
                                               {"removed", &Checkpoint::removed}}};

std::string IntervalColumns(const std::optional<Interval>& interval) {
  if (!interval) return "NULL, NULL";
  return fmt::format("{}, {}", TimestampLit(interval->begin), TimestampLit(interval->end));
}

// True for the rows of the interval; an ingestion without intervals has none.
std::string SameInterval(const std::optional<Interval>& interval) {
  if (!interval) return "false";
  return fmt::format("coalesce(interval_begin = {} AND interval_end = {}, false)", TimestampLit(interval->begin),
                     TimestampLit(interval->end));
}

int64_t IntOf(const adapter::Cell& cell) {
  const auto* value = std::get_if<int64_t>(&cell);
  return value != nullptr ? *value : 0;
}

DropFile FileOf(const std::vector<adapter::Cell>& row) {
  return {.name = CellText(row[0]),
          .path = {},
          .size = static_cast<uint64_t>(IntOf(row[1])),
          .mtime_ns = IntOf(row[2]),
          .hash = CellText(row[3])};
}

std::string FileList(const std::vector<DropFile>& files) {
  std::vector<std::string> parts;
  for (const DropFile& file : files) {
    parts.push_back(fmt::format("{{'name': {}, 'size': {}, 'mtime_ns': {}, 'hash': {}}}", Lit(file.name), file.size,
                                file.mtime_ns, Lit(file.hash)));
  }
  return fmt::format("[{}]", JoinText(parts, ", "));
}

}  // namespace

std::string Ledger::table() const {
  return TableName({.database = database_, .schema = "_stir", .identifier = "checkpoints", .quote = {}, .include = {}});
}

// Two that make one table at once conflict, `if not exists` or not, and the winner's is seen once it is committed.
Status Ledger::Prepare() {
  constexpr int kAttempts = 200;
  for (int attempt = 1;; ++attempt) {
    STIR_ASSIGN(const bool there, Exists());
    if (there) return {};
    STIR_TRY(connection_.CreateSchema(database_, "_stir"));
    Status made = Create();
    if (made.ok() || attempt == kAttempts) return made;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Result<bool> Ledger::Exists() {
  STIR_ASSIGN(const auto relations, connection_.ListRelations(database_, "_stir"));
  return std::ranges::any_of(relations, [](const auto& each) { return each.identifier == "checkpoints"; });
}

Status Ledger::Create() {
  std::string counters;
  for (const Counter& counter : kCounters) counters += fmt::format(", {} BIGINT NOT NULL", counter.name);
  STIR_TRY(connection_.Execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (ingestion VARCHAR NOT NULL, sequence BIGINT NOT NULL, run_id VARCHAR NOT NULL, "
      "interval_begin TIMESTAMP, interval_end TIMESTAMP, loaded_at TIMESTAMP NOT NULL, backfill BOOLEAN NOT NULL, "
      "watermark VARCHAR, files STRUCT(name VARCHAR, size UBIGINT, mtime_ns BIGINT, hash VARCHAR)[] NOT NULL{})",
      table(), counters)));
  return {};
}

Result<History> Ledger::Read(const std::string& ingestion, const std::string& run_id,
                             const std::optional<Interval>& interval) {
  History history;
  const std::string from = fmt::format("FROM {} WHERE ingestion = {}", table(), Lit(ingestion));
  STIR_ASSIGN(const auto newest,
              QueryAll(connection_, fmt::format("SELECT arg_max(coalesce(watermark, ''), sequence) {}", from)));
  history.watermark = CellText(newest[0][0]);

  STIR_ASSIGN(const auto taken, QueryAll(connection_, fmt::format("SELECT f.name, f.size, f.mtime_ns, f.hash FROM "
                                                                  "(SELECT unnest(files) AS f {} AND NOT {})",
                                                                  from, SameInterval(interval))));
  for (const auto& row : taken) history.taken.push_back(FileOf(row));

  STIR_ASSIGN(const auto runs,
              QueryAll(connection_, fmt::format("SELECT DISTINCT run_id {} AND {}", from, SameInterval(interval))));
  for (const auto& row : runs) history.interval_runs.push_back(CellText(row[0]));

  std::string counters;
  for (const Counter& counter : kCounters) counters += fmt::format(", {}", counter.name);
  const std::string same = fmt::format("{} AND run_id = {} AND {}", from, Lit(run_id),
                                       interval ? SameInterval(interval) : "interval_begin IS NULL");
  STIR_ASSIGN(const auto mine,
              QueryAll(connection_, fmt::format("SELECT coalesce(watermark, ''){} {} ORDER BY sequence DESC LIMIT 1",
                                                counters, same)));
  if (mine.empty()) return history;
  Checkpoint checkpoint{
      .ingestion = ingestion, .run_id = run_id, .interval = interval, .loaded_at = {}, .watermark = {}, .files = {}};
  checkpoint.watermark = CellText(mine[0][0]);
  for (size_t i = 0; i < kCounters.size(); ++i) checkpoint.*kCounters[i].member = IntOf(mine[0][i + 1]);
  STIR_ASSIGN(const auto files,
              QueryAll(connection_, fmt::format("SELECT f.name, f.size, f.mtime_ns, f.hash FROM (SELECT "
                                                "unnest(arg_max(files, sequence)) AS f {})",
                                                same)));
  for (const auto& row : files) checkpoint.files.push_back(FileOf(row));
  history.same_run = std::move(checkpoint);
  return history;
}

Status Ledger::Write(const Checkpoint& checkpoint) {
  std::string counters;
  for (const Counter& counter : kCounters) counters += fmt::format(", {}", checkpoint.*counter.member);
  STIR_TRY(connection_.Execute(
      fmt::format("INSERT INTO {0} SELECT {1}, coalesce((SELECT max(sequence) FROM {0} WHERE ingestion = {1}), 0) + 1, "
                  "{2}, {3}, {4}, {5}, "
                  "nullif({6}, ''), {7}{8}",
                  table(), Lit(checkpoint.ingestion), Lit(checkpoint.run_id), IntervalColumns(checkpoint.interval),
                  TimestampLit(checkpoint.loaded_at), checkpoint.backfill, Lit(checkpoint.watermark),
                  FileList(checkpoint.files), counters)));
  return {};
}

Status Ledger::Forget(const std::string& ingestion) {
  STIR_TRY(connection_.Execute(fmt::format("DELETE FROM {} WHERE ingestion = {}", table(), Lit(ingestion))));
  return {};
}

}  // namespace stir::transfer
