// The text of --select and --exclude: spaces unite, commas intersect, each part is one criterion.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "graph/kinds.h"
#include "graph/methods.h"
#include "graph/selector.h"

namespace stir::graph {
namespace {

constexpr std::string_view kEverything[] = {"fqn:*", "source:*", "exposure:*", "metric:*", "semantic_model:*"};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         (c & 0x80) != 0;
}

// One text, and where it is shown.
class Parser {
 public:
  Parser(std::string_view text, SourceId source, Indirect indirect)
      : text_(text), where_{source, 0, static_cast<uint32_t>(text.size())}, verbatim_(true), indirect_(indirect) {}
  Parser(std::string_view text, Span where, bool verbatim) : text_(text), where_(where), verbatim_(verbatim) {}

  Expression Union() {
    Expression all = Make(Expression::Op::kUnion, 0, text_.size());
    for (size_t at = 0; at < text_.size();) {
      const size_t end = std::min(text_.find_first_of(" \t\n", at), text_.size());
      if (end > at) all.parts.push_back(Intersection(at, end));
      at = end + 1;
    }
    return all;
  }
  Expression Only() { return One(0, text_.size()); }
  Diagnostics& errors() { return errors_; }

 private:
  Span Place(size_t begin, size_t end) const {
    if (!verbatim_) return where_;
    return {where_.source, where_.begin + static_cast<uint32_t>(begin), where_.begin + static_cast<uint32_t>(end)};
  }

  Expression Make(Expression::Op op, size_t begin, size_t end) const {
    Expression expression;
    expression.op = op;
    expression.indirect = indirect_;
    expression.span = Place(begin, end);
    expression.text = text_.substr(begin, end - begin);
    return expression;
  }

  Expression Intersection(size_t begin, size_t end) {
    Expression all = Make(Expression::Op::kIntersection, begin, end);
    all.expect_some = static_cast<bool>(where_.source);
    while (begin <= end) {
      const size_t comma = std::min(text_.substr(0, end).find(',', begin), end);
      all.parts.push_back(One(begin, comma));
      begin = comma + 1;
    }
    return all;
  }

  Expression One(size_t begin, size_t end) {
    Expression one = Make(Expression::Op::kCriterion, begin, end);
    Criterion& criterion = one.criterion;
    if (begin < end && text_[begin] == '@') {
      criterion.childrens_parents = true;
      ++begin;
    }
    TakeParents(criterion, begin, end);
    TakeChildren(criterion, begin, end);
    TakeMethod(criterion, begin, end);
    criterion.value = text_.substr(begin, end - begin);
    criterion.value_span = Place(begin, end);
    if (criterion.method.empty()) criterion.method = DefaultMethod(criterion.value);
    CheckCriterion(one, errors_);
    return one;
  }

  // `+` or `3+` in front.
  void TakeParents(Criterion& criterion, size_t& begin, size_t end) {
    const size_t plus = std::min(text_.find_first_not_of("0123456789", begin), end);
    if (plus >= end || text_[plus] != '+') return;
    criterion.parents = true;
    criterion.parents_depth = Depth(begin, plus);
    begin = plus + 1;
  }

  // `+` or `+3` at the end.
  void TakeChildren(Criterion& criterion, size_t begin, size_t& end) {
    size_t digits = end;
    while (digits > begin && text_[digits - 1] >= '0' && text_[digits - 1] <= '9') --digits;
    if (digits == begin || text_[digits - 1] != '+') return;
    criterion.children = true;
    criterion.children_depth = Depth(digits, end);
    end = digits - 1;
  }

  std::optional<uint32_t> Depth(size_t begin, size_t end) {
    if (begin == end) return std::nullopt;
    uint32_t depth = 0;
    if (std::from_chars(text_.data() + begin, text_.data() + end, depth).ec != std::errc())
      return std::nullopt;  // no graph is as deep
    return depth;
  }

