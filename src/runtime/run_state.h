// What all nodes of a run share. Thread safe: immutable after construction but for the caches, each behind its own
// lock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "project/base_context.h"
#include "runtime/relation_cache.h"
#include "runtime/runner.h"

namespace stir::runtime {

class RunState {
 public:
  RunState(std::shared_ptr<const project::Manifest> of, adapter::Adapter& on, RunnerOptions with);

  const project::Manifest& manifest() const { return *manifest_; }
  const adapter::Dialect& dialect() const { return engine_.dialect(); }
  const RunnerOptions& options() const { return options_; }
  const project::BaseContext& base() const { return base_; }
  EventSink& events() const { return *options_.invocation->events; }
  RelationCache& relations() { return relations_; }
  // False when the profile asks for `disable_transactions` (`autocommit`): each statement then stands alone.
  bool transactions() const { return transactions_; }
  // The project's quoting, for relations that are made by hand.
  adapter::Policy quote_policy() const { return dialect().default_quote; }

  // An ephemeral model's own SQL (without its ctes) and which ephemeral models it uses, compiled once.
  struct Ephemeral {
    CompiledNode compiled;
    std::vector<graph::NodeId> ctes;
  };
  std::shared_ptr<const Ephemeral> FindEphemeral(graph::NodeId node);
  std::shared_ptr<const Ephemeral> KeepEphemeral(graph::NodeId node, Ephemeral ephemeral);

  // What becomes of a node of the manifest; any thread may tell it.
  template <typename Change>
  void Note(graph::NodeId node, const Change& change) {
    std::lock_guard lock(mutex_);
    change(rendered_[node]);
  }
  // Not while nodes run.
  const project::RenderedNodes& rendered() const { return rendered_; }
  // The macro with this callable.
  const project::Macro* FindMacro(const void* identity) const {
    const auto found = macros_.find(identity);
    return found == macros_.end() ? nullptr : &manifest_->macros().at(found->second);
  }

  // The node's relation in another run's state; null when there is none.
  const adapter::Relation* FindDeferred(std::string_view unique_id) const {
    const auto found = options_.deferral.relations.find(unique_id);
    return found == options_.deferral.relations.end() ? nullptr : &found->second;
  }

  // True for the texts of built-in macros: no user wrote them.
  bool IsBuiltIn(SourceId source) const { return built_in_.contains(source.value); }

  // Whether any model of the project declares a primary, unique or foreign key.
  bool HasKeys() const { return has_keys_; }

  // True the first time that `text` is asked about.
  bool FirstTime(const std::string& text);
  // The statement comment of a node; `connection_name` for what is no node.
  std::string DefaultComment(std::string_view key, std::string_view value) const;

 private:
  std::shared_ptr<const project::Manifest> manifest_;
  adapter::Adapter& engine_;
  RunnerOptions options_;
  project::BaseContext base_;
  bool transactions_;
  RelationCache relations_;
  bool has_keys_;
  std::unordered_set<uint32_t> built_in_;
  std::unordered_map<const void*, project::MacroId> macros_;  // by the identity of their callables
  std::mutex mutex_;
  std::unordered_map<graph::NodeId, std::shared_ptr<const Ephemeral>> ephemerals_;  // guarded by mutex_
  std::unordered_set<std::string> said_;                                            // guarded by mutex_
  project::RenderedNodes rendered_;                                                 // guarded by mutex_
};

}  // namespace stir::runtime
