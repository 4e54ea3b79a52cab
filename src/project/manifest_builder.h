// Joins nodes into a Manifest: ids, names, references, the graph. Sequential, in a fixed order.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "project/manifest.h"
#include "project/manifest_index.h"

namespace stir::project {

class ManifestBuilder {
 public:
  explicit ManifestBuilder(const SourceMap& sources);

  // Packages first: the root, the others by name, the built-in ones last.
  void AddPackage(std::string_view name, std::string_view root, std::string_view version, bool internal,
                  jinja::Value vars, bool restrict_access = false);
  void SetVars(jinja::Value vars) { manifest_->vars_ = std::move(vars); }
  void SetAdapter(std::string_view type, adapter::Policy quote, adapter::Policy include);
  // Holds texts that nodes are views of.
  void Keep(std::shared_ptr<const void> texts) { manifest_->kept_.push_back(std::move(texts)); }
  void AddPool(std::unique_ptr<TextPool> pool) { manifest_->pools_.push_back(std::move(pool)); }
  void Reserve(size_t nodes) { manifest_->nodes_.reserve(nodes); }
  void AddNode(Node node);  // disabled ones go to their own list; what joining decides is forgotten
  void SetSelectors(std::vector<graph::NamedSelector> selectors, jinja::Value artifact) {
    manifest_->named_selectors_ = std::move(selectors);
    manifest_->selectors_ = std::move(artifact);
  }
  void AddDoc(Doc doc) { manifest_->docs_.push_back(std::move(doc)); }
  void AddGroup(Group group) { manifest_->groups_.push_back(std::move(group)); }

  // What could not be read: references to it are not errors of their own.
  void AddBroken(std::string_view node_name) { broken_.emplace(node_name); }
  void BreakSources() { sources_broken_ = true; }

  // Resolves everything; the manifest is whole afterwards. Errors: doubles, references that lead nowhere, cycles.
  // Warnings: tests of what is not there.
  std::unique_ptr<Manifest> Finish(std::unique_ptr<MacroIndex> macros, Diagnostics& errors, Diagnostics& warnings);
  // The manifest that an earlier Finish made, from its nodes.
  std::unique_ptr<Manifest> Restore(std::vector<std::vector<Node>> nodes, std::vector<std::vector<Node>> disabled,
                                    std::unique_ptr<MacroIndex> macros);

 private:
  void CheckDoubles(Diagnostics& errors) const;
  void CheckRelations(Diagnostics& errors) const;
  void Number();  // the nodes, and the index of their names
  void Resolve(Diagnostics& errors, Diagnostics& warnings);
  bool ResolveNode(Node& node, Diagnostics& errors, Diagnostics& warnings);
  bool ResolveOneRef(Node& node, const RefCall& call, Diagnostics& errors, Diagnostics& warnings);
  bool ResolveOneSource(Node& node, const SourceCall& call, Diagnostics& errors, Diagnostics& warnings);
  void JoinSemantics(Diagnostics& errors);
  bool ResolveOneNamed(Node& node, ResourceType type, const NamedCall& call, Diagnostics& errors,
                       Diagnostics& warnings);
  void JoinUnitTests(Diagnostics& errors);
  bool JoinUnitTest(Node& node, std::vector<Node>& versions, Diagnostics& errors);
  std::vector<const Node*> VersionsOf(const Node& model) const;
  void FindInputs();
  void AttachTests(std::vector<Node>& nodes) const;
  void InferPrimaryKeys();
  void MakeGraph(Diagnostics& errors);
  void ListOperations();

  std::unique_ptr<Manifest> manifest_;
  std::set<std::string, std::less<>> broken_;
  bool sources_broken_ = false;
};

}  // namespace stir::project
