// Every resource of the pinned package of HL7, definitions and examples alike, against the checks.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/validation/structure.hpp"

namespace fhir::validation {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// `file expression code` of the issues that official_examples.txt explains.
std::set<std::string> KnownIssues() {
  std::ifstream file(GW_SOURCE_DIR "/tests/fhir/validation/data/official_examples.txt");
  std::set<std::string> known;
  std::string line;
  while (std::getline(file, line)) {
    if (!line.empty() && line.front() != '#') {
      known.insert(line);
    }
  }
  return known;
}

TEST(ValidateStructure, OfficialResources_HaveNoIssuesButTheListedOnes) {
  const std::filesystem::path folder = GW_SOURCE_DIR "/fhir/definitions/node_modules/hl7.fhir.r4.examples";
  const std::set<std::string> known = KnownIssues();
  std::set<std::string> met;
  std::vector<std::string> unexpected;
  std::size_t resources = 0;
  Limits limits;
  limits.body_bytes_max = 256u * 1024 * 1024;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name.find('-') == std::string::npos) {
      continue;  // package.json and the package's own index
    }
    IssueList issues(1000);
    const auto document = json::ReadJson(ReadFile(entry.path()), limits, issues);
    if (!document) {
      unexpected.push_back(name + " cannot be read: " + document.error().public_text.text);
      continue;
    }
    ++resources;
    ValidateStructure(document->root(), {.limits = limits}, issues);
    for (const Issue& issue : issues.issues()) {
      const std::string place = name + " " + issue.expression + " " + std::string(Code(issue.type));
      (known.contains(place) ? (void)met.insert(place) : unexpected.push_back(place + " : " + issue.text));
    }
  }
  EXPECT_GT(resources, 5000u);
  std::string report;
  for (std::size_t i = 0; i < unexpected.size() && i < 60; ++i) {
    report += unexpected[i] + "\n";
  }
  EXPECT_TRUE(unexpected.empty()) << unexpected.size() << " issues that official_examples.txt does not explain:\n"
                                  << report;
  for (const std::string& place : known) {
    EXPECT_TRUE(met.contains(place)) << "listed, but not an issue: " << place;
  }
}

}  // namespace
}  // namespace fhir::validation
