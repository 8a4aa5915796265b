// What the shipped rules make of the messages of tests/data/hl7v2, held against the check that every write passes.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "gateway/app/rules.hpp"
#include "gateway/app/validation/write_check.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace gateway::app {
namespace {

class MessageRules : public testing::TestWithParam<std::string> {};

/// What amends a stored resource is a part of one, and is checked when it has been joined with it.
TEST_P(MessageRules, WhatAMessageMakes_PassesTheCheckOfWrites) {
  static const fhir::terminology::Terminology kTerminology(fhir::packages::Registry::Core());
  static const fhir::validation::Validator kValidator(fhir::packages::Registry::Core(), kTerminology);
  static const auto kMaps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(kMaps);
  const auto check = WriteCheck::Create(kValidator, settings::Validation{}, fhir::Limits{});
  ASSERT_TRUE(check);
  const auto translated = adapters::hospital::hl7v2::messages::Translate(
      tests::hl7v2::ReadData(GetParam() + ".hl7"), tests::hl7v2::TestPartner(), *kMaps,
      {.knows_code = gateway::app::KnowsCodesOf(kTerminology)});
  EXPECT_TRUE(translated.faults.empty());
  for (const auto& change : translated.changes) {
    if (change.existing_only) {
      continue;
    }
    fhir::IssueList issues;
    check->Check(change.resource->root(), "2025-01-15T00:00:00Z", issues);
    for (const auto& issue : issues.issues()) {
      if (issue.severity == fhir::Severity::kError || issue.severity == fhir::Severity::kFatal) {
        ADD_FAILURE() << issue.expression << ": " << issue.text;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, MessageRules, testing::ValuesIn(tests::hl7v2::MessageNames()),
                         [](const auto& file) { return file.param; });

TEST(MessageRulesCheck, AResourceThatBreaksARule_IsNotPassed) {
  const fhir::terminology::Terminology terminology(fhir::packages::Registry::Core());
  const fhir::validation::Validator validator(fhir::packages::Registry::Core(), terminology);
  const auto check = WriteCheck::Create(validator, settings::Validation{}, fhir::Limits{});
  ASSERT_TRUE(check);
  fhir::model::Document encounter(fhir::metadata::Definitions::R4().FindType("Encounter"));
  fhir::IssueList issues;
  check->Check(encounter.root(), "2025-01-15T00:00:00Z", issues);
  EXPECT_TRUE(issues.HasErrors());
}

}  // namespace
}  // namespace gateway::app
