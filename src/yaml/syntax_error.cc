#include "yaml/syntax_error.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "yaml/kinds.h"

namespace stir::yaml {
namespace {

struct Line {
  uint32_t begin = 0;
  std::string_view text;
};

Line LineAt(std::string_view text, uint32_t offset) {
  const size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return {static_cast<uint32_t>(begin), text.substr(begin, text.find('\n', begin) - begin)};
}

std::string_view IndentOf(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
}

// Where an unquoted value starts that begins with `{{` or `{%`, as seen from the line's start; npos if there is none.
size_t FindBareTemplate(std::string_view line) {
  for (size_t at = line.find('{'); at != std::string_view::npos; at = line.find('{', at + 1)) {
    const bool opens = at + 1 < line.size() && (line[at + 1] == '{' || line[at + 1] == '%');
    const std::string_view before = Strip(line.substr(0, at));
    if (opens && (before.empty() || before.ends_with(':') || before.ends_with('-'))) return at;
  }
  return std::string_view::npos;
}

Span SpanAt(SourceId source, size_t begin, size_t length) {
  return {source, static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + length)};
}

// The value of a line `key: value: more`: the second colon is the slip.
Diagnostic ExplainColon(SourceId source, const Line& line, uint32_t offset) {
  const size_t first = line.text.find(": ");
  const bool on_same_line = first != std::string_view::npos && line.begin + first < offset;
  Diagnostic found(kYamlSyntax, "a `:` is not allowed here", SpanAt(source, offset, 1));
  if (on_same_line) {
    found.message = "a value that contains `: ` must be in quotes";
    const std::string_view value = Strip(line.text.substr(first + 2));
    const char quote = value.find('"') == std::string_view::npos ? '"' : '\'';
    found.hint = fmt::format("write `{}: {}{}{}`", Strip(line.text.substr(0, first)), quote, value, quote);
  } else {
    found.hint =
        "keys of one mapping start in the same column; is the line above indented less, or its value in need of "
        "quotes?";
  }
  return found;
}

Diagnostic ExplainCharacter(SourceId source, const Line& line, std::string_view text, uint32_t offset) {
  const char c = offset < text.size() ? text[offset] : '\n';
  if (c == '\t' || IndentOf(line.text).find('\t') != std::string_view::npos) {
    const size_t tab = c == '\t' ? offset : line.begin + line.text.find('\t');
    return Diagnostic(kYamlSyntax, "a tab is used for indentation", SpanAt(source, tab, 1))
        .Hint("indent with spaces: YAML does not allow tabs");
  }
  if (c == '%')
    return Diagnostic(kYamlSyntax, "a plain value cannot start with `%`", SpanAt(source, offset, 1))
        .Hint("put the value in quotes");
  return Diagnostic(kYamlSyntax, fmt::format("a plain value cannot start with `{}`", c), SpanAt(source, offset, 1))
      .Hint("put the value in quotes");
}

// `before` is what stands on the line before the place.
std::string HintFor(std::string_view problem, std::string_view before) {
  if (before.ends_with('"') || before.ends_with('\'')) return "put the whole value in one pair of quotes";
  if (problem == "did not find expected key" || problem == "did not find expected '-' indicator") {
    return "check the indentation: this line is not on the level of its neighbours";
  }
  if (problem == "could not find expected ':'") {
    return "a key is followed by `:` and a space; a text over several lines needs `|` or quotes";
  }
  if (problem == "found unknown escape character") return "use single quotes, in which a backslash is only a backslash";
  if (problem.starts_with("did not find expected ',' or")) return "a bracket is not closed, or a comma is missing";
  return {};
}

// A quote that is never closed is noticed at the end of the file; its start is the place to look at.
bool IsOpenQuote(const SyntaxProblem& problem) {
  return problem.context == "while scanning a quoted scalar" &&
         problem.problem.starts_with("found unexpected end of stream");
}

}  // namespace

std::string QuoteTemplateHint() { return "put a value that starts with `{{` in quotes: `\"{{ ... }}\"`"; }

Diagnostic ExplainSyntax(const SyntaxProblem& problem, SourceId source, std::string_view text) {
  const Line line = LineAt(text, problem.offset);
  const Line context = LineAt(text, problem.context_offset);
  if (IsOpenQuote(problem)) {
    return Diagnostic(kYamlSyntax, "this quote is never closed", SpanAt(source, problem.context_offset, 1));
  }
  for (const Line& each : {line, context}) {
    if (const size_t at = FindBareTemplate(each.text); at != std::string_view::npos) {
      return Diagnostic(kYamlSyntax, "a template must be in quotes here", SpanAt(source, each.begin + at, 2))
          .Hint(QuoteTemplateHint());
    }
  }
  if (problem.problem == "mapping values are not allowed in this context")
    return ExplainColon(source, line, problem.offset);
  if (problem.problem == "found character that cannot start any token" ||
      IndentOf(line.text).find('\t') != std::string_view::npos) {
    return ExplainCharacter(source, line, text, problem.offset);
  }
  Diagnostic found(kYamlSyntax, std::string(problem.problem),
                   SpanAt(source, problem.offset, problem.offset < text.size() ? 1 : 0));
  if (!problem.context.empty()) {
    found.message = fmt::format("{} {}", problem.problem, problem.context);
    if (context.begin != line.begin)
      found.labels.push_back({SpanAt(source, problem.context_offset, 1), "it starts here"});
  }
  found.hint = HintFor(problem.problem, Strip(text.substr(line.begin, problem.offset - line.begin)));
  return found;
}

}  // namespace stir::yaml
