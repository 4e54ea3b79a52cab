#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace stir {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(Json, WritesNestedValues) {
  JsonWriter json;
  json.BeginObject().Key("a").Int(-1).Key("b").BeginArray().Bool(true).Null().BeginObject().EndObject().EndArray();
  json.Key("c").String("x").Key("d").Raw("[1]").EndObject();
  EXPECT_EQ(json.text(), R"({"a":-1,"b":[true,null,{}],"c":"x","d":[1]})");
}

TEST(Json, WritesFloatsAsPythonDoes) {
  JsonWriter json;
  json.BeginArray();
  for (double value : {1.0, 0.1, 1e16, 123456789012345680.0, 1e-5, 0.0001, 1e22, -0.0, 5e-324, 1e15})
    json.Double(value);
  json.Double(NAN).Double(INFINITY).Double(-INFINITY).EndArray();
  EXPECT_EQ(json.text(),
            "[1.0,0.1,1e+16,1.2345678901234568e+17,1e-05,0.0001,1e+22,-0.0,5e-324,1000000000000000.0,"
            "NaN,Infinity,-Infinity]");
}

TEST(Json, EscapesWhereverTheByteStands) {
  for (size_t before = 0; before < 20; ++before) {
    const std::string lead(before, 'x'), tail(9, 'y');
    EXPECT_EQ(Quoted(lead + "\"" + tail), "\"" + lead + "\\\"" + tail + "\"");
    EXPECT_EQ(Quoted(lead + "\\" + tail), "\"" + lead + "\\\\" + tail + "\"");
    EXPECT_EQ(Quoted(lead + "\n\x01" + tail), "\"" + lead + "\\n\\u0001" + tail + "\"");
    EXPECT_EQ(Quoted(lead + "é\x7F" + tail), "\"" + lead + "é\x7F" + tail + "\"");
    EXPECT_EQ(Quoted(lead + "\xFF" + tail), "\"" + lead + "\xEF\xBF\xBD" + tail + "\"");
  }
}

}  // namespace
}  // namespace stir
