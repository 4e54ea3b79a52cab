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
  std::string_view test_name;  // generic tests: "unique"
  bool versioned = false;      // fqn ends in name, vN
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
  bool expect_some = false;  // worth a warning when it selects nothing
  Span span;
  std::string text;               // as the user wrote it
  Criterion criterion;            // kCriterion
  std::vector<Expression> parts;  // the others; kDifference: all after the first are taken away
};

struct Selection {
  NodeSet nodes;
  // One for each part of --select that matched nothing; `subject` is its text. To be shown, not to fail on.
  Diagnostics warnings;
};

class Selector {
 public:
  // `select` and `exclude` are sources whose texts are the values of the options, joined by spaces; no source means
  // that the option was not given: everything, nothing. Errors point into these texts, all of them at once.
  static Result<Selector> Parse(const SourceMap& sources, SourceId select, SourceId exclude,
                                Indirect indirect = Indirect::kEager);
  explicit Selector(Expression expression) : expression_(std::move(expression)) {}

  // The selected nodes of all resource types, tests completed. The caller keeps the types that its command is about.
  Result<Selection> Evaluate(const Selectable& project) const;
  const Expression& expression() const { return expression_; }

 private:
  Expression expression_;
};

}  // namespace stir::graph
