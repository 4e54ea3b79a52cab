// A table in PostgreSQL: the next generation is filled beside it by several COPYs, compared with the model, given all
// that the live table has, and switched to.
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <thread>

#include "adapter/cell.h"
#include "base/strings.h"
#include "transfer/builder.h"
#include "transfer/copy_rows.h"
#include "transfer/enrichment.h"
#include "transfer/kinds.h"
#include "transfer/postgres_jobs.h"
#include "transfer/postgres_place.h"
#include "transfer/published_columns.h"
#include "transfer/sql.h"
#include "transfer/staged_file.h"

namespace stir::transfer {
namespace {

constexpr int64_t kRowsOfAStream = 50'000;

// A column of the model where its rows arrive: in the next generation, or in the table that `enrich` reads.
struct PublishedColumn {
  ModelColumn model;
  PgForm form;
  std::string name;  // in the table
  bool loose = false;
};

// A column that the next generation is given values for.
struct GivenColumn {
  std::string name;
  std::string type;
  bool added = false;  // the live table does not have it yet
};

// One number of one column, of the engine.
struct Expected {
  size_t column = 0;
  size_t check = 0;
  std::string value;  // empty: NULL
};

std::optional<double> MeasuredNumber(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::string lower = ToLower(text);
  if (lower == "infinity") return HUGE_VAL;
  if (lower == "-infinity") return -HUGE_VAL;
  double number = 0;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// "12.500" and "12.5" are one number, ".5" and "0.5", "-0" and "0".
std::string PlainNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.find('.') != std::string_view::npos) digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.remove_suffix(1);
  if (digits.empty() || digits == "0") return text.empty() ? "" : "0";
  return fmt::format("{}{}{}", negative ? "-" : "", digits.starts_with('.') ? "0" : "", digits);
}

bool Same(const Check& check, const std::string& engine, const std::string& server) {
  if (PlainNumber(engine) == PlainNumber(server)) return true;
  if (check.exact) return false;
  const auto a = MeasuredNumber(engine);
  const auto b = MeasuredNumber(server);
  if (!a || !b) return false;
  if (std::isnan(*a) || std::isnan(*b)) return std::isnan(*a) && std::isnan(*b);
  return *a == *b || std::fabs(*a - *b) <= 1e-9 * std::max(std::fabs(*a), std::fabs(*b));
}

// `schema.table`, read as in SQL: what is not in double quotes is folded to lower case. Without a schema: public.
std::optional<PgName> ParseName(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      parts.back() += c;
      ++i;
    } else if (c == '"' && (quoted || parts.back().empty())) {
      quoted = !quoted;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += !quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (quoted || parts.size() > 2 || std::ranges::any_of(parts, &std::string::empty)) return std::nullopt;
  if (parts.size() == 1) parts.insert(parts.begin(), "public");
  return PgName{parts[0], parts[1]};
}

class PostgresBuilder final : public Builder {
 public:
  PostgresBuilder(const PublishRequest& request, const BuildContext& context, std::unique_ptr<Server> server,
                  PgName name)
      : request_(request),
        publication_(request.publication),
        context_(context),
        place_(request, context, std::move(server), std::move(name)) {}

  Place& place() override { return place_; }

  Result<int64_t> RowsBefore(adapter::Connection&, int64_t) override {
    STIR_TRY(place_.Inspect());
    if (live().oid == 0 || place_.in_place()) return int64_t{-1};  // in place it is counted when nobody else writes
    return server().Count(fmt::format("SELECT count(*) FROM {}", place_.live().Sql()));
  }

  Status Measure(adapter::Connection& connection, Model& model) override {
    STIR_TRY(MatchColumns(model));
    std::vector<std::string> values = {"count(*)"};
    ForChecks([&](size_t column, size_t check) {
      expected_.push_back({column, check, {}});
      values.push_back(columns_[column].form.checks[check].engine);
    });
    STIR_ASSIGN(const auto rows,
                adapter::QueryAll(connection, fmt::format("SELECT {} FROM {}", JoinText(values, ", "), model.sql)));
    model.fingerprint.rows = std::get<int64_t>(rows[0][0]);
    for (size_t i = 0; i < expected_.size(); ++i) expected_[i].value = adapter::CellText(rows[0][i + 1]);
    return {};
  }

