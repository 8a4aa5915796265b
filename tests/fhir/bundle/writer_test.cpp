#include "fhir/bundle/writer.hpp"

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"

namespace {

using fhir::bundle::BundleType;
using fhir::bundle::BundleWriter;
using fhir::bundle::SearchMode;

TEST(BundleWriter, Searchset_SplicesBodies) {
  BundleWriter writer({.type = BundleType::kSearchset,
                       .total = 2,
                       .links = {{"self", "http://h/fhir/Patient?a=b"}, {"next", "http://h/fhir?c=1"}}});
  writer.Add({.full_url = "http://h/fhir/Patient/1",
              .resource = R"({"resourceType":"Patient","id":"1"})",
              .mode = SearchMode::kMatch});
  writer.Add({.resource = R"({"resourceType":"Group","id":"2"})", .mode = SearchMode::kInclude});
  EXPECT_EQ(
      std::move(writer).Finish(),
      R"({"resourceType":"Bundle","type":"searchset","total":2,"link":[{"relation":"self",)"
      R"("url":"http://h/fhir/Patient?a=b"},{"relation":"next","url":"http://h/fhir?c=1"}],"entry":[)"
      R"({"fullUrl":"http://h/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"},)"
      R"("search":{"mode":"match"}},{"resource":{"resourceType":"Group","id":"2"},"search":{"mode":"include"}}]})");
}

TEST(BundleWriter, NoEntries_HasNoEmptyArray) {
  EXPECT_EQ(BundleWriter({.type = BundleType::kHistory, .total = 0}).Finish(),
            R"({"resourceType":"Bundle","type":"history","total":0})");
}

TEST(BundleWriter, TransactionResponse_IsAValidBundle) {
  BundleWriter writer({.type = BundleType::kTransactionResponse, .id = "b", .timestamp = "2024-05-15T10:00:00Z"});
  writer.Add({.request_method = "POST",
              .request_url = "Patient",
              .if_none_exist = "identifier=a|\"b\"",
              .response_status = "201 Created",
              .response_location = "Patient/1/_history/1",
              .response_etag = "W/\"1\"",
              .response_last_modified = "2024-05-15T10:00:00.123Z",
              .response_outcome = R"({"resourceType":"OperationOutcome"})"});
  const std::string json = std::move(writer).Finish();
  fhir::IssueList issues;
  const auto document = fhir::json::ReadJson(json, fhir::Limits{}, issues);
  ASSERT_TRUE(document) << json;
  EXPECT_TRUE(issues.empty()) << json;
  EXPECT_EQ(document->root().FindValue("entry.response.etag"), "W/\"1\"");
  EXPECT_EQ(document->root().FindValue("entry.request.ifNoneExist"), "identifier=a|\"b\"");
}

}  // namespace
