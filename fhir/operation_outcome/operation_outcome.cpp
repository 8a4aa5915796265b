#include "fhir/operation_outcome/operation_outcome.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "fhir/base/source_position.hpp"
#include "fhir/json/writer.hpp"

namespace fhir::operation_outcome {
namespace {

constexpr std::string_view kFileExtension = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file";
constexpr std::string_view kLineExtension = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line";
constexpr std::string_view kColumnExtension = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col";

/// Appends issues to one OperationOutcome as text.
class OutcomeText {
 public:
  OutcomeText() = default;
  explicit OutcomeText(std::string_view file_name) {
    if (!file_name.empty()) {
      out_ = R"({"resourceType":"OperationOutcome","extension":[{"url":")";
      out_ += kFileExtension;
      out_ += R"(","valueString":)";
      json::AppendQuoted(out_, file_name);
      out_ += R"(}],"issue":[)";
    }
  }
  void Add(Severity severity, IssueType type, std::string_view diagnostics, std::string_view expression = {},
           std::optional<SourcePosition> position = std::nullopt) {
    out_ += first_ ? "{" : ",{";
    first_ = false;
    if (position) {
      fmt::format_to(std::back_inserter(out_),
                     R"("extension":[{{"url":"{}","valueInteger":{}}},{{"url":"{}","valueInteger":{}}}],)",
                     kLineExtension, position->line, kColumnExtension, position->column);
    }
    out_ += R"("severity":")";
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
  void Add(const IssueList& issues, const LineIndex& lines, std::size_t first_line) {
    for (const Issue& issue : issues.issues()) {
      std::optional<SourcePosition> position;
      if (issue.offset) {
        position = lines.Find(*issue.offset);
        position->line += first_line - 1;
      }
      Add(issue.severity, issue.type, issue.text, issue.expression, position);
    }
    AddCut(issues);
  }
  void Add(const IssueList& issues) {
    for (const Issue& issue : issues.issues()) {
      Add(issue.severity, issue.type,
          issue.offset ? fmt::format("{} (at byte {})", issue.text, *issue.offset) : issue.text, issue.expression);
    }
    AddCut(issues);
  }
  std::string Finish() && {
    out_ += "]}";
    return std::move(out_);
  }

 private:
  void AddCut(const IssueList& issues) {
    if (issues.truncated()) {
      Add(Severity::kInformation, IssueType::kIncomplete,
          fmt::format("{} issues are listed; {} more are not, {} of them errors", issues.issues().size(),
                      issues.left_out(), issues.errors_left_out()));
    }
  }

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

std::string ToOperationOutcome(const IssueList& issues, const SourceText& source) {
  OutcomeText outcome(source.name);
  const auto placed = std::any_of(issues.issues().begin(), issues.issues().end(),
                                  [](const Issue& issue) { return issue.offset.has_value(); });
  outcome.Add(issues, LineIndex(placed ? source.text : std::string_view{}), source.first_line);
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
