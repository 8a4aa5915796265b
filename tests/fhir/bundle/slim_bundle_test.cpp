#include "fhir/bundle/slim_bundle.hpp"

#include <gtest/gtest.h>

#include <string>

#include "fhir/base/issue.hpp"
#include "fhir/bundle/request.hpp"
#include "fhir/json/reader.hpp"

namespace fhir::bundle {
namespace {

std::string Bundle(const std::string& entries, const std::string& more = "") {
  return R"({"resourceType":"Bundle","type":"transaction",)" + more + R"("entry":[)" + entries + "]}";
}

const std::string kCreate =
    R"({"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "resource" : {"id":"x","name":[{"family":"}]\""}],)"
    R"("resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})";
const std::string kUpdate =
    R"({"request":{"method":"PUT","url":"Basic/b"},"resource":{"resourceType":"Basic","id":"b","code":{"text":"c"}}})";
const std::string kDelete = R"({"request":{"method":"DELETE","url":"Patient/9"}})";
const std::string kPatch =
    R"({"request":{"method":"PATCH","url":"Patient/1"},"resource":{"resourceType":"Parameters","parameter":[)"
    R"({"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.name"}]}]}})";

TEST(SlimBundle, Resources_StayTextAndEntriesAreTheSame) {
  const std::string text = Bundle(kCreate + "," + kUpdate + " , " + kDelete + "," + kPatch, R"("id":"t",)");
  const auto slim = ReadSlimBundle(text, Limits());
  ASSERT_TRUE(slim);
  ASSERT_EQ(slim->resources.size(), 4u);
  EXPECT_TRUE(slim->resources[0].starts_with(R"({"id":"x","name")"));
  EXPECT_TRUE(slim->resources[0].ends_with(R"("resourceType":"Patient"})"));
  EXPECT_EQ(slim->resources[1], R"({"resourceType":"Basic","id":"b","code":{"text":"c"}})");
  EXPECT_EQ(slim->resources[2], "");
  EXPECT_EQ(slim->resources[3], "") << "a patch stays where it stands";
  IssueList issues;
  const auto whole = json::ReadJson(text, Limits(), issues);
  ASSERT_TRUE(whole);
  const auto of_whole = ReadRequestBundle(whole->root(), Limits());
  const auto of_slim = ReadRequestBundle(slim->tree.root(), Limits());
  ASSERT_TRUE(of_whole);
  ASSERT_TRUE(of_slim);
  ASSERT_EQ(of_slim->entries.size(), of_whole->entries.size());
  for (std::size_t i = 0; i < of_whole->entries.size(); ++i) {
    const RequestEntry& a = of_whole->entries[i];
    const RequestEntry& b = of_slim->entries[i];
    EXPECT_EQ(a.verb, b.verb);
    EXPECT_EQ(a.url, b.url);
    EXPECT_EQ(a.full_url, b.full_url);
    EXPECT_EQ(a.place, b.place);
    ASSERT_EQ(a.resource == nullptr, b.resource == nullptr);
    if (a.resource != nullptr) {
      EXPECT_EQ(a.resource->type, b.resource->type);
      EXPECT_EQ(a.resource->ChildValue("id"), b.resource->ChildValue("id"));
    }
  }
  EXPECT_EQ(slim->tree.root().Child("entry")->Child("resource")->Child("name"), nullptr);
  EXPECT_NE(of_slim->entries[3].resource->Child("parameter"), nullptr);
}

TEST(SlimBundle, WhateverIsNotAsItShouldBe_IsLeftToTheWholeReading) {
  const std::string cases[] = {
      "",
      "[]",
      Bundle(kCreate).substr(0, 100),
      Bundle(""),
      Bundle(R"({"resource":{"resourceType":"Patiet"},"request":{"method":"POST","url":"Patient"}})"),
      Bundle(R"({"resource":{"resourceType":"Patient","foo":1},"request":{"method":"POST","url":"Patient"}})"),
      Bundle(R"({"resource":{"resourceType":"Patient","name":[}]},"request":{"method":"POST","url":"Patient"}})"),
      Bundle(R"({"resource":null,"request":{"method":"POST","url":"Patient"}})"),
      Bundle(
          R"({"resource":{"resourceType":"Patient"},"resource":{"resourceType":"Patient"},"request":{"method":"POST"}})"),
      Bundle(R"({"resource":{"resourceType":"Patient"},"resourc\u0065":{"resourceType":"Patient"}})"),
      Bundle(kCreate, R"("entry":[],)"),
      Bundle(kCreate, R"("\u0065ntry":[{}],)"),
      Bundle(kCreate, R"("foo":1,)"),
      Bundle(kCreate, R"("id":"a","id":"b",)"),
      Bundle(kCreate + ",{}"),
      Bundle(kCreate + ",1"),
      Bundle(kCreate) + "x",
      "{\"resourceType\":\"Bundle\",\"type\":\"transaction\"}",
      Bundle("{\"resource\":{\"resourceType\":\"Patient\",\"language\":\"\xff\"}}"),
  };
  for (const std::string& text : cases) {
    EXPECT_FALSE(ReadSlimBundle(text, Limits())) << text;
  }
}

TEST(SlimBundle, Limits_HoldAsForTheWhole) {
  Limits limits;
  limits.entries_max = 2;
  EXPECT_TRUE(ReadSlimBundle(Bundle(kUpdate + "," + kDelete), limits));
  EXPECT_FALSE(ReadSlimBundle(Bundle(kUpdate + "," + kDelete + "," + kDelete), limits));
  // The Bundle, its entries, the entry, the resource, its code.
  limits.depth_max = 5;
  EXPECT_TRUE(ReadSlimBundle(Bundle(kUpdate), limits));
  limits.depth_max = 4;
  EXPECT_FALSE(ReadSlimBundle(Bundle(kUpdate), limits));
  limits = Limits();
  limits.body_bytes_max = Bundle(kUpdate).size();
  EXPECT_TRUE(ReadSlimBundle(Bundle(kUpdate), limits));
  limits.body_bytes_max -= 1;
  EXPECT_FALSE(ReadSlimBundle(Bundle(kUpdate), limits));
}

}  // namespace
}  // namespace fhir::bundle
