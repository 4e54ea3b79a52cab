// Planning what each session reads, and the sessions' threads.
#include "transfer/postgres_source.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "adapter/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/postgres_decoder.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

constexpr uint32_t kDateOid = 1082;
constexpr uint32_t kTimestampOid = 1114;
constexpr uint32_t kTimestampTzOid = 1184;

// Texts of values inside of other values are written alike everywhere; a session that waits for the engine is not ended
// for it; nobody waits for ever behind a change of a table that itself waits for us.
constexpr const char* kSettings =
    "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; "
    "set extra_float_digits = 1; set idle_in_transaction_session_timeout = 0; set lock_timeout = '10s'";

// A session that a cancel reaches.
class Link {
 public:
  static Result<std::unique_ptr<Link>> Open(const PgSource::Connect& connect, const CancelToken& cancel) {
    STIR_ASSIGN(auto session, connect());
    STIR_TRY(session->Execute(kSettings));
    return std::unique_ptr<Link>(new Link(std::move(session), cancel));
  }
  pg::Session& session() { return *session_; }

 private:
  Link(std::unique_ptr<pg::Session> session, const CancelToken& cancel)
      : session_(std::move(session)), on_cancel_(cancel, [target = session_.get()] { target->Cancel(); }) {}
  std::unique_ptr<pg::Session> session_;
  OnCancel<std::function<void()>> on_cancel_;
};

using Texts = std::vector<std::vector<std::string>>;

// A small result; NULL is "".
Result<Texts> All(pg::Session& session, const std::string& sql) {
  STIR_ASSIGN(auto rows, session.Query(sql));
  Texts out;
  pg::Row row;
  while (true) {
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) return out;
    auto& texts = out.emplace_back();
    for (const auto& value : row) texts.emplace_back(value.value_or(std::string_view()));
  }
}

template <typename T>
T NumberIn(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Batches on their way from the readers to the engine.
class Queue {
 public:
  void Start(size_t capacity, int writers) {
    capacity_ = capacity;
    writers_ = writers;
  }

  // False: nobody wants it any more.
  bool Push(std::unique_ptr<adapter::FeedBatch> batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || batches_.size() < capacity_; });
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }

  void WriterDone() {
    const std::lock_guard lock(mutex_);
    --writers_;
    changed_.notify_all();
  }

  // The first failure is the one that is told.
  void Fail(Diagnostics errors) {
    const std::lock_guard lock(mutex_);
    if (!error_ && !closed_) error_ = std::move(errors);
    closed_ = true;
    changed_.notify_all();
  }

  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  Result<std::unique_ptr<adapter::FeedBatch>> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || writers_ == 0 || !batches_.empty(); });
    if (error_) return Diagnostics(*error_);
    if (closed_) return Diagnostic(adapter::kCanceled, "canceled");
    if (batches_.empty()) return std::unique_ptr<adapter::FeedBatch>();
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }

  std::optional<Diagnostics> error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

  bool WaitForWriters(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return writers_ == 0; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<adapter::FeedBatch>> batches_;
  size_t capacity_ = 1;
  int writers_ = 0;
  bool closed_ = false;
  std::optional<Diagnostics> error_;
};

size_t WidthOf(const adapter::FeedType& type) {
  switch (type.kind) {
    case adapter::FeedKind::kBoolean:
      return 1;
    case adapter::FeedKind::kSmallInt:
      return 2;
    case adapter::FeedKind::kInteger:
    case adapter::FeedKind::kUInteger:
    case adapter::FeedKind::kFloat:
    case adapter::FeedKind::kDate:
      return 4;
    case adapter::FeedKind::kDecimal:
      return type.width <= 18 ? 8 : 16;
    case adapter::FeedKind::kList:
      return 16 + WidthOf(*type.element);
    case adapter::FeedKind::kBigInt:
    case adapter::FeedKind::kUBigInt:
    case adapter::FeedKind::kDouble:
    case adapter::FeedKind::kTime:
    case adapter::FeedKind::kTimeTz:
    case adapter::FeedKind::kTimestamp:
    case adapter::FeedKind::kTimestampTz:
      return 8;
    case adapter::FeedKind::kVarchar:
    case adapter::FeedKind::kJson:
    case adapter::FeedKind::kBlob:
    case adapter::FeedKind::kUuid:
    case adapter::FeedKind::kInterval:
      return 16;
  }
  return 16;
}

