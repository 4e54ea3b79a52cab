// The next generation is given all that the live one has: indexes, rights, comments, and what else hangs on it.
#include <fmt/format.h>
#include <algorithm>

#include "base/strings.h"
#include "transfer/postgres_jobs.h"
#include "transfer/postgres_place.h"
#include "transfer/sql.h"

namespace stir::transfer {

// The live table's, and beside them those that the publication asks for.
std::vector<PgIndex> PostgresPlace::Wanted() const {
  std::vector<PgIndex> all = table_.indexes;
  const auto add = [&](const std::vector<std::string>& columns, bool primary) {
    std::string key;
    for (const std::string& column : columns) key += column + "\x02";
    const bool there = std::ranges::any_of(all, [&](const PgIndex& index) {
      return primary ? index.constraint == 'p' : index.columns == key && index.tail.starts_with(" USING btree");
    });
    if (there || columns.empty()) return;
    PgIndex index;
    index.name = primary ? FitName(live_.table, "_pkey")
                         : FitName(fmt::format("{}_{}", live_.table, Join(columns, "_")), "_idx");
    index.unique = primary;
    index.columns = key;
    index.tail = fmt::format(" USING btree ({})", Idents(columns));
    if (primary) {
      index.constraint = 'p';
      index.definition = fmt::format("PRIMARY KEY ({})", Idents(columns));
    }
    all.push_back(std::move(index));
  };
  std::vector<std::string> key;
  for (const auto& column : publication_.key) key.push_back(*column);
  add(key, true);
  for (const auto& columns : publication_.indexes) add(columns, false);
  return all;
}

// Those that the candidate does not have yet are built, several at a time.
Status PostgresPlace::MakeIndexes(const PgName& candidate, const std::string& suffix) {
  index_names_.clear();
  STIR_ASSIGN(PgTable has, ReadPgTable(*server_, candidate, publication_.to.table.span));
  std::vector<Job> jobs;
  std::vector<std::string> after;
  for (const PgIndex& wanted : Wanted()) {
    const auto found = std::ranges::find_if(has.indexes, [&](const PgIndex& index) {
      return index.unique == wanted.unique && index.tail == wanted.tail && index.constraint == wanted.constraint;
    });
    if (found != has.indexes.end()) {
      index_names_.emplace_back(found->name, wanted.name);
      has.indexes.erase(found);
      continue;
    }
    const std::string name = FitName(wanted.name, suffix);
    index_names_.emplace_back(name, wanted.name);
    const std::string constraint = fmt::format("ALTER TABLE {} ADD CONSTRAINT {} ", candidate.Sql(), Ident(name));
    if (wanted.constraint == 'x') {
      jobs.push_back({wanted.name, constraint + wanted.definition});
    } else {
      jobs.push_back({wanted.name, fmt::format("CREATE {}INDEX {} ON {}{}", wanted.unique ? "UNIQUE " : "", Ident(name),
                                               candidate.Sql(), wanted.tail)});
      if (wanted.constraint != ' ') {
        const size_t deferrable = wanted.definition.find(" DEFERRABLE");
        after.push_back(fmt::format("{}{} USING INDEX {}{}", constraint,
                                    wanted.constraint == 'p' ? "PRIMARY KEY" : "UNIQUE", Ident(name),
                                    deferrable == std::string::npos ? "" : wanted.definition.substr(deferrable)));
      }
    }
    if (!wanted.comment.empty()) {
      after.push_back(
          wanted.constraint == ' '
              ? fmt::format("COMMENT ON INDEX {} IS {}", PgName{live_.schema, name}.Sql(), Lit(wanted.comment))
              : fmt::format("COMMENT ON CONSTRAINT {} ON {} IS {}", Ident(name), candidate.Sql(), Lit(wanted.comment)));
    }
  }
  STIR_TRY(RunJobs(request_.to, publication_.to.connection.span, context_.cancel, jobs));
  return Apply(after, candidate);
}

std::vector<std::string> PostgresPlace::MarkStatements(const PgName& candidate) const {
  std::vector<std::string> all;
  for (const std::string_view mark : Split(table_.marks, '\x02')) {
    if (mark.empty()) continue;
    for (const auto& [own, wanted] : index_names_) {
      if (wanted != mark.substr(1)) continue;
      all.push_back(fmt::format("ALTER TABLE {} {} {}", candidate.Sql(),
                                mark.front() == 'i' ? "REPLICA IDENTITY USING INDEX" : "CLUSTER ON", Ident(own)));
    }
  }
  return all;
}

Status PostgresPlace::Apply(const std::vector<std::string>& statements, const PgName& name) {
  for (const std::string& statement : statements) STIR_TRY(server_->Execute(For(statement, name)));
  return {};
}

Status PostgresPlace::Dress(int64_t generation) {
  Status dressed = DressAs(generation);
  return dressed.ok() ? Status() : Status(Explained(std::move(dressed).error()));
}

Status PostgresPlace::DressAs(int64_t generation) {
  const PgName candidate = Of(generation);
  const std::string suffix = Suffix(generation);
  STIR_ASSIGN(const int64_t oid, OidOf(candidate));
  STIR_ASSIGN(auto off, Undress(*server_, oid));
  off.push_back(fmt::format("ALTER TABLE {} RESET (autovacuum_enabled)", kItsName));
  STIR_TRY(Patiently([&] { return Apply(off, candidate); }));
  STIR_TRY(MakeIndexes(candidate, suffix));
  STIR_TRY(Apply(MarkStatements(candidate), candidate));
  for (const auto& [name, definition] : table_.statistics) {
    const size_t at = definition.find('\x02');
    STIR_TRY(server_->Execute(fmt::format("{}{}{}FROM {}", definition.substr(0, at),
                                          PgName{live_.schema, FitName(name, suffix)}.Sql(), definition.substr(at + 1),
                                          candidate.Sql())));
  }
  STIR_ASSIGN(const PgTable has, ReadPgTable(*server_, candidate, publication_.to.table.span));
  std::vector<std::string> form;
  std::vector<std::string> grants;
  for (const auto& [statement, column] : table_.dress) {
    if (!column.empty() && std::ranges::find(has.columns, column, &PgTableColumn::name) == has.columns.end()) continue;
    (statement.starts_with("GRANT ") ? grants : form).push_back(statement);
  }
  for (const std::string& statement : form) STIR_TRY(Patiently([&] { return Apply({statement}, candidate); }));
  if (table_.oid != 0) {
    const bool explicit_rights =
        std::ranges::any_of(grants, [](const std::string& g) { return g.find(" ON TABLE ") != g.npos; });
    STIR_ASSIGN(const auto revokes, RevokeAll(*server_, oid, explicit_rights));
    STIR_TRY(Apply(revokes, candidate));
    STIR_TRY(Apply(grants, candidate));
  }
  STIR_TRY(ReadIdentities(candidate));
  dressed_ = true;
  return {};
}

// A new table counts from one: it goes on where the old one is.
Status PostgresPlace::ReadIdentities(const PgName& candidate) {
  identities_.clear();
  if (table_.identities.empty()) return {};
  STIR_ASSIGN(const PgTable has, ReadPgTable(*server_, candidate, publication_.to.table.span));
  for (const auto& [column, wanted] : table_.identities) {
    for (const auto& [own_column, sequence] : has.identities) {
      if (own_column != column) continue;
      STIR_ASSIGN(const int64_t most,
                  server_->Count(fmt::format("SELECT max({}) FROM {}", Ident(column), candidate.Sql())));
      identities_.push_back({sequence, wanted, std::max<int64_t>(most, 1)});
    }
  }
  return {};
}

}  // namespace stir::transfer
