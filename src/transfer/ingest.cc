// The phases of a load.
#include "transfer/ingest.h"

#include <fmt/format.h>
#include <algorithm>
#include <memory>

#include "adapter/cell.h"
#include "base/strings.h"
#include "transfer/ingest_cursor.h"
#include "transfer/ingest_table.h"
#include "transfer/ingest_verdict.h"
#include "transfer/kinds.h"
#include "transfer/load.h"
#include "transfer/postgres_decoder.h"
#include "transfer/session.h"
#include "transfer/sql.h"
#include "transfer/stage.h"
#include "transfer/target.h"

namespace stir::transfer {
namespace {

using platform::Mode;

bool FromTable(const IngestRequest& request) { return request.from.type == platform::ConnectionType::kPostgres; }

Status CheckBuilt(const IngestRequest& request, const adapter::Adapter& adapter) {
  const platform::Ingestion& ingestion = request.ingestion;
  if (request.from.type != platform::ConnectionType::kFiles && !FromTable(request)) {
    return Diagnostic(kTransferNotBuilt,
                      fmt::format("ingestion from a {} connection is not built yet", ToString(request.from.type)),
                      ingestion.from.connection.span)
        .Hint("this version ingests from `type: files` and `type: postgres`");
  }
  if (*ingestion.mode != Mode::kFull && *ingestion.mode != Mode::kIncremental) {
    return Diagnostic(kTransferNotBuilt, "this mode of ingestion is not built yet", ingestion.mode.span)
        .Hint("this version knows `mode: full` and `mode: incremental`");
  }
  if (adapter.dialect().name != "duckdb") {
    return Diagnostic(kTransferNotBuilt, fmt::format("ingestion into {} is not built yet", adapter.dialect().name),
                      ingestion.span)
        .Hint("this version loads into a target of type duckdb");
  }
  return {};
}

bool SameFiles(const std::vector<DropFile>& a, const std::vector<DropFile>& b) {
  return std::ranges::equal(a, b, [](const DropFile& x, const DropFile& y) { return x.SameStat(y); });
}

class Load {
 public:
  Load(const IngestRequest& request, adapter::Adapter& adapter, Files& files, const Failpoints& failpoints,
       const CancelToken& cancel, Session session)
      : request_(request),
        ingestion_(request.ingestion),
        dialect_(adapter.dialect()),
        files_(files),
        failpoints_(failpoints),
        cancel_(cancel),
        session_(std::move(session)),
        ledger_(session_.connection(), request.target.database) {}

  Result<IngestOutcome> Run() {
    if (!from_table()) STIR_TRY(FindFiles());
    STIR_TRY(session_.connection().CreateSchema(request_.target.database, request_.target.schema));
    STIR_TRY(ledger_.Prepare());
    STIR_ASSIGN(table_, ReadTable(session_.connection(), request_.target));
    STIR_TRY(ReadHistory());
    if (!from_table()) STIR_TRY(TakeFiles());
    if (AlreadyDone()) return Done();
    if (from_table())
      STIR_TRY(OpenTable());
    else if (drop_.empty())
      return Nothing();
    else
      STIR_TRY(CheckDrop(drop_, options_.format, options_.encoding));
    STIR_TRY(PlanLoad());
    bool loaded = false;
    if (needs_no_stage()) {
      STIR_ASSIGN(loaded, LoadUnstaged());
    }
    if (!loaded) STIR_TRY(LoadStaged());
    failpoints_.Reach("load.committed");
    STIR_TRY(session_.DropTemporary());
    return std::move(outcome_);
  }

 private:
  Checkpoint& checkpoint() { return outcome_.checkpoint; }
  bool from_table() const { return FromTable(request_); }
  // A table that somebody dropped takes its history with it: what was loaded is not there.
  bool starts_anew() const { return request_.full_refresh || !table_.exists; }
  bool replaces() const { return *ingestion_.mode == Mode::kFull || request_.full_refresh; }

  Status LoadStaged() {
    STIR_TRY(StageRows());
    STIR_TRY(JudgeRejected(session_.connection(), Spec(), staged_, outcome_));
    STIR_TRY(session_.Check());
    failpoints_.Reach("load.begin");
    return InTransaction(session_.connection(), failpoints_, [&] { return WriteAll(); });
  }

