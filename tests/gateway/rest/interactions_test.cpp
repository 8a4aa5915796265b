#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Response;

class InteractionsTest : public RestTest {
 protected:
  std::string CreatePatient() {
    const Response response = Post("/fhir/Patient", kPatient);
    EXPECT_EQ(response.status, 201) << response.body;
    return std::string(Json(response).FindText("id"));
  }
};

TEST_F(InteractionsTest, Create_AnswersLocationEtagAndRepresentation) {
  const Response response = Post("/fhir/Patient", kPatient);
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string id(Json(response).FindText("id"));
  EXPECT_EQ(Field(response, "Location"), "https://gw.example/fhir/Patient/" + id + "/_history/1");
  EXPECT_EQ(Field(response, "ETag"), "W/\"1\"");
  EXPECT_EQ(Field(response, "Last-Modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(Field(response, "Content-Type"), "application/fhir+json; charset=utf-8");
}

TEST_F(InteractionsTest, Create_IgnoresTheClientsId) {
  const Response response = Post("/fhir/Patient", R"({"resourceType":"Patient","id":"mine"})");
  EXPECT_NE(Json(response).FindText("id"), "mine");
}

TEST_F(InteractionsTest, Create_PreferDecidesTheBody) {
  const Response minimal = Post("/fhir/Patient", kPatient, {{"Prefer", "return=minimal"}});
  EXPECT_EQ(minimal.status, 201);
  EXPECT_EQ(minimal.body, "");
  EXPECT_NE(Field(minimal, "Location"), "");
  const Response outcome = Post("/fhir/Patient", kPatient, {{"Prefer", "respond-async, return=OperationOutcome"}});
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(Json(outcome).FindText("resourceType"), "OperationOutcome");
}

TEST_F(InteractionsTest, Create_IfNoneExistGivesTheOneMatch) {
  const std::string id = CreatePatient();
  const Response again = Post("/fhir/Patient", kPatient, {{"If-None-Exist", "identifier=urn:oid:1.2.3|A1"}});
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(Json(again).FindText("id"), id);
  CreatePatient();
  const Response several = Post("/fhir/Patient", kPatient, {{"If-None-Exist", "identifier=urn:oid:1.2.3|A1"}});
  EXPECT_EQ(several.status, 412);
  EXPECT_EQ(IssueCode(several), "multiple-matches");
}

TEST_F(InteractionsTest, Create_ConditionNotUnderstoodIsRefused) {
  const Response response = Post("/fhir/Patient", kPatient, {{"If-None-Exist", "colour=blue"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(InteractionsTest, Create_WrongBodies) {
  EXPECT_EQ(Post("/fhir/Patient", "{\"resourceType\":\"Patient\"").status, 400);
  EXPECT_EQ(Post("/fhir/Patient", "[]").status, 400);
  EXPECT_EQ(Post("/fhir/Patient", R"({"resourceType":"Observation"})").status, 400);
  EXPECT_EQ(Post("/fhir/Patient", R"({"resourceType":"Nothing"})").status, 400);
  const Response unknown = Post("/fhir/Patient", R"({"resourceType":"Patient","nmae":"x"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_NE(unknown.body.find("Patient"), std::string::npos);
  EXPECT_EQ(Post("/fhir/Patient", kPatient, {{"Content-Type", "application/fhir+json; charset=latin1"}}).status, 415);
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(InteractionsTest, Create_TakesTheThreeNamesOfFhirJson) {
  for (const char* type : {"application/fhir+json", "application/json", "application/json+fhir; charset=UTF-8"}) {
    EXPECT_EQ(Post("/fhir/Patient", kPatient, {{"Content-Type", type}}).status, 201) << type;
  }
}

TEST_F(InteractionsTest, Read_SplicesStoredBytes) {
  const std::string id = CreatePatient();
  const Response response = Get("/fhir/Patient/" + id);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, store_.state.versions.begin()->second[0].body);
  EXPECT_EQ(Field(response, "ETag"), "W/\"1\"");
}

TEST_F(InteractionsTest, Read_UnknownTypeAndIdAre404WithOutcome) {
  for (const char* path : {"/fhir/Patient/none", "/fhir/Person1/none", "/fhir/HumanName/none", "/fhir/Patient/a_b"}) {
    const Response response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(IssueCode(response), "not-found") << path;
  }
}

TEST_F(InteractionsTest, Read_ConditionalIs304) {
  const std::string id = CreatePatient();
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-None-Match", "W/\"1\""}}).status, 304);
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-None-Match", "W/\"7\", \"1\""}}).status, 304);
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-None-Match", "W/\"2\""}}).status, 200);
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"}}).status, 304);
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"}}).status, 200);
  EXPECT_EQ(Get("/fhir/Patient/" + id, {{"If-None-Match", "W/\"1\""}}).body, "");
}

