// Every check that needs the whole project: doubles, references, the graph. Errors name both places where there are
// two.
#include "project/manifest_builder.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/strings.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

bool ResolvesRefs(const Node& node) {
  return node.type != ResourceType::kSeed && node.type != ResourceType::kSource && !node.unit_test;
}

std::string TypeNameOf(const Node& node) { return std::string(ResourceTypeName(node.type)); }

// "model `a` (models/a.sql)".
std::string NameOf(const Node& node) { return TypeNameOf(node) + " `" + std::string(node.name) + "`"; }

std::string RefText(const RefCall& call) {
  std::string text = "`";
  if (!call.package.empty()) text += std::string(call.package) + ".";
  text += std::string(call.name);
  if (!call.version.empty()) text += " v" + std::string(call.version);
  return text + "`";
}

}  // namespace

ManifestBuilder::ManifestBuilder(const SourceMap& sources) : manifest_(new Manifest()) {
  manifest_->sources_ = &sources;
}

void ManifestBuilder::AddPackage(std::string_view name, std::string_view root, std::string_view version, bool internal,
                                 jinja::Value vars, bool restrict_access) {
  if (manifest_->pools_.empty()) manifest_->pools_.push_back(std::make_unique<TextPool>());
  TextPool& pool = *manifest_->pools_.front();
  manifest_->packages_.push_back(
      {pool.Intern(name), pool.Intern(root), pool.Intern(version), internal, restrict_access, std::move(vars)});
}

void ManifestBuilder::SetAdapter(std::string_view type, adapter::Policy quote, adapter::Policy include) {
  if (manifest_->pools_.empty()) manifest_->pools_.push_back(std::make_unique<TextPool>());
  manifest_->adapter_type_ = manifest_->pools_.front()->Intern(type);
  manifest_->quote_ = quote;
  manifest_->include_ = include;
}

void ManifestBuilder::AddNode(Node node) {
  node.depends_on.clear();
  if (node.model) node.model->primary_key.clear();
  if (node.test) {
    node.test->attached.reset();
    node.test->group = {};
    node.test->left_out = false;
  }
  (node.config->enabled ? manifest_->nodes_ : manifest_->disabled_).push_back(std::move(node));
}

void ManifestBuilder::CheckDoubles(Diagnostics& errors) const {
  std::unordered_map<std::string_view, const Node*> seen;
  std::unordered_map<std::string, const Node*> refable, plain, versioned;
  for (const Node& node : manifest_->nodes_) {
    const Node* other = nullptr;
    if (const auto [place, fresh] = seen.emplace(node.unique_id, &node); !fresh) other = place->second;
    if (!other && node.IsRefable()) {
      const std::string name = std::string(node.package) + "." + std::string(node.name);
      const std::string version = node.model ? std::string(node.model->version) : std::string();
      const auto [place, fresh] = refable.emplace(version.empty() ? name : name + ".v" + version, &node);
      if (!fresh) other = place->second;
      // A name has versions or it has none.
      auto& mixed = version.empty() ? versioned : plain;
      if (const auto found = mixed.find(name); found != mixed.end()) other = found->second;
      (version.empty() ? plain : versioned).emplace(name, &node);
    }
    if (!other) continue;
    errors.push_back(Diagnostic(kDuplicateName,
                                "two resources have the name `" + std::string(node.name) +
                                    "`: " + std::string(other->original_file_path) + " and " +
                                    std::string(node.original_file_path),
                                node.span)
                         .About(std::string(node.original_file_path))
                         .With({other->span, "the other one"})
                         .Hint("rename one of them, or disable it"));
  }
}

