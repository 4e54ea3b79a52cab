#include "base/diagnostic_text.h"

#include <gtest/gtest.h>

namespace stir {
namespace {

constexpr Kind kRefNotFound{"ref-not-found", Category::kCompilation};

Span Find(const SourceMap& sources, SourceId id, std::string_view what) {
  const size_t at = sources.Text(id).find(what);
  return {id, static_cast<uint32_t>(at), static_cast<uint32_t>(at + what.size())};
}

TEST(DiagnosticText, ShowsTheLineTheMarkAndTheHint) {
  SourceMap sources;
  const SourceId id = sources.Add("models/marts/orders.sql", std::string(11, '\n') + "from {{ ref('stg_order') }}\n");
  const Diagnostic diagnostic =
      Diagnostic(kRefNotFound, "model `stg_order` not found", Find(sources, id, "'stg_order'"))
          .Hint("did you mean `stg_orders`?");
  EXPECT_EQ(RenderDiagnostic(diagnostic, sources),
            "models/marts/orders.sql:12:13: error[ref-not-found]: model `stg_order` not found\n"
            "  12 | from {{ ref('stg_order') }}\n"
            "     |             ^^^^^^^^^^^\n"
            "  hint: did you mean `stg_orders`?\n");
}

TEST(DiagnosticText, MarksStandUnderTabsAndWideLetters) {
  SourceMap sources;
  const SourceId id = sources.Add("a.yml", "\xEF\xBB\xBF\tkey: 日本 bad\r\n");
  const std::string text = RenderDiagnostic(Diagnostic(kRefNotFound, "no", Find(sources, id, "bad")), sources);
  EXPECT_EQ(text,
            "a.yml:1:10: error[ref-not-found]: no\n"
            "  1 |     key: 日本 bad\n"
            "    |               ^^^\n");
}

TEST(DiagnosticText, PointsAtTheEndOfTheTextAndOverSeveralLines) {
  SourceMap sources;
  const SourceId id = sources.Add("a.sql", "select\nfrom x");
  EXPECT_EQ(RenderDiagnostic(Diagnostic(kRefNotFound, "cut off", {id, 13, 13}), sources),
            "a.sql:2:7: error[ref-not-found]: cut off\n  2 | from x\n    |       ^\n");
  EXPECT_EQ(RenderDiagnostic(Diagnostic(kRefNotFound, "all", {id, 0, 13}), sources),
            "a.sql:1:1: error[ref-not-found]: all\n  1 | select\n    | ^^^^^^\n");
}

TEST(DiagnosticText, ShowsLabelsTraceAndSubject) {
  SourceMap sources;
  const SourceId one = sources.Add("one.yml", "a: 1\nb: 2\n");
  const SourceId two = sources.Add("two.yml", "b: 3\n");
  Diagnostic diagnostic =
      Diagnostic(kRefNotFound, "twice", {one, 5, 6}).With({{one, 0, 1}, "here"}).With({{two, 0, 1}, "and here"});
  diagnostic.trace = {{"inner", {two, 3, 4}}, {"outer", {}}};
  EXPECT_EQ(RenderDiagnostic(std::move(diagnostic).As(Severity::kWarning), sources),
            "one.yml:2:1: warning[ref-not-found]: twice\n"
            "  2 | b: 2\n"
            "    | ^\n"
            "  1 | a: 1\n"
            "    | - here\n"
            "  --> two.yml:1:1\n"
            "  1 | b: 3\n"
            "    | - and here\n"
            "  in `inner` at two.yml:1:4\n"
            "  in `outer`\n");
  EXPECT_EQ(RenderDiagnostic(Diagnostic(kRefNotFound, "first line\nsecond").About("model.a.b"), sources),
            "model.a.b: error[ref-not-found]: first line\n    second\n");
}

TEST(DiagnosticText, NothingReachesTheTerminalAsAControlSequence) {
  SourceMap sources;
  const SourceId id = sources.Add("x\x1b[2J.sql", "a \x1b[31m b\n");
  const std::string text = RenderDiagnostic(Diagnostic(kRefNotFound, "seen \x1b]0;", {id, 0, 1}), sources);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(RenderDiagnostic(Diagnostic(kRefNotFound, "m", {id, 0, 1}), sources, true).find("\x1b[1;31m"),
            std::string::npos);
}

TEST(DiagnosticText, CutsLongLinesAroundTheMark) {
  SourceMap sources;
  const SourceId id = sources.Add("long.sql", std::string(500, 'a') + "BAD" + std::string(500, 'b'));
  const std::string text = RenderDiagnostic(Diagnostic(kRefNotFound, "m", {id, 500, 503}), sources);
  EXPECT_EQ(text, "long.sql:1:501: error[ref-not-found]: m\n  1 | ..." + std::string(40, 'a') + "BAD" +
                      std::string(77, 'b') + "...\n    | " + std::string(43, ' ') + "^^^\n");
}

TEST(DiagnosticText, SortsByPlaceAndDropsRepetitions) {
  SourceMap sources;
  const SourceId b = sources.Add("b.sql", "x y\n");
  const SourceId a = sources.Add("a.sql", "x y\n");
  Diagnostics many;
  many.push_back(Diagnostic(kRefNotFound, "4"));
  many.push_back(Diagnostic(kRefNotFound, "3", {b, 0, 1}));
  many.push_back(Diagnostic(kRefNotFound, "2", {a, 2, 3}));
  many.push_back(Diagnostic(kRefNotFound, "1", {a, 0, 1}));
  many.push_back(Diagnostic(kRefNotFound, "1", {a, 0, 1}));
  const std::string text = RenderDiagnostics(many, sources);
  EXPECT_LT(text.find(": 1\n"), text.find(": 2\n"));
  EXPECT_LT(text.find(": 2\n"), text.find(": 3\n"));
  EXPECT_LT(text.find(": 3\n"), text.find(": 4\n"));
  EXPECT_EQ(text.find(": 1\n"), text.rfind(": 1\n"));
}

}  // namespace
}  // namespace stir
