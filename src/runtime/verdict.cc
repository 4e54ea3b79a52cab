#include "runtime/verdict.h"

#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/kinds.h"

namespace stir::runtime {

namespace {

using jinja::Value;

// Engines without booleans answer 0 and 1, or texts.
Result<bool> AsCondition(const Value& value) {
  if (value.type() == jinja::Type::kBool) return value.AsBool();
  STIR_ASSIGN(const std::string text, value.Str());
  const std::string lower = ToLower(text);
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return Diagnostic(kBadTestResult, fmt::format("a test's condition must be true or false, not `{}`", text));
}

Result<int64_t> AsCount(const Value& value) {
  if (value.type() == jinja::Type::kInt) return value.AsInt();
  STIR_ASSIGN(const std::string text, value.Str());
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || (end != text.data() + text.size() && *end != '.') || value.IsNone())
    return Diagnostic(kBadTestResult, fmt::format("a test's number of failures must be a whole number, not `{}`", text))
        .Hint("`fail_calc` must give a number also when no row fails: `coalesce(sum(n), 0)`");
  return number;
}

}  // namespace

Result<Verdict> Judge(const std::vector<std::string>& columns, const std::vector<std::vector<Value>>& rows,
                      const project::Config& config, bool warnings_are_errors) {
  if (rows.size() != 1) return Diagnostic(kBadTestResult, fmt::format("a test must give one row, not {}", rows.size()));
  if (columns.size() != 3)
    return Diagnostic(kBadTestResult, fmt::format("a test must give three columns, not {}", columns.size()));
  Verdict verdict{"pass", "", 0};
  STIR_ASSIGN(verdict.failures, AsCount(rows[0][0]));
  STIR_ASSIGN(const bool should_warn, AsCondition(rows[0][1]));
  STIR_ASSIGN(const bool should_error, AsCondition(rows[0][2]));
  const std::string count = fmt::format("Got {} result{}", verdict.failures, verdict.failures == 1 ? "" : "s");
  if (config.severity == project::TestSeverity::kError && should_error) {
    verdict.status = "fail";
    verdict.message = fmt::format("{}, configured to fail if {}", count, config.error_if);
  } else if (should_warn) {
    verdict.status = warnings_are_errors ? "fail" : "warn";
    verdict.message =
        fmt::format("{}, configured to {} if {}", count, warnings_are_errors ? "fail" : "warn", config.warn_if);
  }
  if (verdict.status == "pass") verdict.failures = 0;  // as dbt: what was counted did not fail
  return verdict;
}

}  // namespace stir::runtime
