// A table in a DuckDB file of its own for readers: the next generation of the file is attached beside the model's
// database, written, closed, and read back from disk.
#include <fmt/format.h>
#include <system_error>

#include "adapter/cell.h"
#include "base/strings.h"
#include "transfer/builder.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;

std::string QualifiedName(const std::string& database, const std::string& schema, const std::string& name) {
  return TableName({.database = database, .schema = schema, .identifier = name, .quote = {}, .include = {}});
}

class DuckDbBuilder final : public Builder {
 public:
  DuckDbBuilder(const PublishRequest& request, Files& files, std::string schema, std::string table)
      : request_(request),
        publication_(request.publication),
        files_(files),
        place_(DuckDbPlace(request.to.path, files)),
        schema_(std::move(schema)),
        table_(std::move(table)),
        next_(fmt::format("_stir_next_{}", publication_.name)),
        live_(fmt::format("_stir_live_{}", publication_.name)) {}

  Place& place() override { return *place_; }

  Result<int64_t> RowsBefore(adapter::Connection& connection, int64_t) override {
    if (!files_.Exists(place_->live())) return int64_t{-1};
    STIR_TRY(AttachLive(connection));
    STIR_ASSIGN(
        const auto tables,
        QueryAll(connection,
                 fmt::format("SELECT schema_name = {}, table_name = {}, schema_name = '_stir' FROM duckdb_tables() "
                             "WHERE database_name = {}",
                             Lit(schema_), Lit(table_), Lit(live_))));
    for (const auto& row : tables) {
      const bool mine = std::get<bool>(row[0]) && std::get<bool>(row[1]);
      has_table_ |= mine;
      has_history_ |= std::get<bool>(row[2]);
      has_others_ |= !mine && !std::get<bool>(row[2]);
    }
    STIR_ASSIGN(const int64_t views,
                QueryCount(connection,
                           fmt::format("SELECT count(*) FROM duckdb_views() WHERE database_name = {} AND NOT internal",
                                       Lit(live_))));
    has_others_ |= views > 0;
    if (!has_table_) return int64_t{-1};
    return QueryCount(connection, fmt::format("SELECT count(*) FROM {}", QualifiedName(live_, schema_, table_)));
  }

  Status Open(adapter::Connection& connection, int64_t generation) override {
    path_ = place_->Of(generation);
    if (has_others_) STIR_TRY(CopyLive(connection));
    STIR_TRY(connection.Execute(fmt::format("ATTACH {} AS {}", Lit(path_.string()), Ident(next_))));
    return {};
  }

  Status Build(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) override {
    STIR_TRY(connection.Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}.{}", Ident(next_), Ident(schema_))));
    const std::string target = QualifiedName(next_, schema_, table_);
    const bool merges = *publication_.strategy == platform::Strategy::kMerge && has_table_;
    expected_ = model.fingerprint;
    outcome.inserted = model.fingerprint.rows;
    if (merges) {
      STIR_TRY(BuildMerged(connection, model, outcome));
    } else {
      STIR_TRY(connection.Execute(fmt::format("CREATE OR REPLACE TABLE {} AS SELECT * FROM {}", target, model.sql)));
    }
    outcome.rows = expected_.rows;
    STIR_TRY(AddIndexes(connection, target));
    return WriteHistory(connection, outcome);
  }

  Status Finish(adapter::Connection& connection, const Model& model, PublishOutcome&) override {
    STIR_TRY(connection.Execute(fmt::format("CHECKPOINT {}", Ident(next_))));
    STIR_TRY(connection.Execute(fmt::format("DETACH {}", Ident(next_))));
    if (files_.Exists(path_.string() + ".wal")) {
      return Diagnostic(kVerifyFailed, fmt::format("`{}` was closed with work outstanding", path_.string()))
          .Hint("run this again");
    }
    STIR_TRY(connection.Execute(fmt::format("ATTACH {} AS {} (READ_ONLY)", Lit(path_.string()), Ident(next_))));
    STIR_ASSIGN(const Fingerprint written,
                TakeFingerprint(connection, model.columns, QualifiedName(next_, schema_, table_)));
    Detach(connection);
    if (written == expected_) return {};
    return Diagnostic(
               kVerifyFailed,
               fmt::format("`{}` holds {} rows where {} were written{}", path_.string(), written.rows, expected_.rows,
                           written.rows == expected_.rows ? ", and they are not the same rows" : ""),
               publication_.span)
        .Hint("nothing was published; check the disk, and run this again");
  }

