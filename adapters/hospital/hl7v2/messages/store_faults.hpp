// What the store refused of a mapped message, told with the place in the message that it came from.
#pragma once

#include <vector>

#include "adapters/hospital/hl7v2/er7/fault.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Gives each change a place of its own for the store's errors to begin with, which StoreFaults understands.
void NumberChanges(std::vector<port::Change>& changes);

/// The faults of a message whose numbered changes the store refused with `error` and `issues`. `again` is the same
/// message translated with list_origins. Never empty.
std::vector<er7::Fault> StoreFaults(const fhir::Error& error, const fhir::IssueList& issues, const Translation& again);

}  // namespace adapters::hospital::hl7v2::messages
