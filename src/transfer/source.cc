// SQL that reads Parquet, CSV and JSON lines.
#include "transfer/source.h"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapter/cell.h"
#include "base/json.h"
#include "base/strings.h"
#include "transfer/csv_records.h"
#include "transfer/kinds.h"
#include "transfer/postgres_decoder.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using platform::Format;

// The engine takes a file's name as a glob.
std::string PathLit(const DropFile& file) {
  std::string out;
  for (char c : file.path.string()) {
    if (c == '*' || c == '?' || c == '[') {
      out += fmt::format("[{}]", c);
    } else {
      out.push_back(c);
    }
  }
  return Lit(out);
}

std::string PathList(const std::vector<DropFile>& drop, const std::vector<size_t>& files) {
  std::vector<std::string> parts;
  for (size_t file : files) parts.push_back(PathLit(drop[file]));
  return fmt::format("[{}]", JoinText(parts, ", "));
}

// Whole lines as one column: no byte takes part in any syntax.
constexpr const char* kAsLines =
    "columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '', quote = '', escape = ''";

std::string CsvOptions(const ReadOptions& options) {
  return fmt::format("header = {}, delim = {}, quote = {}, escape = {}, nullstr = {}, encoding = {}", options.header,
                     Lit(options.delimiter), Lit(options.quote), Lit(options.escape), Lit(options.null_text),
                     Lit(options.encoding));
}

struct TypeSeen {
  std::string name;
  std::string type;
};

void AddToShapes(std::vector<Shape>& shapes, size_t file, std::vector<SourceColumn> columns, std::string header) {
  const auto same = [&](const Shape& shape) {
    return std::ranges::equal(shape.columns, columns, [](const SourceColumn& a, const SourceColumn& b) {
      return a.name == b.name && a.type.name == b.type.name;
    });
  };
  auto found = std::ranges::find_if(shapes, same);
  if (found == shapes.end()) {
    shapes.push_back({.files = {}, .columns = std::move(columns), .header = std::move(header), .json_types = {}});
    found = shapes.end() - 1;
  }
  found->files.push_back(file);
}

Diagnostic Unreadable(const DropFile& file, const Diagnostics& engine) {
  return Diagnostic(kDropUnreadable, fmt::format("`{}` could not be read: {}", file.name, engine.front().message));
}

Result<std::vector<SourceColumn>> ParquetColumns(adapter::Connection& connection, const DropFile& file) {
  auto described =
      connection.Describe(fmt::format("SELECT * FROM read_parquet({}, hive_partitioning = false)", PathLit(file)));
  if (!described.ok()) return Unreadable(file, described.error());
  std::vector<SourceColumn> columns;
  for (const adapter::ColumnInfo& column : *described) columns.push_back({column.name, ParseType(column.type)});
  return columns;
}

