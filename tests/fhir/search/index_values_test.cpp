// Which values a resource is found by.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "fhir/json/reader.hpp"
#include "fhir/search/extractor.hpp"
#include "search_text.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// The values of one parameter, each as a line.
std::vector<std::string> ValuesOf(std::string_view json, std::string_view code) {
  fhir::IssueList issues;
  const auto document = fhir::json::ReadJson(json, {}, issues);
  if (!document) return {"document: " + document.error().public_text.text};
  const auto* const parameter = fhir::metadata::Definitions::R4().FindSearchParameter(document->root().type, code);
  if (parameter == nullptr) return {"no such parameter"};
  fhir::search::ExtractOptions options;
  options.base_url = "https://gw.example/fhir";
  const auto values = fhir::search::ExtractIndexValues(document->root(), options, issues);
  if (!issues.empty()) return {"issue: " + issues.issues().front().text};
  std::vector<std::string> out;
  for (const auto& r : values.strings)
    if (r.parameter == parameter->id) out.push_back("string " + r.folded + "/" + r.exact);
  for (const auto& r : values.tokens)
    if (r.parameter == parameter->id) {
      out.push_back(
          fmt::format("token {}|{}{}{}", r.system, r.code, r.identifier_type.empty() ? "" : "|", r.identifier_type));
    }
  for (const auto& r : values.references)
    if (r.parameter == parameter->id) {
      out.push_back(r.id.empty() ? "url " + r.url : "reference " + r.type + "/" + r.id);
    }
  for (const auto& r : values.dates)
    if (r.parameter == parameter->id) {
      out.push_back("date " + search_test::TimeText(r.low_us) + ".." + search_test::TimeText(r.high_us));
    }
  for (const auto& r : values.numbers)
    if (r.parameter == parameter->id) out.push_back("number " + r.low + ".." + r.high);
  for (const auto& r : values.quantities)
    if (r.parameter == parameter->id) {
      out.push_back(fmt::format("quantity {}..{} {}|{}", r.low, r.high, r.system, r.code));
    }
  for (const auto& r : values.uris)
    if (r.parameter == parameter->id) out.push_back("uri " + r.uri);
  return out;
}

constexpr std::string_view kIndexedPatient = R"({"resourceType":"Patient","id":"p","active":true,
  "meta":{"tag":[{"system":"urn:t","code":"x"}],"profile":["http://p"],"source":"urn:s","security":[{"code":"R"}]},
  "identifier":[{"type":{"coding":[{"code":"INS-NIR"}]},"system":"urn:oid:1.2.250.1.213.1.4.10","value":"299"},
                {"system":"urn:ipp"}, {"value":"7"}, {"value":"7"}],
  "name":[{"text":"Éléonore Essai","family":"ESSAI","given":["Éléonore","Zoé"]}],
  "telecom":[{"system":"email","use":"home","value":"a@example.org"},{"system":"phone","value":"01"}],
  "birthDate":"2000-02","deceasedDateTime":"2020-01-01T10:00:00+01:00",
  "address":[{"line":["1 rue X"],"city":"Paris","postalCode":"75001","use":"home"}],
  "generalPractitioner":[{"reference":"Practitioner/1/_history/2"},{"reference":"https://gw.example/fhir/Organization/2"},
    {"reference":"https://other/fhir/Practitioner/3"},{"reference":"urn:uuid:0b"},{"reference":"#c"},
    {"identifier":{"system":"urn:rpps","value":"8"}}]})";

TEST(IndexValues, HumanName_EachPart_IsAFoldedValue) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "name"),
              UnorderedElementsAre("string eleonore essai/Éléonore Essai", "string essai/ESSAI",
                                   "string eleonore/Éléonore", "string zoe/Zoé"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "family"), ElementsAre("string essai/ESSAI"));
}

TEST(IndexValues, Address_EachPartButUse_IsAValue) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "address"),
              UnorderedElementsAre("string 1 rue x/1 rue X", "string paris/Paris", "string 75001/75001"));
}

TEST(IndexValues, Identifier_WithType_KeepsItAndRepeatsAreOne) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "identifier"),
              UnorderedElementsAre("token urn:oid:1.2.250.1.213.1.4.10|299|INS-NIR", "token |7"));
}

TEST(IndexValues, Tokens_OfSimpleTypes_HaveNoSystem) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "active"), ElementsAre("token |true"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "deceased"), ElementsAre("token |true"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "email"), ElementsAre("token home|a@example.org"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "telecom"), UnorderedElementsAre("token home|a@example.org", "token |01"));
}

TEST(IndexValues, Meta_TagsProfilesSource_AreRowsAndIdIsNot) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "_tag"), ElementsAre("token urn:t|x"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "_security"), ElementsAre("token |R"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "_profile"), ElementsAre("uri http://p"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "_source"), ElementsAre("uri urn:s"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "_id"), IsEmpty());
}