  Status Open(adapter::Connection&, int64_t generation) override {
    generation_ = generation;
    return {};
  }

  Status Build(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) override {
    std::string from = model.sql;
    if (publication_.stage) {
      STIR_ASSIGN(from, StageInFile(request_, connection, model, context_.files));
    }
    STIR_TRY(enriches() ? CreateStaging() : CreateTable());
    context_.failpoints.Reach("publish.created");
    STIR_ASSIGN(const int64_t copied, CopyRows(connection, CopyOf(model, from), context_.cancel));
    if (copied != model.fingerprint.rows) {
      return Diagnostic(kVerifyFailed,
                        fmt::format("{} rows were read of `{}` and {} arrived", model.fingerprint.rows,
                                    publication_.from.model, copied),
                        publication_.span)
          .Hint("nothing was published; run this again");
    }
    outcome.inserted = outcome.rows = copied;
    context_.failpoints.Reach("publish.copied");
    return {};
  }

  Status Finish(adapter::Connection&, const Model& model, PublishOutcome&) override {
    STIR_TRY(Verify(model));
    if (enriches()) STIR_TRY(Enrich(model));
    if (place_.in_place()) return FinishInPlace(model);
    STIR_TRY(place_.Dress(generation_));
    context_.failpoints.Reach("publish.dressed");
    STIR_TRY(server().Execute(fmt::format("VACUUM (FREEZE, ANALYZE) {}", next().Sql())));
    return place_.SetRows(generation_, model.fingerprint.rows);
  }

  void Complete(PublishOutcome& outcome) override {
    if (!place_.in_place()) return;
    const Written& written = place_.written();
    if (*publication_.strategy != platform::Strategy::kPartition) outcome.rows_before = written.before;
    outcome.rows = written.rows;
    outcome.inserted = written.inserted;
    outcome.updated = written.updated;
    outcome.partitions = written.partitions;
  }

  void Abandon(adapter::Connection&) override {
    server().Rollback();
    if (enriches() && generation_ != 0) static_cast<void>(place_.Remove(staging()));
  }

 private:
  Server& server() { return place_.server(); }
  const PgTable& live() const { return place_.table(); }
  PgName next() const { return place_.Of(generation_); }
  bool enriches() const { return !publication_.enrich->empty(); }
  int64_t staging() const { return generation_ + 1; }
  PgName arriving() const { return enriches() ? place_.Of(staging()) : next(); }
  // The column of the live table that one of the model becomes.
  const PgTableColumn* Meets(std::string_view name) const { return enriches() ? nullptr : Find(name); }

  // In binary form, unless only the server can read what a column of the table gets.
  CopyRequest CopyOf(const Model& model, const std::string& from) const {
    const auto most = static_cast<int64_t>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
    const auto streams = static_cast<int>(std::clamp<int64_t>(model.fingerprint.rows / kRowsOfAStream, 1, most));
    CopyRequest copy{.to = request_.to,
                     .span = publication_.to.connection.span,
                     .query = {},
                     .columns = {},
                     .copy = {},
                     .streams = streams};
    std::vector<std::string> names;
    std::vector<std::string> texts;
    std::vector<std::string> values;
    for (const PublishedColumn& column : columns_) {
      names.push_back(Ident(column.name));
      texts.push_back(column.form.csv);
      const PgTableColumn* there = Meets(column.name);
      auto writing = WritingOf(column.form.value_type, there == nullptr ? TypnameOf(column.form) : there->typname);
      if (!writing) continue;
      const std::string& value = column.form.value;
      values.push_back(writing->cast.empty() ? value : fmt::format("CAST({} AS {})", value, writing->cast));
      copy.columns.push_back(*std::move(writing));
    }
    const bool binary = copy.columns.size() == columns_.size();
    if (!binary) copy.columns.clear();
    copy.query = binary ? fmt::format("SELECT {} FROM {}", JoinText(values, ", "), from)
                        : fmt::format("SELECT concat({}) FROM {}", JoinText(texts, ", ',', "), from);
    copy.copy = fmt::format("COPY {} ({}) FROM STDIN (FORMAT {})", arriving().Sql(), JoinText(names, ", "),
                            binary ? "binary" : "csv");
    return copy;
  }

