// Parts of JSON text, found without reading their values.
#include "fhir/json/parts.hpp"

#include <gtest/gtest.h>

namespace fhir::json {
namespace {

TEST(JsonText, Members_OfAnObject_AreFoundAsTheyStand) {
  const auto members =
      JsonMembers("\xEF\xBB\xBF { \"a\" : {\"b\":\"}]\\\"\"} , \"c\":[1,{}],\"d\":-1.50e3,\"e\":null} \n");
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 4u);
  EXPECT_EQ(FindJson(*members, "a"), R"({"b":"}]\""})");
  EXPECT_EQ(FindJson(*members, "c"), "[1,{}]");
  EXPECT_EQ(FindJson(*members, "d"), "-1.50e3");
  EXPECT_EQ(FindJson(*members, "e"), "null");
  EXPECT_EQ(FindJson(*members, "f"), "");
  EXPECT_EQ(JsonMembers("{}")->size(), 0u);
  EXPECT_EQ(JsonElements("[ 1 , {\"a\":\"]\"}, \"x\" ]")->size(), 3u);
  EXPECT_EQ(JsonElements("[]")->size(), 0u);
}

TEST(JsonText, Members_OfAnythingElse_AreNone) {
  for (const char* text : {"", "[]", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":\"x}", "{\"a\":1}x",
                           "{\"a\":1 2}", "{\"a\":[1}", "{\"a\":1;\"b\":2}"}) {
    EXPECT_FALSE(JsonMembers(text)) << text;
  }
  for (const char* text : {"", "{}", "[", "[1", "[1,", "[1 2]", "[1]x"}) {
    EXPECT_FALSE(JsonElements(text)) << text;
  }
}

TEST(JsonText, Text_OfAString_IsWhatItMeans) {
  EXPECT_EQ(JsonText(R"("Patient")"), "Patient");
  EXPECT_EQ(JsonText(R"("a\/b\u00e9")"), "a/bé");
  EXPECT_EQ(JsonText("12"), "");
  EXPECT_EQ(JsonText(""), "");
}

}  // namespace
}  // namespace fhir::json