TEST_F(InteractionsTest, Read_Negotiation) {
  const std::string path = "/fhir/Patient/" + CreatePatient();
  for (const char* accept : {"application/fhir+json", "application/json", "application/json+fhir", "*/*",
                             "application/xml;q=0.5, application/fhir+json"}) {
    EXPECT_EQ(Get(path, {{"Accept", accept}}).status, 200) << accept;
  }
  EXPECT_EQ(Get(path, {{"Accept", "application/fhir+json;q=0"}}).status, 406);
  EXPECT_EQ(Get(path + "?_format=json", {{"Accept", "application/fhir+xml"}}).status, 200);
  EXPECT_EQ(Get(path + "?_format=application/fhir%2Bjson").status, 200);
  EXPECT_EQ(Get(path + "?_format=application/fhir+json").status, 200);
}

TEST_F(InteractionsTest, VersionRead_EachVersion) {
  const std::string id = CreatePatient();
  Put("/fhir/Patient/" + id, R"({"resourceType":"Patient","id":")" + id + R"(","active":true})");
  EXPECT_EQ(Field(Get("/fhir/Patient/" + id + "/_history/1"), "ETag"), "W/\"1\"");
  EXPECT_EQ(Field(Get("/fhir/Patient/" + id + "/_history/2"), "ETag"), "W/\"2\"");
  for (const char* version : {"3", "0", "x", "99999999999999999999"}) {
    EXPECT_EQ(Get("/fhir/Patient/" + id + "/_history/" + version).status, 404) << version;
  }
}

TEST_F(InteractionsTest, Update_ExistingIs200AbsentIs201) {
  const std::string body = R"({"resourceType":"Patient","id":"p1","active":true})";
  EXPECT_EQ(Put("/fhir/Patient/p1", body).status, 201);
  const Response second = Put("/fhir/Patient/p1", body);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(Field(second, "ETag"), "W/\"2\"");
}

TEST_F(InteractionsTest, Update_IdsMustAgree) {
  const Response other = Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p2"})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(IssueMember(other, "expression"), "Patient.id");
  EXPECT_EQ(Put("/fhir/Patient/p1", R"({"resourceType":"Patient"})").status, 400);
}

TEST_F(InteractionsTest, Update_IfMatch) {
  const std::string body = R"({"resourceType":"Patient","id":"p1","active":true})";
  Put("/fhir/Patient/p1", body);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", "W/\"1\""}}).status, 200);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", "W/\"1\""}}).status, 412);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", "two"}}).status, 400);
}

TEST_F(InteractionsTest, Update_IfMatchOfAnyAndOfSeveral) {
  const std::string body = R"({"resourceType":"Patient","id":"p1","active":true})";
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", "*"}}).status, 412) << "there is none";
  Put("/fhir/Patient/p1", body);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", R"(W/"1", "2")"}}).status, 200);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", R"(W/"1", "2")"}}).status, 412);
  for (const char* wrong : {R"(W/"3",)", R"(W/"3", *)", ",", R"(W/"x")", "3"}) {
    EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-Match", wrong}}).status, 400) << wrong;
    EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-None-Match", wrong}}).status, 400) << wrong;
  }
  EXPECT_EQ(Send(gateway::http::Method::kDelete, "/fhir/Patient/p1", "", {{"If-Match", R"("9", "1")"}}).status, 412);
  EXPECT_EQ(Send(gateway::http::Method::kDelete, "/fhir/Patient/p1", "", {{"If-Match", "*"}}).status, 204);
}

TEST_F(InteractionsTest, Update_IfNoneMatch_MakesWhatIsNotThere) {
  const std::string body = R"({"resourceType":"Patient","id":"p1","active":true})";
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-None-Match", "*"}}).status, 201);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-None-Match", R"("2", "1")"}}).status, 412);
  EXPECT_EQ(Put("/fhir/Patient/p1", body, {{"If-None-Match", R"("2")"}}).status, 200);
}

