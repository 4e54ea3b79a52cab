#include "transfer/ingest_verdict.h"

#include <fmt/format.h>
#include <vector>

#include "adapter/cell.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

constexpr int64_t kExamplesOfRejected = 20;  // of a load that fails

double RatioOf(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Diagnostic TooManyRejected(const platform::Ingestion& ingestion, const Staged& staged, const IngestOutcome& outcome,
                           bool has_quarantine) {
  std::vector<std::string> reasons;
  for (const Rejected& each : outcome.rejected) {
    if (reasons.size() < 3) reasons.push_back(fmt::format("{} ({})", each.reason, each.example));
  }
  const int64_t read = outcome.checkpoint.read;
  std::string message = fmt::format("{} of {} rows do not fit: {}", staged.rejected, read, Join(reasons, "; "));
  if (!has_quarantine) {
    return Diagnostic(kRowsRejected, std::move(message), PlaceOf(ingestion.from))
        .Hint("nothing was loaded; `quarantine: {max_ratio: 0.01}` keeps such rows apart and loads the others");
  }
  const auto& rules = ingestion.quarantine;
  const std::string limit =
      rules.max_rows && staged.rejected > *rules.max_rows
          ? fmt::format("max_rows is {}", *rules.max_rows)
          : fmt::format("max_ratio is {:g}, this is {:.2g}", rules.max_ratio, RatioOf(staged.rejected, read));
  return Diagnostic(kRowsRejected, std::move(message), ingestion.span)
      .Hint(fmt::format("nothing was loaded: `quarantine`'s {}", limit));
}

}  // namespace

Status JudgeRejected(adapter::Connection& connection, const StageSpec& spec, const Staged& staged,
                     IngestOutcome& outcome) {
  const platform::Ingestion& ingestion = spec.ingestion;
  const auto& rules = ingestion.quarantine;
  const bool quarantines = rules.enabled || ingestion.schema_changes.type == platform::OnType::kQuarantine;
  const bool too_many = quarantines && (RatioOf(staged.rejected, outcome.checkpoint.read) > rules.max_ratio ||
                                        (rules.max_rows && staged.rejected > *rules.max_rows));
  const bool fails = staged.rejected > 0 && (!quarantines || too_many);
  STIR_TRY(CollectRejected(connection, spec, staged, fails ? kExamplesOfRejected : -1));
  STIR_ASSIGN(outcome.rejected, SummarizeRejected(connection, spec.drop));
  if (!fails) return {};
  return TooManyRejected(ingestion, staged, outcome, too_many);
}

Status CheckAbsentFields(adapter::Connection& connection, const StageSpec& spec, const Staged& staged,
                         const std::map<std::string, std::string>& sniffed) {
  const platform::Ingestion& ingestion = spec.ingestion;
  if (spec.options.format != platform::Format::kJsonl ||
      ingestion.schema_changes.removed == platform::OnRemoved::kNull || staged.counts.good == 0)
    return {};
  for (const PlannedColumn& column : spec.columns) {
    if (sniffed.contains(ToLower(column.name)) || !column.in_table) continue;
    STIR_ASSIGN(const int64_t seen,
                adapter::QueryCount(connection, fmt::format("SELECT count({}) FROM {}", Ident(column.name), kStage)));
    if (seen > 0) continue;
    return Diagnostic(kColumnMissing,
                      fmt::format("no line of `{}` has a field `{}`", *ingestion.from.path, column.name),
                      PlaceOf(ingestion.from))
        .Hint("`schema_changes: {removed: null}` loads NULL for a missing column");
  }
  return {};
}

Diagnostic WouldEmpty(const platform::Ingestion& ingestion, const std::string& from, const std::string& target) {
  return Diagnostic(kDropEmpty, fmt::format("{} has no row to load, and loading it would empty {}", from, target),
                    PlaceOf(ingestion.from))
      .Hint(fmt::format("check {}; a table that shall be empty can be emptied by hand", from));
}

}  // namespace stir::transfer
