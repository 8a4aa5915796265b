// Patient/$match: grades by identifier and by the strict traits.
#include <fmt/format.h>

#include "fhir/json/reader.hpp"
#include "gateway/rest/operations/patient_traits.hpp"
#include "tests/gateway/rest/operation_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::rest::operations::Code;
using gateway::rest::operations::Compare;
using gateway::rest::operations::TraitsOf;

constexpr std::string_view kIns = R"("identifier":[{"use":"official","type":{"coding":[{"code":"INS-NIR-TEST"}]},)"
                                  R"("system":"urn:oid:1.2.250.1.213.1.4.10","value":"279035121518989"}])";

struct Traits {
  std::string family = "Dupont";
  std::string given = "Claire";
  std::string date = "1979-03-28";
  std::string gender = "female";
  std::string place = "51215";
};

std::string PatientOf(const Traits& traits, std::string_view more = "") {
  std::string text = fmt::format(
      R"({{"resourceType":"Patient","name":[{{"use":"official","family":"{}","given":["{}"]}}],"birthDate":"{}",)"
      R"("gender":"{}","extension":[{{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":)"
      R"({{"extension":[{{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code",)"
      R"("valueCoding":{{"code":"{}"}}}}]}}}}])",
      traits.family, traits.given, traits.date, traits.gender, traits.place);
  return text + (more.empty() ? "" : ",") + std::string(more) + "}";
}

std::string GradeOf(const std::string& asked, const std::string& candidate) {
  fhir::IssueList issues;
  const auto a = fhir::json::ReadJson(asked, {}, issues);
  const auto b = fhir::json::ReadJson(candidate, {}, issues);
  EXPECT_TRUE(a && b) << asked << candidate;
  return std::string(Code(Compare(TraitsOf(a->root()), TraitsOf(b->root())).grade));
}

TEST(PatientTraitsTest, EqualIdentifier_IsCertainUnlessTheTraitsObject) {
  EXPECT_EQ(GradeOf(PatientOf({}, kIns), PatientOf({}, kIns)), "certain");
  EXPECT_EQ(GradeOf(PatientOf({.family = "Martin"}, kIns), PatientOf({}, kIns)), "certain") << "names change";
  EXPECT_EQ(GradeOf(PatientOf({.date = "1980-03-28"}, kIns), PatientOf({}, kIns)), "possible");
  EXPECT_EQ(GradeOf(PatientOf({.gender = "male"}, kIns), PatientOf({}, kIns)), "possible");
}

TEST(PatientTraitsTest, TraitsAlone_AreNeverCertain) {
  EXPECT_EQ(GradeOf(PatientOf({}), PatientOf({})), "probable");
  EXPECT_EQ(GradeOf(PatientOf({.family = "DUPONT", .given = "clairé"}), PatientOf({})), "probable");
  EXPECT_EQ(GradeOf(PatientOf({.date = "1979"}), PatientOf({})), "probable") << "a year agrees with its days";
  EXPECT_EQ(GradeOf(PatientOf({.given = "Marie"}), PatientOf({})), "possible") << "a twin";
  EXPECT_EQ(GradeOf(PatientOf({.date = "1979-08-23"}), PatientOf({})), "possible");
  EXPECT_EQ(GradeOf(PatientOf({.family = "Martin", .place = "75056"}), PatientOf({})), "certainly-not");
}

TEST(PatientTraitsTest, IdentifiersThatOthersMayHave_DecideNothing) {
  const std::string billing =
      R"("identifier":[{"type":{"coding":[{"code":"NH"}]},"system":"urn:oid:1.2.250.1.213.1.4.8","value":"1"}])";
  const std::string untyped = R"("identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.8","value":"1"}])";
  const Traits child{.given = "Paul", .date = "2015-01-01", .gender = "male", .place = "44109"};
  EXPECT_EQ(GradeOf(PatientOf({}, billing), PatientOf(child, billing)), "certainly-not");
  EXPECT_EQ(GradeOf(PatientOf({}, untyped), PatientOf(child, billing)), "certainly-not");
  const std::string former = R"("identifier":[{"use":"old","system":"urn:ipp","value":"7"}])";
  const std::string current = R"("identifier":[{"system":"urn:ipp","value":"7"}])";
  EXPECT_EQ(GradeOf(PatientOf({}, current), PatientOf({}, former)), "probable");
  EXPECT_EQ(GradeOf(PatientOf({}, current), PatientOf({}, R"("identifier":[{"value":"7"}])")), "probable")
      << "by the traits";
}