TEST_F(InteractionsTest, UpdateConditional_CreatesUpdatesAndRefusesSeveral) {
  const std::string url = "/fhir/Patient?identifier=urn:oid:1.2.3%7CA1";
  EXPECT_EQ(Put(url, kPatient).status, 201);
  EXPECT_EQ(Put(url, kPatient).status, 200);
  EXPECT_EQ(Put("/fhir/Patient?Identifier=urn:oid:1.2.3%7CA1", kPatient).status, 200);
  CreatePatient();
  EXPECT_EQ(Put(url, kPatient).status, 412);
  EXPECT_EQ(Put("/fhir/Patient", kPatient).status, 400);
}

TEST_F(InteractionsTest, Delete_Then410AndDeleteAgainIs204) {
  const std::string path = "/fhir/Patient/" + CreatePatient();
  EXPECT_EQ(Delete(path).status, 204);
  const Response gone = Get(path);
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(IssueCode(gone), "deleted");
  EXPECT_EQ(Delete(path).status, 204);
  EXPECT_EQ(Delete("/fhir/Patient/never").status, 204);
}

TEST_F(InteractionsTest, DeleteConditional_SingleOnly) {
  CreatePatient();
  EXPECT_EQ(Delete("/fhir/Patient").status, 400);
  EXPECT_EQ(Delete("/fhir/Patient?identifier=urn:oid:1.2.3%7CB").status, 204);
  EXPECT_EQ(Delete("/fhir/Patient?identifier=urn:oid:1.2.3%7CA1").status, 204);
  EXPECT_TRUE(store_.state.versions.begin()->second.back().deleted);
}

TEST_F(InteractionsTest, History_ListsVersionsNewestFirst) {
  const std::string id = CreatePatient();
  Delete("/fhir/Patient/" + id);
  const fhir::json::Value bundle = Json(Get("/fhir/Patient/" + id + "/_history"));
  EXPECT_EQ(bundle.FindText("type"), "history");
  EXPECT_EQ(bundle.Find("total")->AsInteger(), 2);
  const auto& entries = bundle.Find("entry")->items();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].Find("request")->FindText("method"), "DELETE");
  EXPECT_EQ(entries[0].Find("resource"), nullptr);
  EXPECT_EQ(entries[1].Find("response")->FindText("etag"), "W/\"1\"");
  EXPECT_EQ(Json(Get("/fhir/Patient/_history")).Find("total")->AsInteger(), 2);
  EXPECT_EQ(Json(Get("/fhir/_history")).Find("total")->AsInteger(), 2);
  EXPECT_EQ(Get("/fhir/Patient/none/_history").status, 404);
  EXPECT_EQ(Get("/fhir/Patient/_history?_count=x").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/_history?colour=blue").status, 400);
  EXPECT_EQ(Get("/fhir/Patient/_history?_since=2023-01-01T00:00:00Z").status, 200);
  EXPECT_EQ(Get("/fhir/Patient/_history?_since=yesterday").status, 400);
}

TEST_F(InteractionsTest, Search_GetAndPostGiveTheSame) {
  const std::string id = CreatePatient();
  const fhir::json::Value by_get = Json(Get("/fhir/Patient?identifier=urn:oid:1.2.3%7CA1"));
  EXPECT_EQ(by_get.FindText("type"), "searchset");
  const auto& entries = by_get.Find("entry")->items();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].FindText("fullUrl"), "https://gw.example/fhir/Patient/" + id);
  EXPECT_EQ(entries[0].Find("search")->FindText("mode"), "match");
  const auto& link = by_get.Find("link")->items().at(0);
  EXPECT_EQ(link.FindText("relation"), "self");
  EXPECT_TRUE(link.FindText("url").starts_with("https://gw.example/fhir/Patient?identifier=")) << link.FindText("url");
  const Response posted = Post("/fhir/Patient/_search", "identifier=urn%3Aoid%3A1.2.3%7CA1",
                               {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(Json(posted), by_get);
  EXPECT_EQ(Post("/fhir/Patient/_search", "{}").status, 415);
}

TEST_F(InteractionsTest, Search_UnknownParameterIsRefusedUnlessLenient) {
  const Response strict = Get("/fhir/Patient?colour=blue");
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.body.find("blue"), std::string::npos) << "no value in an error";
  CreatePatient();
  const fhir::json::Value lenient = Json(Get("/fhir/Patient?colour=blue", {{"Prefer", "handling=lenient"}}));
  const auto& entries = lenient.Find("entry")->items();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].Find("search")->FindText("mode"), "outcome");
  EXPECT_EQ(entries[1].Find("resource")->FindText("resourceType"), "OperationOutcome");
}

