// A table, view or query of PostgreSQL as rows of the engine: read from one snapshot by several sessions, each a part
// of the table at a time, in bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/feed.h"
#include "base/cancel.h"
#include "base/result.h"
#include "pg/session.h"
#include "platform/definitions.h"
#include "transfer/postgres_columns.h"

namespace stir::transfer {

// Which rows of `cursor` are wanted, and all that have none. Texts of moments and numbers as PostgreSQL reads them;
// empty: no bound.
struct PgWindow {
  std::optional<size_t> cursor;  // index of the column; none: all rows
  std::string begin;
  std::string end;         // not in it
  Duration overlap{0};     // taken off `begin`
  bool exclusive = false;  // nor is `begin`
};

struct PgRead {
  int64_t rows = 0;
  int64_t bytes = 0;  // as the server sent them
  int64_t unfit = 0;  // rows with a value that has no place in its column
};

// Open, Begin, then a statement with sql(), then Finish.
class PgSource {
 public:
  using Connect = std::function<Result<std::unique_ptr<pg::Session>>()>;
  // Connects and asks for the columns. They stay as they are as long as the source lives: a session of it holds the
  // lock of a reader on everything that is read. `connections`: the sessions that read at once, one more keeps the
  // locks.
  static Result<std::unique_ptr<PgSource>> Open(Connect connect, const platform::Ingestion& ingestion, int connections,
                                                const CancelToken& cancel);
  PgSource(const PgSource&) = delete;
  PgSource& operator=(const PgSource&) = delete;
  ~PgSource();  // ends what still runs

  const std::string& name() const;  // "public.sales", "query"
  const std::vector<PgColumn>& columns() const;
  const std::vector<PgField>& fields() const;  // of the columns
  // The server sees to it that no row lacks a value in `names`; that no two have the same values there.
  bool AreNotNull(const std::vector<std::string>& names) const;
  bool AreUnique(const std::vector<std::string>& names) const;
  // A moment, as text of the column's type: no transaction that is open now will commit rows with an earlier now().
  // Empty: the column is neither a date nor a timestamp.
  Result<std::string> SafeMoment(size_t column);

  // Takes the snapshot and starts to read `wanted`, indexes of columns. `on_batch` is told how much has come, by the
  // thread that takes a batch.
  Status Begin(std::vector<size_t> wanted, const PgWindow& window, adapter::FeedTaker& taker,
               std::function<void(const PgRead&)> on_batch = {});
  // What stands in FROM: `_stir_t<i>` for wanted[i], kUnfit and kUnfitText.
  std::string sql() const;
  // Why the statement failed, when it was the source that did.
  std::optional<Diagnostics> error() const;
  // Compares what the server counted with what was handed out, and ends the sessions.
  Result<PgRead> Finish();

 private:
  struct State;
  explicit PgSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stir::transfer