TEST(PatientTraitsTest, DoubtedIns_IsProbable) {
  std::string doubted = PatientOf({}, kIns);
  const std::string reliability =
      R"({"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[)"
      R"({"url":"identityStatus","valueCoding":{"code":"PROV"}}]},)";
  doubted.insert(doubted.find(R"({"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace")"), reliability);
  EXPECT_EQ(GradeOf(PatientOf({}, kIns), doubted), "probable");
}

TEST(PatientTraitsTest, BirthGivenNames_CountBeforeTheGivenName) {
  const std::string listed =
      R"({"resourceType":"Patient","name":[{"use":"usual","family":"Durand"},{"use":"official","family":"Dupont",)"
      R"("given":["Kiki"],"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/)"
      R"(fr-core-patient-birth-list-given-name","valueString":"Claire Anne"}]}],"birthDate":"1979-03-28","gender":"female"})";
  EXPECT_EQ(GradeOf(PatientOf({}), listed), "probable");
}

class MatchTest : public OperationTest {
 protected:
  void PutPatient(const std::string& id, std::string body) {
    body.insert(body.find('{') + 1, fmt::format(R"("id":"{}",)", id));
    ASSERT_LT(Put("/fhir/Patient/" + id, body).status, 300);
  }
  /// "id grade score" of each entry.
  static std::vector<std::string> MatchesOf(const gateway::http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    std::vector<std::string> matches;
    const auto bundle = Json(response);
    if (const auto* entries = bundle.Find("entry")) {
      for (const auto& entry : entries->items()) {
        const auto* search = entry.Find("search");
        if (search->FindText("mode") == "match") {
          matches.push_back(fmt::format("{} {} {}", entry.Find("resource")->FindText("id"),
                                        search->Find("extension")->items()[0].FindText("valueCode"),
                                        search->Find("score")->text()));
        }
      }
    }
    return matches;
  }
};

using Matches = std::vector<std::string>;

TEST_F(MatchTest, MostLikelyFirst_WithGradeAndScore_AndNothingIsWritten) {
  PutPatient("same", PatientOf({}, kIns));
  PutPatient("twin", PatientOf({.given = "Marie"}));
  PutPatient("alike", PatientOf({}));
  PutPatient("other", PatientOf({.family = "Martin", .given = "Paul", .date = "1950-01-01", .gender = "male"}));
  const std::size_t before = store_.state.versions.size();
  EXPECT_EQ(MatchesOf(Post("/fhir/Patient/$match", PatientOf({}, kIns))),
            (Matches{"same certain 1.00", "alike probable 0.95", "twin possible 0.55"}));
  EXPECT_EQ(store_.state.versions.size(), before);
  EXPECT_EQ(MatchesOf(Post("/fhir/Patient/$match", ParametersOf({{"resource", "\"resource\":" + PatientOf({}, kIns)},
                                                                 {"count", R"("valueInteger":1)"}}))),
            Matches{"same certain 1.00"});
  EXPECT_EQ(
      MatchesOf(Post("/fhir/Patient/$match", PatientOf({.family = "Nobody", .given = "No", .date = "1900-01-01"}))),
      Matches{});
}

TEST_F(MatchTest, OnlyCertain_GivesOneOrNone) {
  PutPatient("same", PatientOf({}, kIns));
  PutPatient("alike", PatientOf({}));
  const auto asked = [&](const std::string& body) {
    return Post("/fhir/Patient/$match",
                ParametersOf({{"resource", "\"resource\":" + body}, {"onlyCertainMatches", R"("valueBoolean":true)"}}));
  };
  EXPECT_EQ(MatchesOf(asked(PatientOf({}, kIns))), Matches{"same certain 1.00"});
  EXPECT_EQ(MatchesOf(asked(PatientOf({}))), Matches{});
  PutPatient("twice", PatientOf({}, kIns));
  const auto two = asked(PatientOf({}, kIns));
  EXPECT_EQ(MatchesOf(two), Matches{});
  EXPECT_NE(two.body.find("OperationOutcome"), std::string::npos);
}

TEST_F(MatchTest, Refusals) {
  EXPECT_EQ(Post("/fhir/Patient/$match", R"({"resourceType":"Patient","gender":"female"})").status, 422);
  EXPECT_EQ(Post("/fhir/Patient/$match", R"({"resourceType":"Practitioner"})").status, 400);
  EXPECT_EQ(Post("/fhir/Patient/$match", ParametersOf({})).status, 400);
  EXPECT_EQ(Get("/fhir/Patient/$match").status, 405);
}

}  // namespace
}  // namespace tests::rest
