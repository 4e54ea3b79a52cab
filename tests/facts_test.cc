// The harness that compares with dbt, on its own: facts survive being written, a difference is found, a known one is
// taken.
#include <gtest/gtest.h>

#include "tests/support/artifact_facts.h"
#include "tests/support/differences.h"
#include "tests/support/facts.h"

namespace stir::testing_support {
namespace {

Facts Sample() {
  return {{"manifest model.case.a", {{"alias", "\"a\""}, {"config.tags", "[]"}}},
          {"relation case.main.a", {{"type", "\"view\""}}},
          {"terminal", {{"x = 1", "2"}}}};
}

TEST(FactsTest, StepsSurviveBeingWrittenAndOnlyChangesAreWritten) {
  Facts later = Sample();
  later.erase("relation case.main.a");
  later["manifest model.case.a"]["alias"] = "\"b\"";
  later["manifest model.case.a"].erase("config.tags");
  const Facts defaults = {{"manifest model", {{"config.tags", "[]"}, {"access", "\"public\""}}}};
  const std::string text = WriteSteps({{"dbt run", Sample()}, {"dbt ls", later}}, defaults);
  EXPECT_EQ(
      text,
      ">>> dbt run\nmanifest model.case.a\n  alias = \"a\"\n  access -\nrelation case.main.a\n  type = \"view\"\n"
      "terminal\n  x \\= 1 = 2\n"
      ">>> dbt ls\nmanifest model.case.a\n  alias = \"b\"\n  access -\n  config.tags -\n- relation case.main.a\n");
  const std::vector<Step> read = ReadSteps(text, defaults);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].facts, Sample());
  EXPECT_EQ(read[1].facts, later);
}

TEST(FactsTest, EveryKindOfDifferenceIsFound) {
  Facts other = Sample();
  other["terminal"] = {{"y", "1"}};
  other.erase("relation case.main.a");
  other["new"]["k"] = "1";
  const std::vector<Difference> found = Compare(Sample(), other);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].section + found[0].expected, "relation case.main.athere");
  EXPECT_EQ(found[1].key + found[1].expected, "x = 12");
  EXPECT_EQ(found[2].key + found[2].actual, "y1");
  EXPECT_EQ(found[3].section + found[3].actual, "newthere");
}

TEST(FactsTest, KnownDifferencesAreTakenAndSeen) {
  auto page =
      ReadDifferencesPage("## Why\n\nText.\n\n```difference\n* : manifest * : alias\n```\n## Other\n```sh\nx\n```\n");
  auto gaps = ReadGaps("# comment\nsnapshots/check # not built\nother : terminal : Found * # later\n");
  ASSERT_EQ(page.size(), 1U);
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(page[0].reason, "Why");
  std::vector<Difference> found = {{"manifest model.case.a", "alias", "1", "2"},
                                   {"terminal", "Found 2 models", "1", ""}};
  EXPECT_EQ(TakeKnown("names/a", page, found).size(), 1U);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(TakeKnown("names/a", gaps, found).empty());
  EXPECT_EQ(TakeKnown("other", gaps, found).size(), 1U);
  EXPECT_TRUE(found.empty());
  EXPECT_FALSE(gaps[0].seen);
  EXPECT_TRUE(gaps[1].seen);
}

TEST(FactsTest, ArtifactsBecomeSections) {
  Facts facts;
  AddArtifact(
      "manifest.json",
      R"({"metadata": {"generated_at": "x", "env": {}}, "nodes": {"model.c.a": {"columns": {"id": {"tags": [1]}}}},
                  "macros": {"macro.dbt.ref": {"package_name": "dbt"}}, "disabled": {"model.c.b": [{"name": "b"}]}})",
      facts);
  const Facts expected = {{"manifest metadata", {{"generated_at", "\"<run>\""}, {"env", "{}"}}},
                          {"manifest model.c.a", {{"columns.id.tags", "[1]"}}},
                          {"manifest disabled model.c.b", {{"name", "\"b\""}}}};
  EXPECT_EQ(facts, expected);
}

TEST(FactsTest, OnlyTimesOfNowAreReplaced) {
  EXPECT_EQ(WithoutNow("at 2001-02-03 04:05:06.7+00 and"), "at 2001-02-03 04:05:06.7+00 and");
}

}  // namespace
}  // namespace stir::testing_support
