#include "engine/store_journal.h"

#include "base/json.h"

namespace stir::engine {

// A generation's step is written over the one that the store has; writing the same step again changes nothing.
Status StoreJournal::Record(const transfer::JournalEntry& entry) {
  store::PublicationChange change;
  change.name = entry.publication;
  change.generation = entry.generation;
  change.to = transfer::ToString(entry.state);
  change.run = run_;
  change.at = clock_.Now();
  STIR_ASSIGN(const std::vector<store::Publication> known, store_.Publications(entry.publication));
  for (const store::Publication& each : known)
    if (each.generation == entry.generation) change.from = each.state;
  if (change.from == change.to) return {};
  JsonWriter json;
  json.BeginObject().Key("run_id").String(entry.run_id);
  if (entry.rows >= 0) json.Key("rows").Int(entry.rows);
  json.EndObject();
  change.data = std::move(json).Take();
  store::Changes changes;
  changes.publications.push_back(std::move(change));
  return store_.Commit(changes);
}

}  // namespace stir::engine
