#include "gateway/rest/offered.hpp"

namespace gateway::rest {

using adapters::port::Verb;

fhir::Result<void> HoldToOffer(const RestOptions& options, adapters::port::Change& change) {
  change.existing_only = change.verb == Verb::kUpdate && !options.update_create;
  if (!change.condition) {
    return {};
  }
  switch (change.verb) {
    case Verb::kCreate:
      return options.conditional_create
                 ? fhir::Result<void>()
                 : fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer conditional creates");
    case Verb::kUpdate:
      return options.conditional_update
                 ? fhir::Result<void>()
                 : fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer conditional updates");
    case Verb::kDelete:
      if (options.conditional_delete == ConditionalDelete::kNotSupported) {
        return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer conditional deletes");
      }
      change.matches_max =
          options.conditional_delete == ConditionalDelete::kMultiple ? options.conditional_delete_max : 1;
      return {};
    case Verb::kMerge:
    case Verb::kPatch:
      return {};
  }
  return {};
}

}  // namespace gateway::rest
