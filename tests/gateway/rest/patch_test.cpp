// JSON Patch and FHIRPath Patch over the API: alone, by condition, in batches and transactions.
#include "fhir/base/base64.hpp"
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Response;

constexpr const char* kActivePatch = R"([{"op":"add","path":"/active","value":true}])";

std::string ReplaceFamily(std::string_view value) {
  return R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[)"
         R"({"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.name.family"},)"
         R"({"name":"value","valueString":")" +
         std::string(value) + R"("}]}]})";
}

constexpr const char* kDeleteNameXml =
    R"(<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>)"
    R"(<part><name value="type"/><valueCode value="delete"/></part>)"
    R"(<part><name value="path"/><valueString value="Patient.name"/></part></parameter></Parameters>)";

class PatchTest : public RestTest {
 protected:
  PatchTest() {
    const Response made = Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1",)" + kPatient.substr(26));
    EXPECT_EQ(made.status, 201) << made.body;
  }

  static Fields JsonPatch() { return {{"Content-Type", "application/json-patch+json"}}; }

  const port::StoredResource& Current() const { return store_.state.versions.begin()->second.back(); }
};

TEST_F(PatchTest, JsonPatch_MakesTheNextVersion) {
  const Response response = Patch("/fhir/Patient/p1", kActivePatch, JsonPatch());
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Field(response, "ETag"), "W/\"2\"");
  EXPECT_EQ(Field(response, "Location"), "https://gw.example/fhir/Patient/p1/_history/2");
  const fhir::json::Value patient = Json(response);
  EXPECT_EQ(patient.Find("active")->AsBoolean(), true);
  EXPECT_EQ(patient.Find("name")->items().at(0).FindText("family"), "Test");
}

TEST_F(PatchTest, FhirPathPatch_InBothFormats) {
  const Response json = Patch("/fhir/Patient/p1", ReplaceFamily("Other"));
  ASSERT_EQ(json.status, 200) << json.body;
  EXPECT_EQ(Json(json).Find("name")->items().at(0).FindText("family"), "Other");
  const Response xml = Patch("/fhir/Patient/p1", kDeleteNameXml, {{"Content-Type", "application/fhir+xml"}});
  ASSERT_EQ(xml.status, 200) << xml.body;
  EXPECT_EQ(Json(xml).Find("name"), nullptr);
  EXPECT_EQ(Current().version, 3);
}

TEST_F(PatchTest, IfMatch_DecidesByVersion) {
  Fields fields = JsonPatch();
  fields.emplace_back("If-Match", "W/\"1\"");
  EXPECT_EQ(Patch("/fhir/Patient/p1", kActivePatch, fields).status, 200);
  const Response late = Patch("/fhir/Patient/p1", kActivePatch, fields);
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(Current().version, 2);
}

TEST_F(PatchTest, Refusals_StoreNothing) {
  struct Case {
    const char* body;
    int status;
  };
  for (const Case& row : {
           Case{"{}", 400},
           Case{R"([{"op":"change","path":"/active"}])", 400},
           Case{R"([{"op":"add","path":"active","value":true}])", 400},
           Case{R"([{"op":"remove","path":"/birthDate"}])", 422},
           Case{R"([{"op":"test","path":"/name/0/family","value":"Nobody"}])", 422},
           Case{R"([{"op":"add","path":"/colour","value":"blue"}])", 422},
           Case{R"([{"op":"replace","path":"/name","value":"flat"}])", 422},
       }) {
    const Response response = Patch("/fhir/Patient/p1", row.body, JsonPatch());
    EXPECT_EQ(response.status, row.status) << row.body << response.body;
    EXPECT_EQ(response.body.find("Nobody"), std::string::npos) << "no value in an error";
  }
  EXPECT_EQ(Patch("/fhir/Patient/p1", kPatient).status, 400) << "Parameters are expected";
  EXPECT_EQ(Patch("/fhir/Patient/p1", kActivePatch, {{"Content-Type", "application/fhir+json"}}).status, 400);
  EXPECT_EQ(Patch("/fhir/Patient/p1", "<x/>", {{"Content-Type", "application/xml-patch+xml"}}).status, 415);
  EXPECT_EQ(Patch("/fhir/Patient/p1", kActivePatch, {{"Content-Type", ""}}).status, 415);
  EXPECT_EQ(Current().version, 1);
}