Result<std::string> FirstLine(adapter::Connection& connection, const DropFile& file, const ReadOptions& options) {
  auto rows = QueryAll(connection, fmt::format("SELECT line FROM read_csv({}, {}, encoding = {}) LIMIT 1",
                                               PathLit(file), kAsLines, Lit(options.encoding)));
  if (!rows.ok()) return Unreadable(file, rows.error());
  if (rows->empty()) return std::string();
  std::string line = CellText((*rows)[0][0]);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::vector<SourceColumn> TextColumns(const std::vector<std::string>& names) {
  std::vector<SourceColumn> columns;
  for (const std::string& name : names) columns.push_back({name, ParseType("VARCHAR")});
  return columns;
}

Status AddCsvFile(adapter::Connection& connection, const std::vector<DropFile>& drop, size_t file,
                  const ReadOptions& options, const std::vector<std::string>& columns, std::vector<Shape>& shapes) {
  if (!options.header) {
    AddToShapes(shapes, file, TextColumns(columns), "");
    return {};
  }
  STIR_ASSIGN(std::string header, FirstLine(connection, drop[file], options));
  const std::vector<std::string> names = SplitCsvRecord(header, options.delimiter, options.quote);
  for (size_t i = 0; i < names.size(); ++i) {
    const bool twice =
        std::ranges::count_if(names, [&](const std::string& name) { return SameColumn(name, names[i]); }) > 1;
    if (!names[i].empty() && !twice) continue;
    return Diagnostic(kDropUnreadable, fmt::format("the header of `{}` {}", drop[file].name,
                                                   names[i].empty() ? fmt::format("has no name for column {}", i + 1)
                                                                    : fmt::format("has `{}` twice", names[i])))
        .Hint("if the file has no header, say so: `options: {header: false}`, and list `columns`");
  }
  AddToShapes(shapes, file, TextColumns(names), std::move(header));
  return {};
}

// The fields of the first lines that are objects, in their order, with the types that JSON gives them: a text stays
// text, a list or an object is kept whole.
Result<std::vector<TypeSeen>> JsonFields(adapter::Connection& connection, const std::vector<DropFile>& drop,
                                         const std::vector<size_t>& files, const ReadOptions& options) {
  constexpr int kLines = 20000;
  STIR_ASSIGN(
      const auto rows,
      QueryAll(connection,
               fmt::format("SELECT CAST(json_group_structure(CAST(line AS JSON)) AS VARCHAR) FROM (SELECT line FROM "
                           "read_csv({}, {}, encoding = {}) LIMIT {}) "
                           "WHERE CASE WHEN json_valid(line) THEN starts_with(ltrim(line), '{{') END",
                           PathList(drop, files), kAsLines, Lit(options.encoding), kLines)));
  std::vector<TypeSeen> fields;
  const Json structure = ReadJson(CellText(rows[0][0]));
  if (!structure.is_object()) return fields;
  for (const auto& [name, type] : structure.items()) {
    std::string word = type.is_string() ? type.get<std::string>() : "JSON";
    if (word == "UBIGINT") word = "BIGINT";
    if (word == "NULL") word = "VARCHAR";
    fields.push_back({name, std::move(word)});
  }
  return fields;
}

Result<std::vector<Shape>> JsonShapes(adapter::Connection& connection, const std::vector<DropFile>& drop,
                                      const ReadOptions& options, const std::vector<std::string>& expected) {
  Shape shape;
  for (size_t i = 0; i < drop.size(); ++i) shape.files.push_back(i);
  STIR_ASSIGN(const auto fields, JsonFields(connection, drop, shape.files, options));
  std::vector<std::string> names = expected;
  for (const TypeSeen& field : fields) {
    names.push_back(field.name);
    shape.json_types[ToLower(field.name)] = field.type;
  }
  for (const std::string& name : names) {
    const bool known =
        std::ranges::any_of(shape.columns, [&](const SourceColumn& c) { return SameColumn(c.name, name); });
    if (!known) shape.columns.push_back({name, ParseType("VARCHAR")});
  }
  return std::vector<Shape>{std::move(shape)};
}

std::string ColumnAt(const Shape& shape, int index) {
  return index < 0 ? "NULL" : Ident(shape.columns[static_cast<size_t>(index)].name);
}

// The read columns as one JSON object: what a quarantined row is kept as when there is no line to keep.
std::string RowAsJson(const Shape& shape, const std::vector<int>& wanted) {
  std::vector<std::string> members;
  for (int index : wanted) {
    if (index < 0) continue;
    const std::string& name = shape.columns[static_cast<size_t>(index)].name;
    members.push_back(fmt::format("{}: {}", Lit(name), Ident(name)));
  }
  return fmt::format("CAST(to_json({{{}}}) AS VARCHAR)", JoinText(members, ", "));
}

// From the engine's index of a file within the list that it was given to the index in the drop.
std::string FileIndex(const Shape& shape) {
  const size_t first = shape.files.front();
  if (shape.files.back() - first + 1 == shape.files.size())
    return fmt::format("CAST(file_index + {} AS UINTEGER)", first);
  std::vector<std::string> parts;
  for (size_t file : shape.files) parts.push_back(std::to_string(file));
  return fmt::format("CAST(([{}])[CAST(file_index + 1 AS BIGINT)] AS UINTEGER)", JoinText(parts, ", "));
}

std::string SelectList(const Shape& shape, const std::vector<int>& wanted) {
  std::string out;
  for (size_t i = 0; i < wanted.size(); ++i) out += fmt::format("{} AS _stir_t{}, ", ColumnAt(shape, wanted[i]), i);
  return out;
}

std::string ParquetSql(const std::vector<DropFile>& drop, const Shape& shape, const std::vector<int>& wanted) {
  return fmt::format(
      "SELECT {}{} AS _stir_file, file_row_number + 1 AS _stir_position, {} AS _stir_line, false AS _stir_broken "
      "FROM read_parquet({}, hive_partitioning = false)",
      SelectList(shape, wanted), FileIndex(shape), RowAsJson(shape, wanted), PathList(drop, shape.files));
}

// A feed has the wanted columns only, numbered.
std::string FeedSql(const ReadOptions& options, const std::vector<int>& wanted) {
  std::string list;
  int next = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    list +=
        wanted[i] < 0 ? fmt::format("NULL AS _stir_t{}, ", i) : fmt::format("f._stir_t{} AS _stir_t{}, ", next++, i);
  }
  return fmt::format(
      "SELECT {}CAST(0 AS UINTEGER) AS _stir_file, CAST(NULL AS BIGINT) AS _stir_position, CAST(NULL AS VARCHAR) AS "
      "_stir_line, false AS _stir_broken, {}, {} FROM {} f",
      list, kUnfit, kUnfitText, options.feed);
}

