#include <optional>
#include <utility>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/validation/structure.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

/// The resource to check: the body, or the parameter `resource` of a Parameters body.
const fhir::model::Node* ResourceToCheck(const fhir::model::Document& body, std::string_view path_type) {
  const fhir::model::Node& root = body.root();
  if (body.type_name() != "Parameters" || path_type == "Parameters") {
    return &root;
  }
  for (const fhir::model::Node& parameter : root.children()) {
    if (parameter.name == "parameter" && parameter.ChildValue("name") == "resource") {
      return parameter.Child("resource");
    }
  }
  return nullptr;
}

}  // namespace

fhir::Result<http::Response> Validate(Call& call) {
  GW_ASSIGN(const fhir::model::Document body, ParseBody(call));
  const fhir::model::Node* resource = ResourceToCheck(body, call.type_name());
  if (resource == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "Parameters must have a parameter 'resource' with a resource");
  }
  if (resource->type != call.type) {
    call.issues.AddAt(std::string(resource->name), fhir::Severity::kError, fhir::IssueType::kInvalid,
                      "the resource is not of the type in the path");
  } else {
    fhir::validation::ValidationOptions options;
    options.limits = call.options().limits;
    fhir::validation::ValidateStructure(*resource, options, call.issues);
  }
  return JsonResponse(call, 200,
                      call.issues.empty() ? fhir::operation_outcome::ToOperationOutcome("no problem was found")
                                          : fhir::operation_outcome::ToOperationOutcome(call.issues));
}

}  // namespace gateway::rest::operations
