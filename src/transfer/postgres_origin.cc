// Reading the server's catalogue.
#include "transfer/postgres_origin.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/strings.h"
#include "transfer/kinds.h"
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

}  // namespace

Result<std::unique_ptr<PgLink>> PgLink::Open(const PgConnect& connect, const CancelToken& cancel) {
  STIR_ASSIGN(auto session, connect());
  STIR_TRY(session->Execute(kSettings));
  return std::unique_ptr<PgLink>(new PgLink(std::move(session), cancel));
}

Result<std::vector<std::vector<std::string>>> PgLink::All(const std::string& sql) {
  STIR_ASSIGN(auto rows, session_->Query(sql));
  std::vector<std::vector<std::string>> out;
  pg::Row row;
  while (true) {
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) return out;
    auto& texts = out.emplace_back();
    for (const auto& value : row) texts.emplace_back(value.value_or(std::string_view()));
  }
}

Result<std::unique_ptr<PgOrigin>> PgOrigin::Open(const PgConnect& connect, const platform::Ingestion& ingestion,
                                                 const CancelToken& cancel) {
  std::unique_ptr<PgOrigin> origin(new PgOrigin(ingestion));
  STIR_ASSIGN(origin->keeper_, PgLink::Open(connect, cancel));
  STIR_TRY(origin->Look());
  return origin;
}

Diagnostics PgOrigin::At(Diagnostics errors, Span place) {
  for (Diagnostic& error : errors) {
    error.engine_offset = -1;
    if (!error.span) error.span = place;
  }
  return errors;
}

Status PgOrigin::Look() {
  pg::Session& session = keeper_->session();
  STIR_TRY(session.Execute("begin isolation level read committed read only"));
  if (is_table()) {
    STIR_TRY(FindTable());
  } else {
    std::string_view query = Strip(*ingestion_.from.query);
    while (query.ends_with(';')) query = Strip(query.substr(0, query.size() - 1));
    from_ = fmt::format("(\n{}\n) as stir_rows", query);
    name_ = "query";
  }
  // From here on the tables are locked against changes.
  auto described = session.Describe("select * from " + from_);
  if (!described.ok()) return Denied(std::move(described).error(), span(), *keeper_);
  for (const pg::Column& column : *described)
    columns_.push_back({.name = column.name, .type = column.type, .modifier = column.modifier});
  STIR_TRY(CheckNames());
  STIR_TRY(ReadDimensions());
  STIR_TRY(ReadKeys());
  STIR_TRY(MakeFields());
  // Under any other encoding the server itself sees to it that texts are UTF-8.
  check_utf8_ = session.Parameter("server_encoding") == "SQL_ASCII";
  return {};
}

Status PgOrigin::FindTable() {
  const std::string literal = Lit(*ingestion_.from.table);
  auto found =
      keeper_->All(fmt::format("select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind, "
                               "n.nspname || '.' || c.relname from pg_catalog.pg_class c join "
                               "pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass({})",
                               literal));
  if (!found.ok()) return Denied(std::move(found).error(), span(), *keeper_);
  if (found->empty()) return NoSuchTable();
  const auto& row = found->front();
  oid_ = NumberIn<uint32_t>(row[0]);
  from_ = row[1];
  kind_ = row[2].empty() ? ' ' : row[2][0];
  name_ = row[3];
  return {};
}

Diagnostics PgOrigin::Denied(Diagnostics errors, Span place, PgLink& told) const {
  pg::Session& session = told.session();
  const bool denied = session.sqlstate() == "42501";
  errors = At(std::move(errors), place);
  if (!denied || !session.Execute("rollback").ok()) return errors;
  auto user = told.All("select quote_ident(current_user)");
  if (!user.ok()) return errors;
  const std::string& who = user->front().front();
  const std::string words = errors.front().message;
  if (oid_ != 0) {
    return {Diagnostic(kRightMissing, fmt::format("{} may not read {}: {}", who, from_, words), span())
                .Hint(fmt::format("an owner or a superuser can say: GRANT SELECT ON {} TO {}", from_, who))};
  }
  return {
      Diagnostic(kRightMissing, fmt::format("{} may not read what is asked for: {}", who, words), span())
          .Hint(fmt::format(
              "an owner or a superuser can say: GRANT USAGE ON SCHEMA ... TO {0}, GRANT SELECT ON ... TO {0}", who))};
}

Diagnostics PgOrigin::NoSuchTable() {
  Diagnostic error(kSourceMissing, fmt::format("PostgreSQL has no table or view `{}`", *ingestion_.from.table),
                   ingestion_.from.table.span);
  auto there = keeper_->All(
      "select n.nspname || '.' || c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on "
      "n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%' "
      "and n.nspname <> 'information_schema' order by 1 limit 1000");
  std::vector<std::string> names;
  if (there.ok())
    for (const auto& row : *there) names.push_back(row[0]);
  std::string hint = DidYouMean(*ingestion_.from.table, names);
  if (hint.empty()) hint = "a name is read as in SQL: without quotes in lower case, and below `search_path`";
  return {std::move(error).Hint(std::move(hint))};
}

