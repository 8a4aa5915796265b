#include "adapters/hospital/hl7v2/messages/store_faults.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

constexpr char kMark = '#';  // begins no FHIRPath

struct Located {
  std::string place;  ///< "PID-7", empty when it is not known
  std::string path;   ///< "Patient.birthDate"
};

/// Unset for an expression that is about no change of the message, such as one of a reaction.
std::optional<Located> Locate(std::string_view expression, const Translation& again) {
  if (expression.empty() || expression.front() != kMark) {
    return std::nullopt;
  }
  const std::size_t end = std::min(expression.find('.'), expression.size());
  std::size_t number = 0;
  std::from_chars(expression.data() + 1, expression.data() + end, number);
  if (number >= again.changes.size() || number >= again.origins.size()) {
    return Located{};
  }
  const std::string_view below = expression.substr(end);
  Located located;
  located.place = mapping::PlaceOf(again.origins[number], below.empty() ? below : below.substr(1));
  located.path = fmt::format("{}{}", fhir::metadata::Definitions::R4().TypeName(again.changes[number].type), below);
  return located;
}

}  // namespace

void NumberChanges(std::vector<port::Change>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    changes[i].place = kMark + std::to_string(i);
  }
}

std::vector<er7::Fault> StoreFaults(const fhir::Error& error, const fhir::IssueList& issues, const Translation& again) {
  fhir::IssueList located(issues.issues().size() + 1);
  for (const fhir::Issue& issue : issues.issues()) {
    const auto found = Locate(issue.expression, again);
    if (found) {
      located.AddAt(found->place, issue.severity, issue.type, fmt::format("{}: {}", found->path, issue.text));
    } else {
      located.AddAt(issue.expression, issue.severity, issue.type, issue.text);
    }
  }
  std::vector<er7::Fault> faults = ack::ToFaults(located);
  if (faults.empty()) {
    fhir::Error told = error;
    if (const auto found = Locate(error.expression, again)) {
      told.expression = found->place;
      told.public_text.text = fmt::format("{}: {}", found->path, error.public_text.text);
    }
    faults.push_back(ack::ToFault(told));
  }
  return faults;
}

}  // namespace adapters::hospital::hl7v2::messages
