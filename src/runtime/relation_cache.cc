#include "runtime/relation_cache.h"

#include "base/strings.h"

namespace stir::runtime {

using adapter::Relation;

std::string RelationCache::Fold(std::string_view name) const {
  return dialect_.fold_to_lower ? ToLower(name) : std::string(name);
}

std::string RelationCache::Key(std::string_view database, std::string_view schema) const {
  return Fold(database) + '\0' + Fold(schema);
}

RelationCache::Schema* RelationCache::Known(std::string_view database, std::string_view schema) {
  const auto found = schemas_.find(Key(database, schema));
  return found == schemas_.end() ? nullptr : &found->second;
}

Status RelationCache::Load(adapter::Connection& connection, const std::string& database, const std::string& schema) {
  std::lock_guard lock(mutex_);  // held while asking: what others add meanwhile must not be lost
  if (Known(database, schema)) return {};
  STIR_ASSIGN(std::vector<Relation> relations, connection.ListRelations(database, schema));
  Schema& entries = schemas_[Key(database, schema)];
  for (Relation& relation : relations) entries.insert_or_assign(Fold(relation.identifier), std::move(relation));
  return {};
}

Result<std::optional<Relation>> RelationCache::Find(adapter::Connection& connection, const std::string& database,
                                                    const std::string& schema, std::string_view identifier) {
  STIR_TRY(Load(connection, database, schema));
  std::lock_guard lock(mutex_);
  const Schema* entries = Known(database, schema);
  if (!entries) return std::optional<Relation>();
  const auto found = entries->find(Fold(identifier));
  return found == entries->end() ? std::optional<Relation>() : std::optional(found->second);
}

Result<std::vector<Relation>> RelationCache::List(adapter::Connection& connection, const std::string& database,
                                                  const std::string& schema) {
  STIR_TRY(Load(connection, database, schema));
  std::lock_guard lock(mutex_);
  std::vector<Relation> relations;
  if (const Schema* entries = Known(database, schema))
    for (const auto& [name, relation] : *entries) relations.push_back(relation);
  return relations;
}

void RelationCache::Add(const Relation& relation) {
  std::lock_guard lock(mutex_);
  if (Schema* entries = Known(relation.database, relation.schema))
    entries->insert_or_assign(Fold(relation.identifier), relation);
}

void RelationCache::Drop(const Relation& relation) {
  std::lock_guard lock(mutex_);
  if (Schema* entries = Known(relation.database, relation.schema)) entries->erase(Fold(relation.identifier));
}

void RelationCache::Rename(const Relation& from, const Relation& to) {
  std::lock_guard lock(mutex_);
  if (Schema* entries = Known(from.database, from.schema)) entries->erase(Fold(from.identifier));
  if (Schema* entries = Known(to.database, to.schema)) entries->insert_or_assign(Fold(to.identifier), to);
}

void RelationCache::DropSchema(const std::string& database, const std::string& schema) {
  std::lock_guard lock(mutex_);
  if (Schema* entries = Known(database, schema)) entries->clear();
}

Status RelationCache::Refresh(adapter::Connection& connection, const std::vector<Relation>& names) {
  std::lock_guard lock(mutex_);
  for (const Relation& name : names) {
    Schema* entries = Known(name.database, name.schema);
    if (!entries) continue;
    STIR_ASSIGN(const std::vector<Relation> present, connection.ListRelations(name.database, name.schema));
    entries->erase(Fold(name.identifier));
    for (const Relation& relation : present)
      if (Fold(relation.identifier) == Fold(name.identifier))
        entries->insert_or_assign(Fold(name.identifier), relation);
  }
  return {};
}

}  // namespace stir::runtime
