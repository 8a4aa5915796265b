// Makes the snapshots of published profiles again from their differentials and compares them with what was published.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "fhir/packages/registry.hpp"
#include "fhir/validation/snapshot.hpp"

#include <fmt/format.h>

#include "tests/conformance/section.hpp"
#include "tests/conformance/tables.hpp"
#include "tests/fhir/validation/snapshot_rows.hpp"

namespace fhir::validation::test {
namespace {

void Compare(const packages::Registry& registry, std::string_view only_below, RowComparison& rows) {
  registry.ForEach("StructureDefinition", [&](const packages::ResourceName& name) {
    if (!name.url.starts_with(only_below)) {
      return;
    }
    const auto canonical = fmt::format("{}|{}", name.url, name.version);
    const auto definition = registry.Read("StructureDefinition", canonical);
    ASSERT_TRUE(definition) << canonical;
    const model::Node& root = definition->root();
    if (root.ChildValue("derivation") != "constraint" || root.Child("snapshot") == nullptr ||
        root.Child("differential") == nullptr) {
      return;
    }
    IssueList issues;
    const auto made = GenerateSnapshot(root, registry, issues);
    if (!made) {
      rows.reasons["not made: " + made.error().public_text.text].push_back(canonical);
      return;
    }
    for (const Issue& issue : issues.issues()) {
      rows.reasons["issue: " + issue.text].push_back(canonical + " " + issue.expression);
    }
    CompareSnapshots(root, made->root(), rows);
  });
}

std::string Report(const RowComparison& rows) {
  std::string text =
      fmt::format("{} rows equal, {} different ({}).\n\n| part | times | where |\n| --- | --- | --- |\n", rows.equal,
                  rows.different, conformance::Percent(rows.equal, rows.equal + rows.different));
  for (const auto& [reason, places] : rows.reasons) {
    text +=
        fmt::format("| {} | {} | {} |\n", conformance::Cell(reason), places.size(), conformance::Cell(places.front()));
  }
  return text;
}

TEST(Snapshots, ProfilesOfTheStandard_AreMadeAsPublished) {
  RowComparison rows;
  Compare(packages::Registry::Core(), "http://hl7.org/fhir/", rows);
  EXPECT_EQ(conformance::CheckSection("snapshots", Report(rows)), "");
  EXPECT_GT(rows.equal, 5'000U);
  // Of bp, published with a choice narrowed where all others have it sliced.
  EXPECT_LE(rows.different, 57U);
}

}  // namespace
}  // namespace fhir::validation::test
