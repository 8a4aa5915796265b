// The rules that every resource keeps, whichever way it comes in.
#pragma once

#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace adapters::port {

/// Asked once for each resource that is about to be stored, with its id and its references as they will be.
/// thread-safe.
class ResourceCheck {
 public:
  virtual ~ResourceCheck() = default;
  /// Adds what is wrong; an error refuses the change. `now` is the time of the transaction as an instant.
  virtual void Check(const fhir::model::Node& resource, std::string_view now, fhir::IssueList& issues) const = 0;
};

}  // namespace adapters::port