  template <typename Body>
  void ForChecks(const Body& body) {
    for (size_t column = 0; column < columns_.size(); ++column) {
      const size_t count = columns_[column].loose ? 1 : columns_[column].form.checks.size();
      for (size_t check = 0; check < count; ++check) body(column, check);
    }
  }

  // Each column of the model meets one of the table or is new there; what the table has beside them is filled by
  // itself.
  Status MatchColumns(const Model& model) {
    Diagnostics errors;
    columns_.clear();
    given_.clear();
    expected_.clear();
    for (const ModelColumn& column : model.columns) {
      auto form = FormOf(column, publication_.from.span);
      if (!form.ok()) {
        Append(errors, std::move(form).error());
        continue;
      }
      PublishedColumn published{.model = column, .form = *std::move(form), .name = column.name};
      const PgTableColumn* there = Meets(column.name);
      if (there != nullptr) {
        if (there->generated) continue;
        published.name = there->name;
        const Fit fit = FitInto(published.form, there->typname);
        published.loose = fit.loose;
        if (!fit.fits) errors.push_back(Misfit(column, published.form, *there));
      }
      if (!enriches()) given_.push_back({published.name, published.form.type, there == nullptr});
      columns_.push_back(std::move(published));
    }
    return StatusOf(std::move(errors));
  }

  Status CreateStaging() {
    std::vector<std::string> columns;
    for (const PublishedColumn& column : columns_)
      columns.push_back(fmt::format("{} {}", Ident(column.name), column.form.type));
    return place_.CreateStaging(staging(), JoinText(columns, ", "));
  }

  // The rows that arrived, joined on the server, are the generation's.
  Status Enrich(const Model& model) {
    STIR_TRY(server().Execute("ANALYZE " + arriving().Sql()));
    Enrichment enrichment(publication_, server(), arriving());
    STIR_ASSIGN(const auto enriched, enrichment.Columns());
    STIR_TRY(MatchEnriched(enriched));
    STIR_TRY(CreateTable());
    STIR_TRY(Fill(enrichment, model.fingerprint.rows));
    context_.failpoints.Reach("publish.enriched");
    return {};
  }

  Status Fill(Enrichment& enrichment, int64_t rows) {
    std::vector<std::string> names;
    for (const GivenColumn& column : given_) names.push_back(column.name);
    STIR_TRY(server().Execute("BEGIN"));
    STIR_TRY(enrichment.Fill(next(), names, rows));
    STIR_TRY(server().Execute(place_.DropStatements(staging())));
    STIR_TRY(server().Execute("COMMIT"));
    return {};
  }

  Status MatchEnriched(const std::vector<EnrichedColumn>& columns) {
    Diagnostics errors;
    for (const EnrichedColumn& column : columns) {
      const PgTableColumn* there = Find(column.name);
      if (there != nullptr && there->generated) continue;
      if (there != nullptr && !TakesAll(*there, column)) {
        errors.push_back(Diagnostic(kColumnRetyped,
                                    fmt::format("column `{}` is {} in {}, and `enrich` makes it {}", column.name,
                                                there->shown, place_.live().Sql(), column.type),
                                    publication_.enrich.span)
                             .Hint(fmt::format("nothing was published; cast it to {}", there->shown)));
      }
      given_.push_back({there == nullptr ? column.name : there->name, column.type, there == nullptr});
    }
    return StatusOf(std::move(errors));
  }

  const PgTableColumn* Find(std::string_view name) const {
    const auto& columns = live().columns;
    auto found = std::ranges::find(columns, name, &PgTableColumn::name);
    if (found == columns.end())
      found = std::ranges::find_if(columns, [&](const PgTableColumn& each) { return SameColumn(each.name, name); });
    return found == columns.end() ? nullptr : &*found;
  }

  Diagnostic Misfit(const ModelColumn& column, const PgForm& form, const PgTableColumn& there) const {
    return Diagnostic(kColumnRetyped,
                      fmt::format("column `{}` is {} in {}, and {} in `{}`", column.name, there.shown,
                                  place_.live().Sql(), column.type, publication_.from.model),
                      publication_.from.span)
        .Hint(fmt::format("cast it in the model, or make the column {} there", form.type));
  }

