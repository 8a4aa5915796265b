// SearchParameter resources over the REST API: refused, announced, used.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Response Get(std::string target, HeaderFields fields = {}) {
  return TheGateway().Send("", Method::kGet, std::move(target), "", std::move(fields));
}

Response Put(std::string path, std::string body, HeaderFields fields = {}) {
  return TheGateway().Send("", Method::kPut, "/fhir/" + std::move(path), std::move(body), std::move(fields));
}

std::string Parameter(std::string_view code, std::string_view expression, std::string_view type = "string",
                      std::string_view status = "active") {
  return fmt::format(
      R"({{"resourceType":"SearchParameter","id":"{0}","url":"urn:sp:{0}","name":"n","status":"{3}","description":"d",)"
      R"("code":"{0}","base":["Device"],"type":"{2}","expression":"{1}"}})",
      code, expression, type, status);
}

void IndexAll() {
  while (TheGateway().IndexParameters()) {
  }
}

/// What the CapabilityStatement says of the type.
fhir::json::Value Announced(const Response& metadata, std::string_view type) {
  const fhir::json::Value statement = JsonOf(metadata);
  for (const auto& resource : statement.Find("rest")->items().at(0).Find("resource")->items()) {
    if (resource.FindText("type") == type) return resource;
  }
  return {};
}

bool Lists(const fhir::json::Value& resource, std::string_view code) {
  const auto& listed = resource.Find("searchParam")->items();
  return std::ranges::any_of(listed, [&](const auto& one) { return one.FindText("name") == code; });
}

std::string TagOf(const Response& response) {
  return std::string(response.headers.Get("ETag").value_or(""));
}

TEST(SearchParameters, FromStoredToGone_SearchAndCapabilityStatementSayTheSame) {
  ASSERT_EQ(Put("Device/d1", R"({"resourceType":"Device","id":"d1","lotNumber":"L-77"})").status, 201);
  const Response before = Get("/fhir/metadata");
  EXPECT_EQ(Announced(before, "Device").Find("documentation"), nullptr);
  EXPECT_EQ(Get("/fhir/Device?lot=L-77").status, 400);

  ASSERT_EQ(Put("SearchParameter/lot", Parameter("lot", "Device.lotNumber")).status, 201);
  const Response refused = Get("/fhir/Device?lot=L-77");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("'lot' is being indexed, 0 %"));
  EXPECT_THAT(refused.body, HasSubstr("\"not-supported\""));
  const Response lenient = Get("/fhir/Device?lot=L-77", {{"Prefer", "handling=lenient"}});
  EXPECT_EQ(lenient.status, 200);
  EXPECT_THAT(lenient.body, HasSubstr("'lot' is being indexed")) << "a warning entry";
  const Response awaited = Get("/fhir/metadata");
  EXPECT_NE(TagOf(awaited), TagOf(before));
  EXPECT_THAT(std::string(Announced(awaited, "Device").FindText("documentation")), HasSubstr("`lot`"));
  EXPECT_FALSE(Lists(Announced(awaited, "Device"), "lot"));

  IndexAll();
  EXPECT_THAT(IdsOf(Get("/fhir/Device?lot=l-77")), ElementsAre("d1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Device?_filter=lot%20eq%20%22L-77%22")), ElementsAre("d1"));
  const Response usable = Get("/fhir/metadata");
  EXPECT_NE(TagOf(usable), TagOf(awaited));
  EXPECT_EQ(Announced(usable, "Device").Find("documentation"), nullptr);
  EXPECT_TRUE(Lists(Announced(usable, "Device"), "lot"));
  EXPECT_FALSE(Lists(Announced(usable, "Patient"), "lot"));
  EXPECT_EQ(Get("/fhir/metadata", {{"If-None-Match", TagOf(usable)}}).status, 304);
  // As the condition of a write.
  const Response matched =
      TheGateway().Send("", Method::kPost, "/fhir/Device", R"({"resourceType":"Device"})",
                        {{"If-None-Exist", "lot=L-77"}, {"Content-Type", "application/fhir+json"}});
  EXPECT_EQ(matched.status, 200) << matched.body;
  EXPECT_THAT(matched.body, HasSubstr("\"d1\""));

  EXPECT_THAT(TheGateway().Send("", Method::kDelete, "/fhir/SearchParameter/lot").status, testing::AnyOf(200, 204));
  EXPECT_EQ(Get("/fhir/Device?lot=L-77").status, 400);
  EXPECT_FALSE(Lists(Announced(Get("/fhir/metadata"), "Device"), "lot"));
  IndexAll();
}

TEST(SearchParameters, WhatCannotBeIndexed_Is422WithThePlace) {
  const Response broken = Put("SearchParameter/x1", Parameter("x1", "Device.lotNumber.where("));
  EXPECT_EQ(broken.status, 422);
  EXPECT_THAT(broken.body, HasSubstr("SearchParameter.expression"));
  const Response taken = Put("SearchParameter/manufacturer", Parameter("manufacturer", "Device.lotNumber"));
  EXPECT_EQ(taken.status, 422);
  EXPECT_THAT(taken.body, HasSubstr("SearchParameter.code"));
  EXPECT_THAT(taken.body, HasSubstr("Device-manufacturer"));
  const Response in_bundle = TheGateway().Send(
      "", Method::kPost, "/fhir",
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"SearchParameter/x2"},)"
      R"("resource":)" +
          Parameter("x2", "Device.", "string") + "}]}");
  EXPECT_EQ(in_bundle.status, 422);
  EXPECT_THAT(in_bundle.body, HasSubstr("Bundle.entry[0].resource.expression"));
  // A draft is stored, and the answer says that it is not indexed.
  const Response draft = Put("SearchParameter/x3", Parameter("x3", "Device.lotNumber", "string", "draft"),
                             {{"Prefer", "return=OperationOutcome"}, {"Content-Type", "application/fhir+json"}});
  EXPECT_EQ(draft.status, 201);
  EXPECT_THAT(draft.body, HasSubstr("only an active search parameter is indexed"));
  EXPECT_THAT(Get("/fhir/Device?x3=a").body, HasSubstr("no search parameter"));
}

TEST(SearchParameters, InOneTransactionWithWhatTheyFind_AreExact) {
  const Response done = TheGateway().Send(
      "", Method::kPost, "/fhir",
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"SearchParameter/serial"},)"
      R"("resource":)" +
          Parameter("serial", "Device.serialNumber") +
          R"(},{"request":{"method":"PUT","url":"Device/d9"},"resource":{"resourceType":"Device","id":"d9","serialNumber":"S9"}}]})");
  ASSERT_EQ(done.status, 200) << done.body;
  IndexAll();
  EXPECT_THAT(IdsOf(Get("/fhir/Device?serial=S9")), ElementsAre("d9"));
}

}  // namespace
}  // namespace tests::rest
