// Relations as templates see them: `this`, what ref() and source() return, and `api.Relation`, which makes new ones.
#pragma once

#include <optional>
#include <string>

#include "adapter/relation.h"
#include "base/clock.h"
#include "jinja/value.h"

namespace stir::runtime {

// A stretch of time, half open, by a column of the relation (already quoted where it has to be).
struct EventTimeFilter {
  std::string column;
  std::optional<Timestamp> start, end;
};

// The part of a relation's rows that a reference stands for: --empty, a batch.
struct RowScope {
  std::optional<int64_t> limit;
  std::optional<EventTimeFilter> filter;
};

// Immutable; may be shared between threads. Prints as the relation in SQL, or, with a scope, as a subquery of its rows.
class RelationObject final : public jinja::Object {
 public:
  RelationObject(const adapter::Dialect& dialect, adapter::Relation relation, RowScope scope = {})
      : dialect_(dialect), relation_(std::move(relation)), scope_(std::move(scope)) {}

  const adapter::Relation& relation() const { return relation_; }
  std::string Render() const { return dialect_.Render(relation_); }

  std::string_view TypeName() const override { return "Relation"; }
  bool IsMapping() const override { return true; }  // get() and items, but its items cannot be listed
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::optional<jinja::Value>> GetItem(jinja::CallContext& context, const jinja::Value& key) override;
  Result<std::string> Str() const override;
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override;

 private:
  jinja::Value Derived(adapter::Relation relation) const;
  std::optional<jinja::Value> Field(std::string_view name) const;
  std::optional<jinja::Value> Method(std::string_view name);

  const adapter::Dialect& dialect_;
  adapter::Relation relation_;
  RowScope scope_;
};

jinja::Value MakeRelation(const adapter::Dialect& dialect, adapter::Relation relation, RowScope scope = {});
// What `relation.information_schema()` gives: the catalogue of its database.
jinja::Value MakeInformationSchema(const adapter::Dialect& dialect, std::string database, std::string schema);
// The relation of a template's value, or null when it is something else.
const adapter::Relation* AsRelation(const jinja::Value& value);

// `api.Relation`: create(...), create_from(...), add_ephemeral_prefix(...), the names of the types. `quote`: the
// project's policy.
jinja::Value MakeRelationClass(const adapter::Dialect& dialect, adapter::Policy quote);

// `__dbt__cte__<name>`: what an ephemeral model is called where it is used.
std::string EphemeralName(std::string_view name);

}  // namespace stir::runtime
