// The official FHIRPath suite of R4, when the shared material is there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/fhirpath/services.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/validation/structure.hpp"
#include "fhir/xml/reader.hpp"
#include "tests/conformance/fhirpath_suite.hpp"
#include "tests/conformance/fhirpath_verdict.hpp"
#include "tests/conformance/section.hpp"

namespace fhir::conformance {
namespace {

constexpr std::string_view kSuiteFolder = GW_SOURCE_DIR "/../shared/data/fhirpath";
constexpr std::size_t kSuiteCases = 935;

/// Cases that we answer otherwise, with the reason. The test fails when one of them begins to pass, too.
const std::map<std::string, std::string> kMisses = {};

/// A host that knows the base definitions alone.
class BaseDefinitions : public fhirpath::Services {
 public:
  std::optional<bool> ConformsTo(const model::Node& element, std::string_view profile) const override {
    constexpr std::string_view kBase = "http://hl7.org/fhir/StructureDefinition/";
    if (!profile.starts_with(kBase)) return std::nullopt;
    const auto& definitions = metadata::Definitions::R4();
    if (definitions.FindType(profile.substr(kBase.size())) != element.type) return std::nullopt;
    IssueList issues;
    validation::ValidateStructure(element, {}, issues);
    return !issues.HasErrors();
  }
};

std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

Result<model::Document> ReadInput(const std::filesystem::path& path) {
  IssueList issues;
  const std::string text = ReadBytes(path);
  return path.extension() == ".xml" ? xml::ReadXml(text, {}, issues) : json::ReadJson(text, {}, issues);
}

TEST(FhirPathSuite, EveryCase_AnswersAsTheSuite_OrIsListed) {
  const std::filesystem::path folder(kSuiteFolder);
  if (!std::filesystem::exists(folder / "tests-fhir-r4.xml")) {
    GTEST_SKIP() << "../shared/data/fhirpath is not there";
  }
  const auto cases = ReadSuite(folder / "tests-fhir-r4.xml");
  ASSERT_TRUE(cases);
  EXPECT_EQ(cases->size(), kSuiteCases);
  const BaseDefinitions host;
  fhirpath::EvaluationContext context;
  context.now = "2025-01-31T10:00:00.000+01:00";
  context.services = &host;
  std::map<std::string, model::Document> inputs;
  inputs.emplace("", model::Document(metadata::Definitions::R4().FindType("Basic")));
  std::size_t passed = 0;
  for (const SuiteCase& each : *cases) {
    if (!inputs.contains(each.input_file)) {
      auto input = ReadInput(folder / each.input_file);
      ASSERT_TRUE(input) << each.input_file << ": " << input.error().public_text.text;
      inputs.emplace(each.input_file, *std::move(input));
    }
    const SuiteVerdict verdict = Judge(each, inputs.at(each.input_file).root(), context);
    passed += verdict.passed ? 1 : 0;
    EXPECT_EQ(verdict.passed, !kMisses.contains(each.name))
        << each.group << "/" << each.name << ": " << each.expression << "\n  " << verdict.answer;
  }
  fmt::print("FHIRPath suite: {} of {} cases\n", passed, cases->size());
  std::string section = fmt::format("{} of {} cases\n", passed, cases->size());
  if (!kMisses.empty()) section += "\n| case | why we answer otherwise |\n| --- | --- |\n";
  for (const auto& [name, reason] : kMisses) section += fmt::format("| {} | {} |\n", name, reason);
  EXPECT_EQ(CheckSection("fhirpath", section), "");
  EXPECT_GE(passed, 925u);
}

}  // namespace
}  // namespace fhir::conformance
