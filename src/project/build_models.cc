// What properties give to a model alone: its version, constraints, contract, place among time spines.
#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/strings.h"
#include "project/build_nodes.h"
#include "project/kinds.h"
#include "project/python_repr.h"

namespace stir::project {

namespace {

using jinja::Value;

constexpr std::array<std::string_view, 6> kConstraintTypes{"check",       "not_null",    "unique",
                                                           "primary_key", "foreign_key", "custom"};

std::string_view TextIn(const Value& dict, std::string_view key) {
  const Value* value = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  return value && value->IsString() ? value->AsString() : std::string_view();
}

bool HasType(const Value& constraint, std::string_view type) { return TextIn(constraint, "type") == type; }

std::span<const Value> Listed(const Value& list) {
  return list.IsSequence() ? std::span<const Value>(list.Items()) : std::span<const Value>();
}

bool EnforcesConstraints(const Config& config) {
  return config.materialized == "table" || config.materialized == "incremental";
}

// Python's str() of dbt's constraint objects: the contract's checksum is made of it.
std::string ConstraintsText(const Value& constraints, std::string_view class_name) {
  std::string text = "[";
  for (const Value& constraint : Listed(constraints)) {
    if (text.size() > 1) text += ", ";
    text += class_name;
    text += "(";
    bool first = true;
    for (const auto& [key, value] : constraint.AsDict().entries()) {
      if (!first) text += ", ";
      first = false;
      text += std::string(key.AsString()) + "=";
      text += key.AsString() == "type" && value.IsString() ? EnumRepr("ConstraintType", value.AsString())
                                                           : PythonRepr(value);
    }
    text += ")";
  }
  return text + "]";
}

std::string ContractChecksum(const Node& node) {
  std::vector<const Column*> columns;
  for (const Column& column : *node.columns) columns.push_back(&column);
  std::ranges::sort(columns, {}, &Column::name);
  std::string state;
  for (const Column* column : columns) {
    state += "|" + std::string(column->name);
    state += column->data_type.empty() ? "None" : std::string(column->data_type);
    state += ConstraintsText(column->constraints, "ColumnLevelConstraint");
  }
  if (EnforcesConstraints(*node.config)) {
    state += node.config->materialized;
    state += ConstraintsText(node.model->constraints, "ModelLevelConstraint");
  }
  return Sha256Hex(state);
}

// The types of constraints, and where the primary key is said.
class ConstraintCheck {
 public:
  ConstraintCheck(const Node& node, Span where, Diagnostics& errors) : node_(node), where_(where), errors_(errors) {}

  void Run() {
    std::vector<const Column*> keys;
    for (const Column& column : *node_.columns) {
      for (const Value& constraint : Listed(column.constraints)) {
        CheckType(constraint, "column `" + std::string(column.name) + "`", column.span);
        if (HasType(constraint, "primary_key")) keys.push_back(&column);
      }
    }
    const auto of_model = Listed(node_.model->constraints);
    if (node_.config->contract_enforced) {
      for (const Value& constraint : of_model) CheckType(constraint, What(), where_);
      if (node_.columns->empty()) Fail("the contract of " + What() + " is enforced, but it has no columns", where_);
    }
    if (keys.size() > 1) {
      Fail("primary keys on " + std::to_string(keys.size()) + " columns of " + What(), keys[1]->span,
           "a key of several columns is one constraint of the model");
    }
    const bool model_key = std::ranges::any_of(of_model, [](const Value& c) { return HasType(c, "primary_key"); });
    if (!keys.empty() && model_key)
      Fail("primary keys on " + What() + " and on one of its columns", keys[0]->span, "keep one of them");
  }

 private:
  std::string What() const { return "model `" + std::string(node_.name) + "`"; }

  void Fail(std::string message, Span span, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadConfig, std::move(message), span).Hint(std::move(hint)));
  }

  void CheckType(const Value& constraint, const std::string& what, Span span) {
    const std::string_view type = TextIn(constraint, "type");
    if (std::ranges::find(kConstraintTypes, type) != kConstraintTypes.end()) return;
    std::vector<std::string> known(kConstraintTypes.begin(), kConstraintTypes.end());
    Fail(type.empty() ? "a constraint of " + what + " has no `type`"
                      : "`" + std::string(type) + "` is no type of a constraint of " + what,
         span, "the types are " + Join(known, ", "));
  }

  const Node& node_;
  const Span where_;
  Diagnostics& errors_;
};

}  // namespace

void NodeBuilder::NameVersion(Node& node, const PackageContext& package, const NodePatch& patch) {
  const std::string suffix = "v" + patch.version.text;
  node.name = pool_.Intern(patch.name);
  node.unique_id = pool_.Add("model." + package.name() + "." + patch.name + "." + suffix);
  node.fqn.back() = node.name;
  node.fqn.push_back(pool_.Intern(suffix));
  node.model->version = pool_.Intern(patch.version.text);
  node.model->version_is_number = patch.version.is_number;
}

void NodeBuilder::ApplyModelPatch(Node& node, const NodePatch& patch) {
  ModelPart& model = *node.model;
  model.constraints = patch.constraints;
  model.latest_version = pool_.Intern(patch.latest.text);
  model.latest_is_number = patch.latest.is_number;
  model.deprecation_date = pool_.Intern(DateTimeText(patch.deprecation_date));
  model.time_spine = patch.time_spine;
  ConstraintCheck(node, patch.name_span, errors_).Run();
  if (node.config->contract_enforced) model.contract_checksum = pool_.Add(ContractChecksum(node));
  NoteForeignKeys(node, patch);
}

// A foreign key names what it refers to as a call.
void NodeBuilder::NoteForeignKeys(Node& node, const NodePatch& patch) {
  auto note = [&](const Value& constraints, Span span) {
    for (const Value& constraint : Listed(constraints)) {
      const std::string_view to = TextIn(constraint, "to");
      if (!HasType(constraint, "foreign_key") || to.empty()) continue;
      const ParsedSql sql =
          ParseSql(pool_.Add("{{ " + std::string(to) + " }}"), jinja::Origin{span.source, span.begin, false, span},
                   node.name, *PackageOf(node).parse);
      reads_.Add(sql.recording.reads);
      for (const Diagnostic& error : sql.errors) errors_.push_back(error);
      for (const RefUse& use : sql.recording.refs) {
        node.refs.push_back({pool_.Intern(use.package), pool_.Intern(use.name), pool_.Intern(use.version),
                             use.version_is_number, span});
      }
      for (const SourceUse& use : sql.recording.sources)
        node.sources.push_back({pool_.Intern(use.source), pool_.Intern(use.table), span});
    }
  };
  note(node.model->constraints, patch.name_span);
  for (const Column& column : *node.columns) note(column.constraints, column.span);
}

}  // namespace stir::project
