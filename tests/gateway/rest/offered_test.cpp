// What settings turn on and off, and what of it the CapabilityStatement says.
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Response;
using gateway::rest::ConditionalDelete;

constexpr const char* kByIdentifier = "/fhir/Patient?identifier=urn:oid:1.2.3%7CA1";

class OfferedTest : public RestTest {
 protected:
  fhir::json::Value StatementOfPatient() {
    const fhir::json::Value statement = Json(Get("/fhir/metadata"));
    for (const auto& resource : statement.Find("rest")->items().at(0).Find("resource")->items()) {
      if (resource.FindText("type") == "Patient") {
        return resource;
      }
    }
    ADD_FAILURE() << "Patient is not listed";
    return {};
  }
};

TEST_F(OfferedTest, Defaults_AreAnnounced) {
  const fhir::json::Value patient = StatementOfPatient();
  EXPECT_EQ(patient.Find("updateCreate")->AsBoolean(), true);
  EXPECT_EQ(patient.Find("conditionalCreate")->AsBoolean(), true);
  EXPECT_EQ(patient.Find("conditionalUpdate")->AsBoolean(), true);
  EXPECT_EQ(patient.FindText("conditionalRead"), "full-support");
  EXPECT_EQ(patient.FindText("conditionalDelete"), "single");
  const fhir::json::Value statement = Json(Get("/fhir/metadata"));
  std::vector<std::string> formats;
  for (const auto& format : statement.Find("patchFormat")->items()) {
    formats.emplace_back(format.text());
  }
  EXPECT_EQ(formats,
            (std::vector<std::string>{"application/json-patch+json", "application/fhir+json", "application/fhir+xml"}));
  bool patch = false;
  for (const auto& interaction : patient.Find("interaction")->items()) {
    patch = patch || interaction.FindText("code") == "patch";
  }
  EXPECT_TRUE(patch);
}

TEST_F(OfferedTest, UpdateCreateOff_UpdatesWhatIsThereAlone) {
  Put("/fhir/Patient/known", R"({"resourceType":"Patient","id":"known"})");
  options_.update_create = false;
  MakeService();
  EXPECT_EQ(StatementOfPatient().Find("updateCreate")->AsBoolean(), false);
  EXPECT_EQ(Put("/fhir/Patient/known", R"({"resourceType":"Patient","id":"known","active":true})").status, 200);
  const Response refused = Put("/fhir/Patient/new", R"({"resourceType":"Patient","id":"new"})");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(IssueMember(refused, "severity"), "error");
  EXPECT_NE(Field(refused, "Allow"), "");
  const Response transaction = Post(
      "/fhir",
      R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"new"},)"
      R"("request":{"method":"PUT","url":"Patient/new"}}]})");
  EXPECT_EQ(transaction.status, 404);
  EXPECT_EQ(store_.state.versions.size(), 1u);
}

TEST_F(OfferedTest, ConditionalVerbsOff_AreRefusedAloneAndInTransactions) {
  options_.conditional_create = false;
  options_.conditional_update = false;
  options_.conditional_delete = ConditionalDelete::kNotSupported;
  MakeService();
  const fhir::json::Value patient = StatementOfPatient();
  EXPECT_EQ(patient.Find("conditionalCreate")->AsBoolean(), false);
  EXPECT_EQ(patient.Find("conditionalUpdate")->AsBoolean(), false);
  EXPECT_EQ(patient.FindText("conditionalDelete"), "not-supported");
  EXPECT_EQ(Post("/fhir/Patient", kPatient, {{"If-None-Exist", "identifier=urn:oid:1.2.3|A1"}}).status, 400);
  EXPECT_EQ(Put(kByIdentifier, kPatient).status, 400);
  EXPECT_EQ(Delete(kByIdentifier).status, 400);
  const Response transaction = Post(
      "/fhir", R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" + kPatient +
                   R"(,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:oid:1.2.3|A1"}}]})");
  EXPECT_EQ(transaction.status, 400);
  EXPECT_EQ(IssueMember(transaction, "expression"), "Bundle.entry[0].request");
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(OfferedTest, ConditionalDelete_OfSeveralWhereItIsSet) {
  Post("/fhir/Patient", kPatient);
  Post("/fhir/Patient", kPatient);
  EXPECT_EQ(Delete(kByIdentifier).status, 412);
  options_.conditional_delete = ConditionalDelete::kMultiple;
  options_.conditional_delete_max = 2;
  MakeService();
  EXPECT_EQ(StatementOfPatient().FindText("conditionalDelete"), "multiple");
  Post("/fhir/Patient", kPatient);
  EXPECT_EQ(Delete(kByIdentifier).status, 412) << "one more than the setting allows";
  Delete("/fhir/Patient/" + store_.state.versions.begin()->first.second);
  const Response deleted = Delete(kByIdentifier, {{"Prefer", "return=OperationOutcome"}});
  EXPECT_EQ(deleted.status, 200);
  EXPECT_NE(deleted.body.find("2 resources deleted"), std::string::npos) << deleted.body;
  EXPECT_EQ(Field(deleted, "ETag"), "");
  EXPECT_EQ(Delete(kByIdentifier).status, 204);
}