void ManifestBuilder::CheckRelations(Diagnostics& errors) const {
  std::unordered_map<std::string_view, const Node*> seen;
  for (const Node& node : manifest_->nodes_) {
    if (node.relation_name.empty() || node.source) continue;
    const auto [place, fresh] = seen.emplace(node.relation_name, &node);
    if (fresh || place->second->unique_id == node.unique_id) continue;
    errors.push_back(Diagnostic(kAmbiguousRelation,
                                NameOf(*place->second) + " and " + NameOf(node) + " both make the relation " +
                                    std::string(node.relation_name),
                                node.span)
                         .About(std::string(node.original_file_path))
                         .With({place->second->span, "the other one"})
                         .Hint("give one of them another `alias` or `schema`"));
  }
}

bool ManifestBuilder::ResolveOneRef(Node& node, const RefCall& call, Diagnostics& errors, Diagnostics& warnings) {
  const Resolved resolved = manifest_->ResolveRef(call.package, call.name, call.version, node.package);
  if (resolved.lookup == Lookup::kMissing && broken_.contains(call.name)) return true;
  if (resolved.lookup == Lookup::kFound) {
    if (resolved.other) {
      warnings.push_back(Diagnostic(kRefAmbiguous,
                                    "several packages have a model " + RefText(call) + ": `" +
                                        std::string(resolved.node->package) + "` is taken",
                                    call.span)
                             .As(Severity::kWarning)
                             .Hint("name the package: `ref('" + std::string(resolved.other->package) + "', '" +
                                   std::string(call.name) + "')`"));
    }
    const graph::NodeId id = resolved.node->id;
    if (std::ranges::find(node.depends_on, id) == node.depends_on.end()) node.depends_on.push_back(id);
    return true;
  }
  const bool disabled = resolved.lookup == Lookup::kDisabled;
  if (node.type == ResourceType::kTest && disabled) return false;
  const std::string what = "model " + RefText(call) + (disabled ? " is disabled" : " not found");
  std::string hint =
      disabled ? "enable it in " + std::string(resolved.node->original_file_path) + ", or remove the reference"
               : DidYouMean(call.name, manifest_->RefableNames());
  Diagnostic diagnostic(disabled ? kRefDisabled : kRefNotFound, what, call.span);
  diagnostic.subject = node.unique_id;
  diagnostic.hint = std::move(hint);
  if (node.type == ResourceType::kTest) {
    diagnostic.severity = Severity::kWarning;
    diagnostic.message += ": test `" + std::string(node.name) + "` is left out";
    warnings.push_back(std::move(diagnostic));
  } else {
    errors.push_back(std::move(diagnostic));
  }
  return false;
}

bool ManifestBuilder::ResolveOneSource(Node& node, const SourceCall& call, Diagnostics& errors, Diagnostics& warnings) {
  const Resolved resolved = manifest_->ResolveSource(call.source, call.table, node.package);
  if (resolved.lookup == Lookup::kMissing && sources_broken_) return true;
  if (resolved.lookup == Lookup::kFound) {
    const graph::NodeId id = resolved.node->id;
    if (std::ranges::find(node.depends_on, id) == node.depends_on.end()) node.depends_on.push_back(id);
    return true;
  }
  const bool disabled = resolved.lookup == Lookup::kDisabled;
  if (node.type == ResourceType::kTest && disabled) return false;
  const std::string name = std::string(call.source) + "." + std::string(call.table);
  Diagnostic diagnostic(disabled ? kSourceDisabled : kSourceNotFound,
                        "source `" + name + (disabled ? "` is disabled" : "` not found"), call.span);
  diagnostic.subject = node.unique_id;
  diagnostic.hint = disabled ? "enable it in " + std::string(resolved.node->original_file_path)
                             : DidYouMean(name, manifest_->SourceNames());
  if (node.type == ResourceType::kTest) {
    diagnostic.severity = Severity::kWarning;
    diagnostic.message += ": test `" + std::string(node.name) + "` is left out";
    warnings.push_back(std::move(diagnostic));
  } else {
    errors.push_back(std::move(diagnostic));
  }
  return false;
}

