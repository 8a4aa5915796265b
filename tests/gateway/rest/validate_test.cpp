// $validate on types and instances, with its modes and profiles.
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

constexpr const char* kWithoutContact =
    R"({"resourceType":"Patient","contact":[{"relationship":[{"text":"sister"}]}]})";
constexpr const char* kVitalSigns = "http://hl7.org/fhir/StructureDefinition/vitalsigns";

constexpr const char* kGood =
    R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Test</div>"},)"
    R"("name":[{"family":"Test"}]})";

class ValidateTest : public RestTest {
 protected:
  /// severity of the worst issue, "information" when all is well.
  static std::string Worst(const Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::string worst = "information";
    const fhir::json::Value outcome = Json(response);
    EXPECT_EQ(outcome.FindText("resourceType"), "OperationOutcome");
    for (const auto& issue : outcome.Find("issue")->items()) {
      const std::string_view severity = issue.FindText("severity");
      worst = severity == "error" || severity == "fatal"  ? "error"
              : severity == "warning" && worst != "error" ? "warning"
                                                          : worst;
    }
    return worst;
  }

  static std::string Parameters(std::string_view resource, std::string_view more = "") {
    std::string text = R"({"resourceType":"Parameters","parameter":[)";
    text += more;
    if (!resource.empty()) {
      text += more.empty() ? "" : ",";
      text += R"({"name":"resource","resource":)" + std::string(resource) + "}";
    }
    return text + "]}";
  }
};

TEST_F(ValidateTest, Invariants_AreChecked) {
  const Response response = Post("/fhir/Patient/$validate", kWithoutContact);
  EXPECT_EQ(Worst(response), "error");
  EXPECT_NE(response.body.find("pat-1"), std::string::npos) << response.body;
  EXPECT_EQ(Worst(Post("/fhir/Patient/$validate", kGood)), "information");
  EXPECT_EQ(Worst(Post("/fhir/Patient/$validate", Parameters(kGood))), "information");
  const Response date = Post("/fhir/Patient/$validate", R"({"resourceType":"Patient","birthDate":"tomorrow"})");
  EXPECT_EQ(IssueMember(date, "expression"), "Patient.birthDate") << date.body;
  EXPECT_EQ(Worst(Post("/fhir/Patient/$validate", R"({"resourceType":"Patient","nmae":"x"})")), "error");
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(ValidateTest, Xml_IsTakenAndGiven) {
  const Response response =
      Post("/fhir/Patient/$validate", R"(<Patient xmlns="http://hl7.org/fhir"><gender value="unheard-of"/></Patient>)",
           {{"Content-Type", "application/fhir+xml"}, {"Accept", "application/fhir+xml"}});
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("<severity value=\"error\"/>"), std::string::npos) << response.body;
  EXPECT_NE(response.body.find("Patient.gender"), std::string::npos);
}

TEST_F(ValidateTest, Profile_OfTheQueryAndOfParameters) {
  const std::string weight =
      R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://example.org/x","code":"w"}]}})";
  EXPECT_NE(Worst(Post("/fhir/Observation/$validate", weight)), "error");
  EXPECT_EQ(Worst(Post(std::string("/fhir/Observation/$validate?profile=") + kVitalSigns, weight)), "error");
  for (const char* type : {"valueUri", "valueCanonical"}) {
    const std::string profile = R"({"name":"profile",")" + std::string(type) + R"(":")" + kVitalSigns + "\"}";
    EXPECT_EQ(Worst(Post("/fhir/Observation/$validate", Parameters(weight, profile))), "error") << type;
  }
  const Response unknown = Post("/fhir/Observation/$validate?profile=http://example.org/none", weight);
  EXPECT_EQ(Worst(unknown), "error") << "what cannot be checked is not good";
}

TEST_F(ValidateTest, Modes_WrongOnesAreRefused) {
  EXPECT_EQ(Post("/fhir/Patient/$validate?mode=guess", kPatient).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$validate?mode=profile", kPatient).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$validate?mode=delete", kPatient).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/p1/$validate?mode=create", kPatient).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$validate", "").status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$validate", Parameters("")).status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$validate", "{").status, 400);
}

