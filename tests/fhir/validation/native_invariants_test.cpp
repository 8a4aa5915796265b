// The invariants written in C++ against the expressions they stand for: over every element of the official examples,
// and over copies with an element taken away.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/native_invariants.hpp"
#include "fhir/validation/profile_store.hpp"

namespace fhir::validation {
namespace {

/// Where a native invariant says yes on purpose and the expression comes to nothing or sees less: ref-1 without a
/// reference or with "#", bdl-8 without a fullUrl, and dom-3 with a link in the narrative.
bool IsDeviation(const Constraint& constraint, const model::Node& focus) {
  if (constraint.key() == "ref-1") {
    const std::string_view reference = focus.ChildValue("reference");
    return reference.empty() || reference == "#";
  }
  if (constraint.key() == "bdl-8") {
    return focus.Child("fullUrl") == nullptr;
  }
  return constraint.key() == "dom-3" && focus.FindValue("text.div").find("\"#") != std::string_view::npos;
}

class Comparison {
 public:
  void Resource(const model::Node& node) {
    if (const Profile* profile = store_.Base(node.type)) {
      Constraints(node, profile->root());
      Children(node, *profile, profile->root());
    }
  }
  std::size_t compared() const { return compared_; }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  void Children(const model::Node& node, const Profile& profile, const ElementRule& rule) {
    const ElementRule& content = rule.content == kNoRule ? rule : profile.rules[rule.content];
    if (content.children.empty()) {
      const Profile* type = node.type == metadata::kNoType ? nullptr : store_.Base(node.type);
      if (type != nullptr && !type->root().children.empty()) {
        Constraints(node, type->root());
        Children(node, *type, type->root());
      }
      return;
    }
    for (const model::Node& child : node.children()) {
      if (child.row == nullptr) {
        continue;
      }
      if (metadata::Definitions::R4().IsResource(child.type)) {
        Resource(child);
      } else if (child.row->group < content.by_group.size() && content.by_group[child.row->group] != kNoRule) {
        const ElementRule& next = profile.rules[content.by_group[child.row->group]];
        Constraints(child, next);
        Children(child, profile, next);
      }
    }
  }

  void Constraints(const model::Node& node, const ElementRule& rule) {
    for (const Constraint* constraint : rule.constraints) {
      const std::optional<bool> native = constraint->native() == nullptr ? std::nullopt : constraint->native()(node);
      if (!native || IsDeviation(*constraint, node) || constraint->Compiled() == nullptr) {
        continue;
      }
      ++compared_;
      const auto expression = fhirpath::EvaluateBoolean(*constraint->Compiled(), context_, node);
      if ((!expression || *expression != *native) && differences_.size() < 40) {
        differences_.push_back(constraint->key() + (*native ? " holds natively at " : " fails natively at ") +
                               std::string(node.name));
      }
    }
  }

  ProfileStore store_{packages::Registry::Core()};
  fhirpath::EvaluationContext context_;
  std::size_t compared_ = 0;
  std::vector<std::string> differences_;
};

std::size_t CountNodes(const model::Node& node) {
  std::size_t count = 1;
  for (const model::Node& child : node.children()) {
    count += CountNodes(child);
  }
  return count;
}

/// The element at a position of the tree's order.
model::Node* NodeAt(model::Node& node, std::size_t& position) {
  for (model::Node& child : node.children()) {
    if (position-- == 0) {
      return &child;
    }
    if (model::Node* found = NodeAt(child, position)) {
      return found;
    }
  }
  return nullptr;
}

TEST(NativeInvariants, OfficialExamplesAndMutations_AgreeWithTheExpressions) {
  constexpr std::size_t kMutations = 4;
  constexpr std::uintmax_t kFileBytesMax = 200'000;  // the definitions of terminology are large and say nothing more
  Comparison comparison;
  Limits limits;
  std::size_t seed = 1;
  for (const auto& entry :
       std::filesystem::directory_iterator(GW_SOURCE_DIR "/fhir/definitions/node_modules/hl7.fhir.r4.examples")) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json" || name.find('-') == std::string::npos ||
        entry.file_size() > kFileBytesMax || name.starts_with("StructureDefinition-") ||
        name.starts_with("SearchParameter-") || name.starts_with("ValueSet-") || name.starts_with("CodeSystem-")) {
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    IssueList issues;
    auto document = json::ReadJson(text, limits, issues);
    if (!document) {
      continue;
    }
    comparison.Resource(document->root());
    const std::size_t nodes = CountNodes(document->root());
    for (std::size_t i = 0; i < kMutations && nodes > 8; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      std::size_t position = (seed >> 33) % (nodes / 2);
      if (model::Node* node = NodeAt(document->root(), position)) {
        document->Remove(*node);
      }
      comparison.Resource(document->root());
    }
  }
  EXPECT_GT(comparison.compared(), 50'000u);
  std::string report;
  for (const std::string& difference : comparison.differences()) {
    report += difference + "\n";
  }
  EXPECT_TRUE(comparison.differences().empty()) << report;
}

TEST(NativeInvariants, EveryRow_StandsForAConstraintOfTheDefinitions) {
  const ProfileStore store(packages::Registry::Core());
  std::map<std::string_view, bool> met;
  for (const NativeInvariantRow& row : NativeInvariants()) {
    met[row.expression] = false;
  }
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  for (metadata::TypeId type = 0; !definitions.TypeName(type).empty(); ++type) {
    if (const Profile* profile = store.Base(type)) {
      for (const ElementRule& rule : profile->rules) {
        for (const Constraint* constraint : rule.constraints) {
          if (const auto found = met.find(constraint->expression()); found != met.end()) {
            found->second = true;
          }
        }
      }
    }
  }
  for (const auto& [expression, found] : met) {
    EXPECT_TRUE(found) << expression;
  }
}

}  // namespace
}  // namespace fhir::validation