TEST_F(OfferedTest, History_SortAndAt) {
  Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1"})");
  for (const char* query : {"_sort=_lastUpdated", "_sort=-_lastUpdated", "_at=2023", "_at=2023-11-14T22:13:20Z"}) {
    const Response response = Get(std::string("/fhir/Patient/p1/_history?") + query);
    EXPECT_EQ(response.status, 200) << query;
    EXPECT_NE(
        std::string(Json(response).Find("link")->items().at(0).FindText("url")).find(std::string(query).substr(0, 4)),
        std::string::npos)
        << "the self link says what was used";
  }
  EXPECT_TRUE(store_.last_history.at);
  Get("/fhir/Patient/_history?_sort=_lastUpdated");
  EXPECT_TRUE(store_.last_history.oldest_first);
  for (const char* query : {"_sort=name", "_sort=", "_at=yesterday", "_at=", "_at=2023-13"}) {
    EXPECT_EQ(Get(std::string("/fhir/Patient/_history?") + query).status, 400) << query;
  }
}

TEST_F(OfferedTest, Head_IsGetWithoutABodyInABatch) {
  Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1"})");
  for (const char* path :
       {"/fhir/metadata", "/fhir/metadata?mode=terminology", "/fhir/_history", "/fhir/Patient?_id=p1",
        "/fhir/Patient/_history", "/fhir/Patient/p1", "/fhir/Patient/p1?_format=xml", "/fhir/Patient/p1/_history",
        "/fhir/Patient/p1/_history/1", "/fhir/Patient/p1/$validate", "/fhir/Patient/none", "/fhir/nowhere/1/2/3"}) {
    const Response head = Send(gateway::http::Method::kHead, path);
    const Response get = Get(path);
    EXPECT_EQ(head.status, get.status) << path;
    EXPECT_EQ(head.headers.fields(), get.headers.fields()) << path;
    EXPECT_EQ(head.body.size(), get.body.size()) << "what Content-Length says of it; the server sends none";
  }
  const fhir::json::Value batch = Json(Post("/fhir", R"({"resourceType":"Bundle","type":"batch","entry":[)"
                                                     R"({"request":{"method":"HEAD","url":"Patient/p1"}},)"
                                                     R"({"request":{"method":"HEAD","url":"Patient/none"}}]})"));
  const auto& entries = batch.Find("entry")->items();
  EXPECT_EQ(entries[0].Find("response")->FindText("status"), "200 OK");
  EXPECT_EQ(entries[0].Find("response")->FindText("etag"), "W/\"1\"");
  EXPECT_EQ(entries[0].Find("resource"), nullptr);
  EXPECT_EQ(entries[1].Find("response")->FindText("status"), "404 Not Found");
}

TEST_F(OfferedTest, PreferOperationOutcome_GivesEachEntryItsOwn) {
  const std::string entries = R"({"resource":)" + kPatient + R"(,"request":{"method":"POST","url":"Patient"}})";
  for (const char* type : {"batch", "transaction"}) {
    const fhir::json::Value bundle = Json(
        Post("/fhir", R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)" + entries + "]}",
             {{"Prefer", "return=OperationOutcome"}}));
    const auto& entry = bundle.Find("entry")->items().at(0);
    EXPECT_EQ(entry.Find("resource"), nullptr) << type;
    EXPECT_EQ(entry.Find("response")->Find("outcome")->FindText("resourceType"), "OperationOutcome") << type;
    EXPECT_EQ(entry.Find("response")->FindText("status"), "201 Created") << type;
  }
}

}  // namespace
}  // namespace tests::rest
