// Evaluation: each criterion gives the nodes it selects and the tests that may join them; set operations combine both,
// and complete the tests whose parents have come together.
#include "graph/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/strings.h"
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

Diagnostic UnknownSelector(std::span<const NamedSelector> selectors, std::string_view name, Span where) {
  std::vector<std::string> names;
  for (const NamedSelector& selector : selectors) names.push_back(selector.name);
  std::string hint = DidYouMean(name, names);
  if (hint.empty())
    hint = names.empty() ? "the project has no selectors.yml" : "the selectors are " + Join(names, ", ");
  return Diagnostic(kSelectionMethod, fmt::format("there is no selector `{}` in selectors.yml", name), where)
      .Hint(std::move(hint));
}

class Evaluation {
 public:
  Evaluation(const Selectable& project, const SelectionContext& context)
      : project_(project), context_(context), graph_(project.graph()) {}

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
    const Method& method = *FindMethod(criterion.method);
    if (method.match) {
      STIR_TRY(method.match(criterion, project_, matched));
    } else if (method.match_in_context) {
      STIR_TRY(method.match_in_context(criterion, context_, matched, warnings_));
    } else {
      STIR_TRY(FollowSelectors(criterion, matched));
    }
    NodeSet selected = matched;
    if (criterion.childrens_parents) {
      selected |= Reach(graph_, Reach(graph_, matched, Direction::kChildren, {}), Direction::kParents, {});
    }
    if (criterion.parents) selected |= Reach(graph_, matched, Direction::kParents, criterion.parents_depth);
    if (criterion.children) selected |= Reach(graph_, matched, Direction::kChildren, criterion.children_depth);
    // A selector has completed its tests itself.
    if (!method.match && !method.match_in_context) return Found{selected, selected};
    return WithTests(selected, expression.indirect_by_flag ? context_.indirect : expression.indirect);
  }

  // What the selectors of selectors.yml select whose name fits.
  Status FollowSelectors(const Criterion& criterion, NodeSet& matched) {
    std::vector<const NamedSelector*> fitting;
    for (const NamedSelector& selector : context_.selectors) {
      if (MatchesGlob(selector.name, criterion.value)) fitting.push_back(&selector);
    }
    if (fitting.empty()) return UnknownSelector(context_.selectors, criterion.value, criterion.value_span);
    std::ranges::sort(fitting, {}, &NamedSelector::name);
    for (const NamedSelector* selector : fitting) {
      if (std::ranges::find(following_, selector) != following_.end()) {
        return Diagnostic(kSelectionSyntax, fmt::format("selector `{}` refers to itself", selector->name),
                          selector->span)
            .With({criterion.value_span, "here"});
      }
      following_.push_back(selector);
      Result<Found> found = Run(selector->definition);
      following_.pop_back();
      if (!found.ok()) return std::move(found).error();
      matched |= found->direct;
    }
    return {};
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
  const SelectionContext& context_;
  const Graph& graph_;
  std::vector<const NamedSelector*> following_;  // the selectors that are being evaluated, outermost first
  Diagnostics warnings_;
};

}  // namespace

Result<Selector> Selector::Named(std::span<const NamedSelector> selectors, std::string_view name) {
  const auto found = std::ranges::find(selectors, name, &NamedSelector::name);
  if (found == selectors.end()) return UnknownSelector(selectors, name, {});
  return Selector(found->definition);
}

Result<Selection> Selector::Evaluate(const Selectable& project, const SelectionContext& context) const {
  Evaluation evaluation(project, context);
  STIR_ASSIGN(Found found, evaluation.Run(expression_));
  return Selection{std::move(found.direct), evaluation.TakeWarnings()};
}

}  // namespace stir::graph
