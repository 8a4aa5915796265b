// Contained resources as an index knows them.
#include "fhir/search/contained.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/search/extractor.hpp"
#include "fhir/search/query_parser.hpp"

namespace fhir::search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::Document Read(std::string_view json) {
  IssueList issues;
  auto document = json::ReadJson(json, {}, issues);
  EXPECT_TRUE(document);
  return *std::move(document);
}

/// References of a parameter as "Type/id" or "url".
std::vector<std::string> ReferencesOf(const model::Node& node, std::string_view code) {
  IssueList issues;
  const auto* parameter = metadata::Definitions::R4().FindSearchParameter(node.type, code);
  EXPECT_NE(parameter, nullptr);
  std::vector<std::string> found;
  for (const ReferenceIndex& row : ExtractIndexValues(node, {}, issues).references) {
    if (row.parameter == parameter->id) found.push_back(row.type + " " + row.id + row.url);
  }
  return found;
}

constexpr std::string_view kRequest =
    R"({"resourceType":"MedicationRequest","id":"23","status":"active","intent":"order",
  "contained":[{"resourceType":"Medication","id":"m1","manufacturer":{"reference":"#o1"}},
               {"resourceType":"Organization","id":"o1"},
               {"resourceType":"Provenance","id":"v","target":[{"reference":"#"},{"reference":"Patient/1"}]},
               {"resourceType":"Patient","id":"m1"},{"resourceType":"Patient"},{"resourceType":"Patient","id":"a b"}],
  "subject":{"reference":"#nobody"},"medicationReference":{"reference":"#m1"},"recorder":{"reference":"#"}})";

TEST(ContainedResources, ThoseWithAnIdOfTheirOwn_CanBeFound) {
  const auto request = Read(kRequest);
  std::vector<std::string> found;
  for (const model::Node* node : ContainedResources(request.root())) {
    found.push_back(std::string(node->ChildValue("id")) + " " +
                    std::string(metadata::Definitions::R4().TypeName(node->type)));
  }
  EXPECT_THAT(found, ElementsAre("m1 Medication", "o1 Organization", "v Provenance"));
  EXPECT_EQ(FindContained(request.root(), "o1")->ChildValue("id"), "o1");
  EXPECT_EQ(FindContained(request.root(), "a b"), nullptr);
  EXPECT_EQ(FindContained(request.root(), ""), nullptr);
  EXPECT_THAT(ContainedResources(Read(R"({"resourceType":"Patient","id":"1"})").root()), IsEmpty());
}

TEST(ContainedResources, References_WithinAContainer_NameWhatIsInIt) {
  const auto request = Read(kRequest);
  EXPECT_THAT(ReferencesOf(request.root(), "medication"), ElementsAre("Medication MedicationRequest/23#m1"));
  EXPECT_THAT(ReferencesOf(request.root(), "subject"), IsEmpty());
  EXPECT_THAT(ReferencesOf(request.root(), "requester"), IsEmpty());
  EXPECT_THAT(ReferencesOf(*FindContained(request.root(), "m1"), "manufacturer"),
              ElementsAre("Organization MedicationRequest/23#o1"));
  EXPECT_THAT(ReferencesOf(*FindContained(request.root(), "v"), "target"),
              ElementsAre("MedicationRequest 23", "Patient 1"));
}

TEST(ContainedResources, Patient_InsideAnObservation_IsOneByResolve) {
  const auto observation = Read(R"({"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},
    "contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Group","id":"g","type":"person","actual":true}],
    "subject":{"reference":"#p"},"focus":[{"reference":"#g"}]})");
  EXPECT_THAT(ReferencesOf(observation.root(), "subject"), ElementsAre("Patient Observation/o#p"));
  EXPECT_THAT(ReferencesOf(observation.root(), "focus"), ElementsAre("Group Observation/o#g"));
}

TEST(ContainedResources, Names_AreTakenApart) {
  const std::string name = ContainedName("MedicationRequest", "23", "m1");
  const auto parts = SplitContainedName(name);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->container, "MedicationRequest/23");
  EXPECT_EQ(parts->container_type, "MedicationRequest");
  EXPECT_EQ(parts->container_id, "23");
  EXPECT_EQ(parts->id, "m1");
  EXPECT_FALSE(SplitContainedName("23"));
  EXPECT_FALSE(SplitContainedName("Patient/23"));
  EXPECT_FALSE(SplitContainedName("#m1"));
}

TEST(ContainedQuery, Modes_AreKept_AndToldInTheSelfLink) {
  const auto type = metadata::Definitions::R4().FindType("Medication");
  IssueList warnings;
  const auto parse = [&](std::vector<NameValue> parameters) { return ParseQuery(type, parameters, {}, warnings); };
  const auto plain = parse({{"code", "x"}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->contained, Contained::kFalse);
  const auto both = parse({{"_contained", "both"}, {"_containedType", "contained"}});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->contained, Contained::kBoth);
  EXPECT_EQ(both->contained_type, ContainedType::kContained);
  EXPECT_EQ(both->self, "_contained=both&_containedType=contained");
  const auto inside = parse({{"_contained", "true"}});
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->contained, Contained::kTrue);
  EXPECT_EQ(inside->contained_type, ContainedType::kContainer);
}

TEST(ContainedQuery, OfACondition_IsRefused) {
  const auto type = metadata::Definitions::R4().FindType("Medication");
  EXPECT_FALSE(ParseConditional(type, "code=x&_contained=true", {}));
  EXPECT_TRUE(ParseConditional(type, "code=x&_contained=false", {}));
}

}  // namespace
}  // namespace fhir::search
