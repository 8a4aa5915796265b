// The check that is put into the store: asked of whatever is about to be written.
#include <gmock/gmock.h>

#include <atomic>

#include "adapters/port/resource_check.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;
using ::testing::HasSubstr;

/// Refuses inactive patients, warns of those that do not say, and counts how often it is asked.
class ActiveCheck final : public port::ResourceCheck {
 public:
  void Check(const fhir::model::Node& resource, std::string_view now, fhir::IssueList& issues) const override {
    ++asked;
    EXPECT_TRUE(now.starts_with("2025-06-15T")) << now;
    EXPECT_FALSE(resource.ChildValue("id").empty());
    const std::string_view active = resource.ChildValue("active");
    if (active != "true") {
      issues.AddAt("Patient.active", active == "false" ? fhir::Severity::kError : fhir::Severity::kWarning,
                   fhir::IssueType::kInvariant, "expected an active patient");
    }
  }
  mutable std::atomic<int> asked{0};
};

class CheckedStore : public StoreTest {
 protected:
  void SetUp() override {
    gateway::store::StoreOptions options;
    options.check = &check_;
    Reopen(std::move(options));
  }
  ActiveCheck check_;
};

TEST_F(CheckedStore, Error_RefusesWithThePlace_WarningIsTold) {
  const auto work = factory_->Begin(System());
  ASSERT_TRUE(work);
  fhir::IssueList issues;
  std::vector<port::Change> changes;
  changes.push_back(Create(R"({"resourceType":"Patient","gender":"male"})"));
  changes.front().place = "Bundle.entry[4].resource";
  ASSERT_TRUE((*work)->Apply(std::move(changes), issues));
  ASSERT_EQ(issues.issues().size(), 1u);
  EXPECT_EQ(issues.issues()[0].expression, "Bundle.entry[4].resource.active");
  EXPECT_EQ(issues.issues()[0].severity, fhir::Severity::kWarning);
  changes.clear();
  changes.push_back(Create(R"({"resourceType":"Patient","active":false})"));
  const auto refused = (*work)->Apply(std::move(changes), issues);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kInvalid);
  EXPECT_FALSE((*work)->Commit());
}

TEST_F(CheckedStore, WhatIsNotWritten_IsNotAsked) {
  Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","active":true})"));
  EXPECT_EQ(check_.asked, 1);
  EXPECT_EQ(Apply(Put(Verb::kUpdate, "p1", R"({"resourceType":"Patient","active":true})")).front().effect,
            Effect::kUnchanged);
  Apply(Delete("Patient", "p1"));
  EXPECT_EQ(check_.asked, 1);
  auto merged = Put(Verb::kMerge, "p1", R"({"resourceType":"Patient","active":false})");
  EXPECT_EQ(FailureOf(std::move(merged)), fhir::ErrorCode::kInvalid) << "a feed's part is checked as a whole";
}

}  // namespace
}  // namespace tests::store
