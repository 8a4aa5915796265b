// A host that knows nothing: the answer where an implementation leaves a question open.
#include "fhir/fhirpath/services.hpp"

namespace fhir::fhirpath {

std::optional<bool> Services::MemberOf(const model::Node&, std::string_view) const {
  return std::nullopt;
}
std::optional<bool> Services::MemberOf(std::string_view, std::string_view) const {
  return std::nullopt;
}
std::optional<bool> Services::Subsumes(const CodeRef&, const CodeRef&) const {
  return std::nullopt;
}
std::optional<bool> Services::ConformsTo(const model::Node&, std::string_view) const {
  return std::nullopt;
}
const model::Node* Services::ElementDefinition(const model::Node&) const {
  return nullptr;
}
std::optional<bool> Services::InSlice(const model::Node&, std::string_view, std::string_view) const {
  return std::nullopt;
}

}  // namespace fhir::fhirpath
