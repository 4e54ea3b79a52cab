#include "transfer/ingest_table.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/feed.h"
#include "pg/settings.h"
#include "transfer/kinds.h"

namespace stir::transfer {
namespace {

// `options: {connections: 4}`: how many sessions read a table at once.
Result<int> ConnectionsOf(const platform::Ingestion& ingestion) {
  int connections = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8);
  for (const auto& [name, value] : ingestion.from.options) {
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool fits = error == std::errc() && end == value.data() + value.size() && number >= 1 && number <= 64;
    if (name == "connections" && fits) {
      connections = number;
      continue;
    }
    return Diagnostic(kBadIngestion,
                      name == "connections" ? fmt::format("`connections` cannot be `{}`", value)
                                            : fmt::format("there is no option `{}` of tables", name),
                      ingestion.from.connection.span)
        .Hint("options of a table: `connections`, from 1 to 64");
  }
  return connections;
}

}  // namespace

Result<std::unique_ptr<TableIntake>> TableIntake::Open(const IngestRequest& request, const CancelToken& cancel) {
  STIR_ASSIGN(const int connections, ConnectionsOf(request.ingestion));
  STIR_ASSIGN(const pg::Settings settings, pg::ReadSettings(*request.from.settings, "stir"));
  auto opened = PgSource::Open([settings] { return pg::Open(settings); }, request.ingestion, connections, cancel);
  if (opened.ok()) return std::unique_ptr<TableIntake>(new TableIntake(request, *std::move(opened)));
  return Placed(std::move(opened).error(), request);
}

Diagnostics TableIntake::Placed(Diagnostics errors, const IngestRequest& request) {
  for (Diagnostic& error : errors)
    if (!error.span) error.span = request.ingestion.from.connection.span;
  return errors;
}

std::vector<Shape> TableIntake::Shapes() const {
  Shape shape{.files = {0}, .columns = {}, .header = {}, .json_types = {}};
  for (size_t i = 0; i < source_->columns().size(); ++i)
    shape.columns.push_back({source_->columns()[i].name, ParseType(TypeName(source_->fields()[i].type))});
  return {std::move(shape)};
}

bool TableIntake::KeysHold(bool is_new) const {
  const platform::Ingestion& ingestion = request_.ingestion;
  std::vector<std::string> keys;
  for (const auto& key : ingestion.key) keys.push_back(*key);
  if (!keys.empty() && !(is_new && source_->AreUnique(keys))) return false;
  return ingestion.cursor->empty() || source_->AreNotNull({*ingestion.cursor});
}

Status TableIntake::Begin(const std::vector<PlannedColumn>& columns, const LoadCursor& cursor,
                          adapter::Connection& connection) {
  auto* taker = dynamic_cast<adapter::FeedTaker*>(&connection);
  if (taker == nullptr) return Diagnostic(kTransferNotBuilt, "this engine takes no rows from this process");
  std::vector<size_t> wanted;
  for (const PlannedColumn& column : columns)
    if (column.at.front() >= 0) wanted.push_back(static_cast<size_t>(column.at.front()));
  auto cut = cursor.OfTable(*source_);
  if (!cut.ok()) return Placed(std::move(cut).error(), request_);
  safe_moment_ = std::move(cut->safe_moment);
  begun_ = told_ = Clock::now();
  Status begun = source_->Begin(wanted, cut->window, *taker, [this](const PgRead& read) { Tell(read); });
  return begun.ok() ? Status() : Status(Placed(std::move(begun).error(), request_));
}

void TableIntake::Tell(const PgRead& read) {
  constexpr std::chrono::seconds kEvery(10);
  const auto now = Clock::now();
  if (now < told_ + kEvery) return;
  told_ = now;
  if (request_.on_progress) request_.on_progress(ProgressOf(read));
}

IngestProgress TableIntake::ProgressOf(const PgRead& read) const {
  return {
      .rows = read.rows, .bytes = read.bytes, .elapsed = std::chrono::duration_cast<Duration>(Clock::now() - begun_)};
}

Result<PgRead> TableIntake::Finish(Status taken) {
  if (auto failed = source_->error()) return *std::move(failed);
  STIR_TRY(taken);
  return source_->Finish();
}

}  // namespace stir::transfer