std::string CsvSql(const std::vector<DropFile>& drop, const Shape& shape, size_t shape_index,
                   const ReadOptions& options, const std::vector<int>& wanted) {
  std::vector<std::string> columns;
  for (const SourceColumn& column : shape.columns) columns.push_back(fmt::format("{}: 'VARCHAR'", Lit(column.name)));
  const bool compressed = std::ranges::any_of(shape.files, [&](size_t file) { return IsCompressed(drop[file]); });
  return fmt::format(
      "SELECT {0}{1} AS _stir_file, CAST(NULL AS BIGINT) AS _stir_position, {2} AS _stir_line, false AS _stir_broken "
      "FROM read_csv({3}, columns = {{{4}}}, auto_detect = false, hive_partitioning = false, store_rejects = true, "
      "rejects_table = '{5}{6}', rejects_scan = '{7}{6}', {8})",
      SelectList(shape, wanted), FileIndex(shape), compressed ? RowAsJson(shape, wanted) : "CAST(NULL AS VARCHAR)",
      PathList(drop, shape.files), JoinText(columns, ", "), kRejectsTable, shape_index, kScansTable,
      CsvOptions(options));
}

std::string JsonSql(const std::vector<DropFile>& drop, const Shape& shape, const ReadOptions& options,
                    const std::vector<int>& wanted) {
  JsonWriter structure;
  structure.BeginObject();
  std::string list;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] < 0) {
      list += fmt::format("NULL AS _stir_t{}, ", i);
      continue;
    }
    const std::string& name = shape.columns[static_cast<size_t>(wanted[i])].name;
    structure.Key(name).String("VARCHAR");
    list += fmt::format("_stir_row.{} AS _stir_t{}, ", Ident(name), i);
  }
  structure.EndObject();
  return fmt::format(
      "SELECT {}_stir_file, CAST(NULL AS BIGINT) AS _stir_position, _stir_line, "
      "_stir_line IS NOT NULL AND _stir_row IS NULL AS _stir_broken FROM ("
      "SELECT line AS _stir_line, {} AS _stir_file, CASE WHEN json_valid(line) AND starts_with(ltrim(line), '{{') "
      "THEN from_json(line, {}) END AS _stir_row FROM read_csv({}, {}, encoding = {}))",
      list, FileIndex(shape), Lit(structure.text()), PathList(drop, shape.files), kAsLines, Lit(options.encoding));
}

std::optional<bool> ParseBool(const std::string& text) {
  const std::string word = ToLower(text);
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

}  // namespace

