// Values by themselves: dicts, equality, hashes, length.
#include <gtest/gtest.h>

#include "jinja/value.h"

namespace stir::jinja {
namespace {

TEST(Dict, KeepsInsertionOrderThroughGrowthAndRemoval) {
  Dict dict;
  for (int i = 0; i < 100; ++i) dict.Set(Value::Int(i), Value::Int(i * i));
  for (int i = 0; i < 100; i += 2) EXPECT_TRUE(dict.Erase(Value::Int(i)));
  EXPECT_FALSE(dict.Erase(Value::Int(0)));
  dict.Set(Value::Int(3), Value::String("again"));
  dict.Set("key", Value::None());
  ASSERT_EQ(dict.size(), 51u);
  EXPECT_EQ(dict.entries()[1].second.AsString(), "again");
  EXPECT_EQ(dict.entries().back().first.AsString(), "key");
  EXPECT_EQ(dict.Find(Value::Int(99))->AsInt(), 99 * 99);
  EXPECT_EQ(dict.Find(Value::Int(98)), nullptr);
  EXPECT_NE(dict.Find("key"), nullptr);
}

TEST(Dict, EqualNumbersAreOneKey) {
  Value value = Value::MakeDict({{Value::Int(1), Value::String("a")},
                                 {Value::Float(1.0), Value::String("b")},
                                 {Value::Bool(true), Value::String("c")}});
  EXPECT_EQ(value.Repr().value(), "{1: 'c'}");
}

TEST(Value, EqualityIsPythons) {
  EXPECT_TRUE(Value::Int(1).Equals(Value::Float(1)));
  EXPECT_TRUE(Value::Bool(true).Equals(Value::Int(1)));
  EXPECT_FALSE(Value::Int((int64_t{1} << 53) + 1).Equals(Value::Float(9007199254740992.0)));
  EXPECT_FALSE(Value::List({Value::Int(1)}).Equals(Value::Tuple({Value::Int(1)})));
  EXPECT_TRUE(
      Value::MakeDict({{Value::String("a"), Value::Int(1)}, {Value::String("b"), Value::Int(2)}})
          .Equals(Value::MakeDict({{Value::String("b"), Value::Int(2)}, {Value::String("a"), Value::Float(1)}})));
  EXPECT_TRUE(Value::Undefined("a").Equals(Value::Undefined("b")));
  EXPECT_FALSE(Value::Undefined("a").Equals(Value::None()));
  EXPECT_EQ(Value::Tuple({Value::Int(2)}).Hash(), Value::Tuple({Value::Float(2)}).Hash());
}

TEST(Value, CopiesShareListsAndDicts) {
  Value list = Value::List({});
  Value other = list;
  other.MutableItems().push_back(Value::Int(1));
  EXPECT_EQ(list.Items().size(), 1u);
  EXPECT_EQ(list.Identity(), other.Identity());
}

TEST(Value, LengthCountsCodePoints) {
  EXPECT_EQ(Value::String("ñandú").Length(), 5u);
  EXPECT_EQ(Value::Int(5).Length(), std::nullopt);
}

}  // namespace
}  // namespace stir::jinja
