// Composition/$document over a store in memory.
#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

class DocumentTest : public OperationTest {
 protected:
  DocumentTest() {
    EXPECT_LT(Put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p"})").status, 300);
    EXPECT_LT(Put("/fhir/Practitioner/dr", R"({"resourceType":"Practitioner","id":"dr"})").status, 300);
    EXPECT_LT(Put("/fhir/Observation/o", R"({"resourceType":"Observation","id":"o","status":"final",)"
                                         R"("code":{"text":"x"}})")
                  .status,
              300);
  }
  void PutComposition(const std::string& entry) {
    const auto put = Put(
        "/fhir/Composition/c",
        R"({"resourceType":"Composition","id":"c","status":"final","type":{"text":"letter"},"date":"2025-01-01",)"
        R"("title":"Letter","subject":{"reference":"Patient/p"},"author":[{"reference":"Practitioner/dr"},)"
        R"({"reference":"https://gw.example/fhir/Practitioner/dr"}],"section":[{"title":"a","section":[{"entry":[)" +
            entry + "]}]}]}");
    ASSERT_LT(put.status, 300) << put.body;
  }
  static std::vector<std::string> TypesOf(const fhir::json::Value& bundle) {
    std::vector<std::string> types;
    for (const auto& entry : bundle.Find("entry")->items()) {
      types.emplace_back(entry.Find("resource")->FindText("resourceType"));
    }
    return types;
  }
};

TEST_F(DocumentTest, HoldsTheCompositionFirstAndEachResourceOnce) {
  PutComposition(R"({"reference":"Observation/o"},{"reference":"#x"},{"reference":"https://else.example/Patient/1"})");
  const auto response = Get("/fhir/Composition/c/$document");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto bundle = Json(response);
  EXPECT_EQ(bundle.FindText("type"), "document");
  EXPECT_TRUE(bundle.FindText("timestamp").starts_with("2025-06-15T"));
  EXPECT_TRUE(bundle.Find("identifier")->FindText("value").starts_with("urn:uuid:"));
  EXPECT_EQ(TypesOf(bundle), (std::vector<std::string>{"Composition", "Patient", "Practitioner", "Observation"}));
  EXPECT_EQ(bundle.Find("entry")->items()[1].FindText("fullUrl"), "https://gw.example/fhir/Patient/p");
  EXPECT_EQ(bundle.FindText("id"), "") << "it is not stored";
}

TEST_F(DocumentTest, WithAPartMissing_IsRefusedWithItsPlace) {
  PutComposition(R"({"reference":"Observation/o"},{"reference":"Observation/none"})");
  const auto response = Get("/fhir/Composition/c/$document");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(IssueMember(response, "expression"), "Composition.section[0].section[0].entry[1]");
}

TEST_F(DocumentTest, Persist_StoresTheBundle) {
  PutComposition(R"({"reference":"Observation/o"})");
  const auto response = Post("/fhir/Composition/c/$document?persist=true", "");
  ASSERT_EQ(response.status, 201) << response.body;
  const std::string location = Field(response, "Location");
  ASSERT_TRUE(location.starts_with("https://gw.example/fhir/Bundle/")) << location;
  const auto stored = Get(location.substr(std::string("https://gw.example").size()));
  EXPECT_EQ(Json(stored).FindText("type"), "document");
  EXPECT_EQ(TypesOf(Json(stored)).size(), 4u);
  EXPECT_EQ(Get("/fhir/Composition/c/$document?persist=true").status, 400) << "GET stores nothing";
}

TEST_F(DocumentTest, Absent_Is404) {
  EXPECT_EQ(Get("/fhir/Composition/none/$document").status, 404);
  EXPECT_EQ(Get("/fhir/Composition/c/$document?graph=urn:x").status, 400) << "not supported";
}

}  // namespace
}  // namespace tests::rest
