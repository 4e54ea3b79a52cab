// Sessions of transfer.
#include "transfer/session.h"

#include <fmt/format.h>

#include "adapter/kinds.h"

namespace stir::transfer {

Session::Session(std::unique_ptr<adapter::Connection> connection, const CancelToken& cancel)
    : connection_(std::move(connection)),
      cancel_(cancel),
      callback_(std::make_unique<Callback>(cancel, [target = connection_.get()] { target->Cancel(); })) {}

Result<Session> Session::Open(adapter::Adapter& adapter, const CancelToken& cancel) {
  STIR_ASSIGN(auto connection, adapter.Connect());
  STIR_TRY(connection->Execute("SET TimeZone = 'UTC'"));
  return Session(std::move(connection), cancel);
}

Status Session::Check() const {
  if (!cancel_.stop_requested()) return {};
  return Diagnostic(adapter::kCanceled, "canceled before the next step");
}

Status Session::DropTemporary() {
  for (const char* table : {"_stir_stage", "_stir_hits", "_stir_rejected"}) {
    STIR_TRY(connection_->Execute(fmt::format("DROP TABLE IF EXISTS temp.main.{}", table)));
  }
  return {};
}

}  // namespace stir::transfer
