// Every official R4 example goes from JSON to XML and back to the same element tree, digit for digit.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"
#include "fhir/model/path.hpp"
#include "fhir/xml/reader.hpp"
#include "fhir/xml/writer.hpp"

namespace {

using fhir::model::Node;

std::string FileText(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Children in the order of the definition, which XML has and JSON need not have.
std::vector<const Node*> Ordered(const Node& node) {
  std::vector<std::pair<std::size_t, const Node*>> placed;
  for (const Node& child : node.children()) {
    placed.emplace_back((std::size_t{child.row->group} << 32) + placed.size(), &child);
  }
  std::sort(placed.begin(), placed.end());
  std::vector<const Node*> children;
  for (const auto& [place, child] : placed) {
    children.push_back(child);
  }
  return children;
}

/// Where two trees differ first, or an empty text.
std::string Difference(const Node& left, const Node& right) {
  if (left.name != right.name || left.row != right.row || left.type != right.type || left.kind != right.kind ||
      left.value != right.value) {
    return fhir::model::PathOf(left) + " and " + fhir::model::PathOf(right);
  }
  const auto left_children = Ordered(left);
  const auto right_children = Ordered(right);
  for (std::size_t i = 0; i < std::min(left_children.size(), right_children.size()); ++i) {
    if (std::string place = Difference(*left_children[i], *right_children[i]); !place.empty()) {
      return place;
    }
  }
  return left_children.size() == right_children.size() ? std::string() : "children of " + fhir::model::PathOf(left);
}

TEST(XmlExamples, EveryOfficialResource_ThroughXml_IsTheSameTree) {
  const std::filesystem::path folder =
      std::filesystem::path(GW_SOURCE_DIR) / "fhir/definitions/node_modules/hl7.fhir.r4.examples";
  std::size_t resources = 0;
  std::size_t equal = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string text = entry.path().extension() == ".json" ? FileText(entry.path()) : std::string();
    if (text.find("\"resourceType\"") == std::string::npos) {
      continue;
    }
    ++resources;
    fhir::IssueList issues;
    const auto document = fhir::json::ReadJson(text, fhir::Limits{}, issues);
    ASSERT_TRUE(document) << name << ": " << document.error().public_text.text;
    const bool pretty = resources % 20 == 0;  // indentation is the same for every type, so a share of them is enough
    const std::string xml = fhir::xml::WriteXml(document->root(), {.pretty = pretty});
    const auto again = fhir::xml::ReadXml(xml, fhir::Limits{}, issues);
    if (!again) {
      ADD_FAILURE() << name << ": " << again.error().public_text.text;
      continue;
    }
    const std::string difference = Difference(document->root(), again->root());
    EXPECT_EQ(difference, "") << name;
    EXPECT_EQ(fhir::xml::WriteXml(again->root(), {.pretty = pretty}) == xml, true) << name;
    equal += difference.empty() ? 1 : 0;
    for (const fhir::Issue& issue : issues.issues()) {
      ADD_FAILURE() << name << ": " << issue.expression << ": " << issue.text << " at " << issue.offset.value_or(0);
    }
  }
  fmt::print("{} of {} official examples are the same tree after JSON -> XML -> tree\n", equal, resources);
  EXPECT_GT(resources, 4000u) << "the examples package is not installed";
}

}  // namespace
