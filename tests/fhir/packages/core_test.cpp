// The definitions that are built into the library.
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/packages/embedded.hpp"
#include "fhir/packages/registry.hpp"

namespace {

using fhir::packages::EmbeddedResources;
using fhir::packages::OpenPacked;
using fhir::packages::Registry;
using fhir::packages::ResourceName;

std::size_t CountOf(std::string_view type) {
  std::size_t count = 0;
  Registry::Core().ForEach(type, [&](const ResourceName&) { ++count; });
  return count;
}

TEST(CoreRegistry, Index_HasEveryDefinition) {
  EXPECT_EQ(CountOf("StructureDefinition"), 655U);
  EXPECT_EQ(CountOf("ValueSet"), 1316U);
  EXPECT_EQ(CountOf("CodeSystem"), 1062U);
  EXPECT_EQ(CountOf("ConceptMap"), 80U);
  EXPECT_EQ(CountOf("Patient"), 0U);
}

TEST(CoreRegistry, Find_ParsesOnce_AndStaysWhereItIs) {
  const Registry& core = Registry::Core();
  const auto* first = core.Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bodyweight");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->ChildValue("type"), "Observation");
  EXPECT_NE(first->Find("snapshot.element"), nullptr);
  EXPECT_EQ(first, core.Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bodyweight|4.0.1"));
  EXPECT_EQ(first, core.Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bodyweight|4.0"));
  EXPECT_EQ(core.Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bodyweight|3.0"), nullptr);
  EXPECT_EQ(core.Find("ValueSet", "http://hl7.org/fhir/StructureDefinition/bodyweight"), nullptr);
  EXPECT_EQ(core.Find("StructureDefinition", ""), nullptr);
}

TEST(CoreRegistry, Find_ValueSet_HasThePublishedExpansion) {
  const auto* value_set = Registry::Core().Find("ValueSet", "http://hl7.org/fhir/ValueSet/administrative-gender");
  ASSERT_NE(value_set, nullptr);
  EXPECT_EQ(value_set->FindValue("expansion.contains.code"), "male");
}

TEST(CoreRegistry, Read_EveryResource_IsReadable_AndKnownByItsName) {
  const Registry& core = Registry::Core();
  for (const std::string_view type : {"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap"}) {
    core.ForEach(type, [&](const ResourceName& name) {
      const auto document = core.Read(name.type, std::string(name.url) + "|" + std::string(name.version));
      ASSERT_TRUE(document) << name.url;
      EXPECT_EQ(document->type_name(), type);
      EXPECT_EQ(document->root().ChildValue("url"), name.url);
      EXPECT_EQ(document->root().ChildValue("version"), name.version);
    });
  }
}

TEST(CoreRegistry, Find_FromManyThreads_GivesAllTheSame) {
  std::vector<const fhir::model::Node*> found(8);
  std::vector<std::jthread> threads;
  for (auto& result : found) {
    threads.emplace_back([&result] {
      result = Registry::Core().Find("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/heartrate");
    });
  }
  threads.clear();
  ASSERT_NE(found.front(), nullptr);
  EXPECT_EQ(std::vector(8, found.front()), found);
}

TEST(PackedResources, Cut_IsRefused_OrItsTextsAre) {
  const std::string_view whole = EmbeddedResources();
  EXPECT_FALSE(OpenPacked(""));
  EXPECT_FALSE(OpenPacked("GWR1"));
  EXPECT_FALSE(OpenPacked(whole.substr(0, 1000)));
  const auto cut = OpenPacked(whole.substr(0, whole.size() - 1));
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->texts->Text(cut->rows.size() - 1));
}

}  // namespace
