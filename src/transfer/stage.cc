// Reading, casting and judging the records of a drop.
#include "transfer/stage.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/postgres_decoder.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using platform::Format;

std::string NotJson() { return "the line is not a JSON object"; }

// A number of JSON with more digits than a double holds was rounded while it was read; one in quotes was not.
std::string JsonDigits(const PlannedColumn& column, std::string_view text) {
  return fmt::format(
      "CASE WHEN length({0}) > 16 AND (contains({0}, '.') OR contains({0}, 'e')) "
      "THEN json_type(_stir_line, {1}) = 'DOUBLE' ELSE false END",
      text, Lit(fmt::format("$.{}", Ident(column.name))));
}

class QueryMaker {
 public:
  explicit QueryMaker(const StageSpec& spec) : spec_(spec) { has_misfit_.resize(spec.columns.size(), false); }

  StageQuery Make() {
    std::vector<std::string> shapes;
    for (size_t shape = 0; shape < spec_.shapes.size(); ++shape) shapes.push_back(ShapeSql(shape));
    const std::string records = JoinText(shapes, "\nUNION ALL\n");
    std::string columns;
    for (const PlannedColumn& column : spec_.columns) {
      if (column.in_table) columns += Ident(column.name) + ", ";
    }
    const std::string state = StateSql();
    return {.sql = fmt::format("CREATE OR REPLACE TEMP TABLE _stir_stage AS\n"
                               "SELECT {0}_stir_file, _stir_position, _stir_state, "
                               "CASE WHEN _stir_state >= {1} THEN {4} END AS _stir_original FROM (\n"
                               "SELECT *, CAST({2} AS USMALLINT) AS _stir_state FROM (\n{3}))",
                               columns, static_cast<int>(kFirstReason), state, records, OriginalSql()),
            .reasons = std::move(reasons_)};
  }

 private:
  // The records of one shape: typed values under their names, `_stir_b<i>` where column i did not fit.
  std::string ShapeSql(size_t shape_index) {
    const Shape& shape = spec_.shapes[shape_index];
    std::vector<int> wanted;
    for (const PlannedColumn& column : spec_.columns) wanted.push_back(column.at[shape_index]);
    std::string values;
    std::string misfits;
    for (size_t i = 0; i < spec_.columns.size(); ++i) {
      const PlannedColumn& column = spec_.columns[i];
      const std::string source = fmt::format("_stir_t{}", i);
      Cast cast = CastOf(column, shape, column.at[shape_index], source);
      values += fmt::format("{} AS {}, ", cast.value, Ident(column.name));
      if (!cast.misfit.empty()) has_misfit_[i] = true;
      misfits += fmt::format("{} AS _stir_b{}, ", cast.misfit.empty() ? "false" : cast.misfit, i);
    }
    std::string names;
    for (const PlannedColumn& column : spec_.columns) names += Ident(column.name) + ", ";
    if (of_feed()) {
      for (size_t i = 0; i < wanted.size(); ++i) names += fmt::format("_stir_t{}, ", i);
      names += fmt::format("{}, {}, ", kUnfit, kUnfitText);
    }
    return fmt::format(
        "SELECT {0}{1}_stir_file, _stir_position, _stir_line, _stir_broken FROM (SELECT *, {2}FROM (\n{3}\n))", names,
        misfits, TrimComma(values), ReadSql(spec_.drop, shape, shape_index, spec_.options, wanted));
  }

  bool of_feed() const { return !spec_.options.feed.empty(); }

  // The record as it was. Of a table: all its values as texts, by name, which is only written for those that ask.
  std::string OriginalSql() const {
    if (!of_feed()) return "_stir_line";
    std::vector<std::string> members;
    int read = 0;
    for (size_t i = 0; i < spec_.columns.size(); ++i) {
      if (spec_.columns[i].at.front() < 0) continue;
      members.push_back(fmt::format("{}: CASE WHEN {} = {} THEN {} ELSE CAST(_stir_t{} AS VARCHAR) END",
                                    Lit(spec_.columns[i].name), kUnfit, read++, kUnfitText, i));
    }
    return fmt::format("CAST(to_json({{{}}}) AS VARCHAR)", JoinText(members, ", "));
  }

