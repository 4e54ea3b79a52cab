// Node selection in dbt's grammar: text -> Selector (an expression) -> Selection (a set of nodes). Knows nodes only
// through Selectable, which the project's manifest implements with views into itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/source_map.h"
#include "graph/graph.h"
#include "graph/node_set.h"

namespace stir::graph {

enum class TestType : uint8_t { kNone, kGeneric, kSingular, kUnit };

// What selection may ask about a node. Views: valid as long as the Selectable is. What a node does not have is empty.
struct NodeView {
  std::string_view resource_type;  // dbt's word: "model", "test", "source", "unit_test", ...
  std::string_view package;
  std::string_view name;
  std::span<const std::string_view> fqn;  // package, folders..., name (sources too)
  std::span<const std::string_view> tags;
  std::string_view path;         // original_file_path: below the package's root
  std::string_view patch_path;   // its properties file below the package's root; also as `package://path`
  std::string_view source_name;  // sources
  std::string_view group;
  std::string_view access;  // models
  TestType test_type = TestType::kNone;
  std::string_view test_name;                // generic tests: "unique"
  bool versioned = false;                    // fqn ends in name, vN
  std::string_view version, latest_version;  // models
};

// One value of a node's configuration; values of other types never equal what a user can write.
using ConfigValue = std::variant<bool, std::string_view>;

// The enabled nodes of a project, numbered as in its graph. Must be safe to read from several threads.
class Selectable {
 public:
  virtual ~Selectable() = default;
  virtual const Graph& graph() const = 0;
  virtual NodeView View(NodeId node) const = 0;
  // Calls visit with the node's configuration at a path such as {"materialized"} or {"meta", "owner"}: with each
  // element of a list, with a scalar as it is, not at all for a mapping or for what is not there.
  virtual void VisitConfig(NodeId node, std::span<const std::string> path,
                           const std::function<void(const ConfigValue&)>& visit) const = 0;
  // The name of the root project, for `package:this`.
  virtual std::string_view root_package() const = 0;
};

// What the methods state:, result: and source_status: ask about an earlier run. The words are dbt's and were checked;
// an error says that the earlier run's file is not there.
class PriorState {
 public:
  virtual ~PriorState() = default;
  // Adds the nodes that are "new", "modified", "modified.body", ...; breaking changes of unversioned models go to
  // `warnings`.
  virtual Status AddChanged(std::string_view change, NodeSet& matched, Diagnostics& warnings) const = 0;
  virtual Status AddWithResult(std::string_view status, NodeSet& matched) const = 0;
  virtual Status AddFresherSources(NodeSet& matched) const = 0;
};

// What becomes of tests that were not selected themselves, but hang on selected nodes.
enum class Indirect : uint8_t {
  kEager,      // selected when any of their parents is
  kCautious,   // when all of their parents are
  kBuildable,  // when all of their parents are, or are ancestors of what is
  kEmpty,      // never
};
std::optional<Indirect> ParseIndirect(std::string_view word);  // "eager", ...

// `[@][N+][method[.argument]:]value[+N]`
struct Criterion {
  std::string method;                  // never empty: the default method is filled in
  std::vector<std::string> arguments;  // config.meta.owner -> {"meta", "owner"}
  std::string value;
  bool childrens_parents = false;  // @
  bool parents = false, children = false;
  std::optional<uint32_t> parents_depth, children_depth;
  Span method_span, value_span;
};

// A tree of set operations. Unions and intersections carry the mode in which their tests are completed.
struct Expression {
  enum class Op : uint8_t { kCriterion, kUnion, kIntersection, kDifference };
  Op op = Op::kCriterion;
  Indirect indirect = Indirect::kEager;
  bool indirect_by_flag = false;  // --indirect-selection decides: a criterion of selectors.yml that does not say
  bool expect_some = false;       // worth a warning when it selects nothing
  Span span;
  std::string text;               // as the user wrote it
  Criterion criterion;            // kCriterion
  std::vector<Expression> parts;  // the others; kDifference: all after the first are taken away
};

// An entry of selectors.yml.
struct NamedSelector {
  std::string name;
  bool is_default = false;  // used when neither --select, --exclude nor --selector is given
  Expression definition;
  Span span;
};

// What evaluation may need beside the project; null for what is not there.
struct SelectionContext {
  std::span<const NamedSelector> selectors;
  const PriorState* state = nullptr;
  Indirect indirect = Indirect::kEager;  // of the flag
};

struct Selection {
  NodeSet nodes;
  // One of kind selection-empty for each part of --select that matched nothing, `subject` being its text, and what
  // PriorState warned of. To be shown, not to fail on.
  Diagnostics warnings;
};

class Selector {
 public:
  // `select` and `exclude` are sources whose texts are the values of the options, joined by spaces; no source means
  // that the option was not given: everything, nothing. Errors point into these texts, all of them at once.
  static Result<Selector> Parse(const SourceMap& sources, SourceId select, SourceId exclude,
                                Indirect indirect = Indirect::kEager);
  explicit Selector(Expression expression) : expression_(std::move(expression)) {}
  // The entry of that name; an error lists the names that there are.
  static Result<Selector> Named(std::span<const NamedSelector> selectors, std::string_view name);

  // The selected nodes of all resource types, tests completed. The caller keeps the types that its command is about.
  Result<Selection> Evaluate(const Selectable& project, const SelectionContext& context = {}) const;
  const Expression& expression() const { return expression_; }

 private:
  Expression expression_;
};

// One criterion in the short form (`tag:nightly+`) that stands in a text of its own, such as a value of selectors.yml.
// `where` is the text's place; `verbatim` when its bytes are the source's. Errors are added to `errors`.
Expression ParseCriterion(std::string_view text, Span where, bool verbatim, Diagnostics& errors);
// What is wrong with a criterion put together otherwise; nothing when it is fine.
void CheckCriterion(const Expression& criterion, Diagnostics& errors);
// Fills in the method of a criterion that names none.
std::string DefaultMethod(std::string_view value);

}  // namespace stir::graph