TEST_F(PatchTest, CostlyPath_IsRefused) {
  std::string names = R"({"resourceType":"Patient","id":"p3","name":[)";
  for (int i = 0; i < 300; ++i) {
    names += std::string(i == 0 ? "" : ",") + R"({"family":"F"})";
  }
  ASSERT_EQ(Put("/fhir/Patient/p3", names + "]}").status, 201);
  const Response response = Patch(
      "/fhir/Patient/p3",
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},)"
      R"({"name":"path","valueString":"Patient.name.where(%resource.name.where(%resource.name.count() > 1).count() > 1)[0]"}]}]})");
  EXPECT_GE(response.status, 400);
  EXPECT_LT(response.status, 500) << response.body;
  EXPECT_EQ(store_.state.versions.size(), 2u);
}

TEST_F(PatchTest, Absent_Is404AndDeleted410) {
  const Response absent = Patch("/fhir/Patient/none", kActivePatch, JsonPatch());
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(IssueCode(absent), "not-found");
  Delete("/fhir/Patient/p1");
  EXPECT_EQ(Patch("/fhir/Patient/p1", kActivePatch, JsonPatch()).status, 410);
}

TEST_F(PatchTest, Conditional_NeedsExactlyOneMatch) {
  const std::string url = "/fhir/Patient?identifier=urn:oid:1.2.3%7CA1";
  EXPECT_EQ(Patch(url, kActivePatch, JsonPatch()).status, 200);
  EXPECT_EQ(Patch("/fhir/Patient?identifier=none%7CA1", kActivePatch, JsonPatch()).status, 404);
  EXPECT_EQ(Patch("/fhir/Patient", kActivePatch, JsonPatch()).status, 400);
  EXPECT_EQ(Patch("/fhir/Patient?colour=blue", kActivePatch, JsonPatch()).status, 400);
  Post("/fhir/Patient", kPatient);
  EXPECT_EQ(Patch(url, kActivePatch, JsonPatch()).status, 412);
}

std::string PatchEntry(std::string_view resource, std::string_view url, std::string_view more = "") {
  return R"({"resource":)" + std::string(resource) + R"(,"request":{"method":"PATCH","url":")" + std::string(url) +
         "\"" + std::string(more) + "}}";
}

std::string BinaryPatch(std::string_view patch) {
  return R"({"resourceType":"Binary","contentType":"application/json-patch+json","data":")" +
         fhir::EncodeBase64(patch) + "\"}";
}

std::string BundleOf(std::string_view type, std::string_view entries) {
  return R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)" + std::string(entries) + "]}";
}

TEST_F(PatchTest, BatchAndTransaction_TakeBothKinds) {
  Put("/fhir/Patient/p2", R"({"resourceType":"Patient","id":"p2","name":[{"family":"Two"}]})");
  for (const char* type : {"batch", "transaction"}) {
    const Response response = Post(
        "/fhir",
        BundleOf(type, PatchEntry(BinaryPatch(R"([{"op":"add","path":"/gender","value":"other"}])"), "Patient/p1") +
                           "," + PatchEntry(ReplaceFamily(type), "Patient/p2")),
        {{"Prefer", "return=representation"}});
    ASSERT_EQ(response.status, 200) << response.body;
    const fhir::json::Value bundle = Json(response);
    const auto& entries = bundle.Find("entry")->items();
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].Find("response")->FindText("status"), "200 OK") << response.body;
    EXPECT_EQ(entries[0].Find("resource")->FindText("gender"), "other");
    EXPECT_EQ(entries[1].Find("resource")->Find("name")->items().at(0).FindText("family"), type);
  }
}

TEST_F(PatchTest, Transaction_AFailingPatchNamesItsEntryAndUndoesTheRest) {
  const Response response = Post(
      "/fhir",
      BundleOf(
          "transaction",
          R"({"resource":{"resourceType":"Basic","code":{"text":"x"}},"request":{"method":"POST","url":"Basic"}},)" +
              PatchEntry(BinaryPatch(R"([{"op":"test","path":"/active","value":true}])"), "Patient/p1")));
  EXPECT_EQ(response.status, 422) << response.body;
  EXPECT_TRUE(IssueMember(response, "expression").starts_with("Bundle.entry[1]")) << response.body;
  EXPECT_EQ(store_.state.versions.size(), 1u);
  const Response wrong = Post(
      "/fhir",
      BundleOf("transaction", PatchEntry(R"({"resourceType":"Binary","contentType":"text/plain"})", "Patient/p1")));
  EXPECT_EQ(wrong.status, 415);
  EXPECT_EQ(IssueMember(wrong, "expression"), "Bundle.entry[0].resource");
  const Response version = Post(
      "/fhir", BundleOf("transaction", PatchEntry(BinaryPatch(kActivePatch), "Patient/p1", R"(,"ifMatch":"W/\"9\"")")));
  EXPECT_EQ(version.status, 412);
  EXPECT_EQ(Current().version, 1);
}

}  // namespace
}  // namespace tests::rest
