// The French packages, when the shared material is there: every example is validated against the profiles it declares,
// every profile's snapshot made again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fhir/packages/registry_builder.hpp"
#include "fhir/packages/tar.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/snapshot.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/validation/text_validation.hpp"
#include "tests/conformance/reasons.hpp"
#include "tests/conformance/section.hpp"
#include "tests/conformance/tables.hpp"
#include "tests/fhir/validation/snapshot_rows.hpp"

namespace fhir::conformance {
namespace {

const std::string kFolder = GW_SOURCE_DIR "/../shared/data/packages";

std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> Packages() {
  std::vector<std::filesystem::path> paths;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, absent)) {
    if (entry.path().extension() == ".tgz") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::unique_ptr<const packages::Registry> LoadAll() {
  packages::RegistryBuilder builder;
  IssueList issues;
  for (const auto& path : Packages()) {
    const auto loaded = builder.LoadPath(path, issues);
    EXPECT_TRUE(loaded) << path;
  }
  return builder.Build(issues);
}

TEST(FrenchPackages, ExamplesAreValidButTheListedOnes) {
  if (Packages().empty()) {
    GTEST_SKIP() << "../shared/data/packages is not there";
  }
  const auto registry = LoadAll();
  const terminology::Terminology terminology(*registry);
  const validation::Validator validator(*registry, terminology);
  std::string text = "| package | examples | without errors |\n| --- | --- | --- |\n";
  auto reasons = Reasons::Read("package_errors.json");
  ASSERT_TRUE(reasons) << reasons.error().public_text.text;
  ErrorTable table;
  for (const auto& path : Packages()) {
    std::size_t examples = 0;
    std::size_t valid = 0;
    const auto wants = [](std::string_view file) {
      return file.find("/example/") != std::string_view::npos && file.ends_with(".json") &&
             file.find("/.index") == std::string_view::npos;
    };
    const auto take = [&](std::string_view file, std::string_view content) -> Result<void> {
      ++examples;
      IssueList issues(gateway::app::kFileIssuesMax);
      gateway::app::ValidateText(content, validator, {}, issues);
      const std::string name(file.substr(file.rfind('/') + 1));
      valid += table.Add(name.substr(0, name.rfind('.')), issues) ? 0 : 1;
      return {};
    };
    const auto read = packages::ReadTarGzip(ReadBytes(path), {}, wants, take);
    EXPECT_TRUE(read) << path;
    text += fmt::format("| {} | {} | {} |\n", path.stem().string(), examples, valid);
  }
  text += "\n" + table.Text(*reasons);
  fmt::print("{}", text);
  EXPECT_EQ(reasons->Problems(), "");
  EXPECT_EQ(CheckSection("packages", text), "");
}

TEST(FrenchPackages, SnapshotsAreMadeAsPublished) {
  if (Packages().empty()) {
    GTEST_SKIP() << "../shared/data/packages is not there";
  }
  const auto registry = LoadAll();
  validation::test::RowComparison rows;
  std::size_t profiles = 0;
  registry->ForEach("StructureDefinition", [&](const packages::ResourceName& name) {
    if (name.url.starts_with("http://hl7.org/fhir/")) {
      return;
    }
    const auto definition = registry->Read("StructureDefinition", fmt::format("{}|{}", name.url, name.version));
    ASSERT_TRUE(definition) << name.url;
    const model::Node& root = definition->root();
    if (root.ChildValue("derivation") != "constraint" || root.Child("snapshot") == nullptr) {
      return;
    }
    IssueList issues;
    const auto made = validation::GenerateSnapshot(root, *registry, issues);
    if (!made) {
      rows.reasons["not made: its base is in no package here"].push_back(std::string(name.url));
      return;
    }
    ++profiles;
    validation::test::CompareSnapshots(root, made->root(), rows);
  });
  std::string text = fmt::format(
      "{} profiles made; {} rows equal, {} different ({}).\n\n| part | times | where |\n"
      "| --- | --- | --- |\n",
      profiles, rows.equal, rows.different, Percent(rows.equal, rows.equal + rows.different));
  for (const auto& [reason, places] : rows.reasons) {
    text += fmt::format("| {} | {} | {} |\n", Cell(reason), places.size(), Cell(places.front()));
    for (std::size_t at = 0; at < std::min<std::size_t>(places.size(), 6); ++at) {
      fmt::print("ROW {} {}\n", reason, places[at]);
    }
  }
  fmt::print("{}", text);
  EXPECT_EQ(CheckSection("package-snapshots", text), "");
}

}  // namespace
}  // namespace fhir::conformance