  Status FinishInPlace(const Model& model) {
    InPlace rows;
    for (const GivenColumn& column : given_) {
      rows.columns.push_back(Ident(column.name));
      const std::string typname = Find(column.name)->typname;
      // The server has no equality for these.
      const bool text = typname == "json" || typname == "xml" || typname == "point" || typname == "_json";
      rows.compared.push_back(Ident(column.name) + (text ? "::text" : ""));
    }
    const bool merges = *publication_.strategy == platform::Strategy::kMerge;
    for (const auto& name : merges ? publication_.key : publication_.to.partition_by) {
      const PgTableColumn* column = Find(*name);
      rows.key.push_back(Ident(column == nullptr ? *name : column->name));
    }
    rows.gathered = model.fingerprint.rows;
    rows.signature = std::to_string(rows.gathered);
    for (const Expected& each : expected_) rows.signature += "," + each.value;
    place_.Write(std::move(rows));
    return place_.SetRows(generation_, model.fingerprint.rows);
  }

  bool IsGiven(const PgTableColumn& column) const {
    return std::ranges::any_of(given_, [&](const GivenColumn& each) { return each.name == column.name; });
  }

  // Rows are gathered in columns of the same types; a column on one side only would be filled with NULL.
  Status CreateGathering() {
    std::vector<std::string> names;
    std::vector<std::string> differing;
    for (const GivenColumn& column : given_) {
      names.push_back(Ident(column.name));
      if (column.added) differing.push_back(column.name + " (only in the model)");
    }
    for (const PgTableColumn& column : live().columns) {
      if (!IsGiven(column) && !column.filled && !column.generated)
        differing.push_back(column.name + " (only published)");
    }
    if (!differing.empty()) {
      return Diagnostic(kRequirementFailed,
                        fmt::format("`{}` cannot be written into {}, their columns differ: {}", publication_.from.model,
                                    place_.live().Sql(), Join(differing, ", ")),
                        publication_.strategy.span)
          .Hint("nothing was published; alter the table, or publish once with `strategy: swap`");
    }
    return place_.Create(generation_, fmt::format("LIKE {}", place_.live().Sql()), KeepOnly(names));
  }

  // LIKE takes over NOT NULL of columns that are not given, and nothing that would fill them.
  std::vector<std::string> KeepOnly(const std::vector<std::string>& names) const {
    std::vector<std::string> then;
    for (const PgTableColumn& column : live().columns) {
      if (std::ranges::find(names, Ident(column.name)) == names.end())
        then.push_back(fmt::format("ALTER TABLE {} DROP COLUMN {}", kItsName, Ident(column.name)));
    }
    return then;
  }

  // Columns that the model no longer has go, unless something fills or needs them.
  Status CreateTable() {
    if (place_.in_place()) return CreateGathering();
    std::vector<std::string> inside;
    std::vector<std::string> then;
    if (live().oid != 0) {
      inside.push_back(
          fmt::format("LIKE {} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS", place_.live().Sql()));
      for (const PgTableColumn& column : live().columns) {
        if (IsGiven(column) || column.filled || column.generated) continue;
        STIR_TRY(CheckUnused(column));
        then.push_back(fmt::format("ALTER TABLE {} DROP COLUMN {}", kItsName, Ident(column.name)));
      }
    }
    for (const GivenColumn& column : given_) {
      const std::string definition = fmt::format("{} {}", Ident(column.name), column.type);
      if (live().oid == 0)
        inside.push_back(definition);
      else if (column.added)
        then.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {}", kItsName, definition));
    }
    return place_.Create(generation_, JoinText(inside, ", "), then);
  }

  Status CheckUnused(const PgTableColumn& column) {
    STIR_ASSIGN(
        const std::string user,
        server().Ask(fmt::format(
            "SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, 0), ', ') FROM "
            "pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = "
            "d.refobjsubid WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = {} AND a.attname "
            "= {}",
            live().oid, Lit(column.name))));
    if (user.empty()) return {};
    return Diagnostic(kTableBound,
                      fmt::format("column `{}` of {} is not in `{}` any more, but is needed by {}", column.name,
                                  place_.live().Sql(), publication_.from.model, user),
                      publication_.from.span)
        .Hint("nothing was published; select the column in the model, or drop what needs it");
  }