  // What the reader of a feed could not bring into the column's type.
  void AddUnfit(std::string& cases) {
    if (!of_feed()) return;
    cases += fmt::format(" WHEN {0} IS NOT NULL THEN {0} + {1}", kUnfit,
                         static_cast<size_t>(kFirstReason) + reasons_.size());
    for (const PlannedColumn& column : spec_.columns) {
      if (column.at.front() < 0) continue;
      const Type& type = spec_.shapes.front().columns[static_cast<size_t>(column.at.front())].type;
      reasons_.push_back(fmt::format("`{}` does not fit {}", column.name, type.name));
    }
  }

  static std::string TrimComma(std::string list) {
    if (list.ends_with(", ")) list.replace(list.size() - 2, 2, " ");
    return list;
  }

  Cast CastOf(const PlannedColumn& column, const Shape& shape, int at, const std::string& source) const {
    if (at < 0) return {fmt::format("CAST(NULL AS {})", column.type.name), ""};
    const Type& from = shape.columns[static_cast<size_t>(at)].type;
    Cast cast = CastTo(from, column.type, source, Ident(column.name));
    const bool exact = column.type.family == Family::kDecimal || column.type.family == Family::kInteger;
    if (spec_.options.format == Format::kJsonl && exact) cast.misfit += " OR " + JsonDigits(column, source);
    return cast;
  }

  // First what `where` needs, then `where`, then the rest: a row that is not wanted is not rejected for its other
  // columns.
  std::string StateSql() {
    std::string cases;
    if (spec_.options.format == Format::kJsonl) {
      cases += fmt::format(" WHEN _stir_line IS NULL THEN {}", static_cast<int>(kBlank));
      AddReason(cases, "_stir_broken", NotJson());
    }
    AddUnfit(cases);
    const std::string& where = *spec_.ingestion.from.where;
    const std::vector<std::string> asked = NamesIn(where);
    AddMisfits(cases, [&](const PlannedColumn& column) { return FindColumn(asked, column.name) != nullptr; });
    if (!where.empty())
      cases += fmt::format(" WHEN NOT coalesce(({}\n), false) THEN {}", where, static_cast<int>(kFiltered));
    AddMisfits(cases, [&](const PlannedColumn& column) { return FindColumn(asked, column.name) == nullptr; });
    for (const auto& key : spec_.ingestion.key) {
      AddReason(cases, Ident(*key) + " IS NULL", fmt::format("`{}` is NULL, but it is the key", *key));
    }
    AddWindow(cases);
    return cases.empty() ? std::to_string(kGood) : fmt::format("CASE{} ELSE {} END", cases, static_cast<int>(kGood));
  }

  template <typename Which>
  void AddMisfits(std::string& cases, Which&& which) {
    for (size_t i = 0; i < spec_.columns.size(); ++i) {
      const PlannedColumn& column = spec_.columns[i];
      if (!has_misfit_[i] || !which(column)) continue;
      AddReason(cases, fmt::format("_stir_b{}", i), fmt::format("`{}` does not fit {}", column.name, column.type.name));
    }
  }

  void AddWindow(std::string& cases) {
    const std::string& name = *spec_.ingestion.cursor;
    if (name.empty()) return;
    AddReason(cases, Ident(name) + " IS NULL", fmt::format("`{}` is NULL, but it is the cursor", name));
    if (!spec_.window) return;
    std::string inside = fmt::format("{} >= {}", Ident(name), spec_.window->begin);
    if (!spec_.window->end.empty()) inside += fmt::format(" AND {} < {}", Ident(name), spec_.window->end);
    cases += fmt::format(" WHEN NOT ({}) THEN {}", inside, static_cast<int>(kOutside));
  }

  void AddReason(std::string& cases, std::string_view condition, std::string reason) {
    cases += fmt::format(" WHEN {} THEN {}", condition, static_cast<size_t>(kFirstReason) + reasons_.size());
    reasons_.push_back(std::move(reason));
  }

