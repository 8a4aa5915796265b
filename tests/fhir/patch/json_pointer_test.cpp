#include "fhir/patch/json_pointer.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::patch::ArrayIndex;
using fhir::patch::Pointer;
using fhir::patch::ReadPointer;

TEST(JsonPointer, Tokens_AreUnescapedOnce) {
  EXPECT_EQ(ReadPointer(""), Pointer{});
  EXPECT_EQ(ReadPointer("/"), Pointer{""});
  EXPECT_EQ(ReadPointer("/a/0/-"), (Pointer{"a", "0", "-"}));
  EXPECT_EQ(ReadPointer("/a~1b"), Pointer{"a/b"});
  EXPECT_EQ(ReadPointer("/~01"), Pointer{"~1"});
  EXPECT_EQ(ReadPointer("/~00~1"), Pointer{"~0/"});
  EXPECT_EQ(ReadPointer("//"), (Pointer{"", ""}));
  for (const char* text : {"a", "~", "/~", "/~2", "/a~", "#/a"}) {
    EXPECT_EQ(ReadPointer(text), std::nullopt) << text;
  }
}

TEST(JsonPointer, ArrayIndex_HasNoLeadingZeroNorSign) {
  EXPECT_EQ(ArrayIndex("0"), 0U);
  EXPECT_EQ(ArrayIndex("10"), 10U);
  EXPECT_EQ(ArrayIndex("999999999"), 999'999'999U);
  for (const char* token : {"", "-", "-1", "+1", "01", "00", "1e0", "1.0", " 1", "a", "1000000000"}) {
    EXPECT_EQ(ArrayIndex(token), std::nullopt) << token;
  }
}

TEST(JsonPointer, Find_FollowsMembersAndIndexes) {
  auto value = *fhir::json::ReadValue(R"({"a":[{"b/c":1},2],"":3,"0":4})");
  const auto find = [&](const char* text) {
    const auto pointer = *ReadPointer(text);
    const auto* found = fhir::patch::Find(value, pointer, pointer.size());
    return found == nullptr ? std::string("nothing") : fhir::json::WriteValue(*found);
  };
  EXPECT_EQ(find("/a/0/b~1c"), "1");
  EXPECT_EQ(find("/a/1"), "2");
  EXPECT_EQ(find("/"), "3");
  EXPECT_EQ(find("/0"), "4");
  EXPECT_EQ(find("/a/2"), "nothing");
  EXPECT_EQ(find("/a/-"), "nothing");
  EXPECT_EQ(find("/a/1/x"), "nothing");
  EXPECT_EQ(find("/b"), "nothing");
}

}  // namespace
