// The phases of a load.
#include "transfer/ingest.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "adapter/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/load.h"
#include "transfer/session.h"
#include "transfer/sql.h"
#include "transfer/stage.h"
#include "transfer/target.h"

namespace stir::transfer {
namespace {

using platform::Mode;

Status CheckBuilt(const IngestRequest& request, const adapter::Adapter& adapter) {
  const platform::Ingestion& ingestion = request.ingestion;
  if (request.from.type != platform::ConnectionType::kFiles) {
    return Diagnostic(kTransferNotBuilt,
                      fmt::format("ingestion from a {} connection is not built yet", ToString(request.from.type)),
                      ingestion.from.connection.span)
        .Hint("this version ingests from `type: files`");
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
       Session session)
      : request_(request),
        ingestion_(request.ingestion),
        dialect_(adapter.dialect()),
        files_(files),
        failpoints_(failpoints),
        session_(std::move(session)),
        ledger_(session_.connection(), request.target.database) {}

  Result<IngestOutcome> Run() {
    STIR_ASSIGN(options_, ParseReadOptions(ingestion_));
    STIR_ASSIGN(drop_, FindDrop(files_, request_.from.root, ingestion_.from.path));
    STIR_TRY(session_.connection().CreateSchema(request_.target.database, request_.target.schema));
    STIR_TRY(ledger_.Prepare());
    STIR_ASSIGN(table_, ReadTable(session_.connection(), request_.target));
    STIR_TRY(ReadHistory());
    STIR_TRY(TakeFiles());
    if (AlreadyDone()) return Done();
    if (drop_.empty()) return Nothing();
    STIR_TRY(CheckDrop(drop_, options_.format, options_.encoding));
    STIR_TRY(PlanLoad());
    STIR_TRY(StageDrop());
    STIR_TRY(Judge());
    STIR_TRY(session_.Check());
    failpoints_.Reach("load.begin");
    STIR_TRY(InTransaction(session_.connection(), failpoints_, [&] { return WriteAll(); }));
    failpoints_.Reach("load.committed");
    STIR_TRY(session_.DropTemporary());
    return std::move(outcome_);
  }

 private:
  Checkpoint& checkpoint() { return outcome_.checkpoint; }
  // A table that somebody dropped takes its history with it: what was loaded is not there.
  bool starts_anew() const { return request_.full_refresh || !table_.exists; }
  bool replaces() const { return *ingestion_.mode == Mode::kFull || request_.full_refresh; }

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
    std::vector<std::string> listed;
    for (const auto& column : ingestion_.from.columns) listed.push_back(*column);
    STIR_ASSIGN(shapes_, FindShapes(session_.connection(), drop_, options_, listed, Expected()));
    if (options_.format != platform::Format::kParquet) {
      STIR_ASSIGN(sniffed_, SniffTypes(session_.connection(), drop_, shapes_.front(), options_));
    }
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

  // A field of JSON may be absent from the lines that were looked at: what the load counts on is read all the same.
  std::vector<std::string> Expected() const {
    std::vector<std::string> names;
    for (const auto& column : ingestion_.from.columns) names.push_back(*column);
    for (const TypedColumn& column : table_.columns) names.push_back(column.name);
    for (const TypedColumn& column : declared_) names.push_back(column.name);
    return names;
  }

  Result<std::optional<Window>> MakeWindow() const {
    const std::string& cursor = *ingestion_.cursor;
    if (cursor.empty() || replaces()) return std::optional<Window>();
    const Type& type = CursorType();
    const auto literal = [&](const std::string& text) { return fmt::format("CAST({} AS {})", Lit(text), type.name); };
    const bool moment =
        type.family == Family::kTimestamp || type.family == Family::kTimestampTz || type.family == Family::kDate;
    if (request_.interval && !moment) {
      return Diagnostic(kBadIngestion,
                        fmt::format("the cursor `{}` is {}, so the run's data interval cannot be cut out by it", cursor,
                                    type.name),
                        ingestion_.cursor.span)
          .Hint("declare its `data_type` in sources.yml as timestamp, or take another cursor");
    }
    if (request_.interval) {
      return std::optional(
          Window{literal(FormatTimestamp(request_.interval->begin)), literal(FormatTimestamp(request_.interval->end))});
    }
    if (history_.watermark.empty()) return std::optional<Window>();
    std::string begin = literal(history_.watermark);
    if (ingestion_.overlap.count() > 0 && moment)
      begin += fmt::format(" - to_microseconds({})", ingestion_.overlap.count());
    return std::optional(Window{std::move(begin), ""});
  }

  const Type& CursorType() const {
    return std::ranges::find_if(columns_,
                                [&](const PlannedColumn& c) { return SameColumn(c.name, *ingestion_.cursor); })
        ->type;
  }

  StageSpec Spec() const {
    return {.ingestion = ingestion_,
            .drop = drop_,
            .shapes = shapes_,
            .options = options_,
            .columns = columns_,
            .window = window_};
  }

  Status StageDrop() {
    STIR_ASSIGN(window_, MakeWindow());
    STIR_ASSIGN(staged_, Stage(session_.connection(), Spec()));
    STIR_TRY(CheckUnchanged(files_, drop_));
    STIR_TRY(CheckAbsentFields());
    failpoints_.Reach("load.staged");
    const StageCounts& counts = staged_.counts;
    checkpoint().files = drop_;
    checkpoint().read = counts.read;
    checkpoint().duplicates = counts.duplicates;
    checkpoint().filtered = counts.filtered;
    checkpoint().outside = counts.outside;
    checkpoint().rejected = staged_.rejected;
    if (replaces() && counts.good == 0 && table_.exists) {
      return Diagnostic(
                 kDropEmpty,
                 fmt::format("the drop has no row to load, and loading it would empty {}", TableName(request_.target)),
                 ingestion_.from.path.span)
          .Hint("check the drop; a table that shall be empty can be emptied by hand");
    }
    return {};
  }

  // In JSON a column is missing when no line has it, which only the whole drop can tell.
  Status CheckAbsentFields() {
    if (options_.format != platform::Format::kJsonl || ingestion_.schema_changes.removed == platform::OnRemoved::kNull)
      return {};
    if (staged_.counts.good == 0) return {};
    for (const PlannedColumn& column : columns_) {
      if (sniffed_.contains(ToLower(column.name)) || !column.in_table) continue;
      STIR_ASSIGN(const int64_t seen, QueryCount(session_.connection(),
                                                 fmt::format("SELECT count({}) FROM {}", Ident(column.name), kStage)));
      if (seen > 0) continue;
      return Diagnostic(kColumnMissing,
                        fmt::format("no line of `{}` has a field `{}`", *ingestion_.from.path, column.name),
                        ingestion_.from.path.span)
          .Hint("`schema_changes: {removed: null}` loads NULL for a missing column");
    }
    return {};
  }

  Status Judge() {
    const bool quarantines =
        ingestion_.quarantine.enabled || ingestion_.schema_changes.type == platform::OnType::kQuarantine;
    const auto& rules = ingestion_.quarantine;
    const double ratio =
        checkpoint().read == 0 ? 0 : static_cast<double>(staged_.rejected) / static_cast<double>(checkpoint().read);
    const bool too_many =
        quarantines && (ratio > rules.max_ratio || (rules.max_rows && staged_.rejected > *rules.max_rows));
    const bool fails = staged_.rejected > 0 && (!quarantines || too_many);
    constexpr int64_t kExamples = 20;
    STIR_TRY(CollectRejected(session_.connection(), Spec(), staged_, fails ? kExamples : -1));
    STIR_ASSIGN(outcome_.rejected, SummarizeRejected(session_.connection(), drop_));
    if (!fails) return {};
    return TooManyRejected(too_many);
  }

  Diagnostic TooManyRejected(bool has_quarantine) const {
    std::vector<std::string> reasons;
    for (const Rejected& each : outcome_.rejected) {
      if (reasons.size() < 3) reasons.push_back(fmt::format("{} ({})", each.reason, each.example));
    }
    const int64_t read = outcome_.checkpoint.read;
    std::string message = fmt::format("{} of {} rows do not fit: {}", staged_.rejected, read, Join(reasons, "; "));
    if (!has_quarantine) {
      return Diagnostic(kRowsRejected, std::move(message), ingestion_.from.path.span)
          .Hint("nothing was loaded; `quarantine: {max_ratio: 0.01}` keeps such rows apart and loads the others");
    }
    const auto& rules = ingestion_.quarantine;
    const std::string limit = rules.max_rows && staged_.rejected > *rules.max_rows
                                  ? fmt::format("max_rows is {}", *rules.max_rows)
                                  : fmt::format("max_ratio is {:g}, this is {:.2g}", rules.max_ratio,
                                                static_cast<double>(staged_.rejected) / static_cast<double>(read));
    return Diagnostic(kRowsRejected, std::move(message), ingestion_.span)
        .Hint(fmt::format("nothing was loaded: `quarantine`'s {}", limit));
  }

  Status WriteAll() {
    const std::vector<std::string> earlier = EarlierRuns();
    STIR_TRY(WriteLoad(session_.connection(),
                       {.ingestion = ingestion_,
                        .target = request_.target,
                        .columns = columns_,
                        .table_exists = table_.exists,
                        .replaces = replaces(),
                        .lacks_stir_columns = table_.lacks_stir_columns,
                        .earlier_runs = earlier,
                        .run_id_sql = {}},
                       checkpoint()));
    failpoints_.Reach("load.written");
    STIR_TRY(WriteQuarantine(earlier));
    if (starts_anew()) STIR_TRY(ledger_.Forget(ingestion_.name));
    STIR_TRY(MoveWatermark());
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
    return KeepRejected(session_.connection(), request_.target, drop_, checkpoint());
  }

  adapter::Relation QuarantineRelation() const {
    adapter::Relation relation = QuarantineOf(request_.target);
    relation.quote = dialect_.default_quote;
    relation.include = dialect_.default_include;
    return relation;
  }

  // Forward only; a backfill leaves it.
  Status MoveWatermark() {
    checkpoint().watermark = history_.watermark;
    const std::string& cursor = *ingestion_.cursor;
    if (cursor.empty() || request_.backfill) return {};
    std::string newest = fmt::format("max({})", Ident(cursor));
    if (!history_.watermark.empty() && !replaces()) {
      newest = fmt::format("greatest({}, CAST({} AS {}))", newest, Lit(history_.watermark), CursorType().name);
    }
    STIR_ASSIGN(const auto rows,
                QueryAll(session_.connection(),
                         fmt::format("SELECT CAST({} AS VARCHAR) FROM {} WHERE _stir_state IN ({}, {})", newest, kStage,
                                     static_cast<int>(kGood), static_cast<int>(kDuplicate))));
    if (const std::string text = CellText(rows[0][0]); !text.empty()) checkpoint().watermark = text;
    return {};
  }

  const IngestRequest& request_;
  const platform::Ingestion& ingestion_;
  const adapter::Dialect& dialect_;
  Files& files_;
  const Failpoints& failpoints_;
  Session session_;
  Ledger ledger_;
  ReadOptions options_;
  std::vector<DropFile> drop_;
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
  return Load(request, adapter, files, failpoints, std::move(session)).Run();
}

}  // namespace stir::transfer