  const StageSpec& spec_;
  std::vector<bool> has_misfit_;
  std::vector<std::string> reasons_;
};

int64_t IntAt(const std::vector<adapter::Cell>& row, size_t column) {
  const auto* value = std::get_if<int64_t>(&row[column]);
  return value != nullptr ? *value : 0;
}

Result<StageCounts> Count(adapter::Connection& connection, size_t reasons) {
  StageCounts counts;
  counts.rejected.resize(reasons);
  STIR_ASSIGN(const auto rows,
              QueryAll(connection, fmt::format("SELECT _stir_state, count(*) FROM {} GROUP BY 1", kStage)));
  for (const auto& row : rows) {
    const int64_t state = IntAt(row, 0);
    const int64_t count = IntAt(row, 1);
    if (state == kBlank) continue;
    counts.read += count;
    switch (state) {
      case kGood:
        counts.good = count;
        break;
      case kFiltered:
        counts.filtered = count;
        break;
      case kOutside:
        counts.outside = count;
        break;
      case kDuplicate:
        counts.duplicates = count;
        break;
      default:
        counts.rejected[static_cast<size_t>(state - kFirstReason)] = count;
    }
  }
  return counts;
}

// Only the keys that come more than once are sorted.
Status MarkDuplicates(adapter::Connection& connection, const platform::Ingestion& ingestion) {
  if (ingestion.key.empty()) return {};
  std::vector<std::string> keys;
  for (const auto& key : ingestion.key) keys.push_back(*key);
  const std::string key = Idents(keys);
  const std::string twice =
      fmt::format("SELECT {0} FROM {1} WHERE _stir_state = 0 GROUP BY {0} HAVING count(*) > 1", key, kStage);
  const std::string newest = ingestion.cursor->empty() ? "" : Ident(*ingestion.cursor) + " DESC, ";
  STIR_TRY(connection.Execute(fmt::format(
      "UPDATE {0} SET _stir_state = {1} WHERE rowid IN (SELECT r FROM (SELECT s.rowid AS r, row_number() OVER "
      "(PARTITION BY {2} ORDER BY {3}_stir_file DESC, s.rowid DESC) AS n FROM {0} s SEMI JOIN ({4}) d USING ({2}) "
      "WHERE _stir_state = 0) WHERE n > 1)",
      kStage, static_cast<int>(kDuplicate), key, newest, twice)));
  return {};
}

std::string BrokenReason(const std::string& kind) {
  if (kind == "MISSING COLUMNS") return "the line has too few fields";
  if (kind == "TOO MANY COLUMNS") return "the line has too many fields";
  if (kind == "UNQUOTED VALUE") return "a quoted field is not closed, or goes on after its end";
  if (kind == "INVALID ENCODING") return "the line is not UTF-8";
  if (kind == "LINE SIZE OVER MAXIMUM") return "the line is longer than 2 MB";
  return "the line cannot be read as CSV";
}

Result<std::vector<BrokenRecord>> ReadBroken(adapter::Connection& connection, const StageSpec& spec) {
  std::vector<BrokenRecord> broken;
  if (spec.options.format != Format::kCsv) return broken;
  for (size_t shape = 0; shape < spec.shapes.size(); ++shape) {
    STIR_ASSIGN(const auto rows,
                QueryAll(connection,
                         fmt::format("SELECT s.file_path, r.line, any_value(r.error_type), any_value(r.csv_line) FROM "
                                     "{0}{2} r JOIN {1}{2} s USING (scan_id, file_id) GROUP BY ALL ORDER BY 1, 2",
                                     kRejectsTable, kScansTable, shape)));
    for (const auto& row : rows) {
      const std::string path = CellText(row[0]);
      const auto file =
          std::ranges::find_if(spec.drop, [&](const DropFile& each) { return each.path.string() == path; });
      std::string text = CellText(row[3]);
      text.erase(0, text.find_first_not_of("\r\n"));
      broken.push_back({.file = static_cast<size_t>(file - spec.drop.begin()),
                        .record = IntAt(row, 1),
                        .reason = BrokenReason(CellText(row[2])),
                        .text = std::move(text)});
    }
  }
  std::ranges::sort(broken, {}, [](const BrokenRecord& each) { return std::pair(each.file, each.record); });
  return broken;
}

