// The French packages of the shared material: every definition and every example in them is read.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/packages/registry_builder.hpp"
#include "fhir/packages/tar.hpp"

namespace {

namespace fs = std::filesystem;
using fhir::IssueList;
using fhir::Result;
using fhir::packages::Registry;
using fhir::packages::RegistryBuilder;
using fhir::packages::ResourceName;

const fs::path kFolder = fs::path(GW_SOURCE_DIR) / ".." / "shared" / "data" / "packages";

std::vector<fs::path> SharedPackages() {
  std::vector<fs::path> paths;
  if (fs::is_directory(kFolder)) {
    for (const auto& entry : fs::directory_iterator(kFolder)) {
      if (entry.path().extension() == ".tgz") {
        paths.push_back(entry.path());
      }
    }
  }
  std::ranges::sort(paths);
  return paths;
}

std::string Bytes(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

TEST(SharedPackages, EveryResource_IsRead) {
  if (SharedPackages().empty()) {
    std::cout << "SKIPPED ALL: no ../shared/data/packages\n";
    GTEST_SKIP();
  }
  for (const fs::path& path : SharedPackages()) {
    int definitions = 0;
    int examples = 0;
    const auto read = fhir::packages::ReadTarGzip(
        Bytes(path), {}, [](std::string_view name) { return name.ends_with(".json"); },
        [&](std::string_view name, std::string_view text) -> Result<void> {
          if (text.find("\"resourceType\"") != std::string_view::npos && !name.ends_with(".index.json") &&
              !name.starts_with("package/other") && !name.starts_with("package/openapi")) {
            IssueList issues;
            const auto document = fhir::json::ReadJson(text, {}, issues);
            EXPECT_TRUE(document.has_value())
                << path.filename() << " " << name << ": " << document.error().public_text.text;
            ++(name.starts_with("package/example") ? examples : definitions);
          }
          return {};
        });
    EXPECT_TRUE(read.has_value()) << path << ": " << read.error().public_text.text;
    std::cout << path.filename().string() << ": " << definitions << " definitions, " << examples << " examples\n";
  }
}

TEST(SharedPackages, Registry_HasEveryDefinition) {
  if (SharedPackages().empty()) {
    GTEST_SKIP() << "no ../shared/data/packages";
  }
  RegistryBuilder builder;
  IssueList issues(1000);
  for (const fs::path& path : SharedPackages()) {
    const auto loaded = builder.LoadPath(path, issues);
    EXPECT_TRUE(loaded.has_value()) << loaded.error().public_text.text;
  }
  const auto registry = builder.Build(issues);
  EXPECT_FALSE(issues.HasErrors());
  for (const auto& issue : issues.issues()) {
    std::cout << fhir::Code(issue.severity) << " " << issue.text << "\n";
  }
  EXPECT_NE(registry->Find("StructureDefinition", "http://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient"),
            nullptr);
  std::size_t profiles = 0;
  registry->ForEach("StructureDefinition", [&](const ResourceName& name) {
    EXPECT_TRUE(registry->Read(name.type, std::string(name.url) + "|" + std::string(name.version))) << name.url;
    ++profiles;
  });
  EXPECT_GT(profiles, 655U + 100U);
}

}  // namespace
