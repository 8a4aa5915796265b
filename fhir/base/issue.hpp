// Data problems found while reading, checking or mapping: collected, bounded, each with its place. Never thrown.
#pragma once

#include <array>
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

/// A bounded list of issues with a stack of element names, so that every issue knows its place. Once it is full, a
/// worse issue takes the place of the last of the least severe ones, so that warnings never crowd out an error.
/// thread-compatible.
class IssueList {
 public:
  explicit IssueList(std::size_t issues_max = 100) : issues_max_(issues_max) {}

  /// Appends an issue at the current place (see IssueScope). One that the full list does not keep is only counted.
  /// Cost: an issue that takes another's place costs O(issues_max), and there are at most three times issues_max such.
  void Add(Severity severity, IssueType type, std::string text, std::optional<std::size_t> offset = std::nullopt);
  /// Appends an issue at an explicit place.
  void AddAt(std::string expression, Severity severity, IssueType type, std::string text,
             std::optional<std::size_t> offset = std::nullopt);

  /// Appends the issues of another list, and counts what it left out.
  void AddAll(const IssueList& other);
  /// Counts what another list left out, for a caller that appends its issues one by one.
  void CountLeftOut(const IssueList& other);
  /// Whether an issue of that severity would be listed: only then is its place worth building.
  bool Keeps(Severity severity) const;

  bool HasErrors() const { return errors() > 0; }
  std::size_t errors() const { return ErrorsOf(counted_); }
  /// Issues that were counted and are not listed, and how many of them are errors.
  std::size_t left_out() const;
  std::size_t errors_left_out() const { return errors() - ErrorsOf(listed_); }
  bool truncated() const { return left_out() > 0; }
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
  using Counts = std::array<std::size_t, 4>;  // by severity
  static std::size_t ErrorsOf(const Counts& counts) {
    return counts[std::size_t{0}] + counts[std::size_t{1}];  // kFatal and kError
  }
  void DropLeastSevere();

  std::size_t issues_max_;
  Counts counted_{};
  Counts listed_{};
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
