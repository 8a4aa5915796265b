// Composite parameters: which combinations a resource is found by, and that they do not mix its parts.
#include "fhir/search/types/composite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/search/match.hpp"
#include "match_fixture.hpp"

namespace {

using search_test::Matches;

// Systolic 120, diastolic 80, and a pulse of 60 as the value itself.
constexpr std::string_view kPressure = R"({"resourceType":"Observation","status":"final",
  "code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
  "valueQuantity":{"value":60,"unit":"/min"},
  "component":[
    {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
     "valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
    {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
     "valueQuantity":{"value":80,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})";

TEST(Composite, Components_DoNotMix) {
  EXPECT_TRUE(Matches(kPressure, "component-code-value-quantity=8480-6$120"));
  EXPECT_TRUE(Matches(kPressure, "component-code-value-quantity=http://loinc.org|8480-6$gt100"));
  EXPECT_FALSE(Matches(kPressure, "component-code-value-quantity=8480-6$80")) << "the value of the other component";
  EXPECT_FALSE(Matches(kPressure, "component-code-value-quantity=8867-4$60")) << "no component";
  EXPECT_TRUE(Matches(kPressure, "code-value-quantity=8867-4$60"));
  EXPECT_FALSE(Matches(kPressure, "code-value-quantity=8480-6$120")) << "a component";
}

TEST(Composite, Union_IsAnsweredByTheRowsOfItsParts) {
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity=8867-4$60"));
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity=8480-6$120"));
  EXPECT_FALSE(Matches(kPressure, "combo-code-value-quantity=8867-4$120"));
}

TEST(Composite, Values_AreAlternatives) {
  EXPECT_TRUE(Matches(kPressure, "component-code-value-quantity=8480-6$80,8480-6$120"));
  EXPECT_FALSE(Matches(kPressure, "component-code-value-quantity=8480-6$80,8462-4$120"));
}

TEST(Composite, Units_AreCompared) {
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity=8480-6$120|http://unitsofmeasure.org|mm[Hg]"));
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity=8480-6$lt20|http://unitsofmeasure.org|kPa"));
  EXPECT_FALSE(Matches(kPressure, "combo-code-value-quantity=8480-6$gt20|http://unitsofmeasure.org|kPa"));
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity=8480-6$120||mmHg"));
}

TEST(Composite, Missing_AsksForACombination) {
  EXPECT_TRUE(Matches(kPressure, "combo-code-value-quantity:missing=false"));
  EXPECT_TRUE(Matches(kPressure, "code-value-string:missing=true"));
}

TEST(Composite, OtherTypesOfComponents) {
  constexpr std::string_view kText = R"({"resourceType":"Observation","status":"final",
    "code":{"coding":[{"code":"a"}]},"valueString":"Été"})";
  EXPECT_TRUE(Matches(kText, "code-value-string=a$ete"));
  EXPECT_FALSE(Matches(kText, "code-value-string=b$ete"));
  constexpr std::string_view kDate = R"({"resourceType":"Observation","status":"final",
    "code":{"coding":[{"code":"a"}]},"valueDateTime":"2024-05-15T10:00:00Z"})";
  EXPECT_TRUE(Matches(kDate, "code-value-date=a$2024-05"));
  EXPECT_FALSE(Matches(kDate, "code-value-date=a$2024-06"));
  constexpr std::string_view kRelated = R"({"resourceType":"DocumentReference","status":"current",
    "content":[{"attachment":{"title":"x"}}],"relatesTo":[
      {"code":"replaces","target":{"reference":"DocumentReference/1"}},
      {"code":"appends","target":{"reference":"DocumentReference/2"}}]})";
  EXPECT_TRUE(Matches(kRelated, "relationship=DocumentReference/1$replaces"));
  EXPECT_TRUE(
      Matches(kRelated, "relationship=DocumentReference/1$http://hl7.org/fhir/document-relationship-type|replaces"));
  EXPECT_FALSE(Matches(kRelated, "relationship=DocumentReference/2$replaces"));
  constexpr std::string_view kSequence = R"({"resourceType":"MolecularSequence","coordinateSystem":0,
    "referenceSeq":{"chromosome":{"coding":[{"code":"7"}]},"windowStart":10,"windowEnd":20},
    "variant":[{"start":5,"end":6},{"start":50,"end":60}]})";
  EXPECT_TRUE(Matches(kSequence, "chromosome-window-coordinate=7$lt11$gt19"));
  EXPECT_FALSE(Matches(kSequence, "chromosome-window-coordinate=8$lt11$gt19"));
  EXPECT_TRUE(Matches(kSequence, "chromosome-variant-coordinate=7$50$60"));
  EXPECT_FALSE(Matches(kSequence, "chromosome-variant-coordinate=7$5$60")) << "two variants";
}

}  // namespace
