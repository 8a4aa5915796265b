#include "fhir/bundle/request.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"

namespace {

using fhir::ErrorCode;
using fhir::Limits;
using fhir::bundle::HttpVerb;
using fhir::bundle::ReadRequestBundle;

fhir::model::Document BundleOf(std::string_view type, std::string_view entries) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(
      fmt::format(R"({{"resourceType":"Bundle","type":"{}","entry":[{}]}})", type, entries), Limits{}, issues);
  EXPECT_TRUE(document) << entries;
  EXPECT_TRUE(issues.empty()) << entries;
  return std::move(*document);
}

constexpr std::string_view kPost =
    R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}})";

TEST(RequestBundle, AllParts_AreRead) {
  const auto document = BundleOf(
      "transaction",
      R"({"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},)"
      R"("request":{"method":"POST","url":"/Patient","ifNoneExist":"identifier=a"}},)"
      R"({"request":{"method":"DELETE","url":"Patient?identifier=b","ifMatch":"W/\"3\""}},)"
      R"({"request":{"method":"GET","url":"Patient/1","ifNoneMatch":"W/\"1\"","ifModifiedSince":"2024-05-15T10:00:00Z"}})");
  const auto bundle = ReadRequestBundle(document.root(), Limits{});
  ASSERT_TRUE(bundle) << bundle.error().public_text.text;
  EXPECT_TRUE(bundle->transaction);
  ASSERT_EQ(bundle->entries.size(), 3u);
  EXPECT_EQ(bundle->entries[0].verb, HttpVerb::kPost);
  EXPECT_EQ(bundle->entries[0].url, "Patient");
  EXPECT_EQ(bundle->entries[0].full_url, "urn:uuid:1");
  EXPECT_EQ(bundle->entries[0].if_none_exist, "identifier=a");
  EXPECT_NE(bundle->entries[0].resource, nullptr);
  EXPECT_EQ(bundle->entries[1].if_match, "W/\"3\"");
  EXPECT_EQ(bundle->entries[2].place, "Bundle.entry[2]");
  EXPECT_EQ(bundle->entries[2].if_modified_since, "2024-05-15T10:00:00Z");
}

TEST(RequestBundle, FaultyEntry_IsNamedInATransactionAndKeptApartInABatch) {
  struct Case {
    const char* entry;
    const char* expression;
  };
  for (const Case& c : {
           Case{R"({"resource":{"resourceType":"Patient"}})", "Bundle.entry[1]"},
           Case{R"({"request":{"method":"FETCH","url":"Patient/1"}})", "Bundle.entry[1].request.method"},
           Case{R"({"request":{"method":"GET"}})", "Bundle.entry[1].request"},
           Case{R"({"request":{"method":"POST","url":"Patient"}})", "Bundle.entry[1]"},
           Case{R"({"resource":{"resourceType":"Group"},"request":{"method":"POST","url":"Patient"}})",
                "Bundle.entry[1].request.url"},
           Case{R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/5"}})",
                "Bundle.entry[1].request.url"},
           Case{R"({"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient"}})",
                "Bundle.entry[1].request.url"},
           Case{R"({"resource":{"resourceType":"Patient","id":"6"},"request":{"method":"PUT","url":"Patient/5"}})",
                "Bundle.entry[1].resource.id"},
           Case{R"({"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient/5"}})",
                "Bundle.entry[1].resource.id"},
           Case{R"({"request":{"method":"DELETE","url":"Patient"}})", "Bundle.entry[1].request.url"},
           Case{R"({"request":{"method":"GET","url":"http://other.test/fhir/Patient/1"}})",
                "Bundle.entry[1].request.url"},
           Case{R"({"request":{"method":"DELETE","url":"Patient/1","ifNoneExist":"a=b"}})",
                "Bundle.entry[1].request.ifNoneExist"},
       }) {
    const std::string entries = fmt::format("{},{}", kPost, c.entry);
    const auto transaction = BundleOf("transaction", entries);
    const auto refused = ReadRequestBundle(transaction.root(), Limits{});
    ASSERT_FALSE(refused) << c.entry;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(refused.error().expression, c.expression) << c.entry;
    const auto batch = BundleOf("batch", entries);
    const auto read = ReadRequestBundle(batch.root(), Limits{});
    ASSERT_TRUE(read) << c.entry;
    EXPECT_FALSE(read->entries[0].error);
    ASSERT_TRUE(read->entries[1].error) << c.entry;
    EXPECT_EQ(read->entries[1].error->expression, c.expression);
  }
}

TEST(RequestBundle, ConditionalAndOperationEntries_AreAccepted) {
  const auto document = BundleOf(
      "transaction",
      R"({"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient?identifier=http://x.test|1"}},)"
      R"({"resource":{"resourceType":"Parameters"},"request":{"method":"POST","url":"Patient/$match"}},)"
      R"({"request":{"method":"POST","url":"Patient/_search?name=a"}},)"
      R"({"resource":{"resourceType":"Parameters"},"request":{"method":"PATCH","url":"Patient/1"}})");
  const auto bundle = ReadRequestBundle(document.root(), Limits{});
  EXPECT_TRUE(bundle) << bundle.error().expression;
}

TEST(RequestBundle, RepeatedFullUrlOrTarget_IsRefusedInATransaction) {
  const auto urls = BundleOf("transaction", fmt::format("{},{}", kPost, kPost));
  EXPECT_EQ(ReadRequestBundle(urls.root(), Limits{}).error().expression, "Bundle.entry[1].fullUrl");
  constexpr std::string_view kDelete = R"({"request":{"method":"DELETE","url":"Patient/1"}})";
  const auto targets = BundleOf("transaction", fmt::format("{},{}", kDelete, kDelete));
  EXPECT_EQ(ReadRequestBundle(targets.root(), Limits{}).error().expression, "Bundle.entry[1].request.url");
}

TEST(RequestBundle, EntryLimitAndType_AreChecked) {
  const auto document = BundleOf("batch", fmt::format("{},{}", kPost, kPost));
  EXPECT_TRUE(ReadRequestBundle(document.root(), {.entries_max = 2}));
  EXPECT_EQ(ReadRequestBundle(document.root(), {.entries_max = 1}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(ReadRequestBundle(BundleOf("collection", kPost).root(), Limits{}).error().expression, "Bundle.type");
}

TEST(RequestBundle, ProcessingOrder_IsByVerbThenPosition) {
  std::vector<fhir::bundle::RequestEntry> entries;
  for (const HttpVerb verb : {HttpVerb::kGet, HttpVerb::kPut, HttpVerb::kPost, HttpVerb::kDelete, HttpVerb::kPatch,
                              HttpVerb::kPost, HttpVerb::kHead, HttpVerb::kDelete}) {
    entries.emplace_back().verb = verb;
  }
  EXPECT_THAT(fhir::bundle::ProcessingOrder(entries), testing::ElementsAre(3, 7, 2, 5, 1, 4, 0, 6));
}

}  // namespace
