// Statements, rows, transactions and the catalogue of one PostgreSQL session.
#include "adapter/postgres/session.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "adapter/cell.h"
#include "adapter/kinds.h"
#include "adapter/postgres/postgres_adapter.h"
#include "base/strings.h"
#include "pg/kinds.h"

namespace stir::adapter::postgres {
namespace {

std::string Quoted(std::string_view text) { return PostgresDialect().QuoteLiteral(text); }

// dbt-postgres: the tag whole, its words without the numbers as the code.
Outcome OutcomeOf(const pg::Outcome& outcome) {
  std::vector<std::string_view> words = Split(outcome.tag, ' ');
  std::erase_if(words, [](std::string_view word) { return word.find_first_not_of("0123456789") == word.npos; });
  return {.message = outcome.tag, .code = fmt::format("{}", fmt::join(words, " ")), .rows_affected = outcome.rows};
}

class SessionRows final : public Rows {
 public:
  SessionRows(std::unique_ptr<pg::Rows> rows, std::vector<ColumnInfo> columns)
      : rows_(std::move(rows)), columns_(std::move(columns)) {}

  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Outcome outcome() const override { return OutcomeOf(rows_->outcome()); }

  Result<bool> Next(std::vector<Cell>& row) override {
    auto more = rows_->Next(texts_);
    if (!more.ok()) return Translated(std::move(more).error());
    if (!*more) return false;
    row.resize(texts_.size());
    for (size_t i = 0; i < texts_.size(); ++i)
      row[i] = texts_[i] ? CellOf(rows_->columns()[i].type, columns_[i].type, *texts_[i]) : Cell();
    return true;
  }

