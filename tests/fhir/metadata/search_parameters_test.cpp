#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/metadata/definitions.hpp"

namespace fhir::metadata {
namespace {

const SearchParameter* Parameter(std::string_view type, std::string_view code) {
  const Definitions& definitions = Definitions::R4();
  return definitions.FindSearchParameter(definitions.FindType(type), code);
}

TEST(SearchParameters, EveryResourceType_HasThoseOfResource) {
  const Definitions& definitions = Definitions::R4();
  for (const TypeId type : definitions.ResourceTypes()) {
    for (const std::string_view code : {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"}) {
      const SearchParameter* found = definitions.FindSearchParameter(type, code);
      ASSERT_NE(found, nullptr) << definitions.TypeName(type) << ' ' << code;
      EXPECT_EQ(definitions.TypeName(found->base), "Resource");
    }
  }
}

TEST(SearchParameters, EveryResourceType_IsSortedByCodeWithoutRepeats) {
  const Definitions& definitions = Definitions::R4();
  for (const TypeId type : definitions.ResourceTypes()) {
    const auto all = definitions.SearchParameters(type);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.code < b.code; }));
    for (std::size_t i = 1; i < all.size(); ++i) {
      EXPECT_NE(all[i - 1].code, all[i].code) << definitions.TypeName(type);
    }
  }
}

TEST(SearchParameters, SharedExpression_GivesEachBaseItsPart) {
  EXPECT_EQ(Parameter("Patient", "birthdate")->expression, "Patient.birthDate");
  EXPECT_EQ(Parameter("Person", "birthdate")->expression, "Person.birthDate");
  EXPECT_EQ(Parameter("RiskAssessment", "date")->expression, "(RiskAssessment.occurrence as dateTime)");
  EXPECT_EQ(Parameter("Practitioner", "email")->expression, "Practitioner.telecom.where(system='email')");
  EXPECT_EQ(Parameter("InsurancePlan", "name")->expression, "InsurancePlan.name | InsurancePlan.alias");
}

TEST(SearchParameters, Medication_DoesNotTakePartsOfMedicationRequest) {
  EXPECT_EQ(Parameter("Medication", "code")->expression, "Medication.code");
}

TEST(SearchParameters, Types_AreThoseOfTheDefinition) {
  EXPECT_EQ(Parameter("Patient", "birthdate")->type, SearchType::kDate);
  EXPECT_EQ(Parameter("Patient", "name")->type, SearchType::kString);
  EXPECT_EQ(Parameter("Patient", "identifier")->type, SearchType::kToken);
  EXPECT_EQ(Parameter("Observation", "value-quantity")->type, SearchType::kQuantity);
  EXPECT_EQ(Parameter("Observation", "code-value-quantity")->type, SearchType::kComposite);
  EXPECT_EQ(Parameter("Location", "near")->type, SearchType::kSpecial);
  EXPECT_EQ(Parameter("ValueSet", "url")->type, SearchType::kUri);
  EXPECT_EQ(Parameter("RiskAssessment", "probability")->type, SearchType::kNumber);
}

TEST(SearchParameters, Reference_NamesItsTargets) {
  const SearchParameter* subject = Parameter("Encounter", "subject");
  ASSERT_NE(subject, nullptr);
  std::vector<std::string_view> names;
  for (const TypeId type : subject->targets) {
    names.push_back(Definitions::R4().TypeName(type));
  }
  EXPECT_THAT(names, testing::ElementsAre("Group", "Patient"));
}

TEST(SearchParameters, Attachment_TiesADocumentToItsBinary) {
  const SearchParameter* attachment = Parameter("DocumentReference", "attachment");
  ASSERT_NE(attachment, nullptr);
  EXPECT_EQ(attachment->expression, "DocumentReference.content.attachment.url");
  ASSERT_EQ(attachment->targets.size(), 1u);
  EXPECT_EQ(Definitions::R4().TypeName(attachment->targets[0]), "Binary");
}

TEST(SearchParameters, IllustrationsOfTheResource_AreNoParameters) {
  EXPECT_EQ(Parameter("Patient", "id"), nullptr);
  EXPECT_EQ(Parameter("Patient", "part-agree"), nullptr);
}

TEST(SearchParameters, StableIds_DoNotMove) {
  // These numbers stand in databases. If one changes, search_parameter_ids.txt was edited instead of appended to.
  EXPECT_EQ(Parameter("Patient", "_id")->id, 1172);
  EXPECT_EQ(Parameter("Patient", "identifier")->id, 973);
  EXPECT_EQ(Parameter("Patient", "birthdate")->id, 1372);
  EXPECT_EQ(Parameter("Person", "birthdate")->id, 1372);
}

TEST(SearchParameterById, Id_LeadsBackToTheParameter) {
  const Definitions& definitions = Definitions::R4();
  const TypeId patient = definitions.FindType("Patient");
  for (const SearchParameter& parameter : definitions.SearchParameters(patient)) {
    EXPECT_EQ(definitions.SearchParameterById(patient, parameter.id), &parameter);
  }
  EXPECT_EQ(definitions.SearchParameterById(patient, 0xFFFE), nullptr);
}

TEST(FindSearchParameter, UnknownCodeOrType_IsNull) {
  EXPECT_EQ(Parameter("Patient", "nothing"), nullptr);
  EXPECT_EQ(Parameter("HumanName", "_id"), nullptr);
  EXPECT_EQ(Definitions::R4().FindSearchParameter(kNoType, "_id"), nullptr);
}

}  // namespace
}  // namespace fhir::metadata