Status DropRejectTables(adapter::Connection& connection, size_t shapes) {
  for (size_t shape = 0; shape < shapes; ++shape) {
    for (const char* table : {kRejectsTable, kScansTable}) {
      STIR_TRY(connection.Execute(fmt::format("DROP TABLE IF EXISTS {}{}", table, shape)));
    }
  }
  return {};
}

// The last record of a file that does not end in a line end, and cannot be read: the file was cut off.
Status CheckTails(adapter::Connection& connection, const StageSpec& spec, const std::vector<BrokenRecord>& broken) {
  if (spec.options.format == Format::kParquet) return {};
  for (size_t file = 0; file < spec.drop.size(); ++file) {
    if (IsCompressed(spec.drop[file]) || EndsInNewline(spec.drop[file])) continue;
    bool cut = false;
    if (spec.options.format == Format::kJsonl) {
      STIR_ASSIGN(const int64_t state,
                  QueryCount(connection, fmt::format("SELECT arg_max(_stir_state, rowid)::BIGINT FROM {} "
                                                     "WHERE _stir_file = {}",
                                                     kStage, file)));
      cut = state == kFirstReason;
    } else {
      STIR_ASSIGN(const int64_t good,
                  QueryCount(connection, fmt::format("SELECT count(*) FROM {} WHERE _stir_file = {}", kStage, file)));
      const auto mine = [&](const BrokenRecord& each) { return each.file == file; };
      const auto last = std::ranges::find_if(broken.rbegin(), broken.rend(), mine);
      const auto count = std::ranges::count_if(broken, mine);
      cut = last != broken.rend() && last->record >= good + count;
    }
    if (!cut) continue;
    return Diagnostic(kDropHalfWritten,
                      fmt::format("`{}` is half written: its last line breaks off", spec.drop[file].name))
        .Hint("write a drop under another name and rename it when it is complete; then run this again");
  }
  return {};
}

// For a name that is none the engine offers columns of the statement; people know those of the files.
void OfferColumns(Diagnostic& error, const StageSpec& spec) {
  const size_t offer = error.message.find("\nCandidate bindings:");
  if (offer == std::string::npos || spec.shapes.empty()) return;
  error.message.resize(offer);
  std::vector<std::string> names;
  for (const SourceColumn& column : spec.shapes.front().columns) names.push_back(column.name);
  error.hint = fmt::format("`{}` has: {}", spec.drop[spec.shapes.front().files.front()].name, Join(names, ", "));
}

}  // namespace

StageQuery MakeStageQuery(const StageSpec& spec) { return QueryMaker(spec).Make(); }

Result<Staged> Stage(adapter::Connection& connection, const StageSpec& spec) {
  const StageQuery query = MakeStageQuery(spec);
  STIR_TRY(DropRejectTables(connection, spec.shapes.size()));
  if (auto made = connection.Execute(query.sql); !made.ok()) {
    Diagnostics errors = std::move(made).error();
    // The place is in a statement that the user never saw.
    errors.front().engine_offset = -1;
    errors.front().span = spec.ingestion.from.where.span ? spec.ingestion.from.where.span : spec.ingestion.span;
    OfferColumns(errors.front(), spec);
    return errors;
  }
  Staged staged{.counts = {}, .reasons = query.reasons, .broken = {}};
  STIR_ASSIGN(staged.broken, ReadBroken(connection, spec));
  STIR_TRY(CheckTails(connection, spec, staged.broken));
  STIR_TRY(MarkDuplicates(connection, spec.ingestion));
  STIR_ASSIGN(staged.counts, Count(connection, staged.reasons.size()));
  staged.counts.read += static_cast<int64_t>(staged.broken.size());
  staged.rejected = static_cast<int64_t>(staged.broken.size());
  for (int64_t count : staged.counts.rejected) staged.rejected += count;
  return staged;
}

}  // namespace stir::transfer
