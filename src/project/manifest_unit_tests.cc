// What unit tests need of all nodes: the model that each is about, one test for each of its versions, and the nodes
// that their inputs stand for.
#include <algorithm>

#include "base/strings.h"
#include "project/kinds.h"
#include "project/manifest_builder.h"

namespace stir::project {

namespace {

using jinja::Value;

// A unit test of another version of the same model.
Node CopyOf(const Node& node) {
  Node copy;
  copy.order = node.order;
  copy.type = node.type;
  copy.unique_id = node.unique_id;
  copy.name = node.name;
  copy.package = node.package;
  copy.path = node.path;
  copy.original_file_path = node.original_file_path;
  copy.fqn = node.fqn;
  copy.schema = node.schema;
  copy.description = node.description;
  copy.doc_blocks = node.doc_blocks;
  copy.tags = node.tags;
  copy.checksum = node.checksum;
  copy.span = node.span;
  copy.config = node.config;
  copy.unrendered_config = node.unrendered_config;
  copy.columns = node.columns;
  copy.unit_test = std::make_unique<UnitTestPart>(*node.unit_test);
  return copy;
}

const Value* EntryOf(const Value& dict, std::string_view key) {
  const Value* found = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  return found && !found->IsNone() ? found : nullptr;
}

bool Lists(const Value& list, std::string_view version) {
  return list.IsSequence() && std::ranges::any_of(list.Items(), [&](const Value& item) {
           const Result<std::string> text = item.Str();
           return text.ok() && *text == version;
         });
}

Diagnostic Wrong(const Node& test, const std::string& message, std::string hint = {}) {
  return Diagnostic(kBadTest, "unit test `" + std::string(test.name) + "` " + message, test.span)
      .About(std::string(test.unique_id))
      .Hint(std::move(hint));
}

}  // namespace

std::vector<const Node*> ManifestBuilder::VersionsOf(const Node& model) const {
  std::vector<const Node*> versions;
  for (const Node& node : manifest_->nodes_) {
    if (node.model && node.name == model.name && node.package == model.package) versions.push_back(&node);
  }
  return versions;
}

namespace {

// An incremental model is tested either as if it were new or as if it were not.
void CheckIncremental(const Node& test, const Node& model, const MacroIndex& macros, Diagnostics& errors) {
  const bool asks = std::ranges::any_of(
      model.macros, [&](MacroId macro) { return macros.at(macro).unique_id == "macro.dbt.is_incremental"; });
  if (!asks) return;
  const Value* overridden = EntryOf(test.unit_test->overrides, "macros");
  const Value* incremental = overridden ? EntryOf(*overridden, "is_incremental") : nullptr;
  const std::string name = "`" + std::string(model.name) + "`";
  if (!incremental || incremental->type() != jinja::Type::kBool) {
    errors.push_back(Wrong(test, "does not say whether its incremental model " + name + " is built anew",
                           "add `overrides: {macros: {is_incremental: false}}`, or `true` and an input `this`"));
  } else if (incremental->Truthy() &&
             std::ranges::none_of(test.unit_test->given, [](const auto& given) { return given.input == "this"; })) {
    errors.push_back(Wrong(test, "of the incremental model " + name + " has no input `this`",
                           "give the rows that the table has before the run"));
  }
}

std::vector<const Node*> Chosen(const Value& rule, std::vector<const Node*> versions) {
  const Value *include = EntryOf(rule, "include"), *exclude = EntryOf(rule, "exclude");
  if (!rule.IsDict()) return versions;
  std::erase_if(versions, [&](const Node* model) {
    if (exclude) return Lists(*exclude, model->model->version);
    return !include || !Lists(*include, model->model->version);
  });
  return versions;
}

}  // namespace

// False when the test is to leave: its versions take its place, or its model is switched off.
bool ManifestBuilder::JoinUnitTest(Node& node, std::vector<Node>& versions, Diagnostics& errors) {
  UnitTestPart& test = *node.unit_test;
  std::vector<std::string_view> words = Split(test.model, ' ');
  std::erase(words, "");
  const std::string_view name = words.empty() ? std::string_view() : words.front();
  const Resolved found = manifest_->ResolveRef(node.package, name, words.size() == 2 ? words[1] : "", node.package);
  if (found.lookup == Lookup::kDisabled) {
    test.left_out = true;
    return false;
  }
  if (found.lookup == Lookup::kMissing || !found.node->model) {
    if (broken_.contains(name)) return true;
    errors.push_back(Wrong(node, "is about a model that is not there: `" + std::string(test.model) + "`",
                           DidYouMean(name, manifest_->RefableNames())));
    return true;
  }
  const Node& model = *found.node;
  CheckIncremental(node, model, *manifest_->macros_, errors);
  node.schema = model.schema;
  node.depends_on = {model.id};
  if (model.model->version.empty()) {
    if (EntryOf(test.versions, "include") || EntryOf(test.versions, "exclude"))
      errors.push_back(Wrong(node, "chooses among versions, but `" + std::string(model.name) + "` has none"));
    return true;
  }
  const std::vector<const Node*> chosen = Chosen(test.versions, VersionsOf(model));
  if (chosen.empty())
    errors.push_back(Wrong(node, "chooses no version of `" + std::string(model.name) + "` that is there"));
  for (const Node* each : chosen) {
    Node copy = CopyOf(node);
    copy.depends_on = {each->id};
    copy.unit_test->version = each->model->version;
    copy.unit_test->version_is_number = each->model->version_is_number;
    copy.unique_id =
        manifest_->pools_.front()->Add("unit_test." + std::string(node.package) + "." + std::string(test.model) + "." +
                                       std::string(node.name) + "_v" + std::string(each->model->version));
    versions.push_back(std::move(copy));
  }
  return false;
}

void ManifestBuilder::JoinUnitTests(Diagnostics& errors) {
  std::vector<Node>& nodes = manifest_->nodes_;
  if (std::ranges::none_of(nodes, [](const Node& node) { return node.unit_test != nullptr; })) return;
  // Unit tests stand behind all others, so that those keep their ids.
  std::ranges::stable_partition(nodes, [](const Node& node) { return node.unit_test == nullptr; });
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i].id = static_cast<graph::NodeId>(i);
  manifest_->index_->Fill(*manifest_);
  std::vector<Node> tests;
  const size_t first = static_cast<size_t>(
      std::ranges::find_if(nodes, [](const Node& node) { return node.unit_test != nullptr; }) - nodes.begin());
  for (size_t i = first; i < nodes.size(); ++i) {
    if (JoinUnitTest(nodes[i], tests, errors)) {
      tests.push_back(std::move(nodes[i]));
    } else if (nodes[i].unit_test->left_out) {
      manifest_->disabled_.push_back(std::move(nodes[i]));
    }
  }
  nodes.resize(first);
  std::ranges::move(tests, std::back_inserter(nodes));
}

// Runs when every node has its final id.
void ManifestBuilder::FindInputs() {
  for (Node& node : manifest_->nodes_) {
    if (!node.unit_test) continue;
    for (UnitTestFixture& given : node.unit_test->given) {
      Resolved found;
      if (given.ref)
        found = manifest_->ResolveRef(given.ref->package, given.ref->name, given.ref->version, node.package);
      if (given.source) found = manifest_->ResolveSource(given.source->source, given.source->table, node.package);
      if (given.input == "this" && !node.depends_on.empty()) given.node = node.depends_on.front();
      if (found.lookup == Lookup::kFound) given.node = found.node->id;
    }
  }
}

}  // namespace stir::project
