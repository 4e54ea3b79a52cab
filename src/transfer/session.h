// A connection for one load or publication: in UTC, canceled by a token.
#pragma once

#include <functional>
#include <memory>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/result.h"

namespace stir::transfer {

class Session {
 public:
  static Result<Session> Open(adapter::Adapter& adapter, const CancelToken& cancel);

  adapter::Connection& connection() { return *connection_; }
  // kCanceled once the token is set: asked between statements, of which each stops by itself.
  Status Check() const;
  // Frees what the temporary tables hold.
  Status DropTemporary();

 private:
  using Callback = OnCancel<std::function<void()>>;
  Session(std::unique_ptr<adapter::Connection> connection, const CancelToken& cancel);

  std::unique_ptr<adapter::Connection> connection_;
  CancelToken cancel_;
  std::unique_ptr<Callback> callback_;  // before the connection goes
};

}  // namespace stir::transfer