 private:
  std::unique_ptr<pg::Rows> rows_;
  std::vector<ColumnInfo> columns_;
  pg::Row texts_;
};

RelationType TypeOf(std::string_view relkind) {
  switch (relkind.front()) {
    case 'v':
      return RelationType::kView;
    case 'm':
      return RelationType::kMaterializedView;
    case 'f':
      return RelationType::kExternal;
    default:
      return RelationType::kTable;  // ordinary and partitioned
  }
}

std::optional<int> IntOf(const Cell& cell) {
  const auto* value = std::get_if<int64_t>(&cell);
  return value == nullptr ? std::nullopt : std::optional(static_cast<int>(*value));
}

}  // namespace

Diagnostics Translated(Diagnostics errors) {
  for (Diagnostic& error : errors) {
    if (error.kind == pg::kStatementCanceled) error.kind = kCanceled;
    if (error.kind == pg::kStatementFailed) error.kind = kDatabaseError;
    if (error.kind == pg::kNoConnection || error.kind == pg::kConnectionLost) error.kind = kConnectionFailed;
    if (error.kind == pg::kClientLibraryMissing) error.kind = kEngineLibraryMissing;
  }
  return errors;
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::Open(const Options& options,
                                                               std::shared_ptr<TypeNames> types) {
  auto opened = pg::Session::Open(options.connect);
  if (!opened.ok()) return Translated(std::move(opened).error());
  std::unique_ptr<PostgresSession> session(new PostgresSession(*std::move(opened), options, std::move(types)));
  STIR_TRY(session->SetRole());
  return session;
}

// As dbt: the name as it is written, so that case folds and `none` is no role.
Status PostgresSession::SetRole() {
  if (!role_.empty()) STIR_TRY(Execute("set role " + role_));
  return {};
}

Status PostgresSession::Reset() {
  STIR_TRY(Execute("DISCARD ALL"));
  return SetRole();
}

Result<Outcome> PostgresSession::Execute(std::string_view sql) {
  auto outcome = session_->Execute(sql);
  if (!outcome.ok()) return Translated(std::move(outcome).error());
  return OutcomeOf(*outcome);
}

Result<std::unique_ptr<Rows>> PostgresSession::Query(std::string_view sql) {
  auto asked = session_->Query(sql);
  if (!asked.ok()) return Translated(std::move(asked).error());
  std::unique_ptr<pg::Rows> rows = *std::move(asked);
  if (!KnowsAll(rows->columns())) {
    // The session is needed to ask for the names.
    if (Status kept = rows->Buffer(); !kept.ok()) return Translated(std::move(kept).error());
  }
  STIR_ASSIGN(std::vector<ColumnInfo> columns, NameColumns(rows->columns()));
  return std::unique_ptr<Rows>(std::make_unique<SessionRows>(std::move(rows), std::move(columns)));
}

bool PostgresSession::KnowsAll(std::span<const pg::Column> columns) const {
  return std::ranges::all_of(columns, [&](const pg::Column& column) { return types_->Find(column).has_value(); });
}

Result<std::vector<ColumnInfo>> PostgresSession::NameColumns(std::span<const pg::Column> columns) {
  std::vector<ColumnInfo> named;
  for (const pg::Column& column : columns) {
    auto name = types_->Find(column);
    if (!name) {
      const std::string modifier = column.modifier < 0 ? "NULL" : std::to_string(column.modifier);
      STIR_ASSIGN(const auto rows,
                  QueryAll(*this, fmt::format("SELECT pg_catalog.format_type({}, {})", column.type, modifier)));
      name = CellText(rows.at(0).at(0));
      types_->Remember(column, *name);
    }
    named.push_back({column.name, *std::move(name), DriverTypeName(column.type)});
  }
  return named;
}

Status PostgresSession::Begin() {
  STIR_TRY(Execute("BEGIN"));
  return {};
}

// The server answers the COMMIT of a failed transaction with a rollback, and calls that a success.
Status PostgresSession::Commit() {
  STIR_ASSIGN(const Outcome outcome, Execute("COMMIT"));
  if (outcome.message != "ROLLBACK") return {};
  return Diagnostic(kDatabaseError, "the transaction had failed, so its commit rolled it back");
}

Status PostgresSession::Rollback() {
  if (!InTransaction()) return {};
  STIR_TRY(Execute("ROLLBACK"));
  return {};
}

Status PostgresSession::CheckDatabase(std::string_view database) const {
  if (database.empty() || database == database_) return {};
  return Diagnostic(kDatabaseError,
                    fmt::format("cross-db references not allowed in postgres ({} vs {})", database, database_))
      .Hint(fmt::format("a PostgreSQL session sees one database; this one is connected to `{}`", database_));
}

Result<std::vector<std::string>> PostgresSession::ListSchemas(std::string_view database) {
  STIR_TRY(CheckDatabase(database));
  STIR_ASSIGN(const auto rows, QueryAll(*this, "SELECT nspname FROM pg_catalog.pg_namespace ORDER BY 1"));
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(CellText(row[0]));
  return names;
}

Result<std::vector<Relation>> PostgresSession::ListRelations(std::string_view database, std::string_view schema) {
  STIR_TRY(CheckDatabase(database));
  STIR_ASSIGN(const auto rows,
              QueryAll(*this, fmt::format("SELECT c.relname, c.relkind::text FROM pg_catalog.pg_class c JOIN "
                                          "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} "
                                          "AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY 1",
                                          Quoted(schema))));
  std::vector<Relation> relations;
  for (const auto& row : rows) {
    relations.push_back({.database = database_,
                         .schema = std::string(schema),
                         .identifier = CellText(row[0]),
                         .type = TypeOf(CellText(row[1])),
                         .quote = PostgresDialect().default_quote,
                         .include = PostgresDialect().default_include});
  }
  return relations;
}

// As the information schema tells it; materialized views are not in it.
Result<std::vector<Column>> PostgresSession::ListColumns(const Relation& relation) {
  STIR_TRY(CheckDatabase(relation.database));
  STIR_ASSIGN(auto rows,
              QueryAll(*this, fmt::format("SELECT column_name::text, data_type::text, "
                                          "character_maximum_length::int, numeric_precision::int, "
                                          "numeric_scale::int FROM information_schema.columns "
                                          "WHERE table_schema = {} AND table_name = {} ORDER BY ordinal_position",
                                          Quoted(relation.schema), Quoted(relation.identifier))));
  if (rows.empty()) {
    STIR_ASSIGN(rows, QueryAll(*this, fmt::format("SELECT a.attname::text, pg_catalog.format_type(a.atttypid, NULL), "
                                                  "NULL, NULL, NULL FROM pg_catalog.pg_attribute a JOIN "
                                                  "pg_catalog.pg_class c ON c.oid = a.attrelid JOIN "
                                                  "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "
                                                  "c.relkind = 'm' AND n.nspname = {} AND c.relname = {} AND "
                                                  "a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                                                  Quoted(relation.schema), Quoted(relation.identifier))));
  }
  std::vector<Column> columns;
  for (const auto& row : rows) {
    columns.push_back({.name = CellText(row[0]),
                       .dtype = CellText(row[1]),
                       .char_size = IntOf(row[2]),
                       .numeric_precision = IntOf(row[3]),
                       .numeric_scale = IntOf(row[4])});
  }
  return columns;
}

Result<std::vector<ColumnInfo>> PostgresSession::Describe(std::string_view query) {
  auto described = session_->Describe(query);
  if (!described.ok()) return Translated(std::move(described).error());
  return NameColumns(*described);
}

// Views hang on what they read by the rules that make them; a view on a view is found by way of that one.
Result<std::vector<Relation>> PostgresSession::ListDependents(const Relation& relation) {
  STIR_TRY(CheckDatabase(relation.database));
  STIR_ASSIGN(const auto rows,
              QueryAll(*this, fmt::format("WITH RECURSIVE taken AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN "
                                          "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {} "
                                          "AND c.relname = {} UNION SELECT r.ev_class FROM taken JOIN "
                                          "pg_catalog.pg_depend d ON d.refclassid = 'pg_class'::regclass AND "
                                          "d.refobjid = taken.oid AND d.classid = 'pg_rewrite'::regclass JOIN "
                                          "pg_catalog.pg_rewrite r ON r.oid = d.objid) SELECT n.nspname, c.relname, "
                                          "c.relkind::text FROM taken JOIN pg_catalog.pg_class c USING (oid) JOIN "
                                          "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT (n.nspname = "
                                          "{} AND c.relname = {}) ORDER BY 1, 2",
                                          Quoted(relation.schema), Quoted(relation.identifier), Quoted(relation.schema),
                                          Quoted(relation.identifier))));
  std::vector<Relation> relations;
  for (const auto& row : rows) {
    relations.push_back({.database = database_,
                         .schema = CellText(row[0]),
                         .identifier = CellText(row[1]),
                         .type = TypeOf(CellText(row[2])),
                         .quote = PostgresDialect().default_quote,
                         .include = PostgresDialect().default_include});
  }
  return relations;
}

// `IF NOT EXISTS` alone fails when two sessions create it at the same moment.
Status PostgresSession::CreateSchema(std::string_view database, std::string_view schema) {
  STIR_TRY(CheckDatabase(database));
  const std::string create = "CREATE SCHEMA IF NOT EXISTS " + PostgresDialect().Quote(schema);
  STIR_TRY(Execute(
      fmt::format("DO {} ", Quoted(fmt::format("BEGIN {}; EXCEPTION WHEN unique_violation THEN NULL; END", create)))));
  return {};
}

}  // namespace stir::adapter::postgres
