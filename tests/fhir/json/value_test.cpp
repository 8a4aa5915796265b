#include "fhir/json/value.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::ErrorCode;
using fhir::json::ReadValue;
using fhir::json::Value;
using fhir::json::WriteValue;

TEST(JsonValue, AllKinds_WrittenBack_AreTheSameText) {
  const std::string text = R"({"a":null,"b":true,"c":1.00,"d":"é\n\"\\\u0001","e":[],"f":{},"g":[1,[2,{"h":-1E400}]]})";
  const auto value = ReadValue(text);
  ASSERT_TRUE(value) << value.error().public_text.text;
  EXPECT_EQ(WriteValue(*value), text);
}

TEST(JsonValue, Accessors_ByKind_GiveValueOrNothing) {
  const auto value = ReadValue(R"({"name":"x","count":42,"big":9223372036854775808,"on":false,"ratio":1.5})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->FindText("name"), "x");
  EXPECT_EQ(value->FindText("count"), "");
  EXPECT_EQ(value->Find("count")->AsInteger(), 42);
  EXPECT_EQ(value->Find("big")->AsInteger(), std::nullopt);
  EXPECT_EQ(value->Find("ratio")->AsInteger(), std::nullopt);
  EXPECT_EQ(value->Find("on")->AsBoolean(), false);
  EXPECT_EQ(value->Find("name")->AsBoolean(), std::nullopt);
  EXPECT_EQ(value->Find("none"), nullptr);
}

TEST(JsonValue, Set_ExistingAndOtherName_ReplacesAndAdds) {
  Value value;
  value.Set("a", Value::Integer(1));
  value.Set("b", Value::Array({Value::Boolean(true), Value::String("s")}));
  value.Set("a", Value::Integer(2));
  EXPECT_EQ(WriteValue(value), R"({"a":2,"b":[true,"s"]})");
}

TEST(JsonValue, Limits_AtAndPast_AcceptAndRefuse) {
  EXPECT_TRUE(ReadValue("[[1]]", {.bytes_max = 5, .depth_max = 2}));
  const auto deep = ReadValue("[[[1]]]", {.bytes_max = 50, .depth_max = 2});
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code, ErrorCode::kTooLarge);
  const auto large = ReadValue("[[11]]", {.bytes_max = 5, .depth_max = 2});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kTooLarge);
}

TEST(JsonValue, RepeatedName_IsMalformed) {
  const auto value = ReadValue(R"({"a":1,"\u0061":2})");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kMalformed);
}

}  // namespace
