// The synthetic patients of the shared material, when it is there: every resource reads without an issue and has the
// structure, cardinality, values and codes of R4, and every search parameter's expression holds on it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "fhir/base/archive.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/search/extractor.hpp"
#include "fhir/validation/structure.hpp"

namespace {

const char* const kSyntheaFolder = GW_SOURCE_DIR "/../shared/data/synthea";
constexpr std::size_t kSyntheaFilesMax = 6;  // of 102: the others repeat the same shapes

std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(SyntheaBundles, EveryResource_ReadsValidatesAndIsIndexed) {
  std::vector<std::filesystem::path> paths;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(kSyntheaFolder, absent)) {
    if (entry.path().extension() == ".bz2") {
      paths.push_back(entry.path());
    }
  }
  if (paths.empty()) {
    GTEST_SKIP() << "../shared/data/synthea is not there";
  }
  std::sort(paths.begin(), paths.end());
  paths.resize(std::min(paths.size(), kSyntheaFilesMax));
  fhir::search::Extractor extractor;
  std::size_t resources = 0;
  for (const auto& path : paths) {
    const auto text = fhir::Decompress(ReadBytes(path), fhir::Compression::kBzip2, 512u * 1024 * 1024);
    ASSERT_TRUE(text) << path << ": " << text.error().public_text.text;
    fhir::IssueList issues;
    fhir::Limits limits;
    limits.body_bytes_max = text->size();
    const auto bundle = fhir::json::ReadJson(*text, limits, issues);
    ASSERT_TRUE(bundle) << path << ": " << bundle.error().public_text.text;
    for (const fhir::model::Node& entry : bundle->root().children()) {
      const fhir::model::Node* resource = entry.name == "entry" ? entry.Child("resource") : nullptr;
      if (resource == nullptr) {
        continue;
      }
      fhir::validation::ValidateStructure(*resource, {}, issues);
      const fhir::search::IndexValues values = extractor.Extract(*resource, {}, issues);
      EXPECT_FALSE(values.tokens.empty() && values.references.empty()) << resource->name;
      ++resources;
    }
    for (const fhir::Issue& issue : issues.issues()) {
      EXPECT_EQ(issue.severity, fhir::Severity::kInformation)
          << path.filename() << " " << issue.expression << ": " << issue.text;
    }
  }
  EXPECT_GT(resources, 500u);
}

}  // namespace
