// The steps of a publication.
#include "transfer/publish.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <thread>

#include "adapter/cell.h"
#include "adapter/kinds.h"
#include "base/kinds.h"
#include "base/strings.h"
#include "transfer/builder.h"
#include "transfer/kinds.h"
#include "transfer/session.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using platform::ConnectionType;
using platform::Strategy;

Status CheckBuilt(const PublishRequest& request) {
  const platform::Publication& publication = request.publication;
  const auto not_built = [&](std::string what, Span span, std::string hint) {
    return Diagnostic(kTransferNotBuilt, std::move(what), span).Hint(std::move(hint));
  };
  const bool server = request.to.type == ConnectionType::kPostgres;
  if (publication.stage && !server)
    return not_built("`stage` is built for PostgreSQL only", publication.stage->path.span, "leave it out");
  if (!publication.enrich->empty() && !server)
    return not_built("`enrich` is built for PostgreSQL only", publication.enrich.span, "join in the model");
  const Strategy strategy = *publication.strategy;
  if (request.to.type == ConnectionType::kDuckDb) {
    if (strategy == Strategy::kSwap || strategy == Strategy::kMerge) return {};
    return not_built("this strategy is not built for DuckDB files", publication.strategy.span,
                     "`strategy` can be swap or merge");
  }
  if (request.to.type == ConnectionType::kFiles) {
    if (strategy == Strategy::kFiles || strategy == Strategy::kPartition) return {};
    return not_built("this strategy is not built for files", publication.strategy.span,
                     "`strategy` can be files or partition");
  }
  if (request.to.type == ConnectionType::kPostgres) {
    if (strategy != Strategy::kFiles) return {};
    return not_built("this strategy is not built for PostgreSQL", publication.strategy.span,
                     "`strategy` can be swap, merge, append or partition");
  }
  return not_built(fmt::format("publication to a {} connection is not built yet", ToString(request.to.type)),
                   publication.to.connection.span,
                   "this version publishes to `type: duckdb`, `type: postgres` and `type: files`");
}

Result<std::unique_ptr<Builder>> MakeBuilder(const PublishRequest& request, Files& files, const BuildContext& context) {
  STIR_TRY(CheckBuilt(request));
  if (request.to.type == ConnectionType::kDuckDb) return MakeDuckDbBuilder(request, files);
  if (request.to.type == ConnectionType::kPostgres) return MakePostgresBuilder(request, context);
  return MakeFilesBuilder(request, files);
}

// Publications of one place take turns; a holder that dies lets go.
Result<std::unique_ptr<Hold>> WaitForLock(Place& place, const CancelToken& cancel) {
  constexpr auto kPatience = std::chrono::minutes(10);
  constexpr auto kMostPause = std::chrono::milliseconds(500);
  const auto begin = std::chrono::steady_clock::now();
  for (auto pause = std::chrono::milliseconds(10);; pause = std::min(pause * 2, kMostPause)) {
    auto lock = place.Lock();
    if (lock.ok() || lock.error().front().kind != kLocked) return lock;
    if (cancel.stop_requested())
      return Diagnostic(adapter::kCanceled, "canceled while waiting for another publication of the same place");
    if (std::chrono::steady_clock::now() - begin > kPatience) return lock;
    std::this_thread::sleep_for(pause);
  }
}

class Publisher {
 public:
  Publisher(const PublishRequest& request, Journal& journal, const Failpoints& failpoints, Session session,
            std::unique_ptr<Builder> builder)
      : request_(request),
        publication_(request.publication),
        journal_(journal),
        failpoints_(failpoints),
        session_(std::move(session)),
        builder_(std::move(builder)) {}

