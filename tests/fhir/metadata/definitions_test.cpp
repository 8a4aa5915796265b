#include "fhir/metadata/definitions.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/metadata/tables.hpp"

namespace fhir::metadata {
namespace {

const Definitions& Types() {
  return Definitions::R4();
}

const ElementRow& Child(std::string_view type, std::string_view name) {
  const ElementRow* row = Types().FindChild(Types().FindType(type), name);
  if (row == nullptr) {
    throw std::runtime_error("no such element: " + std::string(name));
  }
  return *row;
}

TEST(Definitions, EveryResourceTypeOfTheStandard_IsListedInOrder) {
  const auto types = Types().ResourceTypes();
  EXPECT_EQ(types.size(), 146u);  // 148 definitions, of which Resource and DomainResource are abstract
  EXPECT_TRUE(std::is_sorted(types.begin(), types.end(),
                             [](TypeId a, TypeId b) { return Types().TypeName(a) < Types().TypeName(b); }));
}

TEST(FindType, EveryKindOfType_IsFound) {
  EXPECT_EQ(Types().Kind(Types().FindType("Patient")), TypeKind::kResource);
  EXPECT_EQ(Types().Kind(Types().FindType("HumanName")), TypeKind::kComplex);
  EXPECT_EQ(Types().Kind(Types().FindType("date")), TypeKind::kPrimitive);
  EXPECT_EQ(Types().Kind(Types().FindType("Patient.contact")), TypeKind::kBackbone);
  EXPECT_EQ(Types().Kind(Types().FindType("Timing.repeat")), TypeKind::kBackbone);
  EXPECT_EQ(Types().Kind(Types().FindType("DomainResource")), TypeKind::kAbstract);
}

TEST(FindType, UnknownOrAbsurdName_IsNoType) {
  EXPECT_EQ(Types().FindType(""), kNoType);
  EXPECT_EQ(Types().FindType("patient"), kNoType);
  EXPECT_EQ(Types().FindType("Patient.name"), kNoType);
  EXPECT_EQ(Types().FindType(std::string(255, 'P')), kNoType);
  EXPECT_EQ(Types().FindType(std::string(256, 'P')), kNoType);
}

TEST(FindChild, EveryRow_IsFoundByItsName) {
  for (TypeId type = 0; !Types().TypeName(type).empty(); ++type) {
    for (const ElementRow& row : Types().Children(type)) {
      ASSERT_EQ(Types().FindChild(type, Types().Text(row.name)), &row)
          << Types().TypeName(type) << '.' << Types().Text(row.name);
      ASSERT_EQ(row.owner, type);
    }
  }
}

TEST(FindChild, NamesOfOtherTypes_AreNotFound) {
  // Every name of the standard against every type: found exactly when it is among the children.
  std::set<std::string_view> names;
  for (TypeId type = 0; !Types().TypeName(type).empty(); ++type) {
    for (const ElementRow& row : Types().Children(type)) {
      names.insert(Types().Text(row.name));
    }
  }
  for (TypeId type = 0; !Types().TypeName(type).empty(); type = static_cast<TypeId>(type + 7)) {
    std::set<std::string_view> own;
    for (const ElementRow& row : Types().Children(type)) {
      own.insert(Types().Text(row.name));
    }
    for (const std::string_view name : names) {
      ASSERT_EQ(Types().FindChild(type, name) != nullptr, own.contains(name)) << Types().TypeName(type) << '.' << name;
    }
  }
  EXPECT_EQ(Types().FindChild(kNoType, "id"), nullptr);
  EXPECT_EQ(Types().FindChild(Types().FindType("Patient"), ""), nullptr);
}

TEST(Children, Choice_HasARowForEachTypeInOneGroup) {
  const TypeId observation = Types().FindType("Observation");
  const ElementRow& quantity = Child("Observation", "valueQuantity");
  int rows = 0;
  for (const ElementRow& row : Types().Children(observation)) {
    rows += row.group == quantity.group ? 1 : 0;
  }
  EXPECT_EQ(rows, 11);
  EXPECT_EQ(Types().Text(quantity.base_name), "value");
  EXPECT_EQ(Types().TypeName(quantity.type), "Quantity");
  EXPECT_TRUE(quantity.flags & kElementChoice);
  EXPECT_EQ(Types().FindChild(observation, "value"), nullptr);
}

TEST(Children, ContentReference_HasTheTypeOfTheElementItNames) {
  EXPECT_EQ(Types().TypeName(Child("Questionnaire.item", "item").type), "Questionnaire.item");
  EXPECT_EQ(Types().TypeName(Child("Bundle.entry", "link").type), "Bundle.link");
}

TEST(Children, PrimitiveType_HasIdAndExtensionAlone) {
  std::vector<std::string_view> names;
  for (const ElementRow& row : Types().Children(Types().FindType("date"))) {
    names.push_back(Types().Text(row.name));
  }
  EXPECT_THAT(names, testing::ElementsAre("id", "extension"));
}

TEST(Children, IdAndUrl_HaveTheirFhirTypes) {
  EXPECT_EQ(Types().TypeName(Child("Patient", "id").type), "id");
  EXPECT_EQ(Types().TypeName(Child("Patient.contact", "id").type), "string");
  EXPECT_EQ(Types().TypeName(Child("Extension", "url").type), "uri");
}

TEST(Children, CardinalityAndFlags_AreThoseOfTheDefinition) {
  EXPECT_EQ(Child("Observation", "status").min, 1);
  EXPECT_EQ(Child("Observation", "status").repeats, 0);
  EXPECT_TRUE(Child("Observation", "status").flags & kElementModifier);
  EXPECT_TRUE(Child("Observation", "status").flags & kElementSummary);
  EXPECT_EQ(Child("Patient", "name").min, 0);
  EXPECT_EQ(Child("Patient", "name").repeats, 1);
  EXPECT_FALSE(Child("Patient", "photo").flags & kElementSummary);
  EXPECT_TRUE(Child("Extension", "url").flags & kElementAttribute);
  EXPECT_TRUE(Child("date", "id").flags & kElementAttribute);
  EXPECT_FALSE(Child("Patient", "id").flags & kElementAttribute);
}

TEST(Children, PositionsInATypeStayBelowWhatValidationCanMark) {
  for (TypeId type = 0; !Types().TypeName(type).empty(); ++type) {
    for (const ElementRow& row : Types().Children(type)) {
      ASSERT_LT(row.group, 128) << Types().TypeName(type);
    }
  }
}

TEST(Targets, Reference_NamesItsTypes) {
  std::vector<std::string_view> names;
  for (const TypeId type : Types().Targets(Child("Patient", "managingOrganization"))) {
    names.push_back(Types().TypeName(type));
  }
  EXPECT_THAT(names, testing::ElementsAre("Organization"));
  EXPECT_TRUE(Types().Targets(Child("Patient", "birthDate")).empty());
}

TEST(IsA, Specialisations_AreFollowedToTheTop) {
  const auto is_a = [](std::string_view type, std::string_view ancestor) {
    return Types().IsA(Types().FindType(type), Types().FindType(ancestor));
  };
  EXPECT_TRUE(is_a("Age", "Quantity"));
  EXPECT_TRUE(is_a("code", "string"));
  EXPECT_TRUE(is_a("Patient", "Resource"));
  EXPECT_TRUE(is_a("Patient.contact", "Element"));
  EXPECT_TRUE(is_a("Patient", "Patient"));
  EXPECT_FALSE(is_a("Bundle", "DomainResource"));
  EXPECT_FALSE(is_a("string", "code"));
  EXPECT_FALSE(is_a("Gone", "Resource"));
  EXPECT_EQ(Types().Base(Types().FindType("Resource")), kNoType);
}

TEST(Shape, Primitives_HaveTheJsonShapeOfTheStandard) {
  for (const std::string_view name : {"integer", "decimal", "positiveInt", "unsignedInt"}) {
    EXPECT_EQ(Types().Shape(Types().FindType(name)), JsonShape::kNumber) << name;
  }
  EXPECT_EQ(Types().Shape(Types().FindType("boolean")), JsonShape::kBoolean);
  EXPECT_EQ(Types().Shape(Types().FindType("date")), JsonShape::kString);
}

TEST(RequiredCodes, ClosedList_IsSortedAndHasItsSystems) {
  const ElementRow& gender = Child("Patient", "gender");
  EXPECT_THAT(Types().RequiredCodes(gender), testing::ElementsAre("female", "male", "other", "unknown"));
  EXPECT_THAT(Types().RequiredSystems(gender), testing::Each("http://hl7.org/fhir/administrative-gender"));
  EXPECT_EQ(Types().RequiredValueSet(gender), "http://hl7.org/fhir/ValueSet/administrative-gender");
  EXPECT_TRUE(std::ranges::binary_search(Types().RequiredCodes(Child("Money", "currency")), "EUR"));
}

TEST(RequiredCodes, OpenOrAbsentList_IsEmpty) {
  EXPECT_TRUE(Types().RequiredCodes(Child("Signature", "targetFormat")).empty());  // every MIME type there is
  EXPECT_TRUE(Types().RequiredCodes(Child("Patient", "maritalStatus")).empty());   // extensible
  EXPECT_TRUE(Types().RequiredValueSet(Child("Patient", "birthDate")).empty());
}

TEST(CompartmentParameters, Patient_TiesClinicalResources) {
  const auto parameters = [](std::string_view compartment, std::string_view type) {
    return Types().CompartmentParameters(Types().FindType(compartment), Types().FindType(type));
  };
  EXPECT_THAT(parameters("Patient", "Observation"), testing::ElementsAre("subject", "performer"));
  EXPECT_THAT(parameters("Encounter", "Condition"), testing::ElementsAre("encounter"));
  EXPECT_FALSE(parameters("Practitioner", "Schedule").empty());
  EXPECT_FALSE(parameters("RelatedPerson", "Appointment").empty());
  EXPECT_FALSE(parameters("Device", "Observation").empty());
  EXPECT_TRUE(parameters("Patient", "Organization").empty());
}

TEST(Definitions, Indexing_TakesMillisecondsAtStart) {
  const auto start = std::chrono::steady_clock::now();
  const Definitions fresh(kR4Tables);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(fresh.FindType("Patient"), Types().FindType("Patient"));
  // The aim is 20 ms in a release build; a debug or sanitizer build on a busy machine gets room.
  EXPECT_LT(std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), 400);
}

}  // namespace
}  // namespace fhir::metadata
