// Collecting rejected records with their place and their text, and keeping them.
#include "transfer/quarantine.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "transfer/csv_records.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using platform::Format;

constexpr const char* kRejected = "temp.main._stir_rejected";
constexpr size_t kRowsAStatement = 1000;

std::string FileNames(const std::vector<DropFile>& drop) {
  std::vector<std::string> names;
  for (const DropFile& file : drop) names.push_back(Lit(file.name));
  return fmt::format("([{}])[file + 1]", JoinText(names, ", "));
}

std::string ReasonList(const std::vector<std::string>& reasons) {
  std::vector<std::string> parts;
  for (const std::string& reason : reasons) parts.push_back(Lit(reason));
  return fmt::format("[{}]", JoinText(parts, ", "));
}

const Shape& ShapeOf(const StageSpec& spec, size_t file) {
  const auto has = [&](const Shape& shape) { return std::ranges::find(shape.files, file) != shape.files.end(); };
  return *std::ranges::find_if(spec.shapes, has);
}

// Rows with state, place and text straight from the stage: a file's rows stand there in the file's order, one after the
// other. A table's rows have no place.
Status CollectStaged(adapter::Connection& connection, const StageSpec& spec, const Staged& staged, int64_t limit) {
  if (staged.reasons.empty()) return {};
  const char* place =
      spec.options.feed.empty() ? "coalesce(s._stir_position, s.rowid - f.first_row + 1)" : "CAST(NULL AS BIGINT)";
  STIR_TRY(connection.Execute(
      fmt::format("INSERT INTO {0} SELECT s._stir_file, {6}, ({1})[s._stir_state - {2}], s._stir_original, 'json', '' "
                  "FROM {3} s JOIN (SELECT _stir_file, "
                  "min(rowid) AS first_row FROM {3} "
                  "GROUP BY 1) f USING (_stir_file) WHERE s._stir_state >= {4} {5}",
                  kRejected, ReasonList(staged.reasons), static_cast<int>(kFirstReason) - 1, kStage,
                  static_cast<int>(kFirstReason), limit < 0 ? "" : fmt::format("LIMIT {}", limit), place)));
  return {};
}

// Puts the line as written, and its number, where the stage had only fields and a row's number.
Status ReplaceByLines(adapter::Connection& connection, size_t file, const Shape& shape,
                      const std::vector<CsvRecord>& records) {
  std::vector<std::string> values;
  const auto flush = [&]() -> Status {
    if (values.empty()) return {};
    STIR_TRY(connection.Execute(
        fmt::format("UPDATE {} SET position = v.line, original = v.original, form = 'csv', layout = {} "
                    "FROM (VALUES {}) v(row_number, line, original) WHERE file = {} AND form = 'json' "
                    "AND position = v.row_number",
                    kRejected, Lit(shape.header), JoinText(values, ", "), file)));
    values.clear();
    return {};
  };
  for (const CsvRecord& record : records) {
    if (record.row == 0) continue;
    values.push_back(fmt::format("({}, {}, {})", record.row, record.line, Lit(record.text)));
    if (values.size() == kRowsAStatement) STIR_TRY(flush());
  }
  return flush();
}

Status AddBroken(adapter::Connection& connection, size_t file, const Shape& shape,
                 const std::vector<const BrokenRecord*>& broken, const std::vector<CsvRecord>& records) {
  std::vector<std::string> values;
  for (const BrokenRecord* each : broken) {
    const auto found =
        std::ranges::find_if(records, [&](const CsvRecord& r) { return r.row == 0 && r.record == each->record; });
    const bool seen = found != records.end();
    values.push_back(fmt::format("({}, {}, {}, {}, 'csv', {})", file, seen ? found->line : each->record,
                                 Lit(each->reason), Lit(seen ? found->text : each->text), Lit(shape.header)));
  }
  for (size_t begin = 0; begin < values.size(); begin += kRowsAStatement) {
    const size_t end = std::min(values.size(), begin + kRowsAStatement);
    const std::vector<std::string> part(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                        values.begin() + static_cast<std::ptrdiff_t>(end));
    STIR_TRY(connection.Execute(fmt::format("INSERT INTO {} VALUES {}", kRejected, JoinText(part, ", "))));
  }
  return {};
}

Status CollectCsvFile(adapter::Connection& connection, const StageSpec& spec, const Staged& staged, size_t file) {
  const Shape& shape = ShapeOf(spec, file);
  std::vector<const BrokenRecord*> broken;
  CsvSearch search{.quote = spec.options.quote.empty() ? '\0' : spec.options.quote[0],
                   .header = spec.options.header,
                   .skip_empty = shape.columns.size() > 1,
                   .broken = {},
                   .rows = {}};
  for (const BrokenRecord& each : staged.broken) {
    if (each.file != file) continue;
    broken.push_back(&each);
    search.broken.push_back(each.record);
  }
  STIR_ASSIGN(const auto rows,
              QueryAll(connection, fmt::format("SELECT position FROM {} WHERE file = {} ORDER BY 1", kRejected, file)));
  for (const auto& row : rows) search.rows.push_back(std::get<int64_t>(row[0]));
  if (search.rows.empty() && broken.empty()) return {};

  std::vector<CsvRecord> records;
  if (!IsCompressed(spec.drop[file])) {
    STIR_ASSIGN(CsvFound found, FindCsvRecords(spec.drop[file].path, search));
    STIR_ASSIGN(const int64_t staged_rows,
                QueryCount(connection, fmt::format("SELECT count(*) FROM {} WHERE _stir_file = {}", kStage, file)));
    // Where the two readings of the file differ, the fields as read are the safer original.
    if (found.rows == staged_rows) records = std::move(found.records);
  }
  STIR_TRY(ReplaceByLines(connection, file, shape, records));
  return AddBroken(connection, file, shape, broken, records);
}

