#include "runtime/run_state.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace stir::runtime {

namespace {

bool IsKey(const jinja::Value& constraint) {
  const jinja::Value* type = constraint.IsDict() ? constraint.AsDict().Find("type") : nullptr;
  if (!type || !type->IsString()) return false;
  return type->AsString() == "primary_key" || type->AsString() == "foreign_key" || type->AsString() == "unique";
}

bool AnyKey(const jinja::Value& constraints) {
  return constraints.IsSequence() && std::ranges::any_of(constraints.Items(), IsKey);
}

bool DeclaresKeys(const project::Node& node) {
  if (!node.model || !node.config->contract_enforced) return false;
  return AnyKey(node.model->constraints) ||
         std::ranges::any_of(*node.columns, [](const project::Column& column) { return AnyKey(column.constraints); });
}

bool DisablesTransactions(const adapter::Profile& profile, const adapter::Dialect& dialect) {
  if (!profile.settings || !profile.settings->is_object()) return false;
  const auto found = profile.settings->find(dialect.transactions_off);
  return found != profile.settings->end() && *found == true;
}

}  // namespace

RunState::RunState(std::shared_ptr<const project::Manifest> of, adapter::Adapter& on, RunnerOptions with)
    : manifest_(std::move(of)),
      engine_(on),
      options_(std::move(with)),
      base_(*options_.invocation, options_.target->context, manifest_->project_name()),
      transactions_(!DisablesTransactions(options_.target->profile, on.dialect())),
      relations_(on.dialect()),
      has_keys_(std::ranges::any_of(manifest_->nodes(), DeclaresKeys)) {
  const project::MacroIndex& macros = manifest_->macros();
  for (const project::Macro& macro : macros.all()) {
    macros_.emplace(macro.callable.Identity(), macro.id);
    if (std::ranges::find(macros.layout().internal, macro.package) != macros.layout().internal.end())
      built_in_.insert(macro.span.source.value);
  }
}

std::shared_ptr<const RunState::Ephemeral> RunState::FindEphemeral(graph::NodeId node) {
  std::lock_guard lock(mutex_);
  const auto found = ephemerals_.find(node);
  return found == ephemerals_.end() ? nullptr : found->second;
}

std::shared_ptr<const RunState::Ephemeral> RunState::KeepEphemeral(graph::NodeId node, Ephemeral ephemeral) {
  std::lock_guard lock(mutex_);
  auto& slot = ephemerals_[node];
  if (!slot) slot = std::make_shared<const Ephemeral>(std::move(ephemeral));
  return slot;
}

bool RunState::FirstTime(const std::string& text) {
  std::lock_guard lock(mutex_);
  return said_.insert(text).second;
}

std::string RunState::DefaultComment(std::string_view key, std::string_view value) const {
  std::string comment = "{\"app\": \"dbt\"";
  const auto add = [&](std::string_view name, std::string_view text) {
    comment += ", ";
    AppendJsonString(comment, name);
    comment += ": ";
    AppendJsonString(comment, text);
  };
  add("dbt_version", project::kDbtVersion);
  add("profile_name", options_.target->profile_name);
  add("target_name", options_.target->name);
  add(key, value);
  return comment + "}";
}

}  // namespace stir::runtime