TEST_F(InteractionsTest, Search_TotalIsAlwaysThereForAgendas) {
  for (const char* type : {"Slot", "Schedule"}) {
    const fhir::json::Value empty = Json(Get(std::string("/fhir/") + type + "?_lastUpdated=ge2020-01-01"));
    ASSERT_NE(empty.Find("total"), nullptr) << type;
    EXPECT_EQ(empty.Find("total")->AsInteger(), 0);
  }
}

TEST_F(InteractionsTest, Search_NextLinkCarriesTheCursorAndWarningsTheTruncation) {
  CreatePatient();
  store_.next_cursor = "a/b=";
  store_.includes_truncated = true;
  const fhir::json::Value bundle = Json(Get("/fhir/Patient?_count=1"));
  const auto& first = bundle.Find("link")->items().at(1);
  EXPECT_EQ(first.FindText("relation"), "first");
  EXPECT_EQ(first.FindText("url"), bundle.Find("link")->items().at(0).FindText("url"));
  const auto& next = bundle.Find("link")->items().at(2);
  EXPECT_EQ(next.FindText("relation"), "next");
  EXPECT_TRUE(next.FindText("url").ends_with("_cursor=1750000000000000.a%2Fb%3D")) << next.FindText("url");
  EXPECT_EQ(bundle.Find("entry")->items().back().Find("search")->FindText("mode"), "outcome");
}