Result<std::vector<Rejected>> Summarize(adapter::Connection& connection, const std::string& file,
                                        const std::string& from) {
  STIR_ASSIGN(
      const auto rows,
      QueryAll(connection, fmt::format("SELECT reason, count(*), arg_min({0} || coalesce(':' || position, ' ' || "
                                       "left(original, 200)), ({0}, coalesce(position, 0), original)) FROM {1} "
                                       "GROUP BY 1 ORDER BY 2 DESC, 1",
                                       file, from)));
  std::vector<Rejected> out;
  for (const auto& row : rows) out.push_back({CellText(row[0]), std::get<int64_t>(row[1]), CellText(row[2])});
  return out;
}

}  // namespace

adapter::Relation QuarantineOf(adapter::Relation table) {
  table.identifier += "__quarantine";
  return table;
}

Status CollectRejected(adapter::Connection& connection, const StageSpec& spec, const Staged& staged, int64_t limit) {
  STIR_TRY(
      connection.Execute(fmt::format("CREATE OR REPLACE TEMP TABLE {} (file UINTEGER, position BIGINT, reason VARCHAR, "
                                     "original VARCHAR, form VARCHAR, layout VARCHAR)",
                                     kRejected)));
  if (staged.rejected == 0) return {};
  STIR_TRY(CollectStaged(connection, spec, staged, limit));
  if (spec.options.format != Format::kCsv) return {};
  for (size_t file = 0; file < spec.drop.size(); ++file) STIR_TRY(CollectCsvFile(connection, spec, staged, file));
  return {};
}

Result<std::vector<Rejected>> SummarizeRejected(adapter::Connection& connection, const std::vector<DropFile>& drop) {
  return Summarize(connection, FileNames(drop), kRejected);
}

Result<std::vector<Rejected>> SummarizeQuarantined(adapter::Connection& connection, const adapter::Relation& table,
                                                   const std::string& ingestion, const std::string& run_id) {
  return Summarize(connection, "origin",
                   fmt::format("{} WHERE ingestion = {} AND _stir_run_id = {}", TableName(QuarantineOf(table)),
                               Lit(ingestion), Lit(run_id)));
}

Status PrepareQuarantine(adapter::Connection& connection, const adapter::Relation& table) {
  STIR_TRY(connection.Execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (ingestion VARCHAR NOT NULL, reason VARCHAR NOT NULL, origin VARCHAR NOT NULL, "
      "position BIGINT, original VARCHAR, form VARCHAR NOT NULL, layout VARCHAR, _stir_run_id VARCHAR, _stir_loaded_at "
      "TIMESTAMP)",
      TableName(QuarantineOf(table)))));
  return {};
}

Status ForgetQuarantined(adapter::Connection& connection, const adapter::Relation& table, const std::string& ingestion,
                         const std::vector<std::string>& runs) {
  std::string which = fmt::format("ingestion = {}", Lit(ingestion));
  std::vector<std::string> parts;
  for (const std::string& run : runs) parts.push_back(Lit(run));
  if (!parts.empty()) which += fmt::format(" AND _stir_run_id IN ({})", JoinText(parts, ", "));
  STIR_TRY(connection.Execute(fmt::format("DELETE FROM {} WHERE {}", TableName(QuarantineOf(table)), which)));
  return {};
}

Status ForgetKept(adapter::Connection& connection, const adapter::Relation& table, const std::string& ingestion) {
  STIR_TRY(
      connection.Execute(fmt::format("DELETE FROM {} q WHERE ingestion = {} AND EXISTS (SELECT 1 FROM {} r WHERE "
                                     "r.reason = q.reason AND r.original = q.original)",
                                     TableName(QuarantineOf(table)), Lit(ingestion), kRejected)));
  return {};
}

Status KeepRejected(adapter::Connection& connection, const adapter::Relation& table, const std::vector<DropFile>& drop,
                    const Checkpoint& checkpoint) {
  STIR_TRY(connection.Execute(
      fmt::format("INSERT INTO {} SELECT {}, reason, {}, position, original, form, layout, {}, {} FROM {} "
                  "ORDER BY file, position",
                  TableName(QuarantineOf(table)), Lit(checkpoint.ingestion), FileNames(drop), Lit(checkpoint.run_id),
                  TimestampLit(checkpoint.loaded_at), kRejected)));
  return {};
}

}  // namespace stir::transfer
