// Values of every official example, without one expression failing.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "fhir/json/reader.hpp"
#include "fhir/search/extractor.hpp"

namespace {

TEST(ExtractIndexValues, OfficialExamples_All_ExtractWithoutWarning) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the definitions are not installed";
  fhir::search::Extractor extractor;
  const fhir::search::ExtractOptions options;
  std::size_t resources = 0;
  std::size_t rows = 0;
  std::set<std::string> failures;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    // The definitions themselves are the bulk of the folder; every twentieth of them is as good.
    const bool definition = name.starts_with("SearchParameter") || name.starts_with("ValueSet") ||
                            name.starts_with("CodeSystem") || name.starts_with("ConceptMap") ||
                            name.starts_with("StructureDefinition");
    if (entry.path().extension() != ".json" || name == "package.json" || name.starts_with(".") ||
        (definition && std::hash<std::string>{}(name) % 20 != 0)) {
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    fhir::IssueList read_issues;
    const auto document = fhir::json::ReadJson(text, {}, read_issues);
    if (!document) continue;  // read failures are the JSON reader's tests
    fhir::IssueList issues;
    const auto values = extractor.Extract(document->root(), options, issues);
    for (const auto& issue : issues.issues()) failures.insert(name + ": " + issue.text);
    ++resources;
    rows += values.strings.size() + values.tokens.size() + values.references.size() + values.dates.size() +
            values.numbers.size() + values.quantities.size() + values.uris.size();
  }
  EXPECT_GT(resources, 700u);
  EXPECT_GT(rows, resources * 4);
  for (const std::string& failure : failures) ADD_FAILURE() << failure;
}

}  // namespace