  // Nothing of a table's rows is left to be judged when the engine casts none of them and the server vouches for their
  // keys. They are written once, into the table itself.
  bool needs_no_stage() const {
    return from_table() && intake_->KeysHold(replaces() || !table_.exists) &&
           std::ranges::all_of(columns_, [&](const PlannedColumn& column) {
             return column.at.front() < 0 || CastOf(column, "").misfit.empty();
           });
  }

  Cast CastOf(const PlannedColumn& column, std::string_view source) const {
    return CastTo(shapes_.front().columns[static_cast<size_t>(column.at.front())].type, column.type, source, "");
  }

  std::string UnstagedRows() const {
    std::string list;
    int next = 0;
    for (const PlannedColumn& column : columns_) {
      const std::string value = column.at.front() < 0 ? fmt::format("CAST(NULL AS {})", column.type.name)
                                                      : CastOf(column, fmt::format("_stir_t{}", next++)).value;
      list += fmt::format("{} AS {}, ", value, Ident(column.name));
    }
    return fmt::format("(SELECT {}{} AS _stir_state FROM {} WHERE {} IS NULL)", list, static_cast<int>(kGood),
                       options_.feed, kUnfit);
  }

  // False: there were rows that do not fit after all; nothing is changed, and the source is as new.
  Result<bool> LoadUnstaged() {
    int64_t before = 0;
    if (replaces() && table_.exists) {
      STIR_ASSIGN(before, QueryCount(session_.connection(), fmt::format("SELECT count(*) FROM {}", target())));
    }
    STIR_TRY(BeginTable());
    failpoints_.Reach("load.begin");
    PgRead read;
    Status done = InTransaction(session_.connection(), failpoints_, [&]() -> Status {
      STIR_ASSIGN(read, intake_->Finish(WriteRows(UnstagedRows())));
      outcome_.table = intake_->ProgressOf(read);
      if (read.unfit > 0) return Diagnostic(kRowsRejected, "there are rows that do not fit");
      if (read.rows == 0 && before > 0) return EmptiesTarget();
      if (read.rows != checkpoint().inserted) return NotAllThere(read.rows, checkpoint().inserted);
      checkpoint().read = read.rows;
      failpoints_.Reach("load.written");
      return WriteRecords(fmt::format("{} WHERE _stir_run_id = {}", target(), Lit(request_.run_id)));
    });
    if (done.ok()) return true;
    if (read.unfit == 0) return std::move(done).error();
    outcome_ = {};
    STIR_TRY(ReadHistory());
    STIR_TRY(OpenTable());
    STIR_TRY(PlanLoad());
    return false;
  }

  std::string target() const { return TableName(request_.target); }

  Diagnostic NotAllThere(int64_t read, int64_t arrived) const {
    return {kVerifyFailed,
            fmt::format("{} rows were read from `{}`, but {} arrived", read, drop_.front().name, arrived)};
  }

  Status ReadHistory() {
    checkpoint().ingestion = ingestion_.name;
    checkpoint().run_id = request_.run_id;
    checkpoint().interval = request_.interval;
    checkpoint().loaded_at = request_.now;
    checkpoint().backfill = request_.backfill;
    if (starts_anew()) return {};
    STIR_ASSIGN(history_, ledger_.Read(ingestion_.name, request_.run_id, request_.interval));
    return {};
  }

  // The commit of an attempt that died before it could tell: its checkpoint tells.
  bool AlreadyDone() const {
    return history_.same_run && (drop_.empty() || SameFiles(history_.same_run->files, drop_));
  }

  Result<IngestOutcome> Done() {
    IngestOutcome outcome;
    outcome.checkpoint = *history_.same_run;
    outcome.checkpoint.loaded_at = request_.now;
    outcome.already_done = true;
    if (outcome.checkpoint.rejected > 0) {
      STIR_ASSIGN(outcome.rejected,
                  SummarizeQuarantined(session_.connection(), request_.target, ingestion_.name, request_.run_id));
    }
    return outcome;
  }

  IngestOutcome Nothing() {
    checkpoint().watermark = history_.watermark;
    return std::move(outcome_);
  }

  Status FindFiles() {
    STIR_ASSIGN(options_, ParseReadOptions(ingestion_));
    STIR_ASSIGN(drop_, FindDrop(files_, request_.from.root, ingestion_.from.path));
    return {};
  }

