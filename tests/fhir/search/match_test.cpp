// Criteria against index values, without a database.
#include "fhir/search/match.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "fhir/json/reader.hpp"
#include "fhir/search/query_parser.hpp"

namespace {

constexpr std::string_view kMatchedPatient = R"({"resourceType":"Patient","id":"p1","active":true,
  "identifier":[{"type":{"coding":[{"code":"PI"}]},"system":"urn:ipp","value":"7"}],
  "name":[{"family":"Essai-Noël","given":["Zoé"]}],"birthDate":"2000-02-10",
  "generalPractitioner":[{"reference":"Practitioner/1"},{"identifier":{"system":"urn:rpps","value":"8"}}]})";
constexpr std::string_view kMatchedRisk =
    R"({"resourceType":"RiskAssessment","status":"final","prediction":[{"probabilityDecimal":100}]})";
constexpr std::string_view kMatchedObservation = R"({"resourceType":"Observation","status":"final",
  "code":{"coding":[{"system":"s","code":"c"}]},"valueQuantity":{"value":5.4,"system":"http://u","code":"mg"},
  "effectivePeriod":{"start":"2025-01-01","end":"2025-01-10"}})";

/// "yes", "no", or what went wrong.
std::string MatchText(std::string_view json, std::string_view query_text) {
  fhir::IssueList issues;
  const auto document = fhir::json::ReadJson(json, {}, issues);
  if (!document) return "document";
  const auto values = fhir::search::ExtractIndexValues(document->root(), {}, issues);
  const auto parameters = fhir::search::SplitQueryText(query_text);
  if (!parameters) return "query text";
  const auto query = fhir::search::ParseQuery(document->root().type, *parameters, {}, issues);
  if (!query) return query.error().public_text.text;
  const fhir::search::MatchSubject subject{std::string(document->id()), 1'735'689'600'000'000};  // 2025-01-01T00:00:00Z
  return fhir::search::Matches(query->criteria, values, subject) ? "yes" : "no";
}

struct MatchCase {
  std::string_view json;
  std::string_view query;
  std::string_view expected;
};

class SearchMatch : public testing::TestWithParam<MatchCase> {};

TEST_P(SearchMatch, Query_OnResource_HoldsAsTheStandardSays) {
  EXPECT_EQ(MatchText(GetParam().json, GetParam().query), GetParam().expected) << GetParam().query;
}

constexpr MatchCase kMatches[] = {
    {kMatchedPatient, "name=essai", "yes"},
    {kMatchedPatient, "name=noel", "no"},
    {kMatchedPatient, "name:contains=NOEL", "yes"},
    {kMatchedPatient, "given:exact=Zoé", "yes"},
    {kMatchedPatient, "given:exact=zoe", "no"},
    {kMatchedPatient, "given=paul,zo", "yes"},
    {kMatchedPatient, "identifier=urn:ipp|7", "yes"},
    {kMatchedPatient, "identifier=7", "yes"},
    {kMatchedPatient, "identifier=|7", "no"},
    {kMatchedPatient, "identifier=urn:ipp|", "yes"},
    {kMatchedPatient, "identifier=urn:other|7", "no"},
    {kMatchedPatient, "identifier:of-type=http://t|PI|7", "yes"},
    {kMatchedPatient, "identifier:of-type=http://t|MR|7", "no"},
    {kMatchedPatient, "identifier:not=8", "yes"},
    {kMatchedPatient, "identifier:not=7", "no"},
    {kMatchedPatient, "gender:not=male", "yes"},
    {kMatchedPatient, "gender:missing=true", "yes"},
    {kMatchedPatient, "active:missing=true", "no"},
    {kMatchedPatient, "active=true&name=zoe", "yes"},
    {kMatchedPatient, "active=true&name=paul", "no"},
    {kMatchedPatient, "general-practitioner=Practitioner/1", "yes"},
    {kMatchedPatient, "general-practitioner=1", "yes"},
    {kMatchedPatient, "general-practitioner:Organization=1", "no"},
    {kMatchedPatient, "general-practitioner:identifier=urn:rpps|8", "yes"},
    {kMatchedPatient, "_id=p1", "yes"},
    {kMatchedPatient, "_id=p2", "no"},
    {kMatchedPatient, "_lastUpdated=ge2025-01-01T00:00:00Z", "yes"},
    {kMatchedPatient, "_lastUpdated=gt2025-01-01T00:00:00Z", "no"},
    {kMatchedPatient, "birthdate=2000", "yes"},
    {kMatchedPatient, "birthdate=2000-02-10", "yes"},
    {kMatchedPatient, "birthdate=2000-02-10T10:00:00Z", "no"},
    {kMatchedPatient, "birthdate=ne2000", "no"},
    {kMatchedPatient, "birthdate=gt2000-02-09", "yes"},
    {kMatchedPatient, "birthdate=gt2000-02-10", "no"},
    {kMatchedPatient, "birthdate=ge2000-02-10", "yes"},
    {kMatchedPatient, "birthdate=lt2000-02-10", "no"},
    {kMatchedPatient, "birthdate=le2000-02-10", "yes"},
    {kMatchedPatient, "birthdate=sa2000-01", "yes"},
    {kMatchedPatient, "birthdate=eb2000-02-11", "yes"},
    {kMatchedPatient, "birthdate=ap2000-02-10", "yes"},
    {kMatchedObservation, "date=2025-01-05", "no"},
    {kMatchedObservation, "date=2025-01", "yes"},
    {kMatchedObservation, "date=gt2025-01-05", "yes"},
    {kMatchedObservation, "date=lt2025-01-05", "yes"},
    {kMatchedObservation, "date=sa2025-01-05", "no"},
    {kMatchedObservation, "value-quantity=5.4|http://u|mg", "yes"},
    {kMatchedObservation, "value-quantity=5.4||mg", "yes"},
    {kMatchedObservation, "value-quantity=5.40", "yes"},
    {kMatchedObservation, "value-quantity=5.41", "no"},
    {kMatchedObservation, "value-quantity=5", "yes"},
    {kMatchedObservation, "value-quantity=5.4||kg", "no"},
    {kMatchedObservation, "value-quantity=ap5||mg", "yes"},
    {kMatchedRisk, "probability=100", "yes"},
    {kMatchedRisk, "probability=gt100", "no"},
    {kMatchedRisk, "probability=ge100", "yes"},
    {kMatchedRisk, "probability=lt100", "no"},
    {kMatchedRisk, "probability=le100", "yes"},
    {kMatchedRisk, "probability=ne100", "no"},
    {kMatchedRisk, "probability=sa99,eb3", "yes"},
    {kMatchedRisk, "probability=ap109", "yes"},
    {kMatchedRisk, "probability=ap120", "no"},
};
INSTANTIATE_TEST_SUITE_P(Semantics, SearchMatch, testing::ValuesIn(kMatches));

TEST(SearchMatchAlone, Chain_NeedsOtherResources_IsSaid) {
  fhir::IssueList issues;
  const auto type = fhir::metadata::Definitions::R4().FindType("Patient");
  const auto chained = fhir::search::ParseConditional(type, "general-practitioner:Practitioner.name=x", {});
  const auto plain = fhir::search::ParseConditional(type, "name=x", {});
  ASSERT_TRUE(chained && plain);
  EXPECT_FALSE(fhir::search::CanMatchAlone(chained->criteria));
  EXPECT_TRUE(fhir::search::CanMatchAlone(plain->criteria));
  EXPECT_FALSE(fhir::search::Matches(chained->criteria, {}, {}));
}

}  // namespace
