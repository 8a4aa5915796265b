// The search parameters in use beside those of the standard.
#pragma once

#include <memory>

#include "fhir/base/error.hpp"
#include "fhir/search/custom_parameters.hpp"

namespace adapters::port {

/// thread-safe.
class SearchParameterSource {
 public:
  virtual ~SearchParameterSource() = default;
  /// As this node knows them, which may lag behind by its time between two looks. Cost: none. Never null.
  virtual std::shared_ptr<const fhir::search::CustomParameters> Known() = 0;
  /// As they are. Cost: one small statement, another one after a change or while one is being indexed.
  virtual fhir::Result<std::shared_ptr<const fhir::search::CustomParameters>> Current() = 0;
};

}  // namespace adapters::port
