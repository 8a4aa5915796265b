// The official examples against the whole of validation, profiles they declare included.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/validation/text_validation.hpp"
#include "tests/conformance/reasons.hpp"
#include "tests/conformance/section.hpp"
#include "tests/conformance/tables.hpp"

namespace fhir::conformance {
namespace {

TEST(OfficialExamples, AreValidButTheListedOnes) {
  const std::filesystem::path folder = GW_SOURCE_DIR "/fhir/definitions/node_modules/hl7.fhir.r4.examples";
  const terminology::Terminology terminology(packages::Registry::Core());
  const validation::Validator validator(packages::Registry::Core(), terminology);
  validation::ValidatorOptions options;
  options.limits.body_bytes_max = 256u * 1024 * 1024;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".json" && name.find('-') != std::string::npos) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  auto reasons = Reasons::Read("example_errors.json");
  ASSERT_TRUE(reasons) << reasons.error().public_text.text;
  ErrorTable table;
  std::size_t invalid = 0;
  for (const auto& path : paths) {
    IssueList issues(gateway::app::kFileIssuesMax);
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    gateway::app::ValidateText(text, validator, options, issues);
    invalid += table.Add(path.stem().string(), issues) ? 1 : 0;
  }
  const std::string text =
      fmt::format("{} resources, {} with errors.\n\n{}", paths.size(), invalid, table.Text(*reasons));
  fmt::print("{}", text);
  EXPECT_GT(paths.size(), 5000U);
  EXPECT_EQ(reasons->Problems(), "");
  EXPECT_EQ(CheckSection("examples", text), "");
}

}  // namespace
}  // namespace fhir::conformance
