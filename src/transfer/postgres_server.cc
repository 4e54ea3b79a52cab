#include "transfer/postgres_server.h"

#include <fmt/format.h>
#include <charconv>
#include <nlohmann/json.hpp>

#include "adapter/kinds.h"
#include "base/digest.h"
#include "pg/kinds.h"
#include "pg/settings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

constexpr size_t kLongestName = 63;

// The longest beginning of at most `size` bytes that does not end inside of a character.
std::string_view CutAt(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

Server::Server(std::unique_ptr<pg::Session> session, std::string user, Span span, CancelToken cancel)
    : session_(std::move(session)), user_(std::move(user)), span_(span), cancel_(std::move(cancel)) {
  callback_ = std::make_unique<Callback>(cancel_, [target = session_.get()] { target->Cancel(); });
}

Result<std::unique_ptr<Server>> Server::Open(const platform::Connection& connection, Span span, CancelToken cancel) {
  STIR_ASSIGN(const pg::Settings settings,
              pg::ReadSettings(connection.settings == nullptr ? Json::object() : *connection.settings, "stir"));
  auto opened = pg::Open(settings);
  if (!opened.ok()) {
    for (Diagnostic& error : Diagnostics(opened.error())) {
      error.span = span;
      return error;
    }
  }
  std::unique_ptr<Server> server(new Server(*std::move(opened), "", span, std::move(cancel)));
  STIR_TRY(
      server->Execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET search_path = ''; SET "
                      "client_min_messages = warning; SET extra_float_digits = 1"));
  STIR_ASSIGN(server->user_, server->Ask("SELECT quote_ident(current_user)"));
  return server;
}

Diagnostics Server::Placed(Diagnostics errors) const {
  for (Diagnostic& error : errors) {
    error.engine_offset = -1;
    if (!error.span) error.span = span_;
    if (error.kind == pg::kStatementCanceled && cancel_.stop_requested()) error.kind = adapter::kCanceled;
    const std::string& sqlstate = session_->sqlstate();
    if (sqlstate == "55P03" || sqlstate == "40P01") error.kind = kTableHeld;
    if (sqlstate != "42501") continue;
    error.kind = kRightMissing;
    if (error.hint.empty()) error.hint = fmt::format("{} lacks a right; nothing was published", user_);
  }
  return errors;
}

void Server::Rollback() {
  if (session_->InTransaction()) static_cast<void>(session_->Execute("ROLLBACK"));
}

Result<int64_t> Server::Execute(std::string_view sql) {
  if (cancel_.stop_requested()) return Diagnostic(adapter::kCanceled, "canceled before the next step");
  auto outcome = session_->Execute(sql);
  if (!outcome.ok()) return Placed(std::move(outcome).error());
  return outcome->rows;
}

Result<std::vector<PgTexts>> Server::Query(std::string_view sql) {
  auto rows = session_->Query(sql);
  if (!rows.ok()) return Placed(std::move(rows).error());
  std::vector<PgTexts> all;
  pg::Row row;
  while (true) {
    auto more = (*rows)->Next(row);
    if (!more.ok()) return Placed(std::move(more).error());
    if (!*more) return all;
    PgTexts& texts = all.emplace_back();
    for (const auto& cell : row) texts.emplace_back(cell ? std::optional<std::string>(*cell) : std::nullopt);
  }
}

Result<std::string> Server::Ask(std::string_view sql) {
  STIR_ASSIGN(const auto rows, Query(sql));
  return rows.empty() || rows[0].empty() ? std::string() : TextOf(rows[0][0]);
}

Result<int64_t> Server::Count(std::string_view sql) {
  STIR_ASSIGN(const auto rows, Query(sql));
  return rows.empty() || rows[0].empty() ? 0 : WholeOf(rows[0][0]);
}

Result<std::vector<pg::Column>> Server::Describe(std::string_view sql) {
  auto columns = session_->Describe(sql);
  if (!columns.ok()) return Placed(std::move(columns).error());
  return columns;
}

Result<std::unique_ptr<pg::CopyIn>> Server::BeginCopyIn(std::string_view sql) {
  auto copy = session_->BeginCopyIn(sql);
  if (!copy.ok()) return Placed(std::move(copy).error());
  return copy;
}

std::string TextOf(const std::optional<std::string>& cell) { return cell.value_or(std::string()); }

int64_t WholeOf(const std::optional<std::string>& cell) {
  int64_t number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}

bool IsTrue(const std::optional<std::string>& cell) { return cell == "t"; }

std::string FitName(std::string_view name, std::string_view suffix) {
  if (name.size() + suffix.size() <= kLongestName) return fmt::format("{}{}", name, suffix);
  const std::string hash = "_" + Sha256Hex(name).substr(0, 8);
  return fmt::format("{}{}{}", CutAt(name, kLongestName - suffix.size() - hash.size()), hash, suffix);
}

}  // namespace stir::transfer
