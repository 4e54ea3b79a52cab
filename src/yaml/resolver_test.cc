// The table was recorded from PyYAML 6.0.3 (`yaml.safe_load` of the text on the left).
#include "yaml/resolver.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace stir::yaml {
namespace {

std::string Resolved(std::string_view text) {
  Node node;
  node.text = text;
  if (std::string wrong = SetValue(node, TypeOfPlain(text)); !wrong.empty()) return "error";
  switch (node.type) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return node.boolean ? "true" : "false";
    case Type::kInt:
      return "int " + (node.big ? node.text : std::to_string(node.integer));
    case Type::kFloat:
      return fmt::format("float {}", node.real);
    case Type::kDate:
      return "date";
    case Type::kTimestamp:
      return "timestamp";
    default:
      return "string";
  }
}

struct Case {
  std::string_view text, expected;
};

constexpr Case kRecorded[] = {
    {"y", "string"},
    {"n", "string"},
    {"Y", "string"},
    {"N", "string"},
    {"yes", "true"},
    {"no", "false"},
    {"Yes", "true"},
    {"NO", "false"},
    {"on", "true"},
    {"off", "false"},
    {"On", "true"},
    {"OFF", "false"},
    {"oN", "string"},
    {"true", "true"},
    {"false", "false"},
    {"True", "true"},
    {"TRUE", "true"},
    {"tRUE", "string"},
    {"~", "null"},
    {"~~", "string"},
    {"null", "null"},
    {"Null", "null"},
    {"nULL", "string"},
    {".inf", "float inf"},
    {"-.inf", "float -inf"},
    {"+.INF", "float inf"},
    {".Inf", "float inf"},
    {".nan", "float nan"},
    {".NaN", "float nan"},
    {"+.nan", "string"},
    {".", "string"},
    {"..", "string"},
    {"._5", "string"},
    {".5_", "float 0.5"},
    {".5", "float 0.5"},
    {"-.5", "string"},
    {"1_", "int 1"},
    {"1__0", "int 10"},
    {"1_000", "int 1000"},
    {"0_", "int 0"},
    {"00", "int 0"},
    {"0", "int 0"},
    {"-0", "int 0"},
    {"+0", "int 0"},
    {"08", "string"},
    {"07", "int 7"},
    {"010", "int 8"},
    {"0o10", "string"},
    {"0b_", "error"},
    {"0b10", "int 2"},
    {"-0b11", "int -3"},
    {"0B1", "string"},
    {"0x_", "error"},
    {"0xFf", "int 255"},
    {"0XF", "string"},
    {"-0x1F", "int -31"},
    {"1e3", "string"},
    {"1.e3", "string"},
    {"1.0e3", "string"},
    {"1.0e+3", "float 1000"},
    {"1.E-3", "float 0.001"},
    {"1.e+999", "float inf"},
    {"1.", "float 1"},
    {"1.10", "float 1.1"},
    {"190:20:30", "int 685230"},
    {"1:30", "int 90"},
    {"01:30", "string"},
    {"0:30", "string"},
    {"19:00", "int 1140"},
    {"19:60", "string"},
    {"1:5", "int 65"},
    {"1:30.5", "float 90.5"},
    {"1:30.", "float 90"},
    {"01:30.5", "float 90.5"},
    {"-1:30", "int -90"},
    {"+1:30.25", "float 90.25"},
    {"2024-01-01", "date"},
    {"2024-1-1", "string"},
    {"2024-13-01", "error"},
    {"2024-02-30", "error"},
    {"2024-02-29", "date"},
    {"0000-01-01", "error"},
    {"2024-01-01T10:00:00", "timestamp"},
    {"2024-01-01t1:00:00Z", "timestamp"},
    {"2024-1-1T1:00:00.123456789", "timestamp"},
    {"2024-01-01T25:00:00Z", "error"},
    {"2024-01-01T00:00:60", "error"},
    {"2024-01-01T00:00:00+05:30", "timestamp"},
    {"2024-01-01T00:00:00-5", "timestamp"},
    {"2024-01-01T00:00:00+99:00", "error"},
    {"9223372036854775807", "int 9223372036854775807"},
    {"9223372036854775808", "int 9223372036854775808"},
    {"-9223372036854775808", "int -9223372036854775808"},
    {"-9223372036854775809", "int -9223372036854775809"},
    {"99999999999999999999", "int 99999999999999999999"},
    {"0xFFFFFFFFFFFFFFFFFF", "int 4722366482869645213695"},
    {"0777777777777777777777777", "int 4722366482869645213695"},
    {"1_000.5_5", "float 1000.55"},
    {"1.1.1", "string"},
    {"+1", "int 1"},
    {"+1.5", "float 1.5"},
    {"+.5", "string"},
    {"1.2.3", "string"},
    {"12e03", "string"},
    {"2024-01-01 10:00:00", "timestamp"},
    {"2024-01-01  10:00:00\t-1:30", "timestamp"},
    {"2024-01-01 10:00:00.", "timestamp"},
    {"2024-01-01 10:00:00.5 Z", "timestamp"},
    {"2024-01-01 10:00", "string"},
};

TEST(Resolver, GivesPlainScalarsPyYamlsTypes) {
  for (const Case& each : kRecorded) EXPECT_EQ(Resolved(each.text), each.expected) << each.text;
}

TEST(Resolver, TheEmptyScalarIsNull) { EXPECT_EQ(TypeOfPlain(""), Type::kNull); }

}  // namespace
}  // namespace stir::yaml
