// Quarantined rows once more: written as JSON lines, staged as any drop, and moved in one transaction if they fit now.
#include <fmt/format.h>

#include "adapter/cell.h"
#include "base/json.h"
#include "transfer/csv_records.h"
#include "transfer/ingest.h"
#include "transfer/kinds.h"
#include "transfer/load.h"
#include "transfer/session.h"
#include "transfer/sql.h"
#include "transfer/stage.h"
#include "transfer/target.h"

namespace stir::transfer {
namespace {

constexpr const char* kMap =
    "temp.main._stir_replay";  // at: the staged row; kept: the quarantined one; run_id: who loaded it

// A quarantined CSV record as a JSON object of texts. Empty: it has not as many fields as its header.
std::string CsvAsJson(const std::string& record, const std::string& header, const ReadOptions& options) {
  const auto names = SplitCsvRecord(header, options.delimiter, options.quote);
  const auto fields = SplitCsvRecord(record, options.delimiter, options.quote);
  if (names.size() != fields.size()) return "";
  JsonWriter json;
  json.BeginObject();
  for (size_t i = 0; i < names.size(); ++i) {
    json.Key(names[i]);
    if (fields[i] == options.null_text)
      json.Null();
    else
      json.String(fields[i]);
  }
  json.EndObject();
  return std::move(json).Take();
}

class Replayer {
 public:
  Replayer(const IngestRequest& request, adapter::Adapter& adapter, Files& files, const Failpoints& failpoints,
           Session session)
      : request_(request),
        ingestion_(request.ingestion),
        files_(files),
        failpoints_(failpoints),
        session_(std::move(session)),
        ledger_(session_.connection(), request.target.database) {
    quarantine_ = QuarantineOf(request.target);
    quarantine_.quote = adapter.dialect().default_quote;
    quarantine_.include = adapter.dialect().default_include;
    // Rows that were refused do not change the table.
    ingestion_.schema_changes = {.added = platform::OnAdded::kIgnore,
                                 .removed = platform::OnRemoved::kNull,
                                 .type = platform::OnType::kQuarantine};
    // A table's rows were filtered where they came from, in other SQL.
    if (from_table()) ingestion_.from.where.value.clear();
  }

  Result<ReplayOutcome> Run() {
    STIR_ASSIGN(table_, ReadTable(connection(), request_.target));
    STIR_ASSIGN(const auto there, connection().ListColumns(quarantine_));
    if (there.empty() || !table_.exists) return ReplayOutcome();
    STIR_TRY(WriteLines());
    if (outcome_.tried == 0) return std::move(outcome_);
    Status done = StageAndMove();
    static_cast<void>(files_.Remove(path()));
    if (!done.ok()) return std::move(done).error();
    return std::move(outcome_);
  }

 private:
  adapter::Connection& connection() { return session_.connection(); }
  bool from_table() const { return request_.from.type == platform::ConnectionType::kPostgres; }
  std::filesystem::path path() const { return request_.scratch / "replay.jsonl"; }

  Status WriteLines() {
    ReadOptions options;
    if (!from_table()) {
      STIR_ASSIGN(options, ParseReadOptions(ingestion_));
    }
    STIR_TRY(connection().Execute(fmt::format(
        "CREATE OR REPLACE TEMP TABLE {} AS SELECT row_number() OVER (ORDER BY rowid) - 1 AS at, rowid AS kept, "
        "_stir_run_id AS run_id FROM {} WHERE ingestion = {}",
        kMap, TableName(quarantine_), Lit(ingestion_.name))));
    STIR_ASSIGN(
        auto rows,
        connection().Query(fmt::format(
            "SELECT coalesce(original, ''), form, coalesce(layout, '') FROM {} WHERE ingestion = {} ORDER BY rowid",
            TableName(quarantine_), Lit(ingestion_.name))));
    std::string text;
    std::vector<adapter::Cell> row;
    while (true) {
      STIR_ASSIGN(const bool more, rows->Next(row));
      if (!more) break;
      const std::string original = CellText(row[0]);
      text += CellText(row[1]) == "csv" ? CsvAsJson(original, CellText(row[2]), options) : original;
      text += '\n';
      ++outcome_.tried;
    }
    return outcome_.tried == 0 ? Status() : files_.Write(path(), text);
  }

