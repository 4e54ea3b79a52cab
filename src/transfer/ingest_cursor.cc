#include "transfer/ingest_cursor.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

bool IsMoment(const Type& type) {
  return type.family == Family::kTimestamp || type.family == Family::kTimestampTz || type.family == Family::kDate;
}

std::string Typed(const std::string& text, const Type& type) {
  return fmt::format("CAST({} AS {})", Lit(text), type.name);
}

}  // namespace

const Type& LoadCursor::type() const {
  return std::ranges::find_if(columns_, [&](const PlannedColumn& c) { return SameColumn(c.name, *ingestion_.cursor); })
      ->type;
}

Status LoadCursor::CheckInterval() const {
  if (!request_.interval || IsMoment(type())) return {};
  return Diagnostic(kBadIngestion,
                    fmt::format("the cursor `{}` is {}, so the run's data interval cannot be cut out by it",
                                *ingestion_.cursor, type().name),
                    ingestion_.cursor.span)
      .Hint("declare its `data_type` in sources.yml as timestamp, or take another cursor");
}

Result<std::optional<Window>> LoadCursor::OfFiles() const {
  if (!cuts_) return std::optional<Window>();
  STIR_TRY(CheckInterval());
  if (request_.interval) {
    return std::optional(Window{Typed(FormatTimestamp(request_.interval->begin), type()),
                                Typed(FormatTimestamp(request_.interval->end), type())});
  }
  if (history_.watermark.empty()) return std::optional<Window>();
  std::string begin = Typed(history_.watermark, type());
  if (ingestion_.overlap.count() > 0 && IsMoment(type()))
    begin += fmt::format(" - to_microseconds({})", ingestion_.overlap.count());
  return std::optional(Window{std::move(begin), ""});
}

// Windows of moments that follow each other without a gap, none read twice: what has no key is appended by them.
Result<TableWindow> LoadCursor::OfTable(PgSource& source) const {
  TableWindow made;
  PgWindow& window = made.window;
  if (ingestion_.cursor->empty()) return made;
  const auto& columns = source.columns();
  const auto at =
      std::ranges::find_if(columns, [&](const PgColumn& c) { return SameColumn(c.name, *ingestion_.cursor); });
  window.cursor = static_cast<size_t>(at - columns.begin());
  STIR_TRY(CheckOrder(source.fields()[*window.cursor]));
  STIR_ASSIGN(made.safe_moment, source.SafeMoment(*window.cursor));
  if (cuts_) STIR_TRY(CheckInterval());
  if (cuts_ && request_.interval) {
    window.begin = FormatTimestamp(request_.interval->begin);
    window.end = FormatTimestamp(request_.interval->end);
    return made;
  }
  if (cuts_) window.begin = history_.watermark;
  window.exclusive = ingestion_.key.empty();
  if (window.exclusive && ingestion_.overlap.count() > 0) {
    return Diagnostic(kBadIngestion, "`overlap` reads rows again, and without a `key` they would be there twice",
                      ingestion_.cursor.span)
        .Hint("give the ingestion a `key`, or leave `overlap` out");
  }
  const bool follows = *ingestion_.mode == platform::Mode::kIncremental && ingestion_.key.empty() && !request_.interval;
  if (follows) window.end = made.safe_moment;
  if (!made.safe_moment.empty()) window.overlap = ingestion_.overlap;
  return made;
}

// The watermark is found by the engine and used by the server: both must order the values alike.
Status LoadCursor::CheckOrder(const PgField& field) const {
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

Result<std::string> LoadCursor::Watermark(adapter::Connection& connection, const std::string& seen,
                                          const std::string& safe_moment) const {
  if (ingestion_.cursor->empty() || request_.backfill) return history_.watermark;
  std::string newest = fmt::format("max({})", Ident(*ingestion_.cursor));
  // From this moment on, transactions that the snapshot does not see may still add rows.
  if (!safe_moment.empty())
    newest = fmt::format("CASE WHEN {0} > {1} THEN {1} ELSE {0} END", newest, Typed(safe_moment, type()));
  if (!history_.watermark.empty() && !replaces_)
    newest = fmt::format("greatest({}, {})", newest, Typed(history_.watermark, type()));
  STIR_ASSIGN(const auto rows,
              adapter::QueryAll(connection, fmt::format("SELECT CAST({} AS VARCHAR) FROM {}", newest, seen)));
  std::string text = adapter::CellText(rows[0][0]);
  return text.empty() ? history_.watermark : text;
}

}  // namespace stir::transfer
