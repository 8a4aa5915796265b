// Packages of the configuration, and the check that writes pass with them.
#include "gateway/app/conformance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "fhir/json/reader.hpp"

namespace gateway::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kProfileUrl = "http://profiles.example.org/StructureDefinition/named-patient";
constexpr const char* kProfile = R"({"resourceType":"StructureDefinition","id":"named-patient",
  "url":"http://profiles.example.org/StructureDefinition/named-patient","version":"1.0.0","name":"NamedPatient",
  "status":"active","fhirVersion":"4.0.1","kind":"resource","abstract":false,"type":"Patient",
  "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
  "differential":{"element":[{"id":"Patient","path":"Patient"},
    {"id":"Patient.name","path":"Patient.name","min":1}]}})";
constexpr const char* kGuide = R"({"resourceType":"ImplementationGuide","id":"toy",
  "url":"http://profiles.example.org/ImplementationGuide/toy","version":"1.0.0","name":"Toy","status":"active",
  "packageId":"toy","fhirVersion":["4.0.1"]})";
constexpr const char* kPatientWithoutName = R"({"resourceType":"Patient","active":true})";

class ConformanceTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/conformance_XXXXXX";
    folder_ = ::mkdtemp(path);
    fs::create_directory(folder_ / "profiles");
    std::ofstream(folder_ / "profiles" / "patient.json") << kProfile;
    std::ofstream(folder_ / "profiles" / "guide.json") << kGuide;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fhir::Result<Conformance> Load(const std::string& yaml) {
    auto settings = settings::LoadText(yaml, "test", folder_.string());
    if (!settings) {
      return std::unexpected(settings.error());
    }
    return LoadConformance(*settings);
  }

  /// Whether the write check of these settings lets a resource through; what it found goes to issues_.
  bool Passes(const std::string& yaml, std::string_view json) {
    const auto conformance = Load(yaml);
    if (!conformance) {
      ADD_FAILURE() << conformance.error().public_text.text;
      return false;
    }
    issues_ = fhir::IssueList();
    const auto document = fhir::json::ReadJson(json, {}, issues_);
    EXPECT_TRUE(document && !issues_.HasErrors());
    conformance->write_check->Check(document->root(), "2025-06-15T15:06:40Z", issues_);
    return !issues_.HasErrors();
  }

  static std::string Declaring(std::string_view profile) {
    return R"({"resourceType":"Patient","meta":{"profile":[")" + std::string(profile) + R"("]},"active":true})";
  }

  fs::path folder_;
  fhir::IssueList issues_;
};

TEST_F(ConformanceTest, SearchParametersOfPackages_AreTakenWhenTheyCanBeIndexed) {
  const auto parameter = [&](std::string_view name, std::string_view expression, std::string_view status = "active") {
    std::ofstream(folder_ / "profiles" / (std::string(name) + ".json"))
        << R"({"resourceType":"SearchParameter","id":")" << name
        << R"(","url":"http://profiles.example.org/SearchParameter/)" << name
        << R"(","version":"1","name":"N","status":")" << status << R"(","description":"d","code":")" << name
        << R"(","base":["Patient"],"type":"token","expression":")" << expression << R"("})";
  };
  parameter("nationality", "Patient.extension('http://x.org/nationality').value");
  parameter("gender", "Patient.gender");
  parameter("broken", "Patient.gender.where(");
  parameter("later", "Patient.gender", "draft");
  const auto conformance = Load("packages: [profiles]");
  ASSERT_TRUE(conformance) << conformance.error().public_text.text;
  ASSERT_EQ(conformance->search_parameters.size(), 1u);
  EXPECT_EQ(conformance->search_parameters[0].code, "nationality");
  EXPECT_THAT(conformance->warnings, testing::Contains(HasSubstr("SearchParameter/gender is not indexed")));
  EXPECT_THAT(conformance->warnings, testing::Contains(HasSubstr("SearchParameter/broken is not indexed")));
}

TEST_F(ConformanceTest, Packages_AreListedWithTheirProfiles) {
  const auto conformance = Load("packages: [profiles]");
  ASSERT_TRUE(conformance) << conformance.error().public_text.text;
  EXPECT_THAT(conformance->guides, ElementsAre("http://profiles.example.org/ImplementationGuide/toy"));
  ASSERT_EQ(conformance->profiles.size(), 1u);
  EXPECT_EQ(conformance->profiles[0].canonical, kProfileUrl);
  EXPECT_EQ(fhir::metadata::Definitions::R4().TypeName(conformance->profiles[0].type), "Patient");
  const auto bare = Load("{}");
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->profiles.empty()) << "those of R4 itself are not listed";
}

TEST_F(ConformanceTest, BrokenPackages_AreNamedAtTheStart) {
  const auto missing = Load("packages: [nowhere.tgz]");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_THAT(missing.error().public_text.text, HasSubstr("nowhere.tgz"));
  std::ofstream(folder_ / "profiles" / "broken.json") << "{";
  const auto broken = Load("packages: [profiles]");
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().public_text.text, HasSubstr("broken.json"));
}

