// The value sets that R4's types are bound to with strength required or extensible: which of them cannot be decided,
// and why. To write the list again: fhir_terminology_bindings_test --update-golden
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/gap.hpp"
#include "fhir/terminology/terminology.hpp"

namespace {

using fhir::model::Node;
using fhir::packages::Registry;
using fhir::packages::ResourceName;
using fhir::terminology::Gap;
using fhir::terminology::SystemRule;
using fhir::terminology::Terminology;
using fhir::terminology::Verdict;

const std::string kGolden = std::string(GW_SOURCE_DIR) + "/tests/data/terminology/undecidable_bindings.txt";

/// strength → value sets, of every type and profile of R4.
std::map<std::string, std::set<std::string>> BoundValueSets() {
  std::map<std::string, std::set<std::string>> bound;
  Registry::Core().ForEach("StructureDefinition", [&](const ResourceName& name) {
    const auto document = Registry::Core().Read(name.type, name.url);
    const Node* snapshot = document->root().Child("snapshot");
    if (snapshot == nullptr) {
      return;
    }
    for (const Node& element : snapshot->children()) {
      const std::string_view value_set = element.FindValue("binding.valueSet");
      if (!value_set.empty()) {
        bound[std::string(element.FindValue("binding.strength"))].emplace(value_set);
      }
    }
  });
  return bound;
}

std::string Undecidable() {
  const Terminology terminology(Registry::Core());
  std::string lines =
      "# Value sets of required and extensible bindings in R4 whose members are not all known, and what is missing.\n";
  for (const auto& [strength, value_sets] : BoundValueSets()) {
    if (strength != "required" && strength != "extensible") {
      continue;
    }
    for (const std::string& canonical : value_sets) {
      const auto compiled = terminology.FindValueSet(canonical);
      if (compiled == nullptr) {
        lines += fmt::format("{} {}: the value set is not loaded\n", strength, canonical);
      } else if (const auto listable = compiled->CanList(); !listable.holds && listable.gap != Gap::kCost) {
        lines += fmt::format("{} {}: {}\n", strength, canonical, Describe(listable.gap, listable.missing));
      }
    }
  }
  return lines;
}

TEST(Bindings, UndecidableOnes_AreThoseListed) {
  const auto arguments = testing::internal::GetArgvs();
  if (std::ranges::find(arguments, "--update-golden") != arguments.end()) {
    std::ofstream(kGolden, std::ios::binary) << Undecidable();
    return;
  }
  std::ostringstream committed;
  committed << std::ifstream(kGolden, std::ios::binary).rdbuf();
  EXPECT_EQ(committed.str(), Undecidable())
      << "run fhir_terminology_bindings_test --update-golden and read the difference";
}

TEST(Bindings, PreferredOnes_AreKnown) {
  const Terminology terminology(Registry::Core());
  const auto bound = BoundValueSets();
  for (const std::string& canonical : bound.at("preferred")) {
    EXPECT_NE(terminology.FindValueSet(canonical), nullptr) << canonical;
  }
}

/// The generated tables hold the codes of required bindings as well, for the quick check. Both must say the same.
TEST(Bindings, RequiredCodesOfTheTables_AreMembers) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  const Terminology terminology(Registry::Core());
  std::set<std::string_view> done;
  for (fhir::metadata::TypeId type = 0; !definitions.TypeName(type).empty(); ++type) {
    for (const auto& row : definitions.Children(type)) {
      const std::string_view value_set = definitions.RequiredValueSet(row);
      if (value_set.empty() || !done.insert(value_set).second) {
        continue;
      }
      const auto codes = definitions.RequiredCodes(row);
      const auto systems = definitions.RequiredSystems(row);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        EXPECT_EQ(terminology.ValidateCode(value_set, {.system = systems[i], .code = codes[i]}).verdict,
                  Verdict::kMember)
            << value_set << " " << systems[i] << " " << codes[i];
        EXPECT_EQ(terminology.ValidateCode(value_set, {.code = codes[i]}, SystemRule::kInfer).verdict,
                  Verdict::kMember);
      }
      EXPECT_EQ(terminology.ValidateCode(value_set, {.code = "no such code"}, SystemRule::kInfer).verdict,
                Verdict::kNotMember)
          << value_set;
    }
  }
  EXPECT_GT(done.size(), 150U);
}

}  // namespace
