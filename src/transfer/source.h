// A drop as SQL: which columns its files have, of which types, and the FROM clauses that read them. Files of one shape
// (the same columns, types and order) are read together; files of different shapes are read apart and joined by name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/casts.h"
#include "transfer/drop.h"

namespace stir::transfer {

struct SourceColumn {
  std::string name;
  Type type;  // as read: of Parquet its own, of text VARCHAR
};

// Files of one shape.
struct Shape {
  std::vector<size_t> files;                      // indexes into the drop, ascending
  std::vector<SourceColumn> columns;              // in the file's order
  std::string header;                             // csv: the header as written, for replaying a quarantined line
  std::map<std::string, std::string> json_types;  // jsonl: what the first lines' fields are, by lower-case name
};

// How a file ingestion's files are to be read; from `options:`, defaults filled in.
struct ReadOptions {
  platform::Format format = platform::Format::kParquet;
  std::string delimiter = ",";
  std::string quote = "\"";
  std::string escape = "\"";
  std::string null_text;
  std::string encoding = "utf-8";
  bool header = true;
  std::string feed;  // SQL of a table's rows, where there are no files
};

// Unknown options and values are errors.
Result<ReadOptions> ParseReadOptions(const platform::Ingestion& ingestion);

// Asks the files for their columns. For text without a header, `columns` are its columns in order. JSON has the columns
// that are seen in its first lines and those in `expected`.
Result<std::vector<Shape>> FindShapes(adapter::Connection& connection, const std::vector<DropFile>& drop,
                                      const ReadOptions& options, const std::vector<std::string>& columns,
                                      const std::vector<std::string>& expected);

// What the values of the named columns look like, for text whose types nobody declared: by lower-case name.
Result<std::map<std::string, std::string>> SniffTypes(adapter::Connection& connection,
                                                      const std::vector<DropFile>& drop, const Shape& shape,
                                                      const ReadOptions& options);

// Where the engine puts the lines of a CSV that have too many or too few fields, or are not text.
inline constexpr const char* kRejectsTable = "_stir_rejects";
inline constexpr const char* kScansTable = "_stir_scans";

// A query of one row a record, in the file's order: `_stir_t0`.. for the columns at `wanted` of the shape (-1: NULL),
// `_stir_file` (index into the drop), `_stir_position` (Parquet: 1-based row; else NULL), `_stir_line` (JSON: the line
// as written; Parquet and compressed CSV: the row as JSON; else NULL), `_stir_broken` (a line that is no record at
// all). Of a feed also kUnfit and kUnfitText.
std::string ReadSql(const std::vector<DropFile>& drop, const Shape& shape, size_t shape_index,
                    const ReadOptions& options, const std::vector<int>& wanted);

}  // namespace stir::transfer
