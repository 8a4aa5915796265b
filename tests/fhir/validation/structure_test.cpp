#include "fhir/validation/structure.hpp"

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir/validation/expression.hpp"
#include "tests/fhir/validation/tree_text.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;

struct StructureCase {
  std::string name;
  std::optional<model::Document> document;
  std::vector<std::string> expected;
};

std::vector<StructureCase> ReadCases() {
  std::ifstream file(GW_SOURCE_DIR "/tests/fhir/validation/data/structure.txt");
  std::vector<StructureCase> cases;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (line.starts_with("case ")) {
      const std::size_t space = line.find(' ', 5);
      cases.push_back(
          {line.substr(5, space - 5), model::Document(Definitions::R4().FindType(line.substr(space + 1))), {}});
    } else if (line.starts_with("issue ")) {
      cases.back().expected.push_back(line.substr(6));
    } else {
      AddLine(*cases.back().document, line);
    }
  }
  return cases;
}

std::vector<std::string> Describe(const IssueList& issues) {
  std::vector<std::string> described;
  for (const Issue& issue : issues.issues()) {
    described.push_back(std::string(Code(issue.type)) + " " + issue.expression);
  }
  return described;
}

TEST(ValidateStructure, TableOfResources_GivesTheIssuesItSays) {
  const auto cases = ReadCases();
  EXPECT_GT(cases.size(), 45u);
  for (const StructureCase& item : cases) {
    SCOPED_TRACE(item.name);
    IssueList issues;
    ValidateStructure(item.document->root(), {}, issues);
    EXPECT_THAT(Describe(issues), testing::ElementsAreArray(item.expected));
    for (const Issue& issue : issues.issues()) {
      EXPECT_EQ(issue.severity, Severity::kError);
      EXPECT_FALSE(issue.text.empty());
      EXPECT_EQ(issue.text.find("zz"), std::string::npos) << "a text must not repeat the value";
    }
  }
}

TEST(ValidateStructure, EveryResourceTypeWithoutElements_MissesItsRequiredOnes) {
  const Definitions& definitions = Definitions::R4();
  for (const metadata::TypeId type : definitions.ResourceTypes()) {
    const model::Document document(type);
    IssueList issues;
    ValidateStructure(document.root(), {}, issues);
    std::size_t required = 0;
    std::uint16_t last_group = 0xFFFF;
    for (const metadata::ElementRow& row : definitions.Children(type)) {
      required += row.min > 0 && row.group != last_group ? 1 : 0;
      last_group = row.group;
    }
    EXPECT_EQ(issues.errors(), required) << definitions.TypeName(type);
  }
}

TEST(ValidateStructure, ChecksThatAreOff_AreSilent) {
  model::Document document(Definitions::R4().FindType("Patient"));
  document.Add(document.root(), "gender", "zz");
  document.Add(document.Add(document.root(), "managingOrganization"), "reference", "Patient/zz");
  IssueList issues;
  ValidateStructure(document.root(), {.bindings = Checking::kOff, .references = Checking::kOff}, issues);
  EXPECT_TRUE(issues.empty());
  ValidateStructure(document.root(), {}, issues);
  EXPECT_EQ(issues.errors(), 2u);
}

TEST(ValidateStructure, DepthAtTheLimitAndOneMore_IsJudgedByTheLimit) {
  for (const std::size_t levels : {9u, 10u}) {
    model::Document document(Definitions::R4().FindType("Patient"));
    model::Node* node = &document.root();
    for (std::size_t i = 0; i < levels; ++i) {
      node = &document.Add(*node, "extension");
      document.Add(*node, "url", "http://example.org/a");
    }
    ValidationOptions options;
    options.limits.depth_max = 10;
    IssueList issues;
    ValidateStructure(document.root(), options, issues);
    EXPECT_EQ(issues.errors(), levels == 10 ? 1u : 0u);
  }
}

TEST(ValidateStructure, Offset_IsThatOfTheElement) {
  model::Document document(Definitions::R4().FindType("Patient"));
  document.Add(document.root(), "gender", "zz").source_offset = 42;
  IssueList issues;
  ValidateStructure(document.root(), {}, issues);
  ASSERT_EQ(issues.issues().size(), 1u);
  EXPECT_EQ(issues.issues()[0].offset, 42u);
}

TEST(ValidateStructure, ManyIssues_AreBounded) {
  model::Document document(Definitions::R4().FindType("Patient"));
  for (int i = 0; i < 1000; ++i) {
    document.Add(document.root(), "name");
  }
  IssueList issues(100);
  ValidateStructure(document.root(), {}, issues);
  EXPECT_EQ(issues.issues().size(), 100u);
  EXPECT_EQ(issues.errors(), 1000u);
  EXPECT_TRUE(issues.truncated());
}

TEST(ExpressionOf, EntryOfABundle_StartsAtTheBundle) {
  model::Document document(Definitions::R4().FindType("Bundle"));
  document.Add(document.root(), "entry");
  model::Node& entry = document.Add(document.root(), "entry");
  model::Node& patient = document.AddResource(entry, "resource", Definitions::R4().FindType("Patient"));
  EXPECT_EQ(ExpressionOf(document.Add(patient, "deceasedBoolean", "true")),
            "Bundle.entry[1].resource.deceased.ofType(boolean)");
  EXPECT_EQ(ExpressionOf(document.root()), "Bundle");
}

}  // namespace
}  // namespace fhir::validation