TEST(IndexValues, References_LocalOrNot_AreToldApart) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "general-practitioner"),
              UnorderedElementsAre("reference Practitioner/1", "reference Organization/2",
                                   "url https://other/fhir/Practitioner/3", "url urn:uuid:0b", "token urn:rpps|8"));
}

TEST(IndexValues, Dates_OfPartialPrecision_AreRanges) {
  EXPECT_THAT(ValuesOf(kIndexedPatient, "birthdate"), ElementsAre("date 2000-01-31T23:00:00Z..2000-02-29T23:00:00Z"));
  EXPECT_THAT(ValuesOf(kIndexedPatient, "death-date"), ElementsAre("date 2020-01-01T09:00:00Z..2020-01-01T09:00:01Z"));
}

TEST(IndexValues, Period_OpenAtOneEnd_ReachesToTheEndOfTime) {
  EXPECT_THAT(ValuesOf(R"({"resourceType":"Encounter","period":{"start":"2025-01-01T00:00:00Z"}})", "date"),
              ElementsAre("date 2025-01-01T00:00:00Z..inf"));
  EXPECT_THAT(ValuesOf(R"({"resourceType":"Encounter","period":{"end":"2025-01-01T00:00:00Z"}})", "date"),
              ElementsAre("date -inf..2025-01-01T00:00:01Z"));
  EXPECT_THAT(ValuesOf(R"({"resourceType":"Encounter","period":{"id":"x"}})", "date"), IsEmpty());
}

TEST(IndexValues, Timing_Events_CountByTheirOuterLimits) {
  EXPECT_THAT(ValuesOf(R"({"resourceType":"ServiceRequest","occurrenceTiming":{"event":["2025-01-02","2025-01-05"]}})",
                       "occurrence"),
              ElementsAre("date 2025-01-01T23:00:00Z..2025-01-05T23:00:00Z"));
}

TEST(IndexValues, Quantities_RangesAndMoney_KeepTheirUnits) {
  EXPECT_THAT(
      ValuesOf(R"({"resourceType":"Observation","valueQuantity":{"value":5.40,"system":"http://u","code":"mg"}})",
               "value-quantity"),
      ElementsAre("quantity 5.40..5.40 http://u|mg"));
  EXPECT_THAT(ValuesOf(R"({"resourceType":"Condition","onsetRange":{"low":{"value":3,"unit":"years"}}})", "onset-age"),
              ElementsAre("quantity 3..Infinity |years"));
  EXPECT_THAT(ValuesOf(R"({"resourceType":"Invoice","totalGross":{"value":25.00,"currency":"EUR"}})", "totalgross"),
              ElementsAre("quantity 25.00..25.00 urn:iso:std:iso:4217|EUR"));
}

TEST(IndexValues, Numbers_OfResources_ArePoints) {
  EXPECT_THAT(
      ValuesOf(R"({"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":0.80}]})", "probability"),
      ElementsAre("number 0.80..0.80"));
}

TEST(IndexValues, Canonical_WithVersion_IsFoundWithAndWithout) {
  EXPECT_THAT(ValuesOf(R"({"resourceType":"MeasureReport","measure":"http://m|2"})", "measure"),
              UnorderedElementsAre("url http://m|2", "url http://m"));
}

TEST(IndexValues, UrlOfBinary_InReferenceParameter_IsAReference) {
  EXPECT_THAT(
      ValuesOf(
          R"({"resourceType":"CarePlan","instantiatesUri":["http://x"],"instantiatesCanonical":["PlanDefinition/1"]})",
          "instantiates-canonical"),
      ElementsAre("reference PlanDefinition/1"));
}

TEST(IndexValues, BundleComposition_InPlace_IsItsIdentity) {
  EXPECT_THAT(
      ValuesOf(
          R"({"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Composition","id":"c"}}]})",
          "composition"),
      ElementsAre("reference Composition/c"));
}

TEST(IndexValues, WhatOtherRowsAnswer_IsNotSaidAgain) {
  constexpr std::string_view kAppointment = R"({"resourceType":"Appointment","participant":[
      {"actor":{"reference":"Patient/1","identifier":{"system":"urn:ipp","value":"7"}}},
      {"actor":{"reference":"Practitioner/2"}},{"actor":{"reference":"Location/3"}}]})";
  EXPECT_EQ(ValuesOf(kAppointment, "actor").size(), 4u);
  EXPECT_THAT(ValuesOf(kAppointment, "patient"), ElementsAre("token urn:ipp|7")) << "identifiers of references are";
  EXPECT_THAT(ValuesOf(kAppointment, "practitioner"), IsEmpty());
}

}  // namespace