TEST_F(ConformanceTest, Invariants_BySetting) {
  constexpr const char* kNoContact = R"({"resourceType":"Patient","contact":[{"gender":"male"}]})";
  EXPECT_FALSE(Passes("{}", kNoContact));
  EXPECT_THAT(issues_.issues().at(0).text, HasSubstr("pat-1"));
  EXPECT_TRUE(Passes("validation: {invariants: false}", kNoContact));
  EXPECT_TRUE(Passes("{}", kPatientWithoutName));
  EXPECT_TRUE(issues_.empty()) << "what is merely recommended is not said on every write";
}

TEST_F(ConformanceTest, DeclaredProfiles_BySetting) {
  EXPECT_FALSE(Passes("packages: [profiles]", Declaring(kProfileUrl)));
  EXPECT_TRUE(Passes("packages: [profiles]\nvalidation: {declared_profiles: ignore}", Declaring(kProfileUrl)));
  EXPECT_TRUE(Passes("packages: [profiles]", kPatientWithoutName)) << "who declares nothing is held to nothing more";
}

TEST_F(ConformanceTest, UnknownProfile_IsAWarningUnlessSet) {
  const std::string patient = Declaring("http://profiles.example.org/StructureDefinition/none");
  EXPECT_TRUE(Passes("{}", patient));
  ASSERT_EQ(issues_.issues().size(), 1u);
  EXPECT_EQ(issues_.issues()[0].severity, fhir::Severity::kWarning);
  EXPECT_EQ(issues_.issues()[0].expression, "Patient.meta.profile[0]");
  EXPECT_FALSE(Passes("validation: {unknown_profile: error}", patient));
}

TEST_F(ConformanceTest, CodesBeyondBindingsThatAreNotRequired_AreWarnings) {
  EXPECT_TRUE(Passes("{}", R"({"resourceType":"Patient","communication":[{"language":{"coding":[
      {"system":"http://id.loc.gov/vocabulary/iso639-1","code":"hi"}]}}]})"));
  ASSERT_EQ(issues_.issues().size(), 1u) << "outside the largest value set of its binding";
  EXPECT_EQ(issues_.issues()[0].severity, fhir::Severity::kWarning);
  EXPECT_TRUE(Passes("{}", R"({"resourceType":"Observation","status":"final","code":{"coding":[
      {"system":"urn:ietf:rfc:3986","code":"1.2.840.10008.5.1.4.1.1.2"}]}})"));
  ASSERT_EQ(issues_.issues().size(), 1u);
  EXPECT_EQ(issues_.issues()[0].expression, "Observation.code.coding[0].code");
  EXPECT_FALSE(Passes("{}", R"({"resourceType":"Patient","gender":"unheard"})")) << "of a required binding";
}

TEST_F(ConformanceTest, UnknownExtension_IsIgnoredUnlessSet) {
  constexpr const char* kExtended =
      R"({"resourceType":"Patient","extension":[{"url":"https://extensions.test/none","valueBoolean":true}]})";
  EXPECT_TRUE(Passes("{}", kExtended));
  EXPECT_TRUE(issues_.empty());
  EXPECT_TRUE(Passes("validation: {unknown_extension: warning}", kExtended));
  EXPECT_EQ(issues_.issues().size(), 1u);
  EXPECT_FALSE(Passes("validation: {unknown_extension: error}", kExtended));
}

TEST_F(ConformanceTest, RequiredProfile_HoldsForEveryResourceOfItsType) {
  const std::string yaml =
      "packages: [profiles]\nvalidation: {profiles: {Patient: \"" + std::string(kProfileUrl) + "\"}}";
  EXPECT_FALSE(Passes(yaml, kPatientWithoutName));
  EXPECT_TRUE(Passes(yaml, R"({"resourceType":"Patient","name":[{"text":"Test"}]})"));
  EXPECT_TRUE(Passes(yaml, R"({"resourceType":"Basic","code":{"text":"x"}})"));
}

TEST_F(ConformanceTest, RequiredProfile_ThatCannotBe_IsAConfigurationError) {
  for (const char* profiles : {"{Patient: \"http://profiles.example.org/none\"}",
                               "{Observation: \"http://profiles.example.org/StructureDefinition/named-patient\"}",
                               "{Person1: \"http://profiles.example.org/StructureDefinition/named-patient\"}"}) {
    const auto conformance = Load(std::string("packages: [profiles]\nvalidation: {profiles: ") + profiles + "}");
    ASSERT_FALSE(conformance) << profiles;
    EXPECT_EQ(conformance.error().code, fhir::ErrorCode::kConfiguration);
    EXPECT_THAT(conformance.error().public_text.text, HasSubstr("validation.profiles")) << profiles;
  }
}

TEST_F(ConformanceTest, VitalSigns_AreNotImpliedByACodeOnAWrite) {
  // A heart rate without the category that the profile of vital signs wants.
  EXPECT_TRUE(Passes("{}", R"({"resourceType":"Observation","status":"final","code":{"coding":[
    {"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":70}})"));
}

}  // namespace
}  // namespace gateway::app
