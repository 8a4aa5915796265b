// SearchParameter resources on their way into the store: whether their definitions can stand beside those in force, and
// the rows that put them in force.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Parameters in force at one time, besides those of the standard.
inline constexpr std::size_t kCustomParametersMax = 1'000;

/// What is wrong with the SearchParameters among the steps goes to `issues`, as do hints at what will not be indexed.
/// Errors: kInvalid. Cost: none but for those that are written.
fhir::Result<void> CheckSearchParameters(const ApplyContext& context, std::span<const Step> steps,
                                         fhir::IssueList& issues);

/// A definition that comes into force, or leaves it.
struct ParameterChange {
  std::string url;     ///< of the parameter in force that leaves; empty: none leaves
  std::string origin;  ///< id of the resource behind the one that comes
  std::optional<fhir::search::ParameterDefinition> comes;
};

/// What the steps come to. Empty when no definition changes.
std::vector<ParameterChange> ParameterChangesOf(const fhir::search::CustomParameters& in_force,
                                                std::span<const Step> steps);

/// Writes the changes and moves the version, whose row stays locked until the transaction ends.
/// Errors: kConflict with Retry::kLater when the version is not `version` any more; those of statements.
fhir::Result<void> WriteParameterChanges(Session& session, std::int64_t version,
                                         std::span<const ParameterChange> changes);

/// To be sent last of all by every transaction that wrote index rows by the parameters of `version`: fails it with
/// kConflict and Retry::kLater when another one is in force (search_parameters/registry.hpp).
void CheckParameterVersion(Session& session, std::int64_t version);

}  // namespace gateway::store::transaction