TEST_F(InteractionsTest, Search_SummaryAndElementsGiveMarkedSubsets) {
  Post("/fhir/Patient",
       R"({"resourceType":"Patient","active":true,"photo":[{"url":"http://x.example"}],"gender":"male"})");
  const fhir::json::Value count = Json(Get("/fhir/Patient?_summary=count"));
  EXPECT_EQ(count.Find("entry"), nullptr);
  EXPECT_EQ(count.Find("total")->AsInteger(), 1);
  const fhir::json::Value summary = Json(Get("/fhir/Patient?_summary=true"));
  const auto* resource = summary.Find("entry")->items().at(0).Find("resource");
  EXPECT_EQ(resource->Find("photo"), nullptr);
  EXPECT_NE(resource->Find("gender"), nullptr);
  EXPECT_EQ(resource->Find("meta")->Find("tag")->items().at(0).FindText("code"), "SUBSETTED");
  const fhir::json::Value elements = Json(Get("/fhir/Patient?_elements=gender"));
  resource = elements.Find("entry")->items().at(0).Find("resource");
  EXPECT_NE(resource->Find("gender"), nullptr);
  EXPECT_EQ(resource->Find("photo"), nullptr);
  EXPECT_NE(resource->Find("active"), nullptr) << "a modifier element stays";
}

TEST_F(InteractionsTest, Binary_NativeBytesInAndOut) {
  const std::string bytes("%PDF-1.4\0\xff\n", 11);
  const Response created = Post("/fhir/Binary", bytes, {{"Content-Type", "application/pdf"}});
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string path = "/fhir/Binary/" + std::string(Json(created).FindText("id"));
  const Response native = Get(path, {{"Accept", "application/pdf"}});
  EXPECT_EQ(native.body, bytes);
  EXPECT_EQ(Field(native, "Content-Type"), "application/pdf");
  EXPECT_EQ(Field(native, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Json(Get(path)).FindText("contentType"), "application/pdf");
  EXPECT_EQ(Json(Get(path, {{"Accept", "application/fhir+json"}})).FindText("resourceType"), "Binary");
  EXPECT_EQ(Json(Get(path, {{"Accept", "*/*"}})).FindText("resourceType"), "Binary");
  EXPECT_EQ(Get(path, {{"Accept", "image/png"}}).status, 406);
}

TEST_F(InteractionsTest, Capabilities_ListsEveryTypeAndHasAnEtag) {
  const Response response = Get("/fhir/metadata");
  ASSERT_EQ(response.status, 200);
  const fhir::json::Value statement = Json(response);
  EXPECT_EQ(statement.FindText("fhirVersion"), "4.0.1");
  const auto& rest = statement.Find("rest")->items().at(0);
  const auto& resources = rest.Find("resource")->items();
  EXPECT_EQ(resources.size(), fhir::metadata::Definitions::R4().ResourceTypes().size());
  for (const auto& resource : resources) {
    EXPECT_GE(resource.Find("interaction")->items().size(), 7u);
    EXPECT_GE(resource.Find("searchParam")->items().size(), 2u) << resource.FindText("type");
  }
  EXPECT_EQ(Get("/fhir/metadata", {{"If-None-Match", Field(response, "ETag")}}).status, 304);
}

TEST_F(InteractionsTest, Routes_UnknownPathAndMethod) {
  EXPECT_EQ(Get("/fhir/Patient/1/unknown").status, 404);
  EXPECT_EQ(Get("/fhir/Patient/_search").status, 405);
  EXPECT_EQ(Send(gateway::http::Method::kPatch, "/fhir/Patient/1/_history").status, 405);
}

TEST_F(InteractionsTest, NoActor_Is401) {
  auto request = MakeRequest(gateway::http::Method::kGet, "/fhir/Patient/1");
  EXPECT_EQ(service_->Dispatch(request).status, 401);
}

TEST_F(InteractionsTest, DatabaseAway_Is503WithRetryAfter) {
  store_.failure = fhir::Error{.code = fhir::ErrorCode::kUnavailable,
                               .public_text = {"try again"},
                               .internal_text = {"connection to 10.0.0.1 refused"},
                               .retry = fhir::Retry::kLater};
  for (const Response& response : {Get("/fhir/Patient/1"), Post("/fhir/Patient", kPatient)}) {
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(Field(response, "Retry-After"), "5");
    EXPECT_EQ(IssueCode(response), "transient");
    EXPECT_EQ(response.body.find("10.0.0.1"), std::string::npos);
  }
}

TEST_F(InteractionsTest, Audit_ReadsAndRefusalsAreRecordedWritesAreNot) {
  const std::string id = CreatePatient();
  EXPECT_TRUE(audit_.records.empty());
  Get("/fhir/Patient/" + id);
  Get("/fhir/Patient?identifier=urn:oid:1.2.3%7CA1&_count=5");
  Post("/fhir/Patient", "{");
  Get("/fhir/metadata");
  ASSERT_EQ(audit_.records.size(), 3u);
  EXPECT_EQ(audit_.records[0].interaction, "read");
  EXPECT_EQ(audit_.records[0].entities.at(0).id, id);
  EXPECT_EQ(audit_.records[1].searched_type, "Patient");
  EXPECT_EQ(audit_.records[1].parameters, (std::vector<std::string>{"identifier", "_count"}));
  EXPECT_EQ(audit_.records[1].entities.at(0).id, id);
  EXPECT_EQ(audit_.records[2].interaction, "create");
  EXPECT_EQ(audit_.records[2].outcome, port::AuditOutcome::kMinorFailure);
  EXPECT_EQ(audit_.parties, (std::vector<std::string>{"chu", "chu", "chu"}));
}

TEST_F(InteractionsTest, Audit_WhatAWriteShowsAndDoesNotChangeIsRecorded) {
  const std::string id = CreatePatient();
  const Response matched = Post("/fhir/Patient", kPatient, {{"If-None-Exist", "identifier=urn:oid:1.2.3|A1"}});
  ASSERT_EQ(matched.status, 200) << matched.body;
  ASSERT_EQ(audit_.records.size(), 1u);
  EXPECT_EQ(audit_.records[0].interaction, "create");
  EXPECT_EQ(audit_.records[0].action, 'R');
  ASSERT_EQ(audit_.records[0].entities.size(), 1u);
  EXPECT_EQ(audit_.records[0].entities[0].id, id);
  EXPECT_EQ(audit_.records[0].outcome, port::AuditOutcome::kSuccess);
  ASSERT_EQ(Delete("/fhir/Patient/none").status, 204);
  EXPECT_EQ(audit_.records.size(), 2u) << "an id that was asked for";
  audit_.fails = true;
  const Response kept = Post("/fhir/Patient", kPatient, {{"If-None-Exist", "identifier=urn:oid:1.2.3|A1"}});
  EXPECT_EQ(kept.status, 503);
  EXPECT_EQ(kept.body.find("Test"), std::string::npos);
}

TEST_F(InteractionsTest, Audit_WhatCannotBeRecordedIsNotDisclosed) {
  const std::string id = CreatePatient();
  audit_.fails = true;
  const Response response = Get("/fhir/Patient/" + id);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body.find("Test"), std::string::npos);
}

}  // namespace
}  // namespace tests::rest
