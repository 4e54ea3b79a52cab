// The phases of a load.
#include "transfer/ingest.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/cell.h"
#include "adapter/feed.h"
#include "adapter/kinds.h"
#include "base/strings.h"
#include "pg/settings.h"
#include "transfer/kinds.h"
#include "transfer/load.h"
#include "transfer/postgres_decoder.h"
#include "transfer/postgres_source.h"
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

// `options: {connections: 4}`: how many sessions read a table at once.
Result<int> ConnectionsOf(const platform::Ingestion& ingestion) {
  int connections = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8);
  for (const auto& [name, value] : ingestion.from.options) {
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool fits = error == std::errc() && end == value.data() + value.size() && number >= 1 && number <= 64;
    if (name == "connections" && fits) {
      connections = number;
      continue;
    }
    return Diagnostic(kBadIngestion,
                      name == "connections" ? fmt::format("`connections` cannot be `{}`", value)
                                            : fmt::format("there is no option `{}` of tables", name),
                      ingestion.from.connection.span)
        .Hint("options of a table: `connections`, from 1 to 64");
  }
  return connections;
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
    if (needs_no_stage()) {
      STIR_ASSIGN(const bool loaded, LoadUnstaged());
      if (!loaded) STIR_TRY(LoadStaged());
    } else {
      STIR_TRY(LoadStaged());
    }
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
    STIR_TRY(Judge());
    STIR_TRY(session_.Check());
    failpoints_.Reach("load.begin");
    return InTransaction(session_.connection(), failpoints_, [&] { return WriteAll(); });
  }

  // Nothing of a table's rows is left to be judged when the engine casts none of them, no two of them have one key and
  // none lacks a key or a cursor, because the server says so. They are written once, into the table itself.
  bool needs_no_stage() const {
    if (!from_table()) return false;
    std::vector<std::string> keys;
    for (const auto& key : ingestion_.key) keys.push_back(*key);
    const bool is_new = replaces() || !table_.exists;
    if (!keys.empty() && !(is_new && table_source_->AreUnique(keys))) return false;
    if (!ingestion_.cursor->empty() && !table_source_->AreNotNull({*ingestion_.cursor})) return false;
    return std::ranges::all_of(columns_, [&](const PlannedColumn& column) {
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
      Status written = WriteRows(UnstagedRows());
      if (auto failed = table_source_->error()) return *std::move(failed);
      STIR_TRY(written);
      STIR_ASSIGN(read, table_source_->Finish());
      outcome_.table = ProgressOf(read);
      if (read.unfit > 0) return Diagnostic(kRowsRejected, "there are rows that do not fit");
      if (read.rows == 0 && before > 0) return WouldEmpty();
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
    STIR_ASSIGN(const int connections, ConnectionsOf(ingestion_));
    STIR_ASSIGN(const pg::Settings settings, pg::ReadSettings(*request_.from.settings, "stir"));
    auto opened = PgSource::Open([settings] { return pg::Open(settings); }, request_.ingestion, connections, cancel_);
    if (!opened.ok()) return Placed(std::move(opened).error());
    table_source_ = *std::move(opened);
    drop_ = {{.name = table_source_->name(), .path = {}, .size = 0, .mtime_ns = 0, .hash = {}}};
    Shape shape{.files = {0}, .columns = {}, .header = {}, .json_types = {}};
    for (size_t i = 0; i < table_source_->columns().size(); ++i) {
      shape.columns.push_back({table_source_->columns()[i].name, ParseType(TypeName(table_source_->fields()[i].type))});
    }
    shapes_ = {std::move(shape)};
    ingestion_.from.where.value.clear();
    return {};
  }

  Diagnostics Placed(Diagnostics errors) const {
    for (Diagnostic& error : errors)
      if (!error.span) error.span = ingestion_.from.connection.span;
    return errors;
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

  // The part of the rows that this load is about, by its cursor.
  bool has_window() const { return !ingestion_.cursor->empty() && !replaces(); }

  Status CheckCursor() const {
    const Type& type = CursorType();
    if (!request_.interval || IsMoment(type)) return {};
    return Diagnostic(kBadIngestion,
                      fmt::format("the cursor `{}` is {}, so the run's data interval cannot be cut out by it",
                                  *ingestion_.cursor, type.name),
                      ingestion_.cursor.span)
        .Hint("declare its `data_type` in sources.yml as timestamp, or take another cursor");
  }

  Result<std::optional<Window>> MakeWindow() const {
    if (!has_window()) return std::optional<Window>();
    STIR_TRY(CheckCursor());
    const Type& type = CursorType();
    const auto literal = [&](const std::string& text) { return fmt::format("CAST({} AS {})", Lit(text), type.name); };
    if (request_.interval) {
      return std::optional(
          Window{literal(FormatTimestamp(request_.interval->begin)), literal(FormatTimestamp(request_.interval->end))});
    }
    if (history_.watermark.empty()) return std::optional<Window>();
    std::string begin = literal(history_.watermark);
    if (ingestion_.overlap.count() > 0 && IsMoment(type))
      begin += fmt::format(" - to_microseconds({})", ingestion_.overlap.count());
    return std::optional(Window{std::move(begin), ""});
  }

  // The same for the server that the rows come from.
  Result<PgWindow> MakeTableWindow() {
    PgWindow window;
    if (ingestion_.cursor->empty()) return window;
    const auto& columns = table_source_->columns();
    const auto at =
        std::ranges::find_if(columns, [&](const PgColumn& c) { return SameColumn(c.name, *ingestion_.cursor); });
    window.cursor = static_cast<size_t>(at - columns.begin());
    STIR_TRY(CheckTableCursor(*window.cursor));
    STIR_ASSIGN(safe_moment_, table_source_->SafeMoment(*window.cursor));
    if (has_window()) STIR_TRY(CheckCursor());
    if (has_window() && request_.interval) {
      window.begin = FormatTimestamp(request_.interval->begin);
      window.end = FormatTimestamp(request_.interval->end);
      return window;
    }
    if (has_window()) window.begin = history_.watermark;
    if (follows()) window.end = safe_moment_;
    window.exclusive = ingestion_.key.empty();
    if (window.exclusive && ingestion_.overlap.count() > 0) {
      return Diagnostic(kBadIngestion, "`overlap` reads rows again, and without a `key` they would be there twice",
                        ingestion_.cursor.span)
          .Hint("give the ingestion a `key`, or leave `overlap` out");
    }
    if (!safe_moment_.empty()) window.overlap = ingestion_.overlap;
    return window;
  }

  // Windows of moments that follow each other without a gap, none read twice: what has no key is appended by them.
  bool follows() const {
    return from_table() && *ingestion_.mode == Mode::kIncremental && ingestion_.key.empty() && !request_.interval &&
           !safe_moment_.empty();
  }

  // The watermark is found by the engine and used by the server: both must order the values alike.
  Status CheckTableCursor(size_t column) const {
    const PgField& field = table_source_->fields()[column];
    switch (field.codec) {
      case PgCodec::kInt2:
      case PgCodec::kInt4:
      case PgCodec::kInt8:
      case PgCodec::kDecimal:
      case PgCodec::kDate:
      case PgCodec::kTimestamp:
      case PgCodec::kUuid:
        return {};
      case PgCodec::kText:
        if (field.cast.empty() && field.type.kind == adapter::FeedKind::kVarchar) return {};
        [[fallthrough]];
      default:
        return Diagnostic(kBadIngestion,
                          fmt::format("the cursor `{}` is of a type that has no order here", *ingestion_.cursor),
                          ingestion_.cursor.span)
            .Hint(
                "a cursor is a date, a timestamp, a whole or decimal number of fixed precision, a text or a uuid; a "
                "`query` can cast it");
    }
  }

  const Type& CursorType() const {
    return std::ranges::find_if(columns_,
                                [&](const PlannedColumn& c) { return SameColumn(c.name, *ingestion_.cursor); })
        ->type;
  }

  static bool IsMoment(const Type& type) {
    return type.family == Family::kTimestamp || type.family == Family::kTimestampTz || type.family == Family::kDate;
  }

  StageSpec Spec() const {
    return {.ingestion = ingestion_,
            .drop = drop_,
            .shapes = shapes_,
            .options = options_,
            .columns = columns_,
            .window = window_};
  }

  Status StageFiles() {
    STIR_ASSIGN(window_, MakeWindow());
    STIR_ASSIGN(staged_, Stage(session_.connection(), Spec()));
    checkpoint().files = drop_;
    STIR_TRY(CheckUnchanged(files_, drop_));
    return CheckAbsentFields();
  }

  Status BeginTable() {
    auto* taker = dynamic_cast<adapter::FeedTaker*>(&session_.connection());
    if (taker == nullptr) return Diagnostic(kTransferNotBuilt, "this engine takes no rows from this process");
    std::vector<size_t> wanted;
    for (PlannedColumn& column : columns_) {
      if (column.at.front() >= 0) wanted.push_back(static_cast<size_t>(column.at.front()));
    }
    STIR_ASSIGN(const PgWindow window, MakeTableWindow());
    failpoints_.Reach("load.planned");
    begun_ = told_ = std::chrono::steady_clock::now();
    STIR_TRY(table_source_->Begin(wanted, window, *taker, [this](const PgRead& read) { Tell(read); }));
    options_.feed = table_source_->sql();
    return {};
  }

  void Tell(const PgRead& read) {
    constexpr std::chrono::seconds kEvery(10);
    const auto now = std::chrono::steady_clock::now();
    if (now < told_ + kEvery) return;
    told_ = now;
    if (request_.on_progress) request_.on_progress(ProgressOf(read));
  }

  IngestProgress ProgressOf(const PgRead& read) const {
    return {.rows = read.rows,
            .bytes = read.bytes,
            .elapsed = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun_)};
  }

  Status StageTable() {
    STIR_TRY(BeginTable());
    auto staged = Stage(session_.connection(), Spec());
    if (auto failed = table_source_->error()) return *std::move(failed);
    STIR_ASSIGN(staged_, std::move(staged));
    STIR_ASSIGN(const PgRead read, table_source_->Finish());
    outcome_.table = ProgressOf(read);
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
    return before == 0 ? Status() : WouldEmpty();
  }

  Diagnostic WouldEmpty() const {
    const std::string name = from_table() ? fmt::format("`{}`", drop_.front().name) : "the drop";
    return Diagnostic(kDropEmpty, fmt::format("{} has no row to load, and loading it would empty {}", name, target()),
                      PlaceOf(ingestion_.from))
        .Hint(fmt::format("check {}; a table that shall be empty can be emptied by hand", name));
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
                        PlaceOf(ingestion_.from))
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
      return Diagnostic(kRowsRejected, std::move(message), PlaceOf(ingestion_.from))
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
    STIR_TRY(MoveWatermark(seen));
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

  // Forward only; a backfill leaves it.
  Status MoveWatermark(const std::string& seen) {
    checkpoint().watermark = history_.watermark;
    const std::string& cursor = *ingestion_.cursor;
    if (cursor.empty() || request_.backfill) return {};
    std::string newest = fmt::format("max({})", Ident(cursor));
    const auto literal = [&](const std::string& text) {
      return fmt::format("CAST({} AS {})", Lit(text), CursorType().name);
    };
    // From this moment on, transactions that the snapshot does not see may still add rows.
    if (!safe_moment_.empty())
      newest = fmt::format("CASE WHEN {0} > {1} THEN {1} ELSE {0} END", newest, literal(safe_moment_));
    if (!history_.watermark.empty() && !replaces())
      newest = fmt::format("greatest({}, {})", newest, literal(history_.watermark));
    STIR_ASSIGN(const auto rows,
                QueryAll(session_.connection(), fmt::format("SELECT CAST({} AS VARCHAR) FROM {}", newest, seen)));
    if (const std::string text = CellText(rows[0][0]); !text.empty()) checkpoint().watermark = text;
    return {};
  }

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
  std::unique_ptr<PgSource> table_source_;
  std::string safe_moment_;
  std::chrono::steady_clock::time_point begun_, told_;
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
