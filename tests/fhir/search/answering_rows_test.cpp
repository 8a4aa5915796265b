// Parameters that the rows of others answer: which they are, and that they find what their own expressions say.
#include "fhir/search/answering_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "match_fixture.hpp"

namespace {

using fhir::metadata::Definitions;
using fhir::metadata::SearchType;
using fhir::search::RowsAnswering;
using search_test::Matches;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::uint16_t ParameterId(std::string_view type, std::string_view code) {
  const auto& r4 = Definitions::R4();
  return r4.FindSearchParameter(r4.FindType(type), code)->id;
}

fhir::search::AnsweringRows Answering(std::string_view type, std::string_view code) {
  const auto& r4 = Definitions::R4();
  const auto* parameter = r4.FindSearchParameter(r4.FindType(type), code);
  return RowsAnswering(r4.FindType(type), parameter->id, parameter->type);
}

TEST(AnsweringRows, Patient_IsASubject_WhereBothAreThere) {
  const auto rows = Answering("Observation", "patient");
  EXPECT_THAT(rows.parameters, ElementsAre(ParameterId("Observation", "subject")));
  EXPECT_EQ(rows.target, Definitions::R4().FindType("Patient"));
  EXPECT_FALSE(rows.own);
  const auto alone = Answering("AllergyIntolerance", "patient");
  EXPECT_THAT(alone.parameters, ElementsAre(ParameterId("AllergyIntolerance", "patient")));
  EXPECT_EQ(alone.target, fhir::metadata::kNoType);
  EXPECT_TRUE(alone.own);
}

TEST(AnsweringRows, Union_IsItsParts) {
  for (const std::string_view what :
       {"code", "value-quantity", "value-concept", "code-value-quantity", "code-value-concept"}) {
    const std::string name(what);
    EXPECT_THAT(
        Answering("Observation", "combo-" + name).parameters,
        UnorderedElementsAre(ParameterId("Observation", name), ParameterId("Observation", "component-" + name)));
  }
  EXPECT_TRUE(Answering("Observation", "code").own);
  EXPECT_TRUE(Answering("Observation", "code-value-date").own);
}

TEST(AnsweringRows, OfAnotherTableOrNoType_AreTheirOwn) {
  const auto& r4 = Definitions::R4();
  const auto patient = ParameterId("Observation", "patient");
  EXPECT_TRUE(RowsAnswering(r4.FindType("Observation"), patient, SearchType::kToken).own)
      << "identifiers of references";
  EXPECT_TRUE(RowsAnswering(fhir::metadata::kNoType, patient, SearchType::kReference).own);
}

TEST(AnsweringRows, WhatAnswers_HasRows) {
  const auto& r4 = Definitions::R4();
  int shared = 0;
  for (const auto type : r4.ResourceTypes()) {
    for (const auto& parameter : r4.SearchParameters(type)) {
      const auto rows = RowsAnswering(type, parameter.id, parameter.type);
      ASSERT_FALSE(rows.parameters.empty());
      shared += rows.own ? 0 : 1;
      for (const auto other : rows.parameters) {
        EXPECT_TRUE(RowsAnswering(type, other, parameter.type).own) << parameter.url;
      }
    }
  }
  EXPECT_GT(shared, 30);
}

constexpr std::string_view kOfPatient = R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
  "subject":{"reference":"Patient/1","identifier":{"system":"urn:ipp","value":"7"}}})";
constexpr std::string_view kOfGroup = R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
  "subject":{"reference":"Group/1"}})";
constexpr std::string_view kElsewhere = R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
  "subject":{"reference":"https://other.example/fhir/Patient/1"}})";
constexpr std::string_view kGroupElsewhere = R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
  "subject":{"reference":"https://other.example/fhir/Group/1"}})";

TEST(AnsweringRows, Patient_FindsPatientsAlone) {
  EXPECT_TRUE(Matches(kOfPatient, "patient=Patient/1"));
  EXPECT_TRUE(Matches(kOfPatient, "patient=1"));
  EXPECT_TRUE(Matches(kOfPatient, "patient:missing=false"));
  EXPECT_FALSE(Matches(kOfGroup, "patient=1"));
  EXPECT_TRUE(Matches(kOfGroup, "subject=1"));
  EXPECT_TRUE(Matches(kOfGroup, "patient:missing=true"));
  EXPECT_TRUE(Matches(kElsewhere, "patient=https://other.example/fhir/Patient/1"));
  EXPECT_FALSE(Matches(kGroupElsewhere, "patient=https://other.example/fhir/Group/1"));
  EXPECT_TRUE(Matches(kGroupElsewhere, "subject=https://other.example/fhir/Group/1"));
}

TEST(AnsweringRows, Participants_AreChosenByType) {
  constexpr std::string_view kAppointment = R"({"resourceType":"Appointment","status":"booked","participant":[
      {"actor":{"reference":"Patient/1"}},{"actor":{"reference":"Practitioner/2"}},{"actor":{"reference":"Location/3"}}]})";
  EXPECT_TRUE(Matches(kAppointment, "patient=1"));
  EXPECT_TRUE(Matches(kAppointment, "practitioner=2"));
  EXPECT_TRUE(Matches(kAppointment, "location=3"));
  EXPECT_FALSE(Matches(kAppointment, "practitioner=1"));
  EXPECT_FALSE(Matches(kAppointment, "patient=Practitioner/2"));
  EXPECT_TRUE(Matches(kAppointment, "actor=2"));
}

}  // namespace