bool ManifestBuilder::ResolveOneNamed(Node& node, ResourceType type, const NamedCall& call, Diagnostics& errors,
                                      Diagnostics& warnings) {
  const Resolved resolved = manifest_->ResolveNamed(type, call.package, call.name, node.package);
  if (resolved.lookup == Lookup::kFound) {
    const graph::NodeId id = resolved.node->id;
    if (std::ranges::find(node.depends_on, id) == node.depends_on.end()) node.depends_on.push_back(id);
    return true;
  }
  const bool disabled = resolved.lookup == Lookup::kDisabled;
  if (node.type == ResourceType::kTest && disabled) return false;
  Diagnostic diagnostic(disabled ? kRefDisabled : kRefNotFound,
                        std::string(ResourceTypeName(type)) + " `" + std::string(call.name) +
                            (disabled ? "` is disabled" : "` not found"),
                        call.span);
  diagnostic.subject = node.unique_id;
  std::vector<std::string> names;
  for (const Node& each : manifest_->nodes_) {
    if (each.type == type) names.emplace_back(each.name);
  }
  diagnostic.hint =
      disabled ? "enable it in " + std::string(resolved.node->original_file_path) : DidYouMean(call.name, names);
  if (node.type == ResourceType::kTest) {
    diagnostic.severity = Severity::kWarning;
    diagnostic.message += ": test `" + std::string(node.name) + "` is left out";
    warnings.push_back(std::move(diagnostic));
  } else {
    errors.push_back(std::move(diagnostic));
  }
  return false;
}

bool ManifestBuilder::ResolveNode(Node& node, Diagnostics& errors, Diagnostics& warnings) {
  bool whole = true;
  for (const SourceCall& call : node.sources) whole = ResolveOneSource(node, call, errors, warnings) && whole;
  for (const RefCall& call : node.refs) whole = ResolveOneRef(node, call, errors, warnings) && whole;
  for (const NamedCall& call : node.metrics)
    whole = ResolveOneNamed(node, ResourceType::kMetric, call, errors, warnings) && whole;
  for (const NamedCall& call : node.functions)
    whole = ResolveOneNamed(node, ResourceType::kFunction, call, errors, warnings) && whole;
  return whole || node.type != ResourceType::kTest;
}

void ManifestBuilder::Number() {
  for (size_t i = 0; i < manifest_->nodes_.size(); ++i) manifest_->nodes_[i].id = static_cast<graph::NodeId>(i);
  manifest_->index_->Fill(*manifest_);
}

// A test of something disabled is disabled itself. Nothing depends on tests, so one pass settles it.
void ManifestBuilder::Resolve(Diagnostics& errors, Diagnostics& warnings) {
  std::vector<Node> kept;
  std::vector<size_t> dropped;
  for (size_t i = 0; i < manifest_->nodes_.size(); ++i) {
    Node& node = manifest_->nodes_[i];
    if (ResolvesRefs(node) && !ResolveNode(node, errors, warnings)) dropped.push_back(i);
  }
  if (dropped.empty()) return;
  std::vector<graph::NodeId> renumbered(manifest_->nodes_.size());
  size_t next_dropped = 0;
  for (size_t i = 0; i < manifest_->nodes_.size(); ++i) {
    const bool drop = next_dropped < dropped.size() && dropped[next_dropped] == i;
    if (drop) ++next_dropped;
    renumbered[i] = static_cast<graph::NodeId>(i - next_dropped);
    if (!drop) {
      kept.push_back(std::move(manifest_->nodes_[i]));
      continue;
    }
    manifest_->nodes_[i].depends_on.clear();
    manifest_->nodes_[i].test->left_out = true;
    manifest_->disabled_.push_back(std::move(manifest_->nodes_[i]));
  }
  manifest_->nodes_ = std::move(kept);
  for (Node& node : manifest_->nodes_) {
    for (graph::NodeId& needed : node.depends_on) needed = renumbered[needed];
  }
  Number();
}