  Result<PublishOutcome> Run(const CancelToken& cancel) {
    STIR_ASSIGN(const auto lock, WaitForLock(place(), cancel));
    STIR_TRY(Reconcile());
    auto before = builder_->RowsBefore(connection(), live_);
    if (!before.ok()) {
      builder_->Abandon(connection());
      return std::move(before).error();
    }
    outcome_.rows_before = *before;
    STIR_TRY(Record(PublicationState::kBegun));
    Status made = Make();
    if (!made.ok()) {
      builder_->Abandon(connection());
      static_cast<void>(GiveUp());
      return std::move(made).error();
    }
    if (Status switched = place().Switch(outcome_.generation); !switched.ok()) {
      static_cast<void>(GiveUp());
      return std::move(switched).error();
    }
    builder_->Complete(outcome_);
    failpoints_.Reach("publish.switched");
    STIR_TRY(Record(PublicationState::kSwitched));
    STIR_TRY(Trim(place(), publication_.keep));
    failpoints_.Reach("publish.trimmed");
    STIR_TRY(Record(PublicationState::kDone));
    STIR_ASSIGN(outcome_.kept, Kept(place()));
    outcome_.location = place().location();
    return std::move(outcome_);
  }

 private:
  Place& place() { return builder_->place(); }
  adapter::Connection& connection() { return session_.connection(); }

  // After a failure: the generation goes, unless it did become live.
  Status GiveUp() {
    STIR_ASSIGN(const int64_t live, place().Live());
    if (live == outcome_.generation) return {};
    STIR_TRY(place().Remove(outcome_.generation));
    return Record(PublicationState::kAbandoned);
  }

  Status Record(PublicationState state) {
    return journal_.Record({.publication = publication_.name,
                            .run_id = request_.run_id,
                            .generation = outcome_.generation,
                            .state = state,
                            .rows = state == PublicationState::kBegun ? -1 : outcome_.rows});
  }

  // The disk says what is live. A newer generation never became live, or was rolled back: it goes, its number is not
  // used again.
  Status Reconcile() {
    STIR_TRY(place().Adopt());
    STIR_ASSIGN(live_, place().Live());
    STIR_ASSIGN(const auto generations, place().Generations());
    STIR_ASSIGN(outcome_.generation, place().Next());
    for (int64_t generation : generations) {
      if (generation <= live_) continue;
      STIR_TRY(place().Remove(generation));
      STIR_TRY(journal_.Record({.publication = publication_.name,
                                .run_id = request_.run_id,
                                .generation = generation,
                                .state = PublicationState::kAbandoned}));
    }
    return {};
  }

  Status Make() {
    failpoints_.Reach("publish.begun");
    STIR_TRY(builder_->Open(connection(), outcome_.generation));
    STIR_TRY(connection().Begin());
    Status built = BuildInTransaction();
    if (built.ok()) built = connection().Commit();
    if (!built.ok()) {
      static_cast<void>(connection().Rollback());
      return built;
    }
    failpoints_.Reach("publish.built");
    STIR_TRY(Record(PublicationState::kBuilt));
    STIR_TRY(session_.Check());
    STIR_TRY(builder_->Finish(connection(), model_, outcome_));
    failpoints_.Reach("publish.verified");
    STIR_TRY(Record(PublicationState::kVerified));
    return session_.Check();
  }

  // One view of the model from the first count to the last row.
  Status BuildInTransaction() {
    STIR_TRY(ReadModel());
    STIR_TRY(CheckRequired());
    return builder_->Build(connection(), model_, outcome_);
  }

  Status ReadModel() {
    model_.sql = TableName(request_.model);
    STIR_ASSIGN(const auto columns, connection().Describe("SELECT * FROM " + model_.sql));
    for (const adapter::ColumnInfo& column : columns) model_.columns.push_back({column.name, column.type});
    STIR_TRY(builder_->Measure(connection(), model_));
    STIR_TRY(CheckColumns(publication_.key, "key"));
    STIR_TRY(CheckColumns(publication_.to.partition_by, "partition_by"));
    return CheckKey();
  }

