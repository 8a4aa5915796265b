// The bounded list: what it keeps when it is full, and what it says of the rest.
#include "fhir/base/issue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fhir {
namespace {

void Add(IssueList& issues, Severity severity, const char* text) {
  issues.AddAt("Patient", severity, IssueType::kValue, text);
}

std::string Texts(const IssueList& issues) {
  std::string texts;
  for (const Issue& issue : issues.issues()) {
    texts += issue.text + ' ';
  }
  return texts;
}

TEST(IssueList, UpToTheLimit_KeepsAllInOrder) {
  IssueList issues(3);
  Add(issues, Severity::kInformation, "a");
  Add(issues, Severity::kError, "b");
  EXPECT_TRUE(issues.Keeps(Severity::kInformation));
  Add(issues, Severity::kWarning, "c");
  EXPECT_EQ(Texts(issues), "a b c ");
  EXPECT_FALSE(issues.truncated());
  EXPECT_EQ(issues.left_out(), 0u);
}

TEST(IssueList, OnePastTheLimit_AWorseIssueTakesThePlaceOfTheLastMildest) {
  IssueList issues(3);
  Add(issues, Severity::kInformation, "note 1");
  Add(issues, Severity::kWarning, "warning");
  Add(issues, Severity::kInformation, "note 2");
  EXPECT_FALSE(issues.Keeps(Severity::kInformation));
  EXPECT_TRUE(issues.Keeps(Severity::kWarning));
  Add(issues, Severity::kError, "error 1");
  EXPECT_EQ(Texts(issues), "note 1 warning error 1 ");
  Add(issues, Severity::kError, "error 2");
  EXPECT_EQ(Texts(issues), "warning error 1 error 2 ");
  EXPECT_FALSE(issues.Keeps(Severity::kWarning));
  EXPECT_TRUE(issues.Keeps(Severity::kError));
  Add(issues, Severity::kError, "error 3");
  Add(issues, Severity::kError, "error 4");
  Add(issues, Severity::kWarning, "late");
  EXPECT_EQ(Texts(issues), "error 1 error 2 error 3 ");
  EXPECT_FALSE(issues.Keeps(Severity::kError));
  EXPECT_EQ(issues.errors(), 4u);
  EXPECT_EQ(issues.left_out(), 5u);
  EXPECT_EQ(issues.errors_left_out(), 1u);
}

TEST(IssueList, OneErrorBehindManyWarnings_IsListed) {
  IssueList issues(10);
  for (int i = 0; i < 1'000'000; ++i) {
    Add(issues, Severity::kWarning, "w");
  }
  Add(issues, Severity::kError, "error");
  EXPECT_EQ(issues.issues().back().text, "error");
  EXPECT_EQ(issues.issues().size(), 10u);
  EXPECT_EQ(issues.left_out(), 999'991u);
  EXPECT_EQ(issues.errors_left_out(), 0u);
}

TEST(IssueList, NoRoomAtAll_OnlyCounts) {
  IssueList issues(0);
  Add(issues, Severity::kFatal, "x");
  EXPECT_FALSE(issues.Keeps(Severity::kFatal));
  EXPECT_TRUE(issues.HasErrors());
  EXPECT_EQ(issues.left_out(), 1u);
}

TEST(IssueList, IssuesOfAnotherList_ComeWithTheCountOfThoseItLeftOut) {
  IssueList found(2);
  for (int i = 0; i < 5; ++i) {
    Add(found, Severity::kError, "e");
  }
  IssueList issues(10);
  Add(issues, Severity::kWarning, "w");
  issues.AddAll(found);
  EXPECT_EQ(Texts(issues), "w e e ");
  EXPECT_EQ(issues.errors(), 5u);
  EXPECT_EQ(issues.left_out(), 3u);
  EXPECT_TRUE(issues.truncated());
}

TEST(IssueList, Scopes_GiveThePlace) {
  IssueList issues;
  const IssueScope bundle(issues, "Bundle");
  {
    const IssueScope entry(issues, "entry", 3);
    issues.Add(Severity::kError, IssueType::kValue, "x");
  }
  issues.Add(Severity::kError, IssueType::kValue, "y");
  EXPECT_EQ(issues.issues()[0].expression, "Bundle.entry[3]");
  EXPECT_EQ(issues.issues()[1].expression, "Bundle");
}

}  // namespace
}  // namespace fhir
