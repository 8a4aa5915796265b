#include "fhir/operation_outcome/operation_outcome.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "fhir/json/writer.hpp"

namespace fhir::operation_outcome {
namespace {

/// Appends issues to one OperationOutcome as text.
class OutcomeText {
 public:
  void Add(Severity severity, IssueType type, std::string_view diagnostics, std::string_view expression = {}) {
    out_ += first_ ? "" : ",";
    first_ = false;
    out_ += R"({"severity":")";
    out_ += Code(severity);
    out_ += R"(","code":")";
    out_ += Code(type);
    out_ += '"';
    if (!diagnostics.empty()) {
      out_ += R"(,"diagnostics":)";
      json::AppendQuoted(out_, diagnostics);
    }
    if (!expression.empty()) {
      out_ += R"(,"expression":[)";
      json::AppendQuoted(out_, expression);
      out_ += ']';
    }
    out_ += '}';
  }
  void Add(const Error& error) {
    Add(SeverityOf(error.code), TypeOf(error.code),
        error.public_text.text.empty() ? Name(error.code) : error.public_text.text, error.expression);
  }
  void Add(const IssueList& issues) {
    for (const Issue& issue : issues.issues()) {
      Add(issue.severity, issue.type,
          issue.offset ? fmt::format("{} (at byte {})", issue.text, *issue.offset) : issue.text, issue.expression);
    }
    if (issues.truncated()) {
      Add(Severity::kInformation, IssueType::kIncomplete,
          fmt::format("only the first {} issues are listed", issues.issues().size()));
    }
  }
  std::string Finish() && {
    out_ += "]}";
    return std::move(out_);
  }

 private:
  std::string out_ = R"({"resourceType":"OperationOutcome","issue":[)";
  bool first_ = true;
};

constexpr std::string_view kNothingWrong = "no issues";

}  // namespace

std::string ToOperationOutcome(const IssueList& issues) {
  OutcomeText outcome;
  outcome.Add(issues);
  if (issues.empty() && !issues.truncated()) {
    outcome.Add(Severity::kInformation, IssueType::kInformational, kNothingWrong);
  }
  return std::move(outcome).Finish();
}

std::string ToOperationOutcome(const Error& error) {
  OutcomeText outcome;
  outcome.Add(error);
  return std::move(outcome).Finish();
}

std::string ToOperationOutcome(const Error& error, const IssueList& issues) {
  const auto says_the_same = [&](const Issue& issue) {
    return issue.text == error.public_text.text && issue.expression == error.expression;
  };
  OutcomeText outcome;
  if (std::none_of(issues.issues().begin(), issues.issues().end(), says_the_same)) {
    outcome.Add(error);
  }
  outcome.Add(issues);
  return std::move(outcome).Finish();
}

std::string ToOperationOutcome(std::string_view information) {
  OutcomeText outcome;
  outcome.Add(Severity::kInformation, IssueType::kInformational, information);
  return std::move(outcome).Finish();
}

}  // namespace fhir::operation_outcome
