// Which relations exist, schema by schema: asked once a run of the engine, then kept true by what the run itself does.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "adapter/relation.h"
#include "base/result.h"

namespace stir::runtime {

// Thread safe. Names compare as the dialect says. A schema that nobody asked about yet is listed when it is first
// needed.
class RelationCache {
 public:
  explicit RelationCache(const adapter::Dialect& dialect) : dialect_(dialect) {}

  // Makes the schema known; asks the engine unless it already is.
  Status Load(adapter::Connection& connection, const std::string& database, const std::string& schema);
  Result<std::optional<adapter::Relation>> Find(adapter::Connection& connection, const std::string& database,
                                                const std::string& schema, std::string_view identifier);
  Result<std::vector<adapter::Relation>> List(adapter::Connection& connection, const std::string& database,
                                              const std::string& schema);
  void Add(const adapter::Relation& relation);
  void Drop(const adapter::Relation& relation);
  void Rename(const adapter::Relation& from, const adapter::Relation& to);
  void DropSchema(const std::string& database, const std::string& schema);
  // Asks the engine again about these names only: after a failure nobody knows what a rollback undid.
  Status Refresh(adapter::Connection& connection, const std::vector<adapter::Relation>& names);

 private:
  using Schema = std::map<std::string, adapter::Relation, std::less<>>;  // by folded identifier
  std::string Key(std::string_view database, std::string_view schema) const;
  std::string Fold(std::string_view name) const;
  Schema* Known(std::string_view database, std::string_view schema);

  const adapter::Dialect& dialect_;
  std::mutex mutex_;
  std::map<std::string, Schema, std::less<>> schemas_;  // guarded by mutex_
};

}  // namespace stir::runtime