  void TakeMethod(Criterion& criterion, size_t& begin, size_t end) {
    size_t colon = begin;
    while (colon < end && IsWordCharacter(text_[colon])) ++colon;
    if (colon == begin || colon == end || text_[colon] != ':') return;
    const std::vector<std::string_view> words = Split(text_.substr(begin, colon - begin), '.');
    criterion.method = words[0];
    criterion.arguments.assign(words.begin() + 1, words.end());
    criterion.method_span = Place(begin, begin + words[0].size());
    begin = colon + 1;
  }

  const std::string_view text_;
  const Span where_;
  const bool verbatim_;  // offsets in the text are offsets in the source
  const Indirect indirect_ = Indirect::kEager;
  Diagnostics errors_;
};

Diagnostic UnknownMethod(const Criterion& criterion) {
  std::vector<std::string> names;
  for (const Method& method : Methods()) names.emplace_back(method.name);
  std::string hint = DidYouMean(criterion.method, names);
  if (hint.empty()) hint = "the methods are " + Join(names, ", ");
  return Diagnostic(kSelectionMethod, fmt::format("there is no selection method `{}`", criterion.method),
                    criterion.method_span)
      .Hint(std::move(hint));
}

Expression Everything(Indirect indirect) {
  Expression all;
  all.op = Expression::Op::kUnion;
  all.indirect = indirect;
  for (std::string_view each : kEverything) {
    Parser parser(each, SourceId(), indirect);
    all.parts.push_back(std::move(parser.Union().parts[0]));
  }
  return all;
}

}  // namespace

std::optional<Indirect> ParseIndirect(std::string_view word) {
  if (word == "eager") return Indirect::kEager;
  if (word == "cautious") return Indirect::kCautious;
  if (word == "buildable") return Indirect::kBuildable;
  if (word == "empty") return Indirect::kEmpty;
  return std::nullopt;
}

std::string DefaultMethod(std::string_view value) {
  if (value.find('/') != std::string_view::npos) return "path";
  const std::string lower = ToLower(value);
  return lower.ends_with(".sql") || lower.ends_with(".py") || lower.ends_with(".csv") ? "file" : "fqn";
}

void CheckCriterion(const Expression& one, Diagnostics& errors) {
  const Criterion& criterion = one.criterion;
  if (criterion.value.empty()) {
    errors.push_back(Diagnostic(kSelectionSyntax, "a name or a value is missing here", criterion.value_span)
                         .Hint("a criterion is `[@][2+][method:]value[+2]`; a comma between two of them intersects, "
                               "a space unites"));
  } else if (criterion.childrens_parents && criterion.children) {
    errors.push_back(Diagnostic(kSelectionSyntax, "`@` in front and `+` at the end do not go together", one.span)
                         .Hint("`@` already takes the children, and their parents too: leave the `+` out"));
  }
  if (!FindMethod(criterion.method)) errors.push_back(UnknownMethod(criterion));
}

Expression ParseCriterion(std::string_view text, Span where, bool verbatim, Diagnostics& errors) {
  Parser parser(text, where, verbatim);
  Expression criterion = parser.Only();
  criterion.indirect_by_flag = true;
  Append(errors, std::move(parser.errors()));
  return criterion;
}

Result<Selector> Selector::Parse(const SourceMap& sources, SourceId select, SourceId exclude, Indirect indirect) {
  Diagnostics errors;
  const auto parse = [&](SourceId source) {
    Parser parser(sources.Text(source), source, indirect);
    Expression parsed = parser.Union();
    Append(errors, std::move(parser.errors()));
    return parsed;
  };
  Expression whole;
  whole.op = Expression::Op::kDifference;
  whole.parts.push_back(select ? parse(select) : Everything(indirect));
  if (exclude) whole.parts.push_back(parse(exclude));
  if (!errors.empty()) return errors;
  return Selector(std::move(whole));
}

}  // namespace stir::graph
