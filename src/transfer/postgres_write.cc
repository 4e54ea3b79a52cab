#include "transfer/postgres_write.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

class TableWriter {
 public:
  explicit TableWriter(const WriteRequest& request)
      : request_(request), server_(request.server), rows_(request.rows), publication_(request.publication) {}

  Result<Written> Write() {
    STIR_ASSIGN(written_.before, server_.Count(fmt::format("SELECT count(*) FROM {}", live())));
    const platform::Strategy strategy = *publication_.strategy;
    if (strategy == platform::Strategy::kMerge) {
      STIR_ASSIGN(const bool by_index, HasIndexOfKey());
      STIR_TRY(by_index ? MergeByIndex() : MergeByJoin());
    } else {
      STIR_TRY(strategy == platform::Strategy::kAppend ? Append() : ReplacePartitions());
    }
    written_.rows = written_.before + written_.inserted - written_.removed;
    return written_;
  }

 private:
  std::string live() const { return request_.live.Sql(); }
  std::string from() const { return request_.from.Sql(); }
  std::string columns() const { return Join(rows_.columns, ", "); }

  // "a" = <source>."a", ... of what is not in the key.
  std::string Assignments(std::string_view source) const {
    std::vector<std::string> set;
    for (const std::string& column : rows_.columns) {
      if (std::ranges::find(rows_.key, column) == rows_.key.end())
        set.push_back(fmt::format("{0} = {1}.{0}", column, source));
    }
    return Join(set, ", ");
  }
  std::string Differs(std::string_view source) const {
    std::vector<std::string> differs;
    for (const std::string& column : rows_.compared)
      differs.push_back(fmt::format("t.{0} IS DISTINCT FROM {1}.{0}", column, source));
    return Join(differs, " OR ");
  }

  // The server finds each row by an index that has the key's columns and no others, and nothing of the table's own
  // changes what is written: then what it says that it did is what it did.
  Result<bool> HasIndexOfKey() {
    std::vector<std::string> key = rows_.key;
    std::ranges::sort(key);
    std::vector<std::string> names;
    for (const std::string& each : key) names.push_back(Lit(each));
    STIR_ASSIGN(
        const int64_t found,
        server_.Count(fmt::format(
            "SELECT count(*) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid WHERE "
            "i.indrelid = {}::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL "
            "AND i.indexprs IS NULL AND (SELECT array_agg('\"' || replace(a.attname, '\"', '\"\"') || '\"' ORDER BY "
            "'\"' || replace(a.attname, '\"', '\"\"') || '\"' COLLATE \"C\") FROM pg_catalog.pg_attribute a WHERE "
            "a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) = ARRAY[{}] AND c.relkind = "
            "'r' AND NOT c.relhassubclass AND NOT c.relhasrules AND NOT c.relrowsecurity AND NOT EXISTS (SELECT FROM "
            "pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal)",
            Lit(live()), JoinText(names, ", "))));
    return found > 0;
  }

  Status MergeByIndex() {
    const std::string set = Assignments("excluded");
    const std::string then = set.empty() ? "NOTHING" : fmt::format("UPDATE SET {} WHERE {}", set, Differs("excluded"));
    // A row that was there before has been locked, and says so.
    STIR_ASSIGN(written_.inserted,
                server_.Count(fmt::format("WITH done AS (INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE SELECT {} "
                                          "FROM {} ON CONFLICT ({}) DO {} RETURNING "
                                          "t.xmax = 0 AS made) SELECT count(*) FILTER (WHERE made) FROM done",
                                          live(), columns(), columns(), from(), Join(rows_.key, ", "), then)));
    written_.updated = rows_.gathered - written_.inserted;
    return {};
  }

  Status MergeByJoin() {
    STIR_TRY(server_.Execute(fmt::format("ANALYZE {}", from())));
    std::vector<std::string> equal;
    for (const std::string& key : rows_.key) equal.push_back(fmt::format("t.{0} = s.{0}", key));
    const std::string same = Join(equal, " AND ");
    const std::string there = fmt::format("EXISTS (SELECT FROM {} t WHERE {})", live(), same);
    STIR_ASSIGN(written_.updated, server_.Count(fmt::format("SELECT count(*) FROM {} s WHERE {}", from(), there)));
    if (const std::string set = Assignments("s"); !set.empty()) {
      STIR_TRY(server_.Execute(
          fmt::format("UPDATE {} t SET {} FROM {} s WHERE {} AND ({})", live(), set, from(), same, Differs("s"))));
    }
    STIR_ASSIGN(written_.inserted, server_.Execute(fmt::format(
                                       "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} s WHERE NOT {}",
                                       live(), columns(), columns(), from(), there)));
    STIR_ASSIGN(const int64_t matched,
                server_.Count(fmt::format("SELECT count(*) FROM {} s JOIN {} t ON {}", from(), live(), same)));
    if (matched == rows_.gathered && written_.inserted + written_.updated == rows_.gathered) return {};
    return Diagnostic(kVerifyFailed,
                      fmt::format("{} rows of `{}` meet {} rows of {} after the merge", rows_.gathered,
                                  publication_.from.model, matched, live()),
                      publication_.span)
        .Hint("nothing was published; the key is not unique there, or a trigger or policy changes what is written");
  }

  // Once a run: what is tried again after a death finds its own record.
  Status Append() {
    STIR_ASSIGN(
        const int64_t before,
        server_.Count(fmt::format("SELECT count(*) FROM {} WHERE table_name = {} AND publication = {} AND run_id = "
                                  "{} AND state = {} AND row_sums = {}",
                                  request_.ledger, Lit(request_.live.table), Lit(publication_.name),
                                  Lit(request_.run_id), Lit(kAppended), Lit(rows_.signature))));
    return before > 0 ? Status() : Insert();
  }

  Status Insert() {
    STIR_ASSIGN(written_.inserted,
                server_.Execute(fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}", live(),
                                            columns(), columns(), from())));
    return {};
  }

  Status ReplacePartitions() {
    STIR_TRY(server_.Execute(fmt::format("ANALYZE {}", from())));
    const std::string partitions = Join(rows_.key, ", ");
    STIR_ASSIGN(written_.partitions,
                server_.Count(fmt::format("SELECT count(DISTINCT ({})) FROM {}", partitions, from())));
    STIR_ASSIGN(written_.removed, server_.Execute(fmt::format("DELETE FROM {} WHERE ({}) IN (SELECT {} FROM {})",
                                                              live(), partitions, partitions, from())));
    STIR_TRY(Insert());
    return CheckShrink();
  }

  // Only now it is known which rows the partitions had.
  Status CheckShrink() const {
    const auto& limit = publication_.require.max_shrink;
    if (!limit || written_.removed <= 0) return {};
    const auto before = static_cast<double>(written_.removed);
    const double shrink = (before - static_cast<double>(written_.inserted)) / before;
    if (shrink <= *limit) return {};
    return Diagnostic(
               kRequirementFailed,
               fmt::format("the partitions of `{}` have {} rows, {:.1f} % fewer than the {} that are published; at "
                           "most {:g} % are allowed",
                           publication_.from.model, written_.inserted, shrink * 100, written_.removed, *limit * 100),
               publication_.require.span)
        .Hint("nothing was published; see why rows are missing, or raise `max_shrink`");
  }

  const WriteRequest& request_;
  Server& server_;
  const InPlace& rows_;
  const platform::Publication& publication_;
  Written written_;
};

}  // namespace

Result<Written> WriteInPlace(const WriteRequest& request) { return TableWriter(request).Write(); }

}  // namespace stir::transfer
