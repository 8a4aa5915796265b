// The validator against tests/data/validation: each file is a Parameters resource with the definitions to load, the
// profiles to ask for, a resource, and the severity and place of every issue. Texts are not compared.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"

namespace fhir::validation {
namespace {

std::vector<std::filesystem::path> Cases() {
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(GW_SOURCE_DIR "/tests/data/validation")) {
    if (entry.path().extension() == ".json") {
      cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

std::string NameOf(const testing::TestParamInfo<std::filesystem::path>& info) {
  return info.param.stem().string();
}

class ValidatorData : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ValidatorData, GivesTheListedIssues) {
  std::ifstream file(GetParam(), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  IssueList reading;
  const auto parameters = json::ReadJson(text, {}, reading);
  ASSERT_TRUE(parameters) << parameters.error().public_text.text;
  ASSERT_TRUE(reading.empty()) << reading.issues().front().expression << ": " << reading.issues().front().text;

  packages::RegistryBuilder builder;
  std::vector<std::string> profiles;
  std::vector<std::string> expected;
  const model::Node* resource = nullptr;
  for (const model::Node& parameter : parameters->root().children()) {
    const std::string_view name = parameter.ChildValue("name");
    if (name == "definition") {
      ASSERT_TRUE(builder.AddResource(model::Document::CloneResource(*parameter.Child("resource"))));
    } else if (name == "profile") {
      profiles.emplace_back(parameter.ChildValue("valueString"));
    } else if (name == "issue") {
      expected.emplace_back(parameter.ChildValue("valueString"));
    } else if (name == "resource") {
      resource = parameter.Child("resource");
    }
  }
  ASSERT_NE(resource, nullptr);
  const auto registry = builder.Build(reading);
  const terminology::Terminology terminology(*registry);
  const Validator validator(*registry, terminology);
  const model::Document alone = model::Document::CloneResource(*resource);
  ValidatorOptions options;
  options.profiles = profiles;
  options.best_practice = Severity::kInformation;
  IssueList issues;
  validator.Validate(alone.root(), options, issues);

  std::vector<std::string> found;
  std::string texts;
  for (const Issue& issue : issues.issues()) {
    if (!issue.text.starts_with("dom-6")) {
      found.push_back(fmt::format("{} {}", Code(issue.severity), issue.expression));
      texts += fmt::format("{}: {}\n", found.back(), issue.text);
    }
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected) << texts;
}

INSTANTIATE_TEST_SUITE_P(Files, ValidatorData, testing::ValuesIn(Cases()), NameOf);

model::Document Read(std::string_view text) {
  IssueList issues;
  auto document = json::ReadJson(text, {}, issues);
  EXPECT_TRUE(document) << document.error().public_text.text;
  EXPECT_TRUE(issues.empty());
  return *std::move(document);
}

/// A profile of Patient.identifier with that many slices, in a snapshot of its own.
std::string ManySlices(std::size_t slices) {
  std::string text = R"({"resourceType":"StructureDefinition","url":"http://example.org/many","name":"Many",
    "status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","snapshot":{"element":[
    {"path":"Patient","min":0,"max":"*"},
    {"path":"Patient.identifier","min":0,"max":"*","slicing":{"rules":"open","discriminator":[
      {"type":"value","path":"system"}]}})";
  for (std::size_t i = 0; i < slices; ++i) {
    text += fmt::format(R"(,{{"path":"Patient.identifier","sliceName":"s{0}","min":0,"max":"1"}},
      {{"path":"Patient.identifier.system","min":1,"max":"1","fixedUri":"urn:s{0}"}})",
                        i);
  }
  return text + "]}}";
}

void ValidateWithMany(std::size_t slices, std::size_t identifiers, std::size_t steps_max, IssueList& issues) {
  packages::RegistryBuilder builder;
  ASSERT_TRUE(builder.AddResource(Read(ManySlices(slices))));
  IssueList building;
  const auto registry = builder.Build(building);
  const terminology::Terminology terminology(*registry);
  const Validator validator(*registry, terminology);
  std::string patient = R"({"resourceType":"Patient","identifier":[)";
  for (std::size_t i = 0; i < identifiers; ++i) {
    patient += fmt::format(R"({}{{"system":"urn:none"}})", i == 0 ? "" : ",");
  }
  const model::Document document = Read(patient + "]}");
  const std::vector<std::string> profiles{"http://example.org/many"};
  ValidatorOptions options;
  options.profiles = profiles;
  options.steps_max = steps_max;
  validator.Validate(document.root(), options, issues);
}

std::size_t CountTooCostly(const IssueList& issues) {
  return static_cast<std::size_t>(std::count_if(issues.issues().begin(), issues.issues().end(), [](const Issue& issue) {
    return issue.type == IssueType::kTooCostly;
  }));
}

TEST(Validator, ManySlices_WorkIsBoundedAndSaid) {
  IssueList issues;
  ValidateWithMany(3'000, 1'000, 100'000, issues);
  EXPECT_EQ(CountTooCostly(issues), 1u);
}

TEST(Validator, ManySlices_WithinTheBudget_NothingIsSaid) {
  IssueList issues;
  ValidateWithMany(100, 100, 1'000'000, issues);
  EXPECT_EQ(CountTooCostly(issues), 0u);
}

TEST(Validator, MoreElementsThanAProfileMayHave_ProfileIsNotUsed) {
  IssueList issues;
  ValidateWithMany(10'001, 1, 1'000'000, issues);  // two elements a slice: one past the limit
  ASSERT_TRUE(issues.HasErrors());
  EXPECT_EQ(issues.issues().back().type, IssueType::kNotFound);
}

/// What validating a Patient against a profile says first; the profile has this text where a snapshot or differential
/// is expected.
std::string FirstAgainst(std::string_view elements) {
  IssueList reading;
  auto profile =
      json::ReadJson(fmt::format(R"({{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P",
    "status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",{}}})",
                                 elements),
                     {}, reading);
  packages::RegistryBuilder builder;
  EXPECT_TRUE(profile && builder.AddResource(*std::move(profile)));
  IssueList building;
  const auto registry = builder.Build(building);
  const terminology::Terminology terminology(*registry);
  const Validator validator(*registry, terminology);
  const model::Document patient = Read(R"({"resourceType":"Patient","active":true})");
  const std::vector<std::string> profiles{"http://example.org/p"};
  ValidatorOptions options;
  options.profiles = profiles;
  options.best_practice = Severity::kInformation;
  IssueList issues;
  validator.Validate(patient.root(), options, issues);
  for (const Issue& issue : issues.issues()) {
    if (issue.severity == Severity::kError) {
      return issue.text;
    }
  }
  return {};
}

std::string Snapshot(std::string_view cardinality) {
  return fmt::format(R"("snapshot":{{"element":[{{"id":"Patient","path":"Patient","min":0,"max":"*"}},
      {{"id":"Patient.name","path":"Patient.name",{}}}]}})",
                     cardinality);
}