  Status Verify(const Model& model) {
    STIR_ASSIGN(const PgTexts found, Measured());
    Diagnostics errors;
    const auto differs = [&](const std::string& what, const std::string& engine, const std::string& server) {
      errors.push_back(Diagnostic(kVerifyFailed,
                                  fmt::format("{} of `{}` are {} in the model and {} in the table that was loaded",
                                              what, publication_.from.model, engine, server),
                                  publication_.span)
                           .Hint("nothing was published; a column there may round or cut what the model has"));
    };
    const std::string count = std::to_string(model.fingerprint.rows);
    if (TextOf(found[0]) != count) differs("rows", count, TextOf(found[0]));
    for (size_t i = 0; i < expected_.size(); ++i) {
      const PublishedColumn& column = columns_[expected_[i].column];
      const Check& check = column.form.checks[expected_[i].check];
      const std::string got = TextOf(found[i + 1]);
      if (!Same(check, expected_[i].value, got))
        differs(fmt::format("{} of column `{}`", check.what, column.name), expected_[i].value, got);
    }
    return StatusOf(std::move(errors));
  }

  // The rows and what is expected of them, as the server has it.
  Result<PgTexts> Measured() {
    constexpr size_t kMostValues = 1600;  // the server gives 1664 in a row
    std::vector<std::string> values = {"count(*)"};
    for (const Expected& each : expected_) values.push_back(ServerSql(columns_[each.column], each.check));
    PgTexts found;
    for (size_t begin = 0; begin < values.size(); begin += kMostValues) {
      const size_t end = std::min(begin + kMostValues, values.size());
      const std::vector<std::string> some(values.begin() + static_cast<ptrdiff_t>(begin),
                                          values.begin() + static_cast<ptrdiff_t>(end));
      STIR_ASSIGN(const auto rows,
                  server().Query(fmt::format("SELECT {} FROM {}", JoinText(some, ", "), arriving().Sql())));
      found.insert(found.end(), rows[0].begin(), rows[0].end());
    }
    return found;
  }

  // The checks are written for the model's name of the column.
  static std::string ServerSql(const PublishedColumn& column, size_t check) {
    const std::string& sql = column.form.checks[check].server;
    return column.name == column.model.name ? sql : ReplaceAll(sql, Ident(column.model.name), Ident(column.name));
  }

  const PublishRequest& request_;
  const platform::Publication& publication_;
  const BuildContext& context_;
  PostgresPlace place_;
  int64_t generation_ = 0;
  std::vector<PublishedColumn> columns_;
  std::vector<GivenColumn> given_;  // with `enrich` known only when its query is
  std::vector<Expected> expected_;
};

}  // namespace

Result<std::unique_ptr<Builder>> MakePostgresBuilder(const PublishRequest& request, const BuildContext& context) {
  const platform::Publication& publication = request.publication;
  const std::string& table = *publication.to.table;
  std::optional<PgName> name = table.empty() ? PgName{"public", request.model.identifier} : ParseName(table);
  if (!name) {
    return Diagnostic(kBadPublication, fmt::format("`table: {}` is no name of a table", table),
                      publication.to.table.span)
        .Hint("write `schema.table`; what has capitals or a dot stands in double quotes");
  }
  for (const std::string* part : {&name->schema, &name->table}) {
    constexpr size_t kLongest = 63;
    if (part->size() <= kLongest) continue;
    return Diagnostic(
               kBadPublication,
               fmt::format("`{}` has {} bytes; a name in PostgreSQL has at most {}", *part, part->size(), kLongest),
               publication.to.table.span)
        .Hint("choose a shorter one; PostgreSQL would cut it in silence");
  }
  if (*publication.strategy == platform::Strategy::kPartition && publication.to.partition_by.empty()) {
    return Diagnostic(kBadPublication,
                      fmt::format("publication `{}` replaces partitions, but has no `partition_by`", publication.name),
                      publication.span)
        .Hint("`partition_by: [column, ...]` in `to`");
  }
  if (!publication.enrich->empty()) STIR_TRY(Enrichment::Check(publication));
  STIR_ASSIGN(auto server, Server::Open(request.to, publication.to.connection.span, context.cancel));
  return std::unique_ptr<Builder>(
      std::make_unique<PostgresBuilder>(request, context, std::move(server), *std::move(name)));
}

}  // namespace stir::transfer
