// Planning what each session reads, and the sessions' threads.
#include "transfer/postgres_source.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "adapter/kinds.h"
#include "transfer/feed_queue.h"
#include "transfer/kinds.h"
#include "transfer/postgres_decoder.h"
#include "transfer/postgres_origin.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

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
  State(PgConnect with, const platform::Ingestion& of, int sessions, CancelToken token)
      : connect(std::move(with)), ingestion(of), connections(sessions), cancel(std::move(token)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { Stop(); }

  Status Canceled() const {
    if (!cancel.stop_requested()) return {};
    return Diagnostic(adapter::kCanceled, "canceled while reading from PostgreSQL");
  }

  std::string Conditions(const PgWindow& window) const {
    std::vector<std::string> terms;
    if (!ingestion.from.where->empty()) terms.push_back(fmt::format("({}\n)", *ingestion.from.where));
    if (window.cursor && !(window.begin.empty() && window.end.empty())) {
      const std::string column = Ident(origin->columns()[*window.cursor].name);
      // Texts are compared byte by byte, as the engine does that found the greatest one.
      const bool text = origin->fields()[*window.cursor].codec == PgCodec::kText;
      const std::string compared = text ? column + " collate \"C\"" : column;
      std::vector<std::string> inside;
      if (!window.begin.empty()) {
        std::string begin = origin->Bound(*window.cursor, window.begin);
        if (window.overlap.count() > 0) begin += fmt::format(" - interval '{} microseconds'", window.overlap.count());
        inside.push_back(fmt::format("{} {} {}", compared, window.exclusive ? ">" : ">=", begin));
      }
      if (!window.end.empty())
        inside.push_back(fmt::format("{} < {}", compared, origin->Bound(*window.cursor, window.end)));
      terms.push_back(fmt::format("({} is null or {})", column, JoinText(inside, " and ")));
    }
    return JoinText(terms, " and ");
  }

  Status Begin(const std::vector<size_t>& which, const PgWindow& window, adapter::FeedTaker& taker,
               std::function<void(const PgRead&)> on_batch) {
    std::vector<std::string> list;
    for (size_t column : which) {
      list.push_back(SelectOf(origin->fields()[column], Ident(origin->columns()[column].name)));
      wanted.push_back(origin->fields()[column]);
    }
    conditions = Conditions(window);
    select = fmt::format("select {} from {}", JoinText(list, ", "), origin->from());
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
    auto plan = origin->keeper().All("explain (format json) " + PartSql(""));
    if (!plan.ok()) {
      const auto& where = ingestion.from.where;
      return origin->Denied(std::move(plan).error(), where->empty() ? origin->span() : where.span, origin->keeper());
    }
    constexpr int kRangeScans = 140000;
    if (!origin->has_pages() || origin->keeper().session().server_version() < kRangeScans) return {};
    if (!conditions.empty() && std::ranges::any_of(*plan, [](const auto& row) { return UsesAnIndex(row[0]); }))
      return {};
    // A table with children or partitions is cut by the pages of the longest; the last range has no end.
    STIR_ASSIGN(const auto facts,
                origin->keeper().All(fmt::format(
                    "with recursive tree(oid) as (select {}::pg_catalog.oid union select i.inhrelid from "
                    "pg_catalog.pg_inherits i join tree on i.inhparent = tree.oid) select "
                    "coalesce(max(pg_relation_size(c.oid)) / current_setting('block_size')::bigint, 0), "
                    "coalesce(sum(pg_relation_size(c.oid)) / current_setting('block_size')::bigint, 0), "
                    "bool_or(c.relkind not in ('r', 'p', 'm')) from tree join pg_catalog.pg_class c using (oid)",
                    origin->oid())));
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
      STIR_ASSIGN(auto link, PgLink::Open(connect, cancel));
      pg::Session& session = link->session();
      STIR_TRY(session.Execute("begin isolation level repeatable read read only"));
      if (i == 0 && count > 1) {
        STIR_ASSIGN(const auto exported, link->All("select pg_export_snapshot()"));
        snapshot = exported.front().front();
      } else if (i > 0) {
        STIR_TRY(session.Execute(fmt::format("set transaction snapshot {}", Lit(snapshot))));
      }
      // The lock now, so that nobody can come between.
      if (auto locked = session.Describe(PartSql("")); !locked.ok())
        return origin->Denied(std::move(locked).error(), origin->span(), *link);
      readers.push_back(std::move(link));
      STIR_TRY(Canceled());
    }
    return {};
  }

  // One reader: part after part, until none is left.
  void Run(PgLink& link) {
    if (Status read = ReadParts(link); !read.ok()) {
      const bool canceled = cancel.stop_requested();
      queue.Fail(canceled ? Canceled().error() : origin->Denied(std::move(read).error(), origin->span(), link));
      for (const auto& other : readers)
        if (other.get() != &link) other->session().Cancel();
    }
    queue.WriterDone();
  }

  Status ReadParts(PgLink& link) {
    constexpr size_t kBatchBytes = size_t{1} << 20;
    PgDecoder decoder(wanted, origin->check_utf8());
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
    origin->Release();
    return Read();
  }

  PgRead Read() const { return {.rows = rows_read, .bytes = bytes_read, .unfit = unfit}; }

  PgConnect connect;
  const platform::Ingestion& ingestion;
  int connections;
  CancelToken cancel;
  std::unique_ptr<PgOrigin> origin;

  std::vector<PgField> wanted;
  std::string select, conditions;
  std::vector<std::string> parts;  // conditions; one that is empty: everything
  std::atomic<size_t> next_part = 0;
  std::atomic<int64_t> rows_read = 0, bytes_read = 0, unfit = 0;
  FeedQueue queue;
  std::unique_ptr<adapter::Feed> feed;
  std::vector<std::unique_ptr<PgLink>> readers;
  std::optional<OnCancel<std::function<void()>>> on_cancel;
  std::vector<std::thread> threads;
};

PgSource::PgSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
PgSource::~PgSource() = default;

Result<std::unique_ptr<PgSource>> PgSource::Open(Connect connect, const platform::Ingestion& ingestion, int connections,
                                                 const CancelToken& cancel) {
  auto state = std::make_unique<State>(std::move(connect), ingestion, connections, cancel);
  STIR_ASSIGN(state->origin, PgOrigin::Open(state->connect, ingestion, cancel));
  return std::unique_ptr<PgSource>(new PgSource(std::move(state)));
}

const std::string& PgSource::name() const { return state_->origin->name(); }
const std::vector<PgColumn>& PgSource::columns() const { return state_->origin->columns(); }
const std::vector<PgField>& PgSource::fields() const { return state_->origin->fields(); }
bool PgSource::AreNotNull(const std::vector<std::string>& names) const { return state_->origin->AreNotNull(names); }
bool PgSource::AreUnique(const std::vector<std::string>& names) const { return state_->origin->AreUnique(names); }
Result<std::string> PgSource::SafeMoment(size_t column) { return state_->origin->SafeMoment(column); }
Status PgSource::Begin(std::vector<size_t> wanted, const PgWindow& window, adapter::FeedTaker& taker,
                       std::function<void(const PgRead&)> on_batch) {
  return state_->Begin(wanted, window, taker, std::move(on_batch));
}
std::string PgSource::sql() const { return state_->feed->sql(); }
std::optional<Diagnostics> PgSource::error() const { return state_->queue.error(); }
Result<PgRead> PgSource::Finish() { return state_->Finish(); }

}  // namespace stir::transfer
