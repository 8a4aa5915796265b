// _filter: from its text to criteria, and what they find.
#include "fhir/search/filter_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "match_fixture.hpp"
#include "search_text.hpp"

namespace {

using search_test::Matches;

/// The criteria of a filter as text.
std::string TreeOf(std::string_view type, std::string_view filter) {
  const fhir::search::NameValue pairs[] = {{"_filter", std::string(filter)}};
  fhir::IssueList warnings;
  const auto query = fhir::search::ParseQuery(fhir::metadata::Definitions::R4().FindType(type), pairs, {}, warnings);
  return query ? search_test::CriterionText(query->criteria.front()) : query.error().public_text.text;
}

TEST(Filter, Logic_AndBindsTighterThanOr) {
  EXPECT_EQ(TreeOf("Patient", "gender eq a or gender eq b and gender eq c"),
            "any(gender=*|'a', all(gender=*|'b', gender=*|'c'))");
  EXPECT_EQ(TreeOf("Patient", "(gender eq a or gender eq b) and gender eq c"),
            "all(any(gender=*|'a', gender=*|'b'), gender=*|'c')");
  EXPECT_EQ(TreeOf("Patient", "not (gender eq a) and not(gender eq b)"), "all(none(gender=*|'a'), none(gender=*|'b'))");
}

TEST(Filter, Paths_ChainBracketsAndHas) {
  EXPECT_EQ(TreeOf("Observation", "subject:Patient.name co \"x y\""), "subject->Patient (name:contains='x y')");
  EXPECT_EQ(TreeOf("Observation", "subject:Patient[gender eq male].name sw x"),
            "subject->Patient (gender=*|'male')(name='x')");
  EXPECT_EQ(TreeOf("Patient", "_has:Observation:patient:code eq http://loinc.org|1"),
            "has Observation.patient(code='http://loinc.org'|'1')");
}

TEST(Filter, Operators_OfStrings) {
  EXPECT_EQ(TreeOf("Patient", "family eq x"), "family:equals='x'");
  EXPECT_EQ(TreeOf("Patient", "family ew x"), "family:ends='x'");
  EXPECT_EQ(TreeOf("Patient", "family ne x"), "all(family:present, none(family:equals='x'))");
  EXPECT_EQ(TreeOf("Patient", "family eq \"a\\\"b, c\\u00e9\""), "family:equals='a\"b, cé'");
}

constexpr std::string_view kPerson = R"({"resourceType":"Patient","id":"p1","active":true,"gender":"female",
  "birthDate":"1980-05-15","name":[{"family":"Lefèvre","given":["Anne-Marie"]}],
  "generalPractitioner":[{"reference":"Practitioner/g"}],
  "maritalStatus":{"coding":[{"system":"urn:m","code":"M"},{"system":"urn:n","code":"married"}]}})";

TEST(Filter, Comparisons_FindWhatTheySay) {
  for (const std::string_view holds : {"family eq lefevre",
                                       "family sw lef",
                                       "family ew VRE",
                                       "family co fev",
                                       "family ne x",
                                       "gender eq female",
                                       "gender ne male",
                                       "gender pr true",
                                       "telecom pr false",
                                       "birthdate eq 1980",
                                       "birthdate lt 1981",
                                       "birthdate ge 1980-05-15",
                                       "birthdate sa 1980-05-14",
                                       "birthdate eb 1980-06",
                                       "birthdate po 1980-05",
                                       "birthdate ne 1981",
                                       "general-practitioner re Practitioner/g",
                                       "general-practitioner eq g",
                                       "gender eq female and (family eq x or birthdate eq 1980-05)",
                                       "not (gender eq male)",
                                       "_id eq p1",
                                       "active eq true",
                                       "gender eq http://hl7.org/fhir/administrative-gender|female",
                                       "birthdate pr true and family pr true"}) {
    EXPECT_TRUE(Matches(kPerson, "_filter=" + std::string(holds))) << holds;
  }
  for (const std::string_view fails :
       {"family eq lef", "family ew lef", "family co x", "family ne lefevre", "gender eq male", "gender ne female",
        "telecom ne x", "gender pr false", "birthdate eq 1980-06", "birthdate gt 1980-05-15", "birthdate po 1980-06",
        "general-practitioner re Practitioner/h", "gender eq female and family eq x", "not (gender eq female)",
        "gender eq urn:other|female"}) {
    EXPECT_FALSE(Matches(kPerson, "_filter=" + std::string(fails))) << fails;
  }
}

TEST(Filter, Quantities_Uris_Composites) {
  constexpr std::string_view kDose = R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},
    "meta":{"profile":["http://x/p"]},
    "valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"g"}})";
  EXPECT_TRUE(Matches(kDose, "_filter=value-quantity gt 999|http://unitsofmeasure.org|mg"));
  EXPECT_FALSE(Matches(kDose, "_filter=value-quantity gt 1001|http://unitsofmeasure.org|mg"));
  EXPECT_TRUE(Matches(kDose, "_filter=code-value-quantity eq a$1"));
  EXPECT_TRUE(Matches(kDose, "_filter=_profile eq http://x/p"));
}

}  // namespace
