#include "fhir/validation/validator.hpp"

#include "fhir/validation/profile_store.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

Validator::Validator(const packages::Registry& registry, const terminology::Terminology& terminology)
    : registry_(registry), terminology_(terminology), profiles_(std::make_unique<ProfileStore>(registry)) {}

Validator::~Validator() = default;

void Validator::Validate(const model::Node& resource, const ValidatorOptions& options, IssueList& issues) const {
  Walk(*profiles_, registry_, terminology_, options, issues).Run(resource);
}

std::optional<bool> Validator::InSlice(const model::Node& element, std::string_view structure,
                                       std::string_view name) const {
  const ValidatorOptions options;
  IssueList issues;
  return Walk(*profiles_, registry_, terminology_, options, issues).InSlice(element, structure, name);
}

}  // namespace fhir::validation