void ManifestBuilder::AttachTests(std::vector<Node>& nodes) const {
  for (Node& node : nodes) {
    if (!node.test || !node.test->generic || node.test->file_key_name.starts_with("sources.")) continue;
    const Text name = node.test->file_key_name.substr(node.test->file_key_name.find('.') + 1);
    auto ref = std::ranges::find(node.refs, name, &RefCall::name);
    const Text version = ref == node.refs.end() ? Text() : ref->version;
    const Resolved target = manifest_->ResolveRef(node.package, name, version, node.package);
    if (target.lookup != Lookup::kFound) continue;
    node.test->attached = target.node->id;
    node.test->group = target.node->config->group;
  }
}

namespace {

// The key that constraints say; empty when they say none.
std::vector<Text> ConstrainedKey(const Node& node) {
  auto is_key = [](const jinja::Value& constraint) {
    const jinja::Value* type = constraint.IsDict() ? constraint.AsDict().Find("type") : nullptr;
    return type && type->IsString() && type->AsString() == "primary_key";
  };
  std::vector<Text> key;
  if (node.model->constraints.IsSequence()) {
    for (const jinja::Value& constraint : node.model->constraints.Items()) {
      const jinja::Value* columns = constraint.IsDict() ? constraint.AsDict().Find("columns") : nullptr;
      if (!is_key(constraint) || !columns || !columns->IsSequence()) continue;
      for (const jinja::Value& column : columns->Items()) {
        if (column.IsString()) key.push_back(column.AsString());
      }
      std::ranges::sort(key);
      return key;
    }
  }
  for (const Column& column : *node.columns) {
    if (!column.constraints.IsSequence()) continue;
    if (std::ranges::any_of(column.constraints.Items(), is_key)) return {column.name};
  }
  return key;
}

}  // namespace

// A model's key: what its constraints say, else the columns that are tested to be unique and not null, else unique.
void ManifestBuilder::InferPrimaryKeys() {
  struct Tested {
    std::set<std::string_view> unique, switched_off, not_null;
  };
  std::unordered_map<graph::NodeId, Tested> tested;
  auto note = [&](const Node& node, bool enabled) {
    if (!node.test || !node.test->attached) return;
    const TestPart& test = *node.test;
    Tested& columns = tested[*test.attached];
    std::set<std::string_view>& unique = enabled ? columns.unique : columns.switched_off;
    const jinja::Value* column = test.kwargs.AsDict().Find("column_name");
    if (column && column->IsString() && test.test_name == "unique") unique.insert(column->AsString());
    if (column && column->IsString() && test.test_name == "not_null") columns.not_null.insert(column->AsString());
    if (test.test_name != "unique_combination_of_columns") return;
    const jinja::Value* combination = test.kwargs.AsDict().Find("combination_of_columns");
    if (!combination || !combination->IsSequence()) return;
    for (const jinja::Value& each : combination->Items()) {
      if (each.IsString()) unique.insert(each.AsString());
    }
  };
  for (const Node& node : manifest_->nodes_) note(node, true);
  for (const Node& node : manifest_->disabled_) note(node, false);
  for (Node& node : manifest_->nodes_) {
    if (node.model) node.model->primary_key = ConstrainedKey(node);
  }
  for (auto& [id, columns] : tested) {
    ModelPart* model = manifest_->nodes_[id].model.get();
    if (!model || !model->primary_key.empty()) continue;
    for (std::string_view column : columns.not_null) {
      if (columns.unique.contains(column) || columns.switched_off.contains(column))
        model->primary_key.push_back(column);
    }
    for (const auto* unique : {&columns.unique, &columns.switched_off}) {
      if (model->primary_key.empty()) model->primary_key.assign(unique->begin(), unique->end());
    }
  }
}

