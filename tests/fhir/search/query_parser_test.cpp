// Queries that are understood.
#include "fhir/search/query_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "search_text.hpp"

namespace {

using fhir::metadata::Definitions;

fhir::Result<fhir::search::Query> ParseText(std::string_view type, std::string_view text,
                                            const fhir::search::ParseOptions& options, fhir::IssueList& warnings) {
  GW_ASSIGN(const auto parameters, fhir::search::SplitQueryText(text));
  return fhir::search::ParseQuery(Definitions::R4().FindType(type), parameters, options, warnings);
}

std::string CriteriaOf(std::string_view type, std::string_view text) {
  fhir::search::ParseOptions options;
  options.base_url = "https://gw.example/fhir";
  fhir::IssueList warnings;
  const auto query = ParseText(type, text, options, warnings);
  if (!query) return "error: " + query.error().public_text.text;
  std::string out;
  for (const auto& criterion : query->criteria)
    out += (out.empty() ? "" : " & ") + search_test::CriterionText(criterion);
  return out;
}

struct QueryCase {
  std::string_view type;
  std::string_view query;
  std::string_view expected;
};

class SearchQuery : public testing::TestWithParam<QueryCase> {};

TEST_P(SearchQuery, Text_ByMetadata_GivesCriteria) {
  EXPECT_EQ(CriteriaOf(GetParam().type, GetParam().query), GetParam().expected);
}

constexpr QueryCase kQueries[] = {
    {"Patient", "name=eve", "name='eve'"},
    {"Patient", "name:exact=Eve&family:contains=x", "name:exact='Eve' & family:contains='x'"},
    {"Patient", "name=a%5C,b,c", "name='a,b', 'c'"},
    {"Patient", "name=d%C3%A9+x", "name='d\u00e9 x'"},
    {"Patient", "identifier=urn:a|1", "identifier='urn:a'|'1'"},
    {"Patient", "identifier=|1,urn:a|,2", "identifier=''|'1', 'urn:a'|*, *|'2'"},
    {"Patient", "identifier=a%5C|b", "identifier=*|'a|b'"},
    {"Patient", "gender:not=male", "gender:not=*|'male'"},
    {"Patient", "identifier:of-type=http://t|MR|12", "identifier:of-type=*|'MR|12'"},
    {"Patient", "active=true&name=", "active=*|'true'"},
    {"Patient", "birthdate=1974-12-25", "birthdate=eq 1974-12-24T23:00:00Z..1974-12-25T23:00:00Z"},
    {"Patient", "birthdate=ge1974&birthdate=lt1975-06",
     "birthdate=ge 1973-12-31T23:00:00Z..1974-12-31T23:00:00Z & birthdate=lt "
     "1975-05-31T23:00:00Z..1975-06-30T23:00:00Z"},
    {"Patient", "death-date=sa2025-01-01T10:00Z", "death-date=sa 2025-01-01T10:00:00Z..2025-01-01T10:01:00Z"},
    {"Patient", "general-practitioner=Practitioner/7", "general-practitioner=Practitioner/7"},
    {"Patient", "general-practitioner=7", "general-practitioner=*/7"},
    {"Patient", "general-practitioner:Practitioner=7", "general-practitioner=Practitioner/7"},
    {"Patient", "general-practitioner=https://gw.example/fhir/Practitioner/7", "general-practitioner=Practitioner/7"},
    {"Patient", "general-practitioner=https://other/fhir/Practitioner/7",
     "general-practitioner=<https://other/fhir/Practitioner/7>"},
    {"Patient", "general-practitioner:identifier=urn:a|1", "general-practitioner:identifier='urn:a'|'1'"},
    {"Patient", "general-practitioner:missing=true", "general-practitioner:missing"},
    {"Patient", "gender:missing=false", "gender:present"},
    {"Patient", "_id=1,2&_lastUpdated=gt2025-01-01T00:00:00Z",
     "#id=*|'1', *|'2' & #lastUpdated=gt 2025-01-01T00:00:00Z..2025-01-01T00:00:01Z"},
    {"Patient", "_tag=urn:t|x&_profile=http://p&_security=s|c",
     "_tag='urn:t'|'x' & _profile=uri http://p & _security='s'|'c'"},
    {"ValueSet", "url:below=http://a", "url:below=uri http://a"},
    {"Observation", "value-quantity=5.40|http://unitsofmeasure.org|mg",
     "value-quantity=eq 5.40 [5.395,5.405) 'http://unitsofmeasure.org'|'mg' = [0.005395,0.005405) g"},
    {"Observation", "value-quantity=gt5||mg", "value-quantity=gt 5 [4.5,5.5) *|'mg'"},
    {"RiskAssessment", "probability=ne0.8", "probability=ne 0.8 [0.75,0.85)"},
    {"Observation", "subject:Patient.name=eve", "subject->Patient (name='eve')"},
    {"Observation", "subject.name=x", "subject->Location (name='x') or ->Patient (name='x')"},
    {"Observation", "patient.name=x", "patient->Patient (name='x')"},
    {"Observation", "patient.general-practitioner:Practitioner.family=x",
     "patient->Patient (general-practitioner->Practitioner (family='x'))"},
    {"Patient", "_has:Observation:patient:code=http://loinc.org|8867-4",
     "has Observation.patient(code='http://loinc.org'|'8867-4')"},
    {"Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1",
     "has Observation.patient(has AuditEvent.entity(agent=Practitioner/1))"},
    {"Encounter", "patient._has:Observation:patient:code=a",
     "patient->Group Patient (has Observation.patient(code=*|'a'))"},
    {"Schedule", "_has:Slot:schedule:status=free&actor:Location.organization.identifier=urn:o|3",
     "has Slot.schedule(status=*|'free') & actor->Location (organization->Organization (identifier='urn:o'|'3'))"},
};
INSTANTIATE_TEST_SUITE_P(Understood, SearchQuery, testing::ValuesIn(kQueries));

TEST(SearchQueryParser, SasSlotQuery_AsPublished_IsUnderstood) {
  fhir::IssueList warnings;
  const auto query = ParseText(
      "Slot",
      "_include=Slot:schedule&_include:iterate=Schedule:actor&start=ge2025-01-01T00:00:00.000+01:00"
      "&start=le2025-01-31T00:00:00.000+01:00&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1"
      "|810002909371&status=free",
      {}, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  ASSERT_EQ(query->includes.size(), 2u);
  EXPECT_FALSE(query->includes[0].iterate);
  EXPECT_TRUE(query->includes[1].iterate);
  EXPECT_EQ(query->includes[1].parameter->code, "actor");
  ASSERT_EQ(query->criteria.size(), 4u);
  EXPECT_EQ(search_test::CriterionText(query->criteria[0]), "start=ge 2024-12-31T23:00:00Z..2024-12-31T23:00:00Z");
  EXPECT_EQ(search_test::CriterionText(query->criteria[2]),
            "schedule->Schedule (actor->Practitioner (identifier='urn:oid:1.2.250.1.71.4.2.1'|'810002909371'))");
  EXPECT_TRUE(warnings.empty());
}

TEST(SearchQueryParser, ResultParameters_AllKinds_AreKept) {
  fhir::IssueList warnings;
  const auto query =
      ParseText("Patient",
                "_sort=-birthdate,_lastUpdated&_count=0&_total=accurate&_summary=count&_elements=id,name"
                "&_cursor=abc&_revinclude=Observation:subject:Patient&_include=*&_include:recurse=Patient:*"
                "&_format=json",
                {}, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  ASSERT_EQ(query->sort.size(), 2u);
  EXPECT_TRUE(query->sort[0].descending);
  EXPECT_EQ(query->sort[0].parameter->code, "birthdate");
  EXPECT_EQ(query->sort[1].parameter, nullptr);
  EXPECT_EQ(query->count, 0);
  EXPECT_EQ(query->total, fhir::search::Total::kAccurate);
  EXPECT_TRUE(query->total_asked);
  EXPECT_EQ(query->summary, fhir::search::Summary::kCount);
  EXPECT_EQ(query->elements, (std::vector<std::string>{"id", "name"}));
  EXPECT_EQ(query->cursor, "abc");
  ASSERT_EQ(query->includes.size(), 3u);
  EXPECT_TRUE(query->includes[0].reverse);
  EXPECT_EQ(query->includes[0].target_type, Definitions::R4().FindType("Patient"));
  EXPECT_EQ(query->includes[1].parameter, nullptr);
  EXPECT_TRUE(query->includes[2].iterate);
}

TEST(SearchQueryParser, Self_WithSpecialLetters_IsPercentEncoded) {
  fhir::IssueList warnings;
  const auto query = ParseText("Patient", "name=d%C3%A9%26x&identifier=urn:a|1&_cursor=zz&gender=", {}, warnings);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->self, "name=d%C3%A9%26x&identifier=urn:a|1");
}

TEST(SearchQueryParser, OpenChain_TypesWithOwnParameters_BecomesAlternatives) {
  fhir::IssueList warnings;
  const auto query = ParseText("Observation", "subject.identifier=urn:a|1", {}, warnings);
  ASSERT_TRUE(query) << query.error().public_text.text;
  const auto& criterion = query->criteria.front();
  std::size_t types = criterion.chain->target_types.size();
  for (const auto& other : criterion.other_chains) types += other.target_types.size();
  EXPECT_EQ(types, 4u);  // Device, Group, Location, Patient
  EXPECT_EQ(criterion.other_chains.size(), 3u);
}

TEST(SearchQueryParser, UnknownParameter_Lenient_IsLeftOutWithWarning) {
  fhir::search::ParseOptions options;
  options.unknown = fhir::search::UnknownParameter::kLenient;
  fhir::IssueList warnings;
  const auto query = ParseText("Patient", "nothing=1&gender=male&name:phonetic=x", options, warnings);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->criteria.size(), 1u);
  EXPECT_EQ(query->self, "gender=male");
  EXPECT_EQ(warnings.issues().size(), 2u);
  EXPECT_FALSE(warnings.HasErrors());
}

TEST(SearchQueryParser, CapitalName_OnlyWhenAllowed_IsAccepted) {
  fhir::search::ParseOptions options;
  fhir::IssueList warnings;
  EXPECT_FALSE(ParseText("Appointment", "Identifier=urn:a|1", options, warnings));
  options.case_blind_names = true;
  EXPECT_TRUE(ParseText("Appointment", "Identifier=urn:a|1", options, warnings));
}

TEST(SearchQueryParser, Conditional_CriteriaAlone_IsUnderstood) {
  const auto patient = Definitions::R4().FindType("Patient");
  EXPECT_TRUE(fhir::search::ParseConditional(patient, "?identifier=urn:a%7C1&birthdate=2000", {}));
  for (const std::string_view refused : {"", "_sort=name", "_count=1", "_include=*", "identifier=%zz", "nothing=1"}) {
    EXPECT_FALSE(fhir::search::ParseConditional(patient, refused, {})) << refused;
  }
}

TEST(SearchQueryParser, ByIdentifier_TypeWithout_MatchesNothing) {
  const auto& definitions = Definitions::R4();
  const auto query = fhir::search::ByIdentifier(definitions.FindType("Patient"), "urn:a", "1");
  EXPECT_EQ(search_test::CriterionText(query.criteria.front()), "identifier='urn:a'|'1'");
  const auto none = fhir::search::ByIdentifier(definitions.FindType("Binary"), "urn:a", "1");
  EXPECT_EQ(none.criteria.front().kind, fhir::search::CriterionKind::kNever);
}

}  // namespace
