// JSON knows few types: what it could round or lose is written as a text, and every field is cast when it is read.
#include "transfer/staged_file.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using platform::Format;

bool IsNestedValue(std::string_view type) {
  return type.ends_with(']') || type.starts_with("STRUCT") || type.starts_with("MAP");
}

bool IsExactInJson(std::string_view type) {
  constexpr std::array<std::string_view, 10> kExact = {"BOOLEAN", "TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",
                                                       "VARCHAR", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
  return std::ranges::find(kExact, type) != kExact.end() || IsNestedValue(type);
}

// What is written, and what is read of it again.
struct StagedColumns {
  std::string written, declared, read;
};

StagedColumns JsonColumns(const Model& model) {
  std::vector<std::string> written;
  std::vector<std::string> declared;
  std::vector<std::string> read;
  for (const ModelColumn& column : model.columns) {
    const std::string name = Ident(column.name);
    written.push_back(IsExactInJson(column.type) ? name : fmt::format("CAST({0} AS VARCHAR) AS {0}", name));
    declared.push_back(fmt::format("{}: VARCHAR", Lit(column.name)));
    const std::string text = IsNestedValue(column.type) ? fmt::format("CAST({} AS JSON)", name) : name;
    read.push_back(fmt::format("CAST({} AS {}) AS {}", text, column.type, name));
  }
  return {JoinText(written, ", "), JoinText(declared, ", "), JoinText(read, ", ")};
}

std::string ReadingSql(const stdfs::path& path, const StagedColumns& columns, Format format) {
  const std::string file = Lit(path.string());
  if (format == Format::kParquet) return fmt::format("read_parquet({}, hive_partitioning = false)", file);
  return fmt::format(
      "(SELECT {} FROM read_json({}, format = 'newline_delimited', hive_partitioning = false, maximum_object_size = "
      "1073741824, columns = {{{}}}))",
      columns.read, file, columns.declared);
}

Diagnostic NotTheSame(const PublishRequest& request, std::string what, Format format) {
  return Diagnostic(kVerifyFailed, std::move(what), request.publication.stage->path.span)
      .Hint(format == Format::kParquet ? "nothing was published; cast the column to a type that the format has"
                                       : "nothing was published; `format: parquet` keeps every type");
}

}  // namespace

Result<std::string> StageInFile(const PublishRequest& request, adapter::Connection& connection, const Model& model,
                                Files& files) {
  const platform::Publication::Stage& stage = *request.publication.stage;
  const Format format = *stage.format;
  if (request.stage == nullptr || request.stage->type != platform::ConnectionType::kFiles) {
    return Diagnostic(kTransferNotBuilt,
                      fmt::format("`{}` holds no files: rows are staged in a file", *stage.connection),
                      stage.connection.span)
        .Hint("name a connection of `type: files`");
  }
  if (format == Format::kCsv) {
    return Diagnostic(kBadPublication, "a CSV does not tell an empty text from none", stage.format.span)
        .Hint("`format` of `stage` can be jsonl or parquet");
  }
  const stdfs::path path = request.stage->root / *stage.path;
  const stdfs::path part = path.string() + ".part";
  const StagedColumns columns = JsonColumns(model);
  STIR_TRY(files.MakeDirectories(path.parent_path()));
  STIR_TRY(connection.Execute(fmt::format("COPY (SELECT {} FROM {}) TO {} (FORMAT {})",
                                          format == Format::kParquet ? "*" : columns.written, model.sql,
                                          Lit(part.string()), format == Format::kParquet ? "parquet" : "json")));
  STIR_TRY(files.SyncFile(part));
  STIR_TRY(files.Rename(part, path));
  std::string from = ReadingSql(path, columns, format);
  STIR_ASSIGN(const Fingerprint expected, TakeFingerprint(connection, model.columns, model.sql));
  auto staged = TakeFingerprint(connection, model.columns, from);
  if (!staged.ok()) {
    return NotTheSame(request,
                      fmt::format("the file written cannot be read back as it was: {}", staged.error().front().message),
                      format);
  }
  if (*staged == expected) return from;
  return NotTheSame(request,
                    fmt::format("the file holds {} rows where {} were written{}", staged->rows, expected.rows,
                                staged->rows == expected.rows ? ", and some values did not come back the same" : ""),
                    format);
}

}  // namespace stir::transfer
