// Searches over the REST API that need a database: of the system, of a compartment, by value sets and hierarchies.
#include <gmock/gmock.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

void Store(std::string_view path, std::string body) {
  const Response stored = TheGateway().Send("", Method::kPut, fmt::format("/fhir/{}", path), std::move(body));
  ASSERT_EQ(stored.status, 201) << stored.body;
}

Response Get(std::string target, std::string_view party = "") {
  return TheGateway().Send(party, Method::kGet, std::move(target));
}

std::string LinkOf(const Response& response, std::string_view relation) {
  const fhir::json::Value bundle = JsonOf(response);
  for (const auto& link : bundle.Find("link")->items()) {
    if (link.FindText("relation") == relation) return std::string(link.FindText("url"));
  }
  return {};
}

/// Patient rs-1 with three resources in its compartment, and one beside it; stored once for all tests.
void StoreCompartment() {
  static const bool kStored = [] {
    const std::string tag = R"("meta":{"tag":[{"system":"urn:rs","code":"t"}]})";
    Store("Patient/rs-1",
          R"({"resourceType":"Patient","id":"rs-1","gender":"male","birthDate":"1990-01-01",)" + tag + "}");
    Store("Patient/rs-2", R"({"resourceType":"Patient","id":"rs-2","gender":"female",)" + tag + "}");
    Store("Observation/rs-o1",
          R"({"resourceType":"Observation","id":"rs-o1","status":"final","subject":{"reference":"Patient/rs-1"},
        "code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}]},
        "valueQuantity":{"value":60,"unit":"beats","system":"http://unitsofmeasure.org","code":"/min"},)" +
              tag + "}");
    Store("Observation/rs-o2",
          R"({"resourceType":"Observation","id":"rs-o2","status":"final","subject":{"reference":"Patient/rs-2"},
        "code":{"text":"x"},)" +
              tag + "}");
    Store("Condition/rs-c1", R"({"resourceType":"Condition","id":"rs-c1","subject":{"reference":"Patient/rs-1"},
        "code":{"coding":[{"system":"urn:rs:codes","code":"E10"}]},)" +
                                 tag + "}");
    return true;
  }();
  ASSERT_TRUE(kStored);
}