  // A table is staged as one file of typed columns would be, whose rows the server has filtered.
  Status OpenTable() {
    STIR_ASSIGN(intake_, TableIntake::Open(request_, cancel_));
    drop_ = {{.name = intake_->name(), .path = {}, .size = 0, .mtime_ns = 0, .hash = {}}};
    shapes_ = intake_->Shapes();
    ingestion_.from.where.value.clear();
    return {};
  }

  // A file is taken once, unless the load replaces everything or cuts its own interval out of it.
  Status TakeFiles() {
    STIR_TRY(HashFiles(drop_));
    const bool all = replaces() || (request_.interval && !ingestion_.cursor->empty());
    if (all) return {};
    const auto taken = [&](const DropFile& file) {
      return std::ranges::any_of(
          history_.taken, [&](const DropFile& each) { return each.name == file.name && each.hash == file.hash; });
    };
    outcome_.files_skipped = static_cast<int64_t>(std::erase_if(drop_, taken));
    return {};
  }

  Status PlanLoad() {
    STIR_ASSIGN(declared_, NormalizeTypes(session_.connection(), ingestion_, request_.declared));
    if (!from_table()) STIR_TRY(ReadShapes());
    STIR_ASSIGN(columns_, PlanColumns({.ingestion = ingestion_,
                                       .drop = drop_,
                                       .shapes = shapes_,
                                       .table = table_.columns,
                                       .declared = declared_,
                                       .sniffed = sniffed_,
                                       .replaces = replaces(),
                                       .refreshes = request_.full_refresh}));
    for (const PlannedColumn& column : columns_) {
      if (column.added) outcome_.added_columns.push_back(fmt::format("{} {}", column.name, column.type.name));
      if (!column.widened_from.empty()) {
        outcome_.widened_columns.push_back(
            fmt::format("{} {} -> {}", column.name, column.widened_from, column.type.name));
      }
    }
    return {};
  }

  Status ReadShapes() {
    std::vector<std::string> listed;
    for (const auto& column : ingestion_.from.columns) listed.push_back(*column);
    STIR_ASSIGN(shapes_, FindShapes(session_.connection(), drop_, options_, listed, Expected()));
    if (options_.format == platform::Format::kParquet) return {};
    STIR_ASSIGN(sniffed_, SniffTypes(session_.connection(), drop_, shapes_.front(), options_));
    return {};
  }

  // A field of JSON may be absent from the lines that were looked at: what the load counts on is read all the same.
  std::vector<std::string> Expected() const {
    std::vector<std::string> names;
    for (const auto& column : ingestion_.from.columns) names.push_back(*column);
    for (const TypedColumn& column : table_.columns) names.push_back(column.name);
    for (const TypedColumn& column : declared_) names.push_back(column.name);
    return names;
  }

  LoadCursor Cursor() const { return {request_, history_, columns_, replaces()}; }

  StageSpec Spec() const {
    return {.ingestion = ingestion_,
            .drop = drop_,
            .shapes = shapes_,
            .options = options_,
            .columns = columns_,
            .window = window_};
  }

  Status StageFiles() {
    STIR_ASSIGN(window_, Cursor().OfFiles());
    STIR_ASSIGN(staged_, Stage(session_.connection(), Spec()));
    checkpoint().files = drop_;
    STIR_TRY(CheckUnchanged(files_, drop_));
    return CheckAbsentFields(session_.connection(), Spec(), staged_, sniffed_);
  }

  Status BeginTable() {
    failpoints_.Reach("load.planned");
    STIR_TRY(intake_->Begin(columns_, Cursor(), session_.connection()));
    options_.feed = intake_->sql();
    return {};
  }

  Status StageTable() {
    STIR_TRY(BeginTable());
    auto staged = Stage(session_.connection(), Spec());
    STIR_ASSIGN(const PgRead read, intake_->Finish(staged.ok() ? Status() : Status(staged.error())));
    staged_ = *std::move(staged);
    outcome_.table = intake_->ProgressOf(read);
    return read.rows == staged_.counts.read ? Status() : NotAllThere(read.rows, staged_.counts.read);
  }

  Status StageRows() {
    STIR_TRY(from_table() ? StageTable() : StageFiles());
    failpoints_.Reach("load.staged");
    const StageCounts& counts = staged_.counts;
    checkpoint().read = counts.read;
    checkpoint().duplicates = counts.duplicates;
    checkpoint().filtered = counts.filtered;
    checkpoint().outside = counts.outside;
    checkpoint().rejected = staged_.rejected;
    return replaces() && counts.good == 0 && table_.exists ? CheckNotEmptied() : Status();
  }

