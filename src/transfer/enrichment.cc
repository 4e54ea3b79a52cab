#include "transfer/enrichment.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <string_view>

#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

constexpr std::string_view kStaged = "{{ staged }}";  // as binding a publication leaves it

// Each takes every value of those before it.
bool IsWider(std::string_view type, std::string_view than) {
  constexpr std::array<std::string_view, 4> kWhole = {"int2", "int4", "int8", "numeric"};
  const auto at = [&](std::string_view name) { return std::ranges::find(kWhole, name); };
  if (at(than) != kWhole.end() && at(type) != kWhole.end()) return at(type) > at(than);
  return type == "float8" && than == "float4";
}

bool IsText(std::string_view type) { return type == "text" || type == "varchar"; }

}  // namespace

Status Enrichment::Check(const platform::Publication& publication) {
  if (publication.enrich->find(kStaged) != std::string::npos) return {};
  return Diagnostic(kBadPublication, "`enrich` does not read the rows that are published", publication.enrich.span)
      .Hint("select from {{ staged }}, which is where they are");
}

Enrichment::Enrichment(const platform::Publication& publication, Server& server, const PgName& staged)
    : publication_(publication), server_(server), query_(ReplaceAll(*publication.enrich, kStaged, staged.Sql())) {
  while (!query_.empty() && (query_.back() == ';' || query_.back() == '\n' || query_.back() == ' ')) query_.pop_back();
}

// Where the query is written, and not where the table is.
Diagnostics Enrichment::Placed(Diagnostics errors) const {
  for (Diagnostic& error : errors) {
    error.span = publication_.enrich.span;
    const bool unknown = error.message.ends_with("does not exist");
    if (error.hint.empty())
      error.hint = unknown ? "nothing was published; tables are named with their schema: public.accounts"
                           : "nothing was published; `enrich` is one query";
  }
  return errors;
}

Result<std::vector<EnrichedColumn>> Enrichment::Columns() {
  auto described = server_.Describe(query_);
  if (!described.ok()) return Placed(std::move(described).error());
  std::vector<EnrichedColumn> columns;
  for (const pg::Column& column : *described) {
    if (std::ranges::any_of(columns, [&](const auto& each) { return each.name == column.name; })) {
      return Diagnostic(kBadPublication, fmt::format("`enrich` gives column `{}` twice", column.name),
                        publication_.enrich.span)
          .Hint("nothing was published; select single columns of the joined tables");
    }
    STIR_ASSIGN(const auto type, server_.Query(fmt::format(
                                     "SELECT format_type(t.oid, {}), t.typname FROM pg_catalog.pg_type t WHERE t.oid = "
                                     "{}",
                                     column.modifier, column.type)));
    columns.push_back({column.name, TextOf(type[0][0]), TextOf(type[0][1])});
  }
  return columns;
}

Status Enrichment::Fill(const PgName& into, const std::vector<std::string>& columns, int64_t staged) {
  auto filled = server_.Execute(fmt::format("INSERT INTO {} ({}) SELECT {} FROM ({}\n) AS enriched", into.Sql(),
                                            Idents(columns), Idents(columns), query_));
  if (!filled.ok()) return Placed(std::move(filled).error());
  if (*filled == staged) return {};
  return Diagnostic(kVerifyFailed, fmt::format("`enrich` made {} rows of the {} that are published", *filled, staged),
                    publication_.enrich.span)
      .Hint(*filled < staged ? "nothing was published; a left join keeps all rows; rows to leave out are the model's"
                             : "nothing was published; a row meets several of a joined table: join by its key");
}

// Texts that are too long the server refuses by itself; what it would round is not written.
bool TakesAll(const PgTableColumn& column, const EnrichedColumn& enriched) {
  if (column.shown == enriched.type) return true;
  if (IsText(column.typname) && IsText(enriched.typname)) return true;
  const bool as_it_is = column.shown.find('(') == std::string::npos;
  return as_it_is && (column.typname == enriched.typname || IsWider(column.typname, enriched.typname));
}

}  // namespace stir::transfer
