#include "fhir/operation_outcome/operation_outcome.hpp"

#include <gtest/gtest.h>

#include "fhir/json/reader.hpp"

namespace {

using fhir::Error;
using fhir::ErrorCode;
using fhir::IssueList;
using fhir::IssueType;
using fhir::Severity;
using fhir::operation_outcome::ToOperationOutcome;

/// Every outcome must itself be a resource without faults.
void ExpectValidOutcome(const std::string& json) {
  IssueList issues;
  const auto document = fhir::json::ReadJson(json, fhir::Limits{}, issues);
  ASSERT_TRUE(document) << json;
  EXPECT_TRUE(issues.empty()) << json;
  EXPECT_EQ(document->type_name(), "OperationOutcome");
  EXPECT_NE(document->root().Child("issue"), nullptr);
}

TEST(OperationOutcome, EveryErrorCode_HasARow) {
  for (const ErrorCode code : fhir::kAllErrorCodes) {
    EXPECT_TRUE(fhir::operation_outcome::FindType(code)) << Name(code);
    ExpectValidOutcome(ToOperationOutcome(Error{.code = code}));
  }
}

TEST(OperationOutcome, Error_WritesPublicTextAndPlaceAlone) {
  const Error error{ErrorCode::kInvalid, {"say \"this\""}, {"never this"}, fhir::Retry::kNever, "Patient.name[0]"};
  EXPECT_EQ(ToOperationOutcome(error),
            R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",)"
            R"("diagnostics":"say \"this\"","expression":["Patient.name[0]"]}]})");
}

TEST(OperationOutcome, Issues_KeepSeverityTypePlaceAndOffset) {
  IssueList issues;
  issues.AddAt("Patient.x", Severity::kWarning, IssueType::kCodeInvalid, "unknown code", 17);
  issues.AddAt("", Severity::kError, IssueType::kRequired, "missing");
  EXPECT_EQ(ToOperationOutcome(issues),
            R"({"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"code-invalid",)"
            R"x("diagnostics":"unknown code (at byte 17)","expression":["Patient.x"]},)x"
            R"({"severity":"error","code":"required","diagnostics":"missing"}]})");
}

TEST(OperationOutcome, TruncatedList_SaysSoLast) {
  IssueList issues(2);
  for (int i = 0; i < 4; ++i) {
    issues.AddAt("", Severity::kError, IssueType::kValue, "x");
  }
  issues.AddAt("", Severity::kWarning, IssueType::kValue, "y");
  const std::string json = ToOperationOutcome(issues);
  ExpectValidOutcome(json);
  EXPECT_TRUE(json.ends_with(R"({"severity":"information","code":"incomplete",)"
                             R"("diagnostics":"2 issues are listed; 3 more are not, 2 of them errors"}]})"))
      << json;
}

TEST(OperationOutcome, EmptyListAndInformation_AreOneInformationalIssue) {
  ExpectValidOutcome(ToOperationOutcome(IssueList()));
  EXPECT_EQ(ToOperationOutcome("all good"),
            R"({"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational",)"
            R"("diagnostics":"all good"}]})");
}

TEST(OperationOutcome, ErrorWithIssues_DoesNotRepeatItself) {
  IssueList issues;
  issues.AddAt("Patient.x", Severity::kError, IssueType::kValue, "bad");
  const Error same{ErrorCode::kInvalid, {"bad"}, {}, fhir::Retry::kNever, "Patient.x"};
  const Error other{ErrorCode::kInvalid, {"worse"}, {}, fhir::Retry::kNever, ""};
  EXPECT_EQ(ToOperationOutcome(same, issues), ToOperationOutcome(issues));
  EXPECT_NE(ToOperationOutcome(other, issues).find("worse"), std::string::npos);
}

}  // namespace
