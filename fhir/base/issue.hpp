// Data problems found while reading, checking or mapping: collected, bounded, each with its place. Never thrown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fhir {

/// OperationOutcome.issue.severity (https://hl7.org/fhir/R4/valueset-issue-severity.html).
enum class Severity : std::uint8_t { kFatal, kError, kWarning, kInformation };

/// OperationOutcome.issue.code (https://hl7.org/fhir/R4/valueset-issue-type.html), the codes in use.
enum class IssueType : std::uint8_t {
  kInvalid,
  kStructure,
  kRequired,
  kValue,
  kInvariant,
  kSecurity,
  kLogin,
  kUnknown,
  kExpired,
  kForbidden,
  kSuppressed,
  kProcessing,
  kNotSupported,
  kDuplicate,
  kMultipleMatches,
  kNotFound,
  kDeleted,
  kTooLong,
  kCodeInvalid,
  kExtension,
  kTooCostly,
  kBusinessRule,
  kConflict,
  kTransient,
  kLockError,
  kNoStore,
  kException,
  kTimeout,
  kIncomplete,
  kThrottled,
  kInformational,
};

std::string_view Code(Severity severity);
std::string_view Code(IssueType type);

struct Issue {
  Severity severity = Severity::kError;
  IssueType type = IssueType::kInvalid;
  std::string expression;             ///< FHIRPath of the element, e.g. "Patient.name[0].given[1]"; empty when none
  std::string text;                   ///< for people; says what was expected; never a value of a patient
  std::optional<std::size_t> offset;  ///< byte offset in the source, when known
};

/// A bounded list of issues with a stack of element names, so that every issue knows its place.
/// thread-compatible.
class IssueList {
 public:
  explicit IssueList(std::size_t issues_max = 100) : issues_max_(issues_max) {}

  /// Appends an issue at the current place (see IssueScope). Past issues_max only counters move.
  void Add(Severity severity, IssueType type, std::string text, std::optional<std::size_t> offset = std::nullopt);
  /// Appends an issue at an explicit place.
  void AddAt(std::string expression, Severity severity, IssueType type, std::string text,
             std::optional<std::size_t> offset = std::nullopt);

  bool HasErrors() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }
  bool truncated() const { return truncated_; }
  const std::vector<Issue>& issues() const { return issues_; }
  bool empty() const { return issues_.empty(); }

  /// The place as FHIRPath, e.g. "Bundle.entry[3].resource.status".
  std::string CurrentExpression() const;

 private:
  friend class IssueScope;
  struct Step {
    std::string_view name;  // borrowed; the scope's caller keeps it alive
    std::int64_t index;     // -1: not repeated
  };
  std::size_t issues_max_;
  std::size_t errors_ = 0;
  bool truncated_ = false;
  std::vector<Issue> issues_;
  std::vector<Step> path_;
};

/// Enters an element for the length of a C++ scope. Cost: one push, no string built until an issue is added.
class IssueScope {
 public:
  IssueScope(IssueList& list, std::string_view name, std::int64_t index = -1) : list_(list) {
    list_.path_.push_back({name, index});
  }
  ~IssueScope() { list_.path_.pop_back(); }
  IssueScope(const IssueScope&) = delete;
  IssueScope& operator=(const IssueScope&) = delete;

 private:
  IssueList& list_;
};

}  // namespace fhir
