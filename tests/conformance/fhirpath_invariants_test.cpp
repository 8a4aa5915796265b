// Every invariant of R4 compiles, and comes to an answer on every element of the official examples that it is about.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/packages/registry.hpp"

namespace fhir::conformance {
namespace {

constexpr std::size_t kExpressions = 205;  // distinct ones in the definitions of types and profiles

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Invariant {
  std::string key;
  bool of_profile = false;
  const fhirpath::Expression* expression;
};

/// The constraints of all types by the path of their element: "Patient", "Patient.contact", "HumanName".
class Invariants {
 public:
  Invariants() {
    const packages::Registry& registry = packages::Registry::Core();
    registry.ForEach("StructureDefinition", [&](const packages::ResourceName& name) {
      const auto definition = registry.Read("StructureDefinition", name.url);
      if (!definition) return;
      const bool of_profile = definition->root().ChildValue("derivation") == "constraint";
      // Of profiles the differential may be all there is.
      const model::Node* elements = definition->root().Child("snapshot");
      if (elements == nullptr) elements = definition->root().Child("differential");
      if (elements == nullptr) return;
      for (const model::Node& element : elements->children()) {
        for (const model::Node& constraint : element.children()) {
          if (constraint.name == "constraint") Add(element.ChildValue("path"), of_profile, constraint);
        }
      }
    });
  }

  const std::vector<Invariant>* At(const std::string& path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return compiled_.size(); }

 private:
  void Add(std::string_view path, bool of_profile, const model::Node& constraint) {
    const std::string text(constraint.ChildValue("expression"));
    if (text.empty()) return;
    auto found = compiled_.find(text);
    if (found == compiled_.end()) {
      auto compiled = fhirpath::Compile(text);
      EXPECT_TRUE(compiled) << text << "\n  " << compiled.error().public_text.text;
      found = compiled_.emplace(text, compiled ? std::optional(*std::move(compiled)) : std::nullopt).first;
    }
    if (found->second) {
      // Profiles repeat the constraints of what they are made from, so each expression is taken once a path.
      std::vector<Invariant>& here = by_path_[std::string(path)];
      const bool known = std::ranges::any_of(
          here, [&](const Invariant& invariant) { return invariant.expression == &*found->second; });
      if (!known) here.push_back({std::string(constraint.ChildValue("key")), of_profile, &*found->second});
    }
  }

  std::map<std::string, std::optional<fhirpath::Expression>> compiled_;
  std::map<std::string, std::vector<Invariant>> by_path_;
};

/// What came of the evaluations, counted.
struct Tally {
  std::size_t evaluations = 0;
  std::map<std::string, std::size_t> errors;      // by key and text
  std::map<std::string, std::size_t> violations;  // by key
};

void Check(const Invariants& invariants, const fhirpath::EvaluationContext& context, const model::Node& node,
           Tally& tally) {
  const auto& definitions = metadata::Definitions::R4();
  std::set<std::string_view> done;  // a constraint of the type stands at its elements as well
  const auto evaluate = [&](const std::string& path) {
    const std::vector<Invariant>* const all = invariants.At(path);
    if (all == nullptr) return;
    for (const Invariant& invariant : *all) {
      if (!done.insert(invariant.key).second) continue;  // also in every profile
      ++tally.evaluations;
      const auto holds = fhirpath::EvaluateBoolean(*invariant.expression, context, node);
      if (!holds)
        ++tally.errors[invariant.key + ": " + holds.error().public_text.text];
      else if (!*holds && !invariant.of_profile)  // a profile does not claim to be met
        ++tally.violations[invariant.key];
    }
  };
  if (node.row != nullptr) {
    evaluate(fmt::format("{}.{}{}", definitions.TypeName(node.row->owner), definitions.Text(node.row->base_name),
                         (node.row->flags & metadata::kElementChoice) != 0 ? "[x]" : ""));
  }
  if (node.type != metadata::kNoType) evaluate(std::string(definitions.TypeName(node.type)));
  for (const model::Node& child : node.children()) Check(invariants, context, child, tally);
}

TEST(FhirPathInvariants, AllOfR4_OnTheOfficialExamples_ComeToAnAnswer) {
  const std::filesystem::path folder = GW_SOURCE_DIR "/fhir/definitions/node_modules/hl7.fhir.r4.examples";
  const Invariants invariants;
  EXPECT_EQ(invariants.size(), kExpressions);
  fhirpath::EvaluationContext context;
  context.now = "2025-01-31T10:00:00.000+01:00";
  context.steps_max = 20'000'000;  // the largest examples are bundles of all definitions
  Limits limits;
  limits.body_bytes_max = 256u * 1024 * 1024;
  Tally tally;
  std::size_t resources = 0;
  std::clock_t spent = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name.find('-') == std::string::npos) continue;
    IssueList issues;
    const auto document = json::ReadJson(ReadFile(entry.path()), limits, issues);
    ASSERT_TRUE(document) << name;
    const std::clock_t start = std::clock();
    Check(invariants, context, document->root(), tally);
    spent += std::clock() - start;
    ++resources;
  }
  for (const auto& [what, count] : tally.errors) ADD_FAILURE() << count << " times " << what;
  fmt::print("{} invariants, {} evaluations on {} resources, {} ms\n", invariants.size(), tally.evaluations, resources,
             spent * 1000 / CLOCKS_PER_SEC);
  for (const auto& [key, count] : tally.violations) fmt::print("  {} does not hold {} times\n", key, count);
}

}  // namespace
}  // namespace fhir::conformance