  Status CheckNotEmptied() {
    STIR_ASSIGN(const int64_t before,
                QueryCount(session_.connection(), fmt::format("SELECT count(*) FROM {}", target())));
    return before == 0 ? Status() : EmptiesTarget();
  }

  Diagnostic EmptiesTarget() const {
    return WouldEmpty(ingestion_, from_table() ? fmt::format("`{}`", drop_.front().name) : "the drop", target());
  }

  Status WriteAll() {
    STIR_TRY(WriteRows(kStage));
    failpoints_.Reach("load.written");
    return WriteRecords(
        fmt::format("{} WHERE _stir_state IN ({}, {})", kStage, static_cast<int>(kGood), static_cast<int>(kDuplicate)));
  }

  Status WriteRows(std::string rows) {
    return WriteLoad(session_.connection(),
                     {.ingestion = ingestion_,
                      .target = request_.target,
                      .columns = columns_,
                      .table_exists = table_.exists,
                      .replaces = replaces(),
                      .lacks_stir_columns = table_.lacks_stir_columns,
                      .rows = std::move(rows),
                      .earlier_runs = EarlierRuns(),
                      .run_id_sql = {}},
                     checkpoint());
  }

  // `seen`: SQL of the rows whose cursors were seen.
  Status WriteRecords(const std::string& seen) {
    STIR_TRY(WriteQuarantine(EarlierRuns()));
    if (starts_anew()) STIR_TRY(ledger_.Forget(ingestion_.name));
    STIR_ASSIGN(checkpoint().watermark, Cursor().Watermark(session_.connection(), seen, SafeMoment()));
    return ledger_.Write(checkpoint());
  }

  // Runs that loaded the same interval, and this very run when it is repeated with other files.
  std::vector<std::string> EarlierRuns() const {
    std::vector<std::string> runs = history_.interval_runs;
    if (history_.same_run && FindColumn(runs, request_.run_id) == nullptr) runs.push_back(request_.run_id);
    return runs;
  }

  Status WriteQuarantine(const std::vector<std::string>& earlier) {
    STIR_ASSIGN(const auto there, session_.connection().ListColumns(QuarantineRelation()));
    if (there.empty() && staged_.rejected == 0) return {};
    if (there.empty()) STIR_TRY(PrepareQuarantine(session_.connection(), request_.target));
    if (replaces() || starts_anew()) {
      STIR_TRY(ForgetQuarantined(session_.connection(), request_.target, ingestion_.name, {}));
    } else if (!earlier.empty()) {
      STIR_TRY(ForgetQuarantined(session_.connection(), request_.target, ingestion_.name, earlier));
    }
    if (staged_.rejected == 0) return {};
    // A table's row is read again as long as its cursor is in the window.
    if (from_table() && !there.empty()) STIR_TRY(ForgetKept(session_.connection(), request_.target, ingestion_.name));
    return KeepRejected(session_.connection(), request_.target, drop_, checkpoint());
  }

  adapter::Relation QuarantineRelation() const {
    adapter::Relation relation = QuarantineOf(request_.target);
    relation.quote = dialect_.default_quote;
    relation.include = dialect_.default_include;
    return relation;
  }

  std::string SafeMoment() const { return intake_ == nullptr ? std::string() : intake_->safe_moment(); }

  const IngestRequest& request_;
  platform::Ingestion ingestion_;
  const adapter::Dialect& dialect_;
  Files& files_;
  const Failpoints& failpoints_;
  CancelToken cancel_;
  Session session_;
  Ledger ledger_;
  ReadOptions options_;
  std::vector<DropFile> drop_;
  std::unique_ptr<TableIntake> intake_;
  History history_;
  Table table_;
  std::vector<TypedColumn> declared_;
  std::vector<Shape> shapes_;
  std::map<std::string, std::string> sniffed_;
  std::vector<PlannedColumn> columns_;
  std::optional<Window> window_;
  Staged staged_;
  IngestOutcome outcome_;
};

}  // namespace

Result<IngestOutcome> Ingest(const IngestRequest& request, adapter::Adapter& adapter, Files& files,
                             const Failpoints& failpoints, const CancelToken& cancel) {
  STIR_TRY(CheckBuilt(request, adapter));
  STIR_ASSIGN(Session session, Session::Open(adapter, cancel));
  return Load(request, adapter, files, failpoints, cancel, std::move(session)).Run();
}

}  // namespace stir::transfer