  void Abandon(adapter::Connection& connection) override { Detach(connection); }

 private:
  void Detach(adapter::Connection& connection) {
    // What is not attached is not an error; what cannot be detached goes with the session's database.
    for (const std::string& name : {next_, live_})
      static_cast<void>(connection.Execute(fmt::format("DETACH DATABASE IF EXISTS {}", Ident(name))));
  }

  Status AttachLive(adapter::Connection& connection) {
    auto attached =
        connection.Execute(fmt::format("ATTACH {} AS {} (READ_ONLY)", Lit(place_->live().string()), Ident(live_)));
    if (attached.ok()) return {};
    Diagnostics errors = std::move(attached).error();
    errors.front().subject = place_->live().string();
    errors.front().span = publication_.to.connection.span;
    errors.front().engine_offset = -1;
    return errors;
  }

  // Other tables of the file stay: the next generation begins as a copy. The engine lets go of the file first, since an
  // open and a close by anyone else in the process would drop its lock.
  Status CopyLive(adapter::Connection& connection) {
    STIR_TRY(connection.Execute(fmt::format("DETACH {}", Ident(live_))));
    std::error_code error;
    stdfs::copy_file(place_->live(), path_, stdfs::copy_options::overwrite_existing, error);
    if (!error) return {};
    return Diagnostic(kVerifyFailed,
                      fmt::format("`{}` could not be copied: {}", place_->live().string(), error.message()))
        .Hint("check that the disk has room for one more copy");
  }

  // Where the table as it was stands while the next one is made.
  std::string OldTable() const { return QualifiedName(has_others_ ? next_ : live_, schema_, table_); }

  Status BuildMerged(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) {
    STIR_TRY(CheckSameColumns(connection, model));
    std::vector<std::string> equal;
    for (const auto& key : publication_.key) equal.push_back(fmt::format("m.{0} = o.{0}", Ident(*key)));
    const std::string kept = fmt::format("{} o WHERE NOT EXISTS (SELECT 1 FROM {} m WHERE {})", OldTable(), model.sql,
                                         JoinText(equal, " AND "));
    STIR_ASSIGN(const Fingerprint old, TakeFingerprint(connection, model.columns, kept));
    STIR_ASSIGN(const auto sum,
                QueryAll(connection, fmt::format("SELECT CAST(CAST({} AS HUGEINT) + CAST({} AS HUGEINT) AS VARCHAR)",
                                                 old.sum, model.fingerprint.sum)));
    expected_ = {old.rows + model.fingerprint.rows, CellText(sum[0][0])};
    STIR_ASSIGN(const int64_t before, QueryCount(connection, fmt::format("SELECT count(*) FROM {}", OldTable())));
    outcome.updated = before - old.rows;
    outcome.inserted = model.fingerprint.rows - outcome.updated;
    const std::string made = QualifiedName(next_, schema_, "_stir_made");
    STIR_TRY(connection.Execute(
        fmt::format("CREATE TABLE {} AS SELECT * FROM {} UNION ALL BY NAME SELECT * FROM {}", made, kept, model.sql)));
    STIR_TRY(connection.Execute(fmt::format("DROP TABLE IF EXISTS {}", QualifiedName(next_, schema_, table_))));
    STIR_TRY(connection.Execute(fmt::format("ALTER TABLE {} RENAME TO {}", made, Ident(table_))));
    return {};
  }

