#include "runtime/verdict.h"

#include <gtest/gtest.h>

namespace stir::runtime {
namespace {

using jinja::Value;

const std::vector<std::string> kColumns{"failures", "should_warn", "should_error"};

project::Config ConfigOf(project::TestSeverity severity) {
  project::Config config(project::ResourceType::kTest, {});
  config.severity = severity;
  config.error_if = "> 10";
  return config;
}

Verdict VerdictOf(int64_t failures, bool warn, bool error, project::TestSeverity severity, bool strict = false) {
  return Judge(kColumns, {{Value::Int(failures), Value::Bool(warn), Value::Bool(error)}}, ConfigOf(severity), strict)
      .value();
}

TEST(Judge, SeverityAndConditionsDecide) {
  using enum project::TestSeverity;
  EXPECT_EQ(VerdictOf(0, false, false, kError).status, "pass");
  EXPECT_EQ(VerdictOf(0, false, false, kError).message, "");
  EXPECT_EQ(VerdictOf(3, false, false, kError).failures, 0) << "counted, but not failed";
  EXPECT_EQ(VerdictOf(3, false, true, kWarn).status, "pass");
  EXPECT_EQ(VerdictOf(3, true, false, kError).failures, 3);
  EXPECT_EQ(VerdictOf(12, true, true, kError).message, "Got 12 results, configured to fail if > 10");
  EXPECT_EQ(VerdictOf(1, true, false, kError).status, "warn");
  EXPECT_EQ(VerdictOf(1, true, false, kError).message, "Got 1 result, configured to warn if != 0");
  EXPECT_EQ(VerdictOf(12, true, true, kWarn).status, "warn");
  EXPECT_EQ(VerdictOf(12, true, true, kWarn, true).status, "fail");
}

TEST(Judge, RefusesWhatIsNoAnswer) {
  const project::Config config = ConfigOf(project::TestSeverity::kError);
  EXPECT_FALSE(Judge(kColumns, {}, config, false).ok());
  EXPECT_FALSE(Judge({"n"}, {{Value::Int(1)}}, config, false).ok());
  EXPECT_FALSE(Judge(kColumns, {{Value::None(), Value::Bool(true), Value::Bool(true)}}, config, false).ok());
  EXPECT_FALSE(Judge(kColumns, {{Value::Int(1), Value::String("maybe"), Value::Bool(true)}}, config, false).ok());
}

}  // namespace
}  // namespace stir::runtime