TEST(Validator, CardinalityThatIsNone_ProfileIsNotUsedAndTheElementIsNamed) {
  constexpr std::string_view kFaulty = "the profile http://example.org/p cannot be used: Patient.name: ";
  for (const std::string_view cardinality :
       {R"("min":"x","max":"1")", R"("min":-1,"max":"1")", R"("min":0.5,"max":"1")", R"("min":0,"max":"x")",
        R"("min":0,"max":"")", R"("min":0,"max":"-1")", R"("min":0,"max":"1x")", R"("min":2147483648,"max":"*")",
        R"("min":0,"max":"2147483648")", R"("min":2,"max":"1")", R"("maxLength":"x")"}) {
    EXPECT_TRUE(FirstAgainst(Snapshot(cardinality)).starts_with(kFaulty)) << cardinality;
    EXPECT_NE(FirstAgainst(Snapshot(cardinality)).find(" expected a "), std::string::npos) << cardinality;
  }
  for (const std::string_view cardinality :
       {R"("min":0,"max":"0")", R"("min":0,"max":"2147483647")", R"("min":0,"max":"*")"}) {
    EXPECT_EQ(FirstAgainst(Snapshot(cardinality)), "") << cardinality;
  }
  EXPECT_EQ(FirstAgainst(Snapshot(R"("min":2147483647,"max":"2147483647")")).find("cannot be used"), std::string::npos);
}

TEST(Validator, DifferentialThatDoesNotFit_ProfileIsNotUsedAndThePathIsNamed) {
  EXPECT_EQ(FirstAgainst(R"("differential":{"element":[{"path":"Patient.nmae","min":1}]})"),
            "the profile http://example.org/p cannot be used: Patient.nmae of http://example.org/p: an element of its "
            "base http://hl7.org/fhir/StructureDefinition/Patient is expected, which has no nmae there");
  EXPECT_EQ(FirstAgainst(R"("differential":{"element":[{"path":"Patient.name","min":3,"max":"2"}]})"),
            "the profile http://example.org/p cannot be used: Patient.name: expected a max of at least the min, which "
            "is 3");
  EXPECT_NE(FirstAgainst(R"("differential":{"element":[{"path":"Patient.name","min":1}]})").find("name"),
            std::string::npos);
}

TEST(Validator, IssuesPastTheLimit_ListIsCutAndSaysSo) {
  const terminology::Terminology terminology(packages::Registry::Core());
  const Validator validator(packages::Registry::Core(), terminology);
  std::string patient = R"({"resourceType":"Patient","birthDate":"x","name":[)";
  for (int i = 0; i < 20; ++i) {
    patient += fmt::format(R"({}{{"use":"nobody"}})", i == 0 ? "" : ",");
  }
  const model::Document document = Read(patient + "]}");
  IssueList issues(10);
  validator.Validate(document.root(), {}, issues);
  EXPECT_EQ(issues.issues().size(), 10u);
  EXPECT_TRUE(issues.truncated());
  EXPECT_EQ(issues.errors(), 21u);
}

TEST(Validator, Issues_CarryTheOffsetAndNoValue) {
  const terminology::Terminology terminology(packages::Registry::Core());
  const Validator validator(packages::Registry::Core(), terminology);
  const std::string text = R"({"resourceType":"Patient","gender":"MARKEDPATIENT","birthDate":"MARKEDPATIENT"})";
  const model::Document document = Read(text);
  IssueList issues;
  validator.Validate(document.root(), {}, issues);
  ASSERT_EQ(issues.errors(), 2u);
  for (const Issue& issue : issues.issues()) {
    EXPECT_EQ(issue.text.find("MARKED"), std::string::npos) << issue.text;
    EXPECT_TRUE(issue.offset.has_value());
  }
}

}  // namespace
}  // namespace fhir::validation