  // They exist and hold no NULL.
  Status CheckColumns(const std::vector<platform::Placed<std::string>>& names, std::string_view what) {
    for (const auto& name : names) {
      std::vector<std::string> known;
      for (const ModelColumn& column : model_.columns) known.push_back(column.name);
      if (FindColumn(known, *name) == nullptr) {
        std::string hint = DidYouMean(*name, known);
        if (hint.empty()) hint = "its columns: " + Join(known, ", ");
        return Diagnostic(kBadPublication,
                          fmt::format("`{}` names `{}`, but model `{}` has no such column", what, *name,
                                      publication_.from.model),
                          name.span)
            .Hint(std::move(hint));
      }
      STIR_ASSIGN(const int64_t nulls, QueryCount(connection(), fmt::format("SELECT count(*) FROM {} WHERE {} IS NULL",
                                                                            model_.sql, Ident(*name))));
      if (nulls == 0) continue;
      return Diagnostic(kRequirementFailed,
                        fmt::format("{} row(s) of `{}` have no `{}`, which is in `{}`", nulls, publication_.from.model,
                                    *name, what),
                        name.span)
          .Hint("nothing was published; give the model's column a `not_null` test and a value");
    }
    return {};
  }

  Status CheckKey() {
    if (publication_.key.empty()) return {};
    std::vector<std::string> keys;
    std::vector<std::string> shown;
    for (const auto& column : publication_.key) {
      keys.push_back(Ident(*column));
      shown.push_back(fmt::format("'{} = ' || {}", *column, Ident(*column)));
    }
    STIR_ASSIGN(
        const auto twice,
        QueryAll(connection(),
                 fmt::format("SELECT count(*), any_value({}) FROM (SELECT {} FROM {} GROUP BY ALL HAVING count(*) > 1)",
                             JoinText(shown, " || ', ' || "), JoinText(keys, ", "), model_.sql)));
    const int64_t count = std::get<int64_t>(twice[0][0]);
    if (count == 0) return {};
    return Diagnostic(kDuplicateKey,
                      fmt::format("{} key(s) of `{}` come more than once, for example {}", count,
                                  publication_.from.model, CellText(twice[0][1])),
                      publication_.key.front().span)
        .Hint("nothing was published; give the key a `unique` test, and make the model keep one row a key");
  }

  Status CheckRequired() {
    const platform::Require& require = publication_.require;
    const int64_t rows = model_.fingerprint.rows;
    const auto failed = [&](std::string message, std::string hint) {
      return Diagnostic(kRequirementFailed, std::move(message), require.span ? require.span : publication_.span)
          .Hint("nothing was published; " + std::move(hint));
    };
    const std::string& model = publication_.from.model;
    if (rows == 0 && require.min_rows != 0)
      return failed(fmt::format("`{}` has no rows", model), "`require: {min_rows: 0}` allows an empty table");
    if (require.min_rows && rows < *require.min_rows) {
      return failed(fmt::format("`{}` has {} rows, at least {} are required", model, rows, *require.min_rows),
                    "see why rows are missing");
    }
    if (require.max_rows && rows > *require.max_rows) {
      return failed(fmt::format("`{}` has {} rows, at most {} are allowed", model, rows, *require.max_rows),
                    "see why there are so many");
    }
    const Strategy strategy = *publication_.strategy;
    const bool replaces = strategy == Strategy::kSwap || strategy == Strategy::kFiles;
    if (!require.max_shrink || outcome_.rows_before <= 0 || !replaces) return {};
    const double before = static_cast<double>(outcome_.rows_before);
    const double shrink = (before - static_cast<double>(rows)) / before;
    if (shrink <= *require.max_shrink) return {};
    return failed(
        fmt::format("`{}` has {} rows, {:.1f} % fewer than the {} that are published; at most {:g} % are allowed",
                    model, rows, shrink * 100, outcome_.rows_before, *require.max_shrink * 100),
        "see why rows are missing, or raise `max_shrink`");
  }

  const PublishRequest& request_;
  const platform::Publication& publication_;
  Journal& journal_;
  const Failpoints& failpoints_;
  Session session_;
  std::unique_ptr<Builder> builder_;
  int64_t live_ = 0;
  Model model_;
  PublishOutcome outcome_;
};

}  // namespace

