// Registries made at run time over the built-in one.
#include "fhir/packages/registry.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry_builder.hpp"

namespace {

using fhir::packages::Registry;
using fhir::packages::RegistryBuilder;
using fhir::packages::ResourceName;
using fhir::packages::SplitCanonical;

constexpr std::string_view kGender = "http://hl7.org/fhir/ValueSet/administrative-gender";

fhir::model::Document ValueSet(std::string_view url, std::string_view version, std::string_view title) {
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(
      R"({"resourceType":"ValueSet","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"url":")" +
          std::string(url) + R"(","version":")" + std::string(version) + R"(","title":")" + std::string(title) +
          R"(","status":"draft"})",
      {}, issues);
  EXPECT_TRUE(document.has_value());
  return *std::move(document);
}

std::unique_ptr<const Registry> Built(RegistryBuilder& builder) {
  fhir::IssueList issues;
  auto registry = builder.Build(issues);
  EXPECT_TRUE(issues.empty());
  return registry;
}

std::string TitleOf(const Registry& registry, std::string_view canonical) {
  const auto* found = registry.Find("ValueSet", canonical);
  return found == nullptr ? "(none)" : std::string(found->ChildValue("title"));
}

TEST(SplitCanonical, Forms) {
  EXPECT_EQ(SplitCanonical("http://a|1.0#x").url, "http://a");
  EXPECT_EQ(SplitCanonical("http://a|1.0#x").version, "1.0");
  EXPECT_EQ(SplitCanonical("http://a").url, "http://a");
  EXPECT_EQ(SplitCanonical("http://a").version, "");
}

TEST(Registry, Find_TakesTheHighestVersion_UnlessOneIsNamed) {
  RegistryBuilder builder;
  for (const std::string_view version : {"1.9.0", "1.10.0", "1.10.0-ballot"}) {
    ASSERT_TRUE(builder.AddResource(ValueSet("http://toy.example/vs", version, version)));
  }
  const auto registry = Built(builder);
  EXPECT_EQ(TitleOf(*registry, "http://toy.example/vs"), "1.10.0");
  EXPECT_EQ(TitleOf(*registry, "http://toy.example/vs|1.9.0"), "1.9.0");
  EXPECT_EQ(TitleOf(*registry, "http://toy.example/vs|1.9"), "1.9.0");
  EXPECT_EQ(TitleOf(*registry, "http://toy.example/vs|2"), "(none)");
}

TEST(Registry, Find_OfEqualNames_TakesTheLast_AndShadowsTheBase) {
  RegistryBuilder builder;
  ASSERT_TRUE(builder.AddResource(ValueSet(kGender, "4.0.1", "first")));
  ASSERT_TRUE(builder.AddResource(ValueSet(kGender, "4.0.1", "second")));
  const auto registry = Built(builder);
  EXPECT_EQ(TitleOf(*registry, kGender), "second");
  EXPECT_EQ(registry->Find("ValueSet", kGender)->Child("text"), nullptr);
  EXPECT_EQ(TitleOf(Registry::Core(), kGender), "AdministrativeGender");
  std::size_t count = 0;
  registry->ForEach("ValueSet", [&](const ResourceName&) { ++count; });
  EXPECT_EQ(count, 1316U);
}

TEST(Registry, Find_FallsBackToTheBase) {
  RegistryBuilder builder;
  const auto registry = Built(builder);
  EXPECT_EQ(registry->Find("ValueSet", kGender), Registry::Core().Find("ValueSet", kGender));
}

TEST(RegistryBuilder, ResourceWithoutUrl_IsRefused) {
  RegistryBuilder builder;
  EXPECT_FALSE(builder.AddResource(ValueSet("", "1", "none")));
}

}  // namespace
