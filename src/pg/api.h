// The functions of libpq that stir calls, found in libpq.so.5 at run time: it and the libraries behind it (TLS,
// Kerberos, LDAP) would otherwise cost every command its start-up time. One list declares, finds and names them.
#pragma once

#include <libpq-fe.h>
#include <memory>

#include "base/result.h"

namespace stir::pg {

// clang-format off
#define STIR_LIBPQ_FUNCTIONS(X)                                                                       \
  X(connectdbParams) X(finish) X(status) X(errorMessage) X(serverVersion) X(transactionStatus)        \
  X(setNoticeReceiver) X(getCancel) X(freeCancel) X(cancel) X(parameterStatus) X(pingParams)          \
  X(socket) X(setnonblocking) X(flush) X(consumeInput) X(isBusy) X(sslInUse)                           \
  X(sendQuery) X(setSingleRowMode) X(getResult) X(clear)                                               \
  X(resultStatus) X(resultErrorField) X(resultErrorMessage) X(cmdStatus) X(cmdTuples)                 \
  X(ntuples) X(nfields) X(fname) X(ftype) X(fmod) X(getvalue) X(getlength) X(getisnull)               \
  X(sendPrepare) X(sendDescribePrepared) X(putCopyData) X(putCopyEnd) X(getCopyData) X(freemem)
// clang-format on

struct Api {
#define STIR_LIBPQ_MEMBER(name) decltype(&::PQ##name) name = nullptr;
  STIR_LIBPQ_FUNCTIONS(STIR_LIBPQ_MEMBER)
#undef STIR_LIBPQ_MEMBER
};

// Opened once in the process and never closed; a failure is tried again. Thread safe.
Result<const Api*> LoadApi();

// Owns one result.
struct ClearResult {
  const Api* api = nullptr;
  void operator()(PGresult* result) const { api->clear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

}  // namespace stir::pg