void ManifestBuilder::MakeGraph(Diagnostics& errors) {
  std::vector<std::pair<graph::NodeId, graph::NodeId>> edges;
  for (const Node& node : manifest_->nodes_) {
    for (graph::NodeId needed : node.depends_on) edges.emplace_back(needed, node.id);
  }
  manifest_->graph_ = graph::Graph(manifest_->nodes_.size(), std::move(edges));
  const std::vector<graph::NodeId> cycle = manifest_->graph_.FindCycle();
  if (cycle.empty()) return;
  std::string path;
  for (graph::NodeId id : cycle) path += "`" + std::string(manifest_->nodes_[id].name) + "` -> ";
  path += "`" + std::string(manifest_->nodes_[cycle.front()].name) + "`";
  auto span_of = [&](graph::NodeId child, graph::NodeId parent) {
    for (const RefCall& call : manifest_->nodes_[child].refs) {
      if (call.name == manifest_->nodes_[parent].name) return call.span;
    }
    return manifest_->nodes_[child].span;
  };
  Diagnostic diagnostic(kCycle, "these nodes depend on each other in a circle: " + path,
                        span_of(cycle.front(), cycle.back()));
  for (size_t i = 1; i < cycle.size(); ++i) {
    diagnostic.labels.push_back(
        {span_of(cycle[i], cycle[i - 1]), "`" + std::string(manifest_->nodes_[cycle[i]].name) + "` needs `" +
                                              std::string(manifest_->nodes_[cycle[i - 1]].name) + "`"});
  }
  diagnostic.hint = "remove one of these references";
  errors.push_back(std::move(diagnostic));
}

// The root's hooks run before those of its packages, which follow by name; each in the order of its list.
void ManifestBuilder::ListOperations() {
  for (const Node& node : manifest_->nodes_) {
    if (node.operation)
      (node.operation->on_run_start ? manifest_->on_run_start_ : manifest_->on_run_end_).push_back(node.id);
  }
  for (auto* hooks : {&manifest_->on_run_start_, &manifest_->on_run_end_}) {
    std::ranges::sort(*hooks, {}, [this](graph::NodeId id) {
      const Node& node = manifest_->node(id);
      return std::tuple(node.package != manifest_->project_name(), node.package, node.operation->index);
    });
  }
}

std::unique_ptr<Manifest> ManifestBuilder::Finish(std::unique_ptr<MacroIndex> macros, Diagnostics& errors,
                                                  Diagnostics& warnings) {
  manifest_->macros_ = std::move(macros);
  JoinUnitTests(errors);
  Diagnostics ambiguous;
  ParallelFor(3, [&](size_t i) {
    if (i == 0) CheckDoubles(errors);
    if (i == 1) CheckRelations(ambiguous);
    if (i == 2) Number();
  });
  Append(errors, std::move(ambiguous));
  Resolve(errors, warnings);
  AttachTests(manifest_->nodes_);
  AttachTests(manifest_->disabled_);
  FindInputs();
  JoinSemantics(errors);
  InferPrimaryKeys();
  MakeGraph(errors);
  ListOperations();
  return std::move(manifest_);
}

std::unique_ptr<Manifest> ManifestBuilder::Restore(std::vector<std::vector<Node>> nodes,
                                                   std::vector<std::vector<Node>> disabled,
                                                   std::unique_ptr<MacroIndex> macros) {
  manifest_->macros_ = std::move(macros);
  const auto take = [](std::vector<std::vector<Node>>& chunks, std::vector<Node>& all) {
    size_t count = 0;
    for (const std::vector<Node>& chunk : chunks) count += chunk.size();
    all.reserve(count);
    for (std::vector<Node>& chunk : chunks) {
      std::ranges::move(chunk, std::back_inserter(all));
      chunk = std::vector<Node>();
    }
  };
  take(nodes, manifest_->nodes_);
  take(disabled, manifest_->disabled_);
  manifest_->index_->Fill(*manifest_);
  Diagnostics none;
  MakeGraph(none);
  ListOperations();
  return std::move(manifest_);
}

}  // namespace stir::project