  Status StageAndMove() {
    STIR_ASSIGN(const FileStat stat, files_.Stat(path()));
    const std::vector<DropFile> drop = {
        {.name = "quarantine", .path = path(), .size = stat.size, .mtime_ns = stat.mtime_ns, .hash = {}}};
    ReadOptions options;
    options.format = platform::Format::kJsonl;
    STIR_ASSIGN(const auto declared, NormalizeTypes(connection(), ingestion_, request_.declared));
    std::vector<std::string> expected;
    for (const TypedColumn& column : table_.columns) expected.push_back(column.name);
    STIR_ASSIGN(const auto shapes, FindShapes(connection(), drop, options, {}, expected));
    STIR_ASSIGN(const auto columns, PlanColumns({.ingestion = ingestion_,
                                                 .drop = drop,
                                                 .shapes = shapes,
                                                 .table = table_.columns,
                                                 .declared = declared,
                                                 .sniffed = {}}));
    const StageSpec spec{
        .ingestion = ingestion_, .drop = drop, .shapes = shapes, .options = options, .columns = columns, .window = {}};
    STIR_ASSIGN(const Staged staged, Stage(connection(), spec));
    STIR_TRY(CollectRejected(connection(), spec, staged, -1));
    STIR_ASSIGN(outcome_.rejected, SummarizeRejected(connection(), drop));
    STIR_TRY(session_.Check());
    failpoints_.Reach("load.begin");
    STIR_TRY(InTransaction(connection(), failpoints_, [&] { return Move(columns, staged); }));
    return session_.DropTemporary();
  }

  // A row that fits keeps the run that first read it, so that repeating that run's interval replaces it too.
  Status Move(const std::vector<PlannedColumn>& columns, const Staged& staged) {
    Checkpoint checkpoint{.ingestion = ingestion_.name,
                          .run_id = request_.run_id,
                          .interval = {},
                          .loaded_at = request_.now,
                          .watermark = {},
                          .files = {}};
    checkpoint.read = staged.counts.read;
    checkpoint.duplicates = staged.counts.duplicates;
    checkpoint.filtered = staged.counts.filtered;
    checkpoint.rejected = staged.rejected;
    STIR_TRY(WriteLoad(connection(),
                       {.ingestion = ingestion_,
                        .target = request_.target,
                        .columns = columns,
                        .table_exists = true,
                        .replaces = false,
                        .lacks_stir_columns = table_.lacks_stir_columns,
                        .earlier_runs = {},
                        .run_id_sql = fmt::format("(SELECT r.run_id FROM {} r WHERE r.at = s.rowid)", kMap)},
                       checkpoint));
    STIR_TRY(connection().Execute(fmt::format(
        "DELETE FROM {} WHERE rowid IN (SELECT r.kept FROM {} r JOIN {} s ON s.rowid = r.at WHERE s._stir_state < {})",
        TableName(quarantine_), kMap, kStage, static_cast<int>(kBlank))));
    outcome_.loaded = checkpoint.inserted + checkpoint.updated;
    STIR_ASSIGN(const History history, ledger_.Read(ingestion_.name, request_.run_id, std::nullopt));
    checkpoint.watermark = history.watermark;
    return ledger_.Write(checkpoint);
  }

  const IngestRequest& request_;
  platform::Ingestion ingestion_;
  Files& files_;
  const Failpoints& failpoints_;
  Session session_;
  Ledger ledger_;
  adapter::Relation quarantine_;
  Table table_;
  ReplayOutcome outcome_;
};

}  // namespace

Result<ReplayOutcome> Replay(const IngestRequest& request, adapter::Adapter& adapter, Files& files,
                             const Failpoints& failpoints, const CancelToken& cancel) {
  if (adapter.dialect().name != "duckdb") {
    return Diagnostic(kTransferNotBuilt, fmt::format("replay into {} is not built yet", adapter.dialect().name),
                      request.ingestion.span);
  }
  STIR_ASSIGN(Session session, Session::Open(adapter, cancel));
  return Replayer(request, adapter, files, failpoints, std::move(session)).Run();
}

}  // namespace stir::transfer