TEST_F(ValidateTest, CreateUpdateDelete_AreTriedAndStoreNothing) {
  Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1"})");
  EXPECT_NE(Worst(Post("/fhir/Patient/$validate?mode=create", kGood)), "error");
  const std::string update = R"({"resourceType":"Patient","id":"p1","active":true})";
  EXPECT_NE(Worst(Post("/fhir/Patient/p1/$validate?mode=update", update)), "error");
  EXPECT_NE(Worst(Post("/fhir/Patient/$validate", Parameters(update, R"({"name":"mode","valueCode":"update"})"))),
            "error");
  EXPECT_EQ(Worst(Post("/fhir/Patient/$validate?mode=update", kPatient)), "error") << "an update needs an id";
  EXPECT_EQ(Worst(Post("/fhir/Patient/p2/$validate?mode=update", update)), "error") << "the ids differ";
  EXPECT_NE(Worst(Post("/fhir/Patient/p1/$validate?mode=delete", "")), "error");
  EXPECT_EQ(Post("/fhir/Patient/none/$validate?mode=delete", "").status, 404);
  ASSERT_EQ(store_.state.versions.size(), 1u);
  EXPECT_EQ(store_.state.versions.begin()->second.size(), 1u);
  EXPECT_FALSE(store_.state.versions.begin()->second.back().deleted);
  options_.update_create = false;
  MakeService();
  const Response absent = Post("/fhir/Patient/$validate?mode=update", R"({"resourceType":"Patient","id":"new"})");
  EXPECT_EQ(Worst(absent), "error") << absent.body;
  EXPECT_EQ(store_.state.versions.size(), 1u);
}

TEST_F(ValidateTest, ModesThatTryAChange_AreRecorded) {
  const std::string update = R"({"resourceType":"Patient","id":"p7","active":true})";
  Post("/fhir/Patient/$validate", update);
  EXPECT_TRUE(audit_.records.empty()) << "tells of the resource sent alone";
  options_.update_create = false;
  MakeService();
  EXPECT_EQ(Worst(Post("/fhir/Patient/$validate?mode=update", update)), "error");
  ASSERT_EQ(audit_.records.size(), 1u) << "tells whether there is such an id";
  EXPECT_EQ(audit_.records[0].interaction, "operation");
  ASSERT_EQ(audit_.records[0].entities.size(), 1u);
  EXPECT_EQ(audit_.records[0].entities[0].id, "p7");
  Post("/fhir/Patient/$validate?mode=create", kGood);
  EXPECT_EQ(audit_.records.size(), 2u);
}

TEST_F(ValidateTest, Stored_IsCheckedByItsId) {
  Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1","contact":[{"relationship":[{"text":"x"}]}]})");
  const Response get = Get("/fhir/Patient/p1/$validate");
  EXPECT_EQ(Worst(get), "error");
  EXPECT_NE(get.body.find("pat-1"), std::string::npos);
  EXPECT_EQ(Post("/fhir/Patient/p1/$validate", "").body, get.body);
  EXPECT_EQ(Get("/fhir/Patient/none/$validate").status, 404);
  EXPECT_EQ(audit_.records.back().interaction, "operation");
  EXPECT_EQ(audit_.records.front().entities.at(0).id, "p1");
}

TEST_F(ValidateTest, OtherType_IsAnIssue) {
  EXPECT_EQ(Worst(Post("/fhir/Observation/$validate", kPatient)), "error");
}

TEST_F(ValidateTest, DatabaseAway_IsNoFinding) {
  store_.failure = fhir::Error{.code = fhir::ErrorCode::kUnavailable, .public_text = {"try again"}};
  EXPECT_EQ(Post("/fhir/Patient/$validate?mode=create", kPatient).status, 503);
  EXPECT_EQ(Post("/fhir/Patient/$validate", kPatient).status, 200);
}

}  // namespace
}  // namespace tests::rest
