// GET /metadata in its modes, whole and in part, and when the client has it already; parts of a read.
#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Response;

class CapabilitiesTest : public RestTest {};

TEST_F(CapabilitiesTest, Modes_GiveTheirStatements) {
  const fhir::json::Value full = Json(Get("/fhir/metadata"));
  EXPECT_EQ(Json(Get("/fhir/metadata?mode=full")), full);
  const fhir::json::Value normative = Json(Get("/fhir/metadata?mode=normative"));
  std::vector<std::string> types;
  for (const auto& resource : normative.Find("rest")->items().at(0).Find("resource")->items()) {
    types.emplace_back(resource.FindText("type"));
  }
  // Of the standard's own list, less OperationOutcome's kin that are no resources.
  EXPECT_EQ(types, (std::vector<std::string>{"Binary", "Bundle", "CapabilityStatement", "CodeSystem", "Observation",
                                             "OperationDefinition", "OperationOutcome", "Parameters", "Patient",
                                             "StructureDefinition", "ValueSet"}));
  const fhir::json::Value terminology = Json(Get("/fhir/metadata?mode=terminology"));
  EXPECT_EQ(terminology.FindText("resourceType"), "TerminologyCapabilities");
  bool found = false;
  for (const auto& system : terminology.Find("codeSystem")->items()) {
    found = found || system.FindText("uri") == "http://hl7.org/fhir/administrative-gender";
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(Get("/fhir/metadata?mode=other").status, 400);
}

TEST_F(CapabilitiesTest, Statements_KeepTheRulesOfTheirTypes) {
  for (const char* mode : {"full", "normative", "terminology"}) {
    const Response statement = Get(std::string("/fhir/metadata?mode=") + mode);
    const std::string type(Json(statement).FindText("resourceType"));
    const Response outcome = Post("/fhir/" + type + "/$validate", statement.body);
    EXPECT_EQ(outcome.body.find(R"("severity":"error")"), std::string::npos) << mode << outcome.body.substr(0, 1000);
  }
}

TEST_F(CapabilitiesTest, Elements_GiveAMarkedPart) {
  const Response response = Get("/fhir/metadata?_elements=software,fhirVersion");
  const fhir::json::Value part = Json(response);
  EXPECT_EQ(part.FindText("fhirVersion"), "4.0.1");
  EXPECT_NE(part.Find("software"), nullptr);
  EXPECT_EQ(part.Find("rest"), nullptr);
  EXPECT_NE(part.Find("status"), nullptr) << "mandatory";
  EXPECT_EQ(part.Find("meta")->Find("tag")->items().at(0).FindText("code"), "SUBSETTED");
  EXPECT_NE(Field(response, "ETag"), Field(Get("/fhir/metadata"), "ETag"));
  EXPECT_EQ(Get("/fhir/metadata?_elements=software,fhirVersion", {{"If-None-Match", Field(response, "ETag")}}).status,
            304);
}

TEST_F(CapabilitiesTest, Known_Is304ByTagAndByTime) {
  const Response first = Get("/fhir/metadata");
  EXPECT_EQ(Field(first, "Last-Modified"), "Wed, 01 Jan 2025 00:00:00 GMT");
  const Response same = Get("/fhir/metadata", {{"If-None-Match", Field(first, "ETag")}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(Field(same, "ETag"), Field(first, "ETag"));
  EXPECT_EQ(Get("/fhir/metadata", {{"If-Modified-Since", "Wed, 01 Jan 2025 00:00:00 GMT"}}).status, 304);
  EXPECT_EQ(Get("/fhir/metadata", {{"If-Modified-Since", "Tue, 31 Dec 2024 23:59:59 GMT"}}).status, 200);
  EXPECT_EQ(
      Get("/fhir/metadata", {{"If-None-Match", "W/\"other\""}, {"If-Modified-Since", "Wed, 01 Jan 2025 00:00:00 GMT"}})
          .status,
      200)
      << "the tag decides where there is one";
}

TEST_F(CapabilitiesTest, Packages_AreListed) {
  options_.guides = {"https://hl7.fr/ig/fhir/core/ImplementationGuide/hl7.fhir.fr.core"};
  const auto patient = fhir::metadata::Definitions::R4().FindType("Patient");
  options_.profiles = {{patient, "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient"}};
  MakeService();
  const fhir::json::Value statement = Json(Get("/fhir/metadata"));
  EXPECT_EQ(statement.Find("implementationGuide")->items().at(0).text(), options_.guides[0]);
  int listed = 0;
  for (const auto& resource : statement.Find("rest")->items().at(0).Find("resource")->items()) {
    if (const auto* profiles = resource.Find("supportedProfile")) {
      ++listed;
      EXPECT_EQ(resource.FindText("type"), "Patient");
      EXPECT_EQ(profiles->items().at(0).text(), options_.profiles[0].canonical);
    }
  }
  EXPECT_EQ(listed, 1);
}

TEST_F(CapabilitiesTest, Read_SummaryAndElements) {
  Put("/fhir/Patient/p1",
      R"({"resourceType":"Patient","id":"p1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"photo":[{"url":"http://x.example"}],"gender":"male"})");
  const fhir::json::Value summary = Json(Get("/fhir/Patient/p1?_summary=true"));
  EXPECT_EQ(summary.Find("photo"), nullptr);
  EXPECT_NE(summary.Find("gender"), nullptr);
  EXPECT_EQ(Json(Get("/fhir/Patient/p1?_summary=data")).Find("text"), nullptr);
  EXPECT_EQ(Json(Get("/fhir/Patient/p1?_summary=text")).Find("gender"), nullptr);
  const fhir::json::Value elements = Json(Get("/fhir/Patient/p1/_history/1?_elements=photo"));
  EXPECT_NE(elements.Find("photo"), nullptr);
  EXPECT_EQ(elements.Find("gender"), nullptr);
  EXPECT_EQ(Get("/fhir/Patient/p1?_summary=false").body, store_.state.versions.begin()->second[0].body);
  EXPECT_EQ(Get("/fhir/Patient/p1?_summary=count").status, 400);
}

}  // namespace
}  // namespace tests::rest
