// How one kind of place is filled: what Publish does the same for all is in publish.cc, what differs is here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/files.h"
#include "base/result.h"
#include "transfer/place.h"
#include "transfer/publish.h"

namespace stir::transfer {

struct ModelColumn {
  std::string name;
  std::string type;
};

// The rows of a relation in two numbers that do not depend on their order: their count, and the sum of their hashes.
// Sums of parts add up to the sum of the whole.
struct Fingerprint {
  int64_t rows = 0;
  std::string sum = "0";  // a whole number, in decimal
  bool operator==(const Fingerprint&) const = default;
};

struct Model {
  std::string sql;  // its quoted name
  std::vector<ModelColumn> columns;
  Fingerprint fingerprint;
};

// SQL of a fingerprint: every column cast to the model's type. `from` is a FROM clause's content.
std::string FingerprintSql(const std::vector<ModelColumn>& columns, const std::string& from);
Result<Fingerprint> TakeFingerprint(adapter::Connection& connection, const std::vector<ModelColumn>& columns,
                                    const std::string& from);

class Builder {
 public:
  virtual ~Builder() = default;
  virtual Place& place() = 0;
  // Before anything is written: what is live now, as far as `require` compares with it; -1: nothing is.
  virtual Result<int64_t> RowsBefore(adapter::Connection& connection, int64_t live) = 0;
  // Counts the model's rows, and whatever Finish compares with. Inside the transaction of Build.
  virtual Status Measure(adapter::Connection& connection, Model& model);
  // Outside and inside of the transaction that gives one view of the model.
  virtual Status Open(adapter::Connection& connection, int64_t generation) = 0;
  virtual Status Build(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) = 0;
  // Closes, reads back what was written and compares; completes the generation.
  virtual Status Finish(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) = 0;
  // After the switch: what only it could tell.
  virtual void Complete(PublishOutcome& outcome) { static_cast<void>(outcome); }
  // After a failure at any point; never fails itself.
  virtual void Abandon(adapter::Connection& connection) = 0;
};

// The steps of a builder that tests end the process at, and what stops its sessions.
struct BuildContext {
  Files& files;
  const Failpoints& failpoints;
  CancelToken cancel;
};

Result<std::unique_ptr<Builder>> MakeDuckDbBuilder(const PublishRequest& request, Files& files);
Result<std::unique_ptr<Builder>> MakeFilesBuilder(const PublishRequest& request, Files& files);
// Opens the sessions that it needs; `context` outlives it.
Result<std::unique_ptr<Builder>> MakePostgresBuilder(const PublishRequest& request, const BuildContext& context);

}  // namespace stir::transfer
