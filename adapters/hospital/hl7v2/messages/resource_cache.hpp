// Resources that a message's rules follow references to, read once each.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/model/document.hpp"

namespace adapters::hospital::hl7v2::messages {

/// thread-compatible; lives as long as what it gives out is used.
class ResourceCache {
 public:
  explicit ResourceCache(port::UnitOfWork& work) : work_(work) {}

  /// The resource behind a local reference; null when it is not there, or cannot be read.
  const fhir::model::Node* Find(std::string_view reference);
  /// The first failure of the store, which Find cannot tell.
  fhir::Result<void> status() const;

 private:
  port::UnitOfWork& work_;
  std::map<std::string, std::unique_ptr<fhir::model::Document>, std::less<>> read_;
  std::optional<fhir::Error> failure_;
};

}  // namespace adapters::hospital::hl7v2::messages
