// Puts packages, folders and single resources together into a registry.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/packages/registry.hpp"

namespace fhir::packages {

/// Collects resources; later ones shadow earlier ones of the same type, url and version, and all of them the base's.
/// thread-compatible.
class RegistryBuilder {
 public:
  /// `base` must outlive what Build returns.
  explicit RegistryBuilder(const Registry& base = Registry::Core()) : base_(base) {}

  /// Takes a resource with a canonical url. Its narrative is left out.
  /// Errors: kInvalid when it has no url.
  Result<void> AddResource(model::Document document);

  /// The registry of all that was added. The builder is empty after it. What packages ask for and nobody gave becomes a
  /// warning in `issues`.
  std::unique_ptr<const Registry> Build(IssueList& issues);

 private:
  const Registry& base_;
  struct Names {
    std::string type, url, version;
  };
  std::deque<Names> names_;  // rows point into it
  std::vector<std::string> texts_;
};

}  // namespace fhir::packages