bool UsesAnIndex(std::string_view plan) {
  return plan.find("\"Node Type\": \"Index") != std::string_view::npos ||
         plan.find("\"Node Type\": \"Bitmap") != std::string_view::npos;
}

}  // namespace

struct PgSource::State {
  State(Connect with, const platform::Ingestion& of, int sessions, CancelToken token)
      : connect(std::move(with)), ingestion(of), connections(sessions), cancel(std::move(token)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { Stop(); }

  Status Canceled() const {
    if (!cancel.stop_requested()) return {};
    return Diagnostic(adapter::kCanceled, "canceled while reading from PostgreSQL");
  }

  bool is_table() const { return ingestion.from.query->empty(); }
  Span span() const { return is_table() ? ingestion.from.table.span : ingestion.from.query.span; }

  // The server's words, at the place in the YAML that they are about.
  Diagnostics At(Diagnostics errors, Span place) const {
    for (Diagnostic& error : errors) {
      error.engine_offset = -1;
      if (!error.span) error.span = place;
    }
    return errors;
  }

  Status OpenSource() {
    STIR_ASSIGN(keeper, Link::Open(connect, cancel));
    pg::Session& session = keeper->session();
    STIR_TRY(session.Execute("begin isolation level read committed read only"));
    if (is_table()) {
      STIR_TRY(FindTable());
    } else {
      std::string_view query = Strip(*ingestion.from.query);
      while (query.ends_with(';')) query = Strip(query.substr(0, query.size() - 1));
      from = fmt::format("(\n{}\n) as stir_rows", query);
      name = "query";
    }
    // From here on the tables are locked against changes.
    auto described = session.Describe("select * from " + from);
    if (!described.ok()) return At(std::move(described).error(), span());
    for (const pg::Column& column : *described)
      columns.push_back({.name = column.name, .type = column.type, .modifier = column.modifier});
    STIR_TRY(CheckNames());
    STIR_TRY(ReadDimensions());
    STIR_TRY(ReadKeys());
    STIR_TRY(MakeFields());
    // Under any other encoding the server itself sees to it that texts are UTF-8.
    check_utf8 = session.Parameter("server_encoding") == "SQL_ASCII";
    return {};
  }

  Status FindTable() {
    const std::string literal = Lit(*ingestion.from.table);
    auto found = All(keeper->session(),
                     fmt::format("select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, "
                                 "n.nspname || '.' || c.relname from pg_catalog.pg_class c join "
                                 "pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass({})",
                                 literal));
    if (!found.ok()) return At(std::move(found).error(), span());
    if (found->empty()) return NoSuchTable();
    const auto& row = found->front();
    oid = NumberIn<uint32_t>(row[0]);
    from = row[1];
    kind = row[2].empty() ? ' ' : row[2][0];
    name = row[3];
    return {};
  }

  Diagnostics NoSuchTable() {
    Diagnostic error(kSourceMissing, fmt::format("PostgreSQL has no table or view `{}`", *ingestion.from.table),
                     ingestion.from.table.span);
    auto there =
        All(keeper->session(),
            "select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on "
            "n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%' "
            "and n.nspname <> 'information_schema' order by 1 limit 1000");
    std::vector<std::string> names;
    if (there.ok())
      for (const auto& row : *there) names.push_back(row[0]);
    std::string hint = DidYouMean(*ingestion.from.table, names);
    if (hint.empty()) hint = "a name is read as in SQL: without quotes in lower case, and below `search_path`";
    return {std::move(error).Hint(std::move(hint))};
  }

  // The engine does not tell `A` from `a`.
  Status CheckNames() const {
    std::map<std::string, std::string> seen;
    for (const PgColumn& column : columns) {
      const auto [at, is_new] = seen.emplace(ToLower(column.name), column.name);
      if (is_new) continue;
      const std::string message = at->second == column.name
                                      ? fmt::format("`{}` has two columns `{}`", name, column.name)
                                      : fmt::format("`{}` has columns `{}` and `{}`, which DuckDB takes for one", name,
                                                    at->second, column.name);
      return Diagnostic(kBadIngestion, message, span()).Hint("read it with a `query` that gives them other names");
    }
    return {};
  }

  Status ReadDimensions() {
    if (!is_table()) return {};
    STIR_ASSIGN(const auto rows,
                All(keeper->session(), fmt::format("select attname, greatest(attndims, 1) from pg_catalog.pg_attribute "
                                                   "where attrelid = {} and attnum > 0 and attndims > 1",
                                                   oid)));
    for (const auto& row : rows) {
      const auto column = std::ranges::find(columns, row[0], &PgColumn::name);
      if (column != columns.end()) column->dimensions = NumberIn<int>(row[1]);
    }
    return {};
  }

  // What the server promises of a table. Children of a table keep no promise of its indexes.
  Status ReadKeys() {
    if (kind != 'r' && kind != 'p') return {};
    STIR_ASSIGN(const auto required, All(keeper->session(), fmt::format("select attname from pg_catalog.pg_attribute "
                                                                        "where attrelid = {} and attnum > 0 and "
                                                                        "attnotnull and not attisdropped",
                                                                        oid)));
    for (const auto& row : required) not_null.insert(ToLower(row[0]));
    STIR_ASSIGN(
        const auto keys,
        All(keeper->session(),
            fmt::format(
                "select i.indexrelid, a.attname from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = "
                "i.indrelid join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any "
                "(i.indkey[0:i.indnkeyatts - 1]) where i.indrelid = {} and i.indisunique and i.indisvalid and "
                "i.indpred is null and i.indexprs is null and (c.relkind = 'p' or not c.relhassubclass)",
                oid)));
    for (const auto& row : keys) unique[row[0]].insert(ToLower(row[1]));
    return {};
  }

  struct TypeRow {
    char kind = 'b';
    uint32_t element = 0;
    uint32_t base = 0;
    int32_t modifier = -1;
  };

  // Types, those of their elements, and what domains among those stand for.
  Result<std::map<uint32_t, TypeRow>> ReadTypes() {
    std::map<uint32_t, TypeRow> types;
    std::set<uint32_t> asked;
    for (const PgColumn& column : columns) asked.insert(column.type);
    while (!asked.empty()) {
      std::vector<std::string> list;
      for (uint32_t each : asked) list.push_back(std::to_string(each));
      asked.clear();
      // int2vector and oidvector count from 0.
      STIR_ASSIGN(const auto rows,
                  All(keeper->session(), fmt::format("select oid, typtype, case when typcategory = 'A' and typlen = -1 "
                                                     "and oid not in (22, 30) then typelem else 0 end, typbasetype, "
                                                     "typtypmod from pg_catalog.pg_type where oid in ({})",
                                                     JoinText(list, ", "))));
      for (const auto& row : rows) {
        const TypeRow type{.kind = row[1].empty() ? 'b' : row[1][0],
                           .element = NumberIn<uint32_t>(row[2]),
                           .base = NumberIn<uint32_t>(row[3]),
                           .modifier = NumberIn<int32_t>(row[4])};
        types[NumberIn<uint32_t>(row[0])] = type;
        for (uint32_t next : {type.element, type.base})
          if (next != 0 && !types.contains(next)) asked.insert(next);
      }
    }
    return types;
  }

  Status MakeFields() {
    STIR_ASSIGN(const auto types, ReadTypes());
    const auto type_of = [&](uint32_t which) {
      const auto found = types.find(which);
      return found == types.end() ? TypeRow() : found->second;
    };
    for (const PgColumn& column : columns) {
      PgType type{.oid = column.type, .kind = type_of(column.type).kind, .element = type_of(column.type).element};
      while (type.element != 0 && type_of(type.element).kind == 'd') {
        if (type.element_modifier < 0) type.element_modifier = type_of(type.element).modifier;
        type.element = type_of(type.element).base;
      }
      type.element_kind = type_of(type.element).kind;
      fields.push_back(FieldOf(column, type));
    }
    return {};
  }

  Result<std::string> SafeMoment(size_t column) {
    const uint32_t type = columns[column].type;
    if (type != kDateOid && type != kTimestampOid && type != kTimestampTzOid) return std::string();
    // now() is when the keeper began: what began before it has long been listed.
    // The zone of now() in a column without one is that of the session that writes; the server's is the best guess.
    const std::string zone = "(select reset_val from pg_catalog.pg_settings where name = 'TimeZone')";
    const std::string moment = type == kTimestampTzOid ? "moment"
                               : type == kTimestampOid ? fmt::format("moment at time zone {}", zone)
                                                       : fmt::format("(moment at time zone {})::date", zone);
    STIR_ASSIGN(
        const auto rows,
        All(keeper->session(),
            fmt::format(
                "select ({})::text from (select least(now(), min(xact_start)) as moment from "
                "pg_catalog.pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and "
                "backend_type = 'client backend') as open",
                moment)));
    return rows.front().front();
  }

  std::string Bound(const PgWindow& window, const std::string& text) const {
    const uint32_t type = columns[*window.cursor].type;
    const char* cast = type == kDateOid          ? "::date"
                       : type == kTimestampOid   ? "::timestamp"
                       : type == kTimestampTzOid ? "::timestamptz"
                                                 : "";
    // The engine writes years before Christ in brackets.
    return Lit(ReplaceAll(text, " (BC)", " BC")) + cast;
  }

  std::string Conditions(const PgWindow& window) const {
    std::vector<std::string> terms;
    if (!ingestion.from.where->empty()) terms.push_back(fmt::format("({}\n)", *ingestion.from.where));
    if (window.cursor && !(window.begin.empty() && window.end.empty())) {
      const std::string column = Ident(columns[*window.cursor].name);
      // Texts are compared byte by byte, as the engine does that found the greatest one.
      const bool text = fields[*window.cursor].codec == PgCodec::kText;
      const std::string compared = text ? column + " collate \"C\"" : column;
      std::vector<std::string> inside;
      if (!window.begin.empty()) {
        std::string begin = Bound(window, window.begin);
        if (window.overlap.count() > 0) begin += fmt::format(" - interval '{} microseconds'", window.overlap.count());
        inside.push_back(fmt::format("{} {} {}", compared, window.exclusive ? ">" : ">=", begin));
      }
      if (!window.end.empty()) inside.push_back(fmt::format("{} < {}", compared, Bound(window, window.end)));
      terms.push_back(fmt::format("({} is null or {})", column, JoinText(inside, " and ")));
    }
    return JoinText(terms, " and ");
  }

  Status Begin(const std::vector<size_t>& which, const PgWindow& window, adapter::FeedTaker& taker,
               std::function<void(const PgRead&)> on_batch) {
    std::vector<std::string> list;
    for (size_t column : which) {
      list.push_back(SelectOf(fields[column], Ident(columns[column].name)));
      wanted.push_back(fields[column]);
    }
    conditions = Conditions(window);
    select = fmt::format("select {} from {}", JoinText(list, ", "), from);
    STIR_TRY(PlanParts());
    STIR_ASSIGN(feed, taker.OpenFeed(FeedColumnsOf(wanted), [this, told = std::move(on_batch)] {
      if (told) told(Read());
      return queue.Pop();
    }));
    STIR_TRY(OpenReaders());
    size_t width = 0;
    for (const auto& column : FeedColumnsOf(wanted)) width += WidthOf(column.type) * adapter::FeedBatch::kRows;
    constexpr size_t kMost = size_t{16} << 20;
    queue.Start(std::clamp<size_t>(kMost / width, 1, readers.size() * 4), static_cast<int>(readers.size()));
    on_cancel.emplace(cancel, [this] { queue.Close(); });
    for (const auto& reader : readers) threads.emplace_back([this, link = reader.get()] { Run(*link); });
    return {};
  }

  std::string PartSql(const std::string& part) const {
    std::string where = conditions;
    if (!part.empty()) where += (where.empty() ? "" : " and ") + part;
    return where.empty() ? select : fmt::format("{} where {}", select, where);
  }

  // Ranges of pages, where the table has pages and is not read by an index.
  Status PlanParts() {
    parts = {""};
    // Planning takes the locks of partitions and of what views stand for.
    auto plan = All(keeper->session(), "explain (format json) " + PartSql(""));
    if (!plan.ok()) {
      const auto& where = ingestion.from.where;
      return At(std::move(plan).error(), where->empty() ? span() : where.span);
    }
    const bool has_pages = is_table() && (kind == 'r' || kind == 'p' || kind == 'm');
    constexpr int kRangeScans = 140000;
    if (!has_pages || keeper->session().server_version() < kRangeScans) return {};
    if (!conditions.empty() && std::ranges::any_of(*plan, [](const auto& row) { return UsesAnIndex(row[0]); }))
      return {};
    // A table with children or partitions is cut by the pages of the longest; the last range has no end.
    STIR_ASSIGN(
        const auto facts,
        All(keeper->session(),
            fmt::format("with recursive tree(oid) as (select {}::pg_catalog.oid union select i.inhrelid from "
                        "pg_catalog.pg_inherits i join tree on i.inhparent = tree.oid) select "
                        "coalesce(max(pg_relation_size(c.oid)) / current_setting('block_size')::bigint, 0), "
                        "coalesce(sum(pg_relation_size(c.oid)) / current_setting('block_size')::bigint, 0), "
                        "bool_or(c.relkind not in ('r', 'p', 'm')) from tree join pg_catalog.pg_class c using (oid)",
                        oid)));
    if (facts.front()[2] == "t") return {};
    const auto longest = NumberIn<int64_t>(facts.front()[0]);
    const auto all = std::max<int64_t>(NumberIn<int64_t>(facts.front()[1]), 1);
    // A part is about 8 MB of all the children, and there are some for each session.
    const int64_t wanted_parts = std::clamp<int64_t>(all / 1024, std::min<int64_t>(all / 16, connections * 4), 100000);
    const int64_t step = std::max<int64_t>(longest / std::max<int64_t>(wanted_parts, 1), 1);
    parts.clear();
    for (int64_t page = 0; page == 0 || page < longest; page += step) {
      const bool last = page + step >= longest;
      std::string range = page == 0 ? "" : fmt::format("ctid >= '({},0)'", page);
      if (!last) range += fmt::format("{}ctid < '({},0)'", page == 0 ? "" : " and ", page + step);
      parts.push_back(std::move(range));
    }
    return {};
  }

  Status OpenReaders() {
    const size_t count = std::min(parts.size(), static_cast<size_t>(std::max(connections, 1)));
    std::string snapshot;
    for (size_t i = 0; i < count; ++i) {
      STIR_ASSIGN(auto link, Link::Open(connect, cancel));
      pg::Session& session = link->session();
      STIR_TRY(session.Execute("begin isolation level repeatable read read only"));
      if (i == 0 && count > 1) {
        STIR_ASSIGN(const auto exported, All(session, "select pg_export_snapshot()"));
        snapshot = exported.front().front();
      } else if (i > 0) {
        STIR_TRY(session.Execute(fmt::format("set transaction snapshot {}", Lit(snapshot))));
      }
      // The lock now, so that nobody can come between.
      if (auto locked = session.Describe(PartSql("")); !locked.ok()) return At(std::move(locked).error(), span());
      readers.push_back(std::move(link));
      STIR_TRY(Canceled());
    }
    return {};
  }

  // One reader: part after part, until none is left.
  void Run(Link& link) {
    if (Status read = ReadParts(link); !read.ok()) {
      const bool canceled = cancel.stop_requested();
      queue.Fail(canceled ? Canceled().error() : At(std::move(read).error(), span()));
      for (const auto& other : readers)
        if (other.get() != &link) other->session().Cancel();
    }
    queue.WriterDone();
  }

  Status ReadParts(Link& link) {
    constexpr size_t kBatchBytes = size_t{1} << 20;
    PgDecoder decoder(wanted, check_utf8);
    std::unique_ptr<adapter::FeedBatch> batch;
    size_t before = 0;  // rows of the part in earlier batches
    size_t begun = 0;   // rows of the batch from earlier parts
    const auto flush = [&]() -> Status {
      batch->SetRows(decoder.rows());
      rows_read += static_cast<int64_t>(decoder.rows());
      bytes_read += static_cast<int64_t>(decoder.bytes());
      before += decoder.rows() - begun;
      begun = 0;
      if (!queue.Push(std::move(batch))) return Diagnostic(adapter::kCanceled, "the load has ended");
      batch = feed->MakeBatch();
      decoder.BeginBatch(*batch);
      return {};
    };
    const auto take = [&](std::string_view bytes_of_row) -> Status {
      STIR_TRY(decoder.Take(bytes_of_row));
      while (decoder.full() || decoder.bytes() >= kBatchBytes) {
        STIR_TRY(flush());
        STIR_TRY(decoder.Take({}));
      }
      return {};
    };
    batch = feed->MakeBatch();
    decoder.BeginBatch(*batch);
    for (size_t part = next_part++; part < parts.size(); part = next_part++) {
      decoder.BeginStream();
      before = 0;
      begun = decoder.rows();
      const std::string copy = fmt::format("copy ({}) to stdout (format binary)", PartSql(parts[part]));
      STIR_ASSIGN(const int64_t counted, link.session().CopyOut(copy, take));
      STIR_TRY(decoder.EndStream());
      const auto decoded = static_cast<int64_t>(before + decoder.rows() - begun);
      if (counted != decoded)
        return Diagnostic(kVerifyFailed, fmt::format("the server sent {} rows, but {} were read", counted, decoded));
    }
    STIR_TRY(link.session().Execute("commit"));
    unfit += decoder.unfit();
    if (decoder.rows() == 0) return {};
    return flush();
  }

  void Stop() {
    queue.Close();
    // A reader that was between two statements starts one more.
    do {
      for (const auto& reader : readers) reader->session().Cancel();
    } while (!queue.WaitForWriters(std::chrono::milliseconds(50)));
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    on_cancel.reset();
    readers.clear();
  }

  Result<PgRead> Finish() {
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    if (auto failed = queue.error()) return *std::move(failed);
    Stop();
    keeper.reset();
    return Read();
  }

  PgRead Read() const { return {.rows = rows_read, .bytes = bytes_read, .unfit = unfit}; }

  Connect connect;
  const platform::Ingestion& ingestion;
  int connections;
  CancelToken cancel;
  std::string name;
  std::string from;
  uint32_t oid = 0;
  char kind = ' ';  // relkind; ' ' for a query
  bool check_utf8 = false;
  std::vector<PgColumn> columns;
  std::vector<PgField> fields;
  std::set<std::string> not_null;                       // in lower case, as those below
  std::map<std::string, std::set<std::string>> unique;  // by index
  std::unique_ptr<Link> keeper;

  std::vector<PgField> wanted;
  std::string select, conditions;
  std::vector<std::string> parts;  // conditions; one that is empty: everything
  std::atomic<size_t> next_part = 0;
  std::atomic<int64_t> rows_read = 0, bytes_read = 0, unfit = 0;
  Queue queue;
  std::unique_ptr<adapter::Feed> feed;
  std::vector<std::unique_ptr<Link>> readers;
  std::optional<OnCancel<std::function<void()>>> on_cancel;
  std::vector<std::thread> threads;
};

PgSource::PgSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
PgSource::~PgSource() = default;

Result<std::unique_ptr<PgSource>> PgSource::Open(Connect connect, const platform::Ingestion& ingestion, int connections,
                                                 const CancelToken& cancel) {
  auto state = std::make_unique<State>(std::move(connect), ingestion, connections, cancel);
  STIR_TRY(state->OpenSource());
  return std::unique_ptr<PgSource>(new PgSource(std::move(state)));
}

const std::string& PgSource::name() const { return state_->name; }
const std::vector<PgColumn>& PgSource::columns() const { return state_->columns; }
const std::vector<PgField>& PgSource::fields() const { return state_->fields; }
bool PgSource::AreNotNull(const std::vector<std::string>& names) const {
  return std::ranges::all_of(names, [&](const std::string& name) { return state_->not_null.contains(ToLower(name)); });
}
bool PgSource::AreUnique(const std::vector<std::string>& names) const {
  std::set<std::string> given;
  for (const std::string& name : names) given.insert(ToLower(name));
  return AreNotNull(names) && std::ranges::any_of(state_->unique, [&](const auto& index) {
           return std::ranges::includes(given, index.second);
         });
}
Result<std::string> PgSource::SafeMoment(size_t column) { return state_->SafeMoment(column); }
Status PgSource::Begin(std::vector<size_t> wanted, const PgWindow& window, adapter::FeedTaker& taker,
                       std::function<void(const PgRead&)> on_batch) {
  return state_->Begin(wanted, window, taker, std::move(on_batch));
}
std::string PgSource::sql() const { return state_->feed->sql(); }
std::optional<Diagnostics> PgSource::error() const { return state_->queue.error(); }
Result<PgRead> PgSource::Finish() { return state_->Finish(); }

}  // namespace stir::transfer