Result<ReadOptions> ParseReadOptions(const platform::Ingestion& ingestion) {
  ReadOptions options;
  options.format = *ingestion.from.format;
  const std::vector<std::string> known = {"delim", "header", "quote", "escape", "nullstr", "encoding"};
  Diagnostics errors;
  const auto wrong = [&](std::string message, std::string hint) {
    errors.push_back(Diagnostic(kBadIngestion, std::move(message), ingestion.from.format.span).Hint(std::move(hint)));
  };
  for (const auto& [name, value] : ingestion.from.options) {
    if (options.format != Format::kCsv && name != "encoding") {
      wrong(fmt::format("`{}` is an option of CSV files", name), "leave it out");
    } else if (name == "delim") {
      options.delimiter = value;
    } else if (name == "quote") {
      options.quote = value;
    } else if (name == "escape") {
      options.escape = value;
    } else if (name == "nullstr") {
      options.null_text = value;
    } else if (name == "encoding") {
      options.encoding = ToLower(value);
    } else if (name == "header" && ParseBool(value)) {
      options.header = *ParseBool(value);
    } else if (name == "header") {
      wrong("`header` must be true or false", "");
    } else {
      const std::string guess = DidYouMean(name, known);
      wrong(fmt::format("there is no option `{}` of CSV files", name),
            guess.empty() ? "options: " + Join(known, ", ") : guess);
    }
  }
  if (options.encoding != "utf-8" && options.encoding != "latin-1") {
    wrong(fmt::format("the encoding `{}` is not known", options.encoding), "it can be utf-8 or latin-1");
  }
  if (!options.header && ingestion.from.columns.empty()) {
    wrong("a CSV without a header needs `columns`", "list the names of its columns in their order");
  }
  if (!errors.empty()) return errors;
  return options;
}

Result<std::vector<Shape>> FindShapes(adapter::Connection& connection, const std::vector<DropFile>& drop,
                                      const ReadOptions& options, const std::vector<std::string>& columns,
                                      const std::vector<std::string>& expected) {
  if (options.format == Format::kJsonl) return JsonShapes(connection, drop, options, expected);
  std::vector<Shape> shapes;
  Diagnostics errors;
  for (size_t file = 0; file < drop.size(); ++file) {
    if (options.format == Format::kCsv) {
      if (auto added = AddCsvFile(connection, drop, file, options, columns, shapes); !added.ok()) {
        Append(errors, std::move(added).error());
      }
    } else if (auto found = ParquetColumns(connection, drop[file]); found.ok()) {
      AddToShapes(shapes, file, *std::move(found), "");
    } else {
      Append(errors, std::move(found).error());
    }
  }
  if (!errors.empty()) return errors;
  return shapes;
}

Result<std::map<std::string, std::string>> SniffTypes(adapter::Connection& connection,
                                                      const std::vector<DropFile>& drop, const Shape& shape,
                                                      const ReadOptions& options) {
  if (options.format == Format::kJsonl) return shape.json_types;
  std::map<std::string, std::string> types;
  std::vector<std::string> names;
  for (const SourceColumn& column : shape.columns) names.push_back(Lit(column.name));
  const auto seen =
      connection.Describe(fmt::format("SELECT * FROM read_csv({}, names = [{}], auto_detect = true, ignore_errors = "
                                      "true, hive_partitioning = false, {})",
                                      PathLit(drop[shape.files.front()]), JoinText(names, ", "), CsvOptions(options)));
  if (!seen.ok()) return types;  // nothing to go by: everything is text
  for (const adapter::ColumnInfo& column : *seen) {
    types[ToLower(column.name)] = ParseType(column.type).family != Family::kOther ? column.type : "VARCHAR";
  }
  return types;
}

std::string ReadSql(const std::vector<DropFile>& drop, const Shape& shape, size_t shape_index,
                    const ReadOptions& options, const std::vector<int>& wanted) {
  if (!options.feed.empty()) return FeedSql(options, wanted);
  switch (options.format) {
    case Format::kParquet:
      return ParquetSql(drop, shape, wanted);
    case Format::kCsv:
      return CsvSql(drop, shape, shape_index, options, wanted);
    case Format::kJsonl:
      return JsonSql(drop, shape, options, wanted);
  }
  return {};
}

}  // namespace stir::transfer