std::string_view ToString(PublicationState state) {
  switch (state) {
    case PublicationState::kBegun:
      return "begun";
    case PublicationState::kBuilt:
      return "built";
    case PublicationState::kVerified:
      return "verified";
    case PublicationState::kSwitched:
      return "switched";
    case PublicationState::kDone:
      return "done";
    case PublicationState::kAbandoned:
      return "abandoned";
    case PublicationState::kRolledBack:
      return "rolled back";
  }
  return "";
}

Status Builder::Measure(adapter::Connection& connection, Model& model) {
  STIR_ASSIGN(model.fingerprint, TakeFingerprint(connection, model.columns, model.sql));
  return {};
}

std::string FingerprintSql(const std::vector<ModelColumn>& columns, const std::string& from) {
  std::vector<std::string> values;
  for (const ModelColumn& column : columns)
    values.push_back(fmt::format("CAST({} AS {})", Ident(column.name), column.type));
  return fmt::format("SELECT count(*), CAST(coalesce(sum(CAST(hash({}) AS HUGEINT)), 0) AS VARCHAR) FROM {}",
                     JoinText(values, ", "), from);
}

Result<Fingerprint> TakeFingerprint(adapter::Connection& connection, const std::vector<ModelColumn>& columns,
                                    const std::string& from) {
  STIR_ASSIGN(const auto rows, QueryAll(connection, FingerprintSql(columns, from)));
  return Fingerprint{std::get<int64_t>(rows[0][0]), CellText(rows[0][1])};
}

Result<PublishOutcome> Publish(const PublishRequest& request, adapter::Adapter& adapter, Files& files, Journal& journal,
                               const Failpoints& failpoints, const CancelToken& cancel) {
  if (adapter.dialect().name != "duckdb")
    return Diagnostic(kTransferNotBuilt, fmt::format("publication from {} is not built yet", adapter.dialect().name),
                      request.publication.span)
        .Hint("this version publishes from a target of type duckdb");
  const BuildContext context{files, failpoints, cancel};
  STIR_ASSIGN(auto builder, MakeBuilder(request, files, context));
  STIR_ASSIGN(Session session, Session::Open(adapter, cancel));
  return Publisher(request, journal, failpoints, std::move(session), std::move(builder)).Run(cancel);
}

Result<PublishOutcome> RollBack(const PublishRequest& request, Files& files, Journal& journal) {
  const Failpoints no_failpoints;
  const BuildContext context{files, no_failpoints, {}};
  STIR_ASSIGN(const auto builder, MakeBuilder(request, files, context));
  Place& place = builder->place();
  STIR_ASSIGN(const auto lock, WaitForLock(place, {}));
  STIR_ASSIGN(auto kept, Kept(place));
  if (request.to.type == ConnectionType::kPostgres && *request.publication.strategy != Strategy::kSwap) {
    return Diagnostic(kNothingToRollBack,
                      fmt::format("publication `{}` writes into its table; there is no older generation of it",
                                  request.publication.name),
                      request.publication.strategy.span)
        .Hint("only `strategy: swap` keeps what was there before");
  }
  if (kept.empty()) {
    return Diagnostic(kNothingToRollBack,
                      fmt::format("publication `{}` has no older generation to go back to", request.publication.name),
                      request.publication.span)
        .Hint("`keep` says how many old generations a publication keeps");
  }
  PublishOutcome outcome;
  outcome.generation = kept.front();
  STIR_TRY(place.Switch(outcome.generation));
  STIR_TRY(journal.Record({.publication = request.publication.name,
                           .run_id = request.run_id,
                           .generation = outcome.generation,
                           .state = PublicationState::kRolledBack}));
  outcome.location = place.location();
  outcome.kept.assign(kept.begin() + 1, kept.end());
  return outcome;
}

}  // namespace stir::transfer
