// Generations as tables beside the one that readers know: `t`, and `t__stir_g<generation>` in the same schema. What is
// a generation of which table stands in `_stir_publications` there, by the table's oid, written in the transaction that
// makes or renames it: nothing else is ever dropped.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transfer/builder.h"
#include "transfer/place.h"
#include "transfer/postgres_server.h"
#include "transfer/postgres_table.h"
#include "transfer/postgres_write.h"

namespace stir::transfer {

class PostgresPlace final : public Place {
 public:
  // References outlive it.
  PostgresPlace(const PublishRequest& request, const BuildContext& context, std::unique_ptr<Server> server,
                PgName live);

  std::string location() const override;
  Result<std::unique_ptr<Hold>> Lock() override;
  Result<std::vector<int64_t>> Generations() override;
  Result<int64_t> Next() override;
  Result<int64_t> Live() override;
  Status Switch(int64_t generation) override;
  Status Remove(int64_t generation) override;

  Server& server() { return *server_; }
  const PgName& live() const { return live_; }
  PgName Of(int64_t generation) const;

  // The live table with what hangs on it. Refuses what a swap would break, and rights that are missing.
  Status Inspect();
  const PgTable& table() const { return table_; }
  // The generation's table, empty, and its row of the ledger; `columns` is the inside of CREATE TABLE's parentheses and
  // `then` what changes the table to its final columns.
  Status Create(int64_t generation, const std::string& columns, const std::vector<std::string>& then);
  // A table for rows on their way into a generation; its number is one that `Next` would give. It is left behind by a
  // death like any other and goes with `Remove`, or with the statements of `DropStatements`.
  Status CreateStaging(int64_t generation, const std::string& columns);
  std::string DropStatements(int64_t generation) const;
  // Indexes and what else the live table has; built before it is switched to.
  Status Dress(int64_t generation);
  Status SetRows(int64_t generation, int64_t rows);

  // The strategy changes the table that is there: `Create` makes a table to gather the rows in, `Switch` writes them.
  bool in_place() const { return publication_.strategy.value != platform::Strategy::kSwap && table_.oid != 0; }
  void Write(InPlace rows) { rows_ = std::move(rows); }
  const Written& written() const { return written_; }

 private:
  struct Entry {
    int64_t generation = 0;
    int64_t oid = 0;
    std::string name;  // the table's name now; empty: it is gone
  };
  struct State {
    int64_t live_oid = 0;
    std::vector<Entry> entries;
    int64_t newest = 0;
    int64_t live = 0;     // 0: none
    bool adopted = true;  // the live one stands in the ledger
  };
  using Names = std::vector<std::pair<std::string, std::string>>;  // from, to

  // For as long a reader may have to wait behind us, who wait for somebody else.
  static constexpr std::chrono::milliseconds kLockTimeout{100};
  static std::string Suffix(int64_t generation);
  static bool IsHeld(const Diagnostics& errors);  // somebody holds what we want: to be tried again

  Result<State> ReadState();
  Result<int64_t> OidOf(const PgName& name);
  std::string Ledger() const;
  Status Make(int64_t generation, const std::string& statements);
  Status CheckRights();
  std::vector<PgIndex> Wanted() const;
  Status MakeIndexes(const PgName& candidate, const std::string& suffix);
  Status ReadIdentities(const PgName& candidate);
  std::vector<std::string> MarkStatements(const PgName& candidate) const;
  Status Apply(const std::vector<std::string>& statements, const PgName& name);
  Status Patiently(const std::function<Status()>& attempt);
  Status TrySwap(int64_t generation, const State& state);
  Status LockLive();
  Status CheckUntouched();
  Result<PgTable> Look();  // at the live table, as the strategy needs it
  Diagnostic Changed(std::string_view how, std::string hint = "nothing was published; run it again") const;
  Diagnostics Gone(Diagnostics errors) const;
  Diagnostics Explained(Diagnostics errors);
  Result<std::string> SwapStatements(int64_t generation, const State& state);
  Status Confirm(int64_t generation, Diagnostics errors);
  Diagnostics Held(const Diagnostics& last);
  Result<int64_t> Writes();
  Status TryWrite(int64_t generation);
  Status SwitchTo(int64_t generation);
  Status DressAs(int64_t generation);
  void DropForeignKeys(const PgName& name);

  const PublishRequest& request_;
  const platform::Publication& publication_;
  const BuildContext& context_;
  std::unique_ptr<Server> server_;
  PgName live_;
  PgTable table_;
  bool dressed_ = false;  // the candidate is made equal to it
  Names index_names_;     // of the candidate: its own, the live one's
  struct Identity {
    std::string sequence, wanted;  // names
    int64_t most = 0;              // the greatest value in the column
  };
  std::vector<Identity> identities_;
  InPlace rows_;
  Written written_;
  int64_t writes_ = -1;      // to the live table, when it was inspected
  bool committing_ = false;  // the server was asked to; it may have
};

}  // namespace stir::transfer