// The engine does not tell `A` from `a`.
Status PgOrigin::CheckNames() const {
  std::map<std::string, std::string> seen;
  for (const PgColumn& column : columns_) {
    const auto [at, is_new] = seen.emplace(ToLower(column.name), column.name);
    if (is_new) continue;
    const std::string message =
        at->second == column.name
            ? fmt::format("`{}` has two columns `{}`", name_, column.name)
            : fmt::format("`{}` has columns `{}` and `{}`, which DuckDB takes for one", name_, at->second, column.name);
    return Diagnostic(kBadIngestion, message, span()).Hint("read it with a `query` that gives them other names");
  }
  return {};
}

Status PgOrigin::ReadDimensions() {
  if (!is_table()) return {};
  STIR_ASSIGN(const auto rows,
              keeper_->All(fmt::format("select attname, greatest(attndims, 1) from pg_catalog.pg_attribute "
                                       "where attrelid = {} and attnum > 0 and attndims > 1",
                                       oid_)));
  for (const auto& row : rows) {
    const auto column = std::ranges::find(columns_, row[0], &PgColumn::name);
    if (column != columns_.end()) column->dimensions = NumberIn<int>(row[1]);
  }
  return {};
}

// What the server promises of a table. Children of a table keep no promise of its indexes.
Status PgOrigin::ReadKeys() {
  if (kind_ != 'r' && kind_ != 'p') return {};
  STIR_ASSIGN(const auto required, keeper_->All(fmt::format("select attname from pg_catalog.pg_attribute "
                                                            "where attrelid = {} and attnum > 0 and "
                                                            "attnotnull and not attisdropped",
                                                            oid_)));
  for (const auto& row : required) not_null_.insert(ToLower(row[0]));
  STIR_ASSIGN(const auto keys,
              keeper_->All(fmt::format(
                  "select i.indexrelid, a.attname from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = "
                  "i.indrelid join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any "
                  "(i.indkey[0:i.indnkeyatts - 1]) where i.indrelid = {} and i.indisunique and i.indisvalid and "
                  "i.indpred is null and i.indexprs is null and (c.relkind = 'p' or not c.relhassubclass)",
                  oid_)));
  for (const auto& row : keys) unique_[row[0]].insert(ToLower(row[1]));
  return {};
}

// Types, those of their elements, and what domains among those stand for.
Result<std::map<uint32_t, PgOrigin::TypeRow>> PgOrigin::ReadTypes() {
  std::map<uint32_t, TypeRow> types;
  std::set<uint32_t> asked;
  for (const PgColumn& column : columns_) asked.insert(column.type);
  while (!asked.empty()) {
    std::vector<std::string> list;
    for (uint32_t each : asked) list.push_back(std::to_string(each));
    asked.clear();
    // int2vector and oidvector count from 0.
    STIR_ASSIGN(const auto rows,
                keeper_->All(fmt::format("select oid, typtype, case when typcategory = 'A' and typlen = -1 "
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

Status PgOrigin::MakeFields() {
  STIR_ASSIGN(const auto types, ReadTypes());
  const auto type_of = [&](uint32_t which) {
    const auto found = types.find(which);
    return found == types.end() ? TypeRow() : found->second;
  };
  for (const PgColumn& column : columns_) {
    PgType type{.oid = column.type, .kind = type_of(column.type).kind, .element = type_of(column.type).element};
    while (type.element != 0 && type_of(type.element).kind == 'd') {
      if (type.element_modifier < 0) type.element_modifier = type_of(type.element).modifier;
      type.element = type_of(type.element).base;
    }
    type.element_kind = type_of(type.element).kind;
    fields_.push_back(FieldOf(column, type));
  }
  return {};
}

Result<std::string> PgOrigin::SafeMoment(size_t column) {
  const uint32_t type = columns_[column].type;
  if (type != kDateOid && type != kTimestampOid && type != kTimestampTzOid) return std::string();
  // now() is when the keeper began: what began before it has long been listed.
  // The zone of now() in a column without one is that of the session that writes; the server's is the best guess.
  const std::string zone = "(select reset_val from pg_catalog.pg_settings where name = 'TimeZone')";
  const std::string moment = type == kTimestampTzOid ? "moment"
                             : type == kTimestampOid ? fmt::format("moment at time zone {}", zone)
                                                     : fmt::format("(moment at time zone {})::date", zone);
  STIR_ASSIGN(const auto rows,
              keeper_->All(fmt::format(
                  "select ({})::text from (select least(now(), min(xact_start)) as moment from "
                  "pg_catalog.pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and "
                  "backend_type = 'client backend') as open",
                  moment)));
  return rows.front().front();
}

std::string PgOrigin::Bound(size_t column, const std::string& text) const {
  const uint32_t type = columns_[column].type;
  const char* cast = type == kDateOid          ? "::date"
                     : type == kTimestampOid   ? "::timestamp"
                     : type == kTimestampTzOid ? "::timestamptz"
                                               : "";
  // The engine writes years before Christ in brackets.
  return Lit(ReplaceAll(text, " (BC)", " BC")) + cast;
}

bool PgOrigin::AreNotNull(const std::vector<std::string>& names) const {
  return std::ranges::all_of(names, [&](const std::string& name) { return not_null_.contains(ToLower(name)); });
}

bool PgOrigin::AreUnique(const std::vector<std::string>& names) const {
  std::set<std::string> given;
  for (const std::string& name : names) given.insert(ToLower(name));
  return AreNotNull(names) &&
         std::ranges::any_of(unique_, [&](const auto& index) { return std::ranges::includes(given, index.second); });
}

}  // namespace stir::transfer
