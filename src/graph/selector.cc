// Evaluation: each criterion gives the nodes it selects and the tests that may join them; set operations combine both,
// and complete the tests whose parents have come together.
#include "graph/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "graph/kinds.h"
#include "graph/methods.h"

namespace stir::graph {
namespace {

// `candidates` holds the selected nodes and the tests that wait for more of their parents.
struct Found {
  NodeSet direct, candidates;
};

enum class Direction : uint8_t { kParents, kChildren };

// The nodes within `depth` edges of `from`, `from` included.
NodeSet Reach(const Graph& graph, const NodeSet& from, Direction direction, std::optional<uint32_t> depth) {
  NodeSet reached = from;
  std::vector<NodeId> level = from.ToVector();
  const uint32_t levels = depth.value_or(std::numeric_limits<uint32_t>::max());
  for (uint32_t i = 0; i < levels && !level.empty(); ++i) {
    std::vector<NodeId> next;
    for (const NodeId node : level) {
      for (const NodeId near : direction == Direction::kParents ? graph.Parents(node) : graph.Children(node)) {
        if (reached.Add(near)) next.push_back(near);
      }
    }
    level = std::move(next);
  }
  return reached;
}

class Evaluation {
 public:
  explicit Evaluation(const Selectable& project) : project_(project), graph_(project.graph()) {}

  Result<Found> Run(const Expression& expression) {
    if (expression.op == Expression::Op::kCriterion) return Match(expression);
    Found found{NodeSet(graph_.size()), NodeSet(graph_.size())};
    for (size_t i = 0; i < expression.parts.size(); ++i) {
      STIR_ASSIGN(const Found part, Run(expression.parts[i]));
      if (i == 0) {
        found = part;
      } else {
        Combine(expression.op, found.direct, part.direct);
        Combine(expression.op, found.candidates, part.candidates);
      }
    }
    Complete(expression.indirect, found);
    if (expression.expect_some && found.direct.empty()) Warn(expression);
    return found;
  }

  Diagnostics TakeWarnings() { return std::move(warnings_); }

 private:
  static void Combine(Expression::Op op, NodeSet& into, const NodeSet& part) {
    if (op == Expression::Op::kUnion)
      into |= part;
    else if (op == Expression::Op::kIntersection)
      into &= part;
    else
      into -= part;
  }

  Result<Found> Match(const Expression& expression) {
    const Criterion& criterion = expression.criterion;
    NodeSet matched(graph_.size());
    STIR_TRY(FindMethod(criterion.method)->match(criterion, project_, matched));
    NodeSet selected = matched;
    if (criterion.childrens_parents) {
      selected |= Reach(graph_, Reach(graph_, matched, Direction::kChildren, {}), Direction::kParents, {});
    }
    if (criterion.parents) selected |= Reach(graph_, matched, Direction::kParents, criterion.parents_depth);
    if (criterion.children) selected |= Reach(graph_, matched, Direction::kChildren, criterion.children_depth);
    return WithTests(selected, expression.indirect);
  }

  // Looks at the tests right below what is selected.
  Found WithTests(const NodeSet& selected, Indirect indirect) const {
    Found found{selected, selected};
    if (indirect == Indirect::kEmpty) return found;
    const NodeSet buildable = indirect == Indirect::kBuildable ? Buildable(selected, true) : NodeSet();
    Reach(graph_, selected, Direction::kChildren, 1).ForEach([&](NodeId node) {
      if (selected.Contains(node) || project_.View(node).test_type == TestType::kNone) return;
      const bool joins = indirect == Indirect::kEager || AllParentsIn(node, selected) ||
                         (indirect == Indirect::kBuildable && AllParentsIn(node, buildable));
      if (joins) found.direct.Add(node);
      found.candidates.Add(node);
    });
    return found;
  }

  // What is there once the selected nodes are built: they, all their ancestors and, if asked for, every source.
  NodeSet Buildable(const NodeSet& selected, bool with_sources) const {
    NodeSet buildable = Reach(graph_, selected, Direction::kParents, {});
    for (NodeId node = 0; with_sources && node < graph_.size(); ++node) {
      if (project_.View(node).resource_type == "source") buildable.Add(node);
    }
    return buildable;
  }

  bool AllParentsIn(NodeId node, const NodeSet& set) const {
    return std::ranges::all_of(graph_.Parents(node), [&](NodeId parent) { return set.Contains(parent); });
  }

  // After a set operation: tests that no part could select, but all parts together can.
  void Complete(Indirect indirect, Found& found) const {
    if (indirect != Indirect::kCautious && indirect != Indirect::kBuildable) return;
    const NodeSet present = indirect == Indirect::kBuildable ? Buildable(found.direct, false) : found.direct;
    NodeSet waiting = found.candidates;
    waiting -= found.direct;
    waiting.ForEach([&](NodeId node) {
      if (project_.View(node).test_type != TestType::kUnit && AllParentsIn(node, present)) found.direct.Add(node);
    });
  }

  void Warn(const Expression& expression) {
    warnings_.push_back(
        Diagnostic(kSelectionEmpty,
                   fmt::format("the selection criterion `{}` does not match any enabled nodes", expression.text),
                   expression.span)
            .As(Severity::kWarning)
            .About(expression.text));
  }

  const Selectable& project_;
  const Graph& graph_;
  Diagnostics warnings_;
};

}  // namespace

Result<Selection> Selector::Evaluate(const Selectable& project) const {
  Evaluation evaluation(project);
  STIR_ASSIGN(Found found, evaluation.Run(expression_));
  return Selection{std::move(found.direct), evaluation.TakeWarnings()};
}

}  // namespace stir::graph
