// Generic tests: an entry of `data_tests:` becomes a node, with dbt's name, hash and unique id (dbt.md 4.6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "project/build_nodes.h"

namespace stir::project {

// What a test is about: a node of a properties file, or a source's table.
struct TestTarget {
  const PropertiesFile* file = nullptr;
  std::string_view section;            // "models", "seeds", "sources", ...
  std::string_view name;               // the node's, or the source's
  const SourceTable* table = nullptr;  // sources
  const Version* version = nullptr;    // of a model; its text is empty without
};

struct TestNames {
  std::string shortened;  // at most 63 characters: file and alias
  std::string full;       // unique id and FQN
};
// `type`: "not_null" with its prefixes; `kwargs`: a dict; `model` is passed over.
TestNames SynthesizeTestNames(std::string_view type, std::string_view target, const jinja::Value& kwargs);

// The last ten digits of the md5 of the name and of Python's repr of the metadata.
std::string TestHash(std::string_view name, const jinja::Value& metadata);

// Which test macros refer to nothing by themselves, so that they need not be rendered to know what a test depends on.
// Immutable; shared by all threads.
class QuietMacros {
 public:
  explicit QuietMacros(const MacroIndex& macros);
  bool Contains(MacroId macro) const { return quiet_[macro]; }

 private:
  std::vector<bool> quiet_;
};

class GenericTestBuilder {
 public:
  GenericTestBuilder(NodeBuilder& nodes, const QuietMacros& quiet, Diagnostics& warnings)
      : nodes_(nodes), quiet_(quiet), warnings_(warnings) {}

  // None when the declaration is wrong; what is wrong went to the builder's errors.
  std::optional<Node> Build(const TestTarget& target, const DeclaredTest& test);

 private:
  struct Declaration;
  bool ReadForm(const yaml::Node& entry, Declaration& declaration, const yaml::Node*& arguments);
  std::optional<Declaration> Read(const TestTarget& target, const DeclaredTest& test);
  void WarnOfOldForm(const TestTarget& target, const Declaration& test, const yaml::Node& declared);
  void TakeConfig(Declaration& declaration, const TestTarget& target);
  void TakeNames(Declaration& declaration, const TestTarget& target);
  Node MakeNode(const Declaration& declaration, const TestTarget& target);
  void TakeTags(Node& node, Declaration& declaration, const TestTarget& target);
  bool FindUses(const Node& node, const Declaration& declaration, const TestTarget& target, Recording& recording);
  void NoteTarget(const Declaration& declaration, const TestTarget& target, bool as_written,
                  Recording& recording) const;
  Status RenderKwargs(const Declaration& declaration, const TestTarget& target, ParseScope& scope,
                      jinja::Value& kwargs);
  std::shared_ptr<const jinja::Template> CodeOf(std::string_view raw_code, Span span);
  void Fail(std::string message, Span span, std::string hint = {});

  NodeBuilder& nodes_;
  const QuietMacros& quiet_;
  Diagnostics& warnings_;
  std::unordered_map<std::string, std::shared_ptr<const jinja::Template>> codes_;  // tests of one kind share theirs
};

}  // namespace stir::project