TEST(SystemSearch, GetAndPost_AreTheSame_AndTheSelfLinkTellsWhatWasUsed) {
  StoreCompartment();
  const Response got = Get("/fhir?_type=Patient,Condition&_tag=urn:rs%7Ct");
  EXPECT_THAT(IdsOf(got), UnorderedElementsAre("rs-1", "rs-2", "rs-c1"));
  EXPECT_EQ(LinkOf(got, "self"), "https://gw.example/fhir?_type=Patient,Condition&_tag=urn:rs|t");
  const Response posted =
      TheGateway().Send("", Method::kPost, "/fhir/_search", "_type=Patient,Condition&_tag=urn:rs%7Ct",
                        {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(IdsOf(posted), IdsOf(got));
  EXPECT_EQ(LinkOf(posted, "self"), LinkOf(got, "self"));
  const Response page = Get("/fhir?_tag=urn:rs%7Ct&_count=2");
  EXPECT_EQ(IdsOf(page).size(), 2u);
  EXPECT_THAT(LinkOf(page, "next"), HasSubstr("https://gw.example/fhir?_tag="));
  EXPECT_EQ(Get("/fhir?name=x").status, 400) << "a parameter that not all types have";
  EXPECT_EQ(Get("/fhir?_type=Nothing").status, 400);
}

TEST(SystemSearch, Parties_SeeWhatIsGranted) {
  StoreCompartment();
  EXPECT_THAT(IdsOf(Get("/fhir?_tag=urn:rs%7Ct", "insurer-amo")), IsEmpty());
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/*", "platform-p")), IsEmpty());
}

TEST(CompartmentSearch, OneType_All_AndWhatIsNone) {
  StoreCompartment();
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/Observation")), ElementsAre("rs-o1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/Observation?code=8867-4")), ElementsAre("rs-o1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/Observation?code=other")), IsEmpty());
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/*?_tag=urn:rs%7Ct")), UnorderedElementsAre("rs-1", "rs-o1", "rs-c1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Patient/rs-1/*?_type=Condition")), ElementsAre("rs-c1"));
  EXPECT_EQ(LinkOf(Get("/fhir/Patient/rs-1/Observation?code=8867-4"), "self"),
            "https://gw.example/fhir/Patient/rs-1/Observation?code=8867-4");
  EXPECT_EQ(Get("/fhir/Patient/rs-1/Location").status, 404) << "not in the compartment";
  EXPECT_EQ(Get("/fhir/Location/rs-1/Patient").status, 404) << "no compartment";
  EXPECT_EQ(Get("/fhir/Patient/rs-1/nothing").status, 404);
}

TEST(ValueSets, BuiltInStoredAndUnknown) {
  StoreCompartment();
  // Of the definitions: gender is bound to this one.
  EXPECT_THAT(IdsOf(Get("/fhir/Patient?_tag=urn:rs%7Ct&gender:in=http://hl7.org/fhir/ValueSet/administrative-gender")),
              UnorderedElementsAre("rs-1", "rs-2"));
  EXPECT_THAT(
      IdsOf(Get("/fhir/Patient?_tag=urn:rs%7Ct&gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender")),
      IsEmpty());
  Store("ValueSet/rs-vs", R"({"resourceType":"ValueSet","id":"rs-vs","url":"urn:rs:vs","version":"2","status":"active",
      "compose":{"include":[{"system":"urn:rs:codes","concept":[{"code":"E10"},{"code":"E11"}]}]}})");
  for (const char* name : {"urn:rs:vs", "urn:rs:vs%7C2", "ValueSet/rs-vs"}) {
    EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Condition?_tag=urn:rs%7Ct&code:in={}", name))), ElementsAre("rs-c1"))
        << name;
    EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Condition?_tag=urn:rs%7Ct&code:not-in={}", name))), IsEmpty()) << name;
    EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Condition?_tag=urn:rs%7Ct&_filter=code%20in%20{}", name))),
                ElementsAre("rs-c1"))
        << name;
  }
  for (const char* name : {"urn:rs:vs%7C1", "urn:rs:none", "ValueSet/rs-none"}) {
    EXPECT_EQ(Get(fmt::format("/fhir/Condition?code:in={}", name)).status, 404) << name;
  }
  // A value set that the party may not read is not there for it.
  EXPECT_EQ(Get("/fhir/Patient?gender:in=ValueSet/rs-vs", "patient-1").status, 404);
}

TEST(Hierarchies, BelowAndAbove_AreTheCodesOfTheSystem) {
  StoreCompartment();
  Store("Encounter/rs-e1", R"({"resourceType":"Encounter","id":"rs-e1","status":"finished",
      "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"ACUTE"}})");
  const std::string system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
  EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Encounter?_id=rs-e1&class:below={}%7CIMP", system))), ElementsAre("rs-e1"));
  EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Encounter?_id=rs-e1&class:below={}%7CAMB", system))), IsEmpty());
  EXPECT_THAT(IdsOf(Get(fmt::format("/fhir/Encounter?_id=rs-e1&class:above={}%7CACUTE", system))),
              ElementsAre("rs-e1"));
  EXPECT_EQ(Get("/fhir/Encounter?class:below=http://loinc.org%7C8867-4").status, 404) << "a system that is not loaded";
  EXPECT_EQ(Get("/fhir/Encounter?class:below=IMP").status, 400) << "without a system";
}

TEST(SearchedValues, UnitsTextsAgesAndWarnings) {
  StoreCompartment();
  EXPECT_THAT(IdsOf(Get("/fhir/Observation?_tag=urn:rs%7Ct&value-quantity=1%7Chttp://unitsofmeasure.org%7C/s")),
              ElementsAre("rs-o1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Observation?_tag=urn:rs%7Ct&code:text=heart")), ElementsAre("rs-o1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Observation?_tag=urn:rs%7Ct&combo-code-value-quantity=8867-4$gt50")),
              ElementsAre("rs-o1"));
  EXPECT_THAT(IdsOf(Get("/fhir/Patient?_tag=urn:rs%7Ct&age=35")), ElementsAre("rs-1")) << "in June 2025";
  const Response refused = Get("/fhir/Patient?_content=x");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("search.content_types"));
  const Response lenient = TheGateway().Send("", Method::kGet, "/fhir/Patient?_tag=urn:rs%7Ct&_content=x", "",
                                             {{"Prefer", "handling=lenient"}});
  EXPECT_THAT(lenient.body, HasSubstr(R"("mode":"outcome")"));
  EXPECT_EQ(LinkOf(lenient, "self"), "https://gw.example/fhir/Patient?_tag=urn:rs|t")
      << "what was not used is not there";
}

}  // namespace
}  // namespace tests::rest