  // Columns come and go with `swap`; a merge of rows of different shapes would fill the gaps with NULL.
  Status CheckSameColumns(adapter::Connection& connection, const Model& model) {
    STIR_ASSIGN(const auto described, connection.Describe(fmt::format("SELECT * FROM {}", OldTable())));
    std::vector<std::string> old;
    std::vector<std::string> now;
    for (const adapter::ColumnInfo& column : described) old.push_back(ToLower(column.name));
    for (const ModelColumn& column : model.columns) now.push_back(ToLower(column.name));
    std::vector<std::string> differing;
    for (const std::string& name : old) {
      if (FindColumn(now, name) == nullptr) differing.push_back(name + " (only published)");
    }
    for (const std::string& name : now) {
      if (FindColumn(old, name) == nullptr) differing.push_back(name + " (only in the model)");
    }
    if (differing.empty()) return {};
    return Diagnostic(kRequirementFailed,
                      fmt::format("`{}` cannot be merged, its columns differ from the published ones: {}",
                                  publication_.from.model, Join(differing, ", ")),
                      publication_.strategy.span)
        .Hint("publish once with `strategy: swap`");
  }

  // No primary key: the key was checked, nothing is ever written to the file again, and an index doubles it.
  Status AddIndexes(adapter::Connection& connection, const std::string& target) {
    for (const auto& columns : publication_.indexes) {
      STIR_TRY(connection.Execute(fmt::format("CREATE INDEX {} ON {} ({})",
                                              Ident(fmt::format("{}_{}", table_, Join(columns, "_"))), target,
                                              Idents(columns))));
    }
    return {};
  }

  Status WriteHistory(adapter::Connection& connection, const PublishOutcome& outcome) {
    const std::string history = QualifiedName(next_, "_stir", "publications");
    STIR_TRY(connection.Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}._stir", Ident(next_))));
    STIR_TRY(
        connection.Execute(fmt::format("CREATE TABLE IF NOT EXISTS {} (publication VARCHAR, generation BIGINT, run_id "
                                       "VARCHAR, published_at TIMESTAMP, "
                                       "row_count BIGINT, row_hash VARCHAR)",
                                       history)));
    if (has_history_ && !has_others_) {
      STIR_TRY(connection.Execute(
          fmt::format("INSERT INTO {} SELECT * FROM {}", history, QualifiedName(live_, "_stir", "publications"))));
    }
    STIR_TRY(connection.Execute(fmt::format("INSERT INTO {} VALUES ({}, {}, {}, {}, {}, {})", history,
                                            Lit(publication_.name), outcome.generation, Lit(request_.run_id),
                                            TimestampLit(request_.now), expected_.rows, Lit(expected_.sum))));
    return {};
  }

  const PublishRequest& request_;
  const platform::Publication& publication_;
  Files& files_;
  std::unique_ptr<DiskPlace> place_;
  std::string schema_;
  std::string table_;
  std::string next_;
  std::string live_;
  stdfs::path path_;
  bool has_table_ = false;   // the live file has the table
  bool has_others_ = false;  // and tables or views of others
  bool has_history_ = false;
  Fingerprint expected_;
};

}  // namespace

Result<std::unique_ptr<Builder>> MakeDuckDbBuilder(const PublishRequest& request, Files& files) {
  const platform::Publication& publication = request.publication;
  std::string schema = "main";
  std::string table = publication.to.table->empty() ? request.model.identifier : *publication.to.table;
  const auto parts = Split(table, '.');
  if (parts.size() > 2) {
    return Diagnostic(kBadPublication, fmt::format("`table: {}` has more than a schema and a name", table),
                      publication.to.table.span)
        .Hint("write `schema.table`");
  }
  if (parts.size() == 2) {
    schema = std::string(parts[0]);
    table = std::string(parts[1]);
  }
  if (*publication.strategy == platform::Strategy::kMerge && publication.key.empty()) {
    return Diagnostic(kBadPublication, fmt::format("publication `{}` merges without a `key`", publication.name),
                      publication.span)
        .Hint("`key: [column, ...]` says which rows are the same");
  }
  return std::unique_ptr<Builder>(std::make_unique<DuckDbBuilder>(request, files, std::move(schema), std::move(table)));
}

}  // namespace stir::transfer
