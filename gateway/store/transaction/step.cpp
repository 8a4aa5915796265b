#include "gateway/store/transaction/step.hpp"

#include <utility>

#include "fhir/base/issue.hpp"
#include "fhir/json/reader.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {

using adapters::port::Verb;

std::unexpected<fhir::Error> FailAt(const Step& step, fhir::ErrorCode code, std::string text) {
  fhir::Error error;
  error.code = code;
  error.public_text.text = std::move(text);
  error.expression = step.change.place;
  return std::unexpected(std::move(error));
}

std::unexpected<fhir::Error> AtPlace(const Step& step, fhir::Error error) {
  if (error.expression.empty()) {
    error.expression = step.change.place;
  }
  return std::unexpected(std::move(error));
}

ResourceKey KeyOf(const Step& step) {
  return {TypeCode(step.change.type), step.id};
}

bool AmendsNothing(const Step& step) {
  return step.change.verb == Verb::kMerge && step.change.existing_only && !(step.head && !step.head->deleted);
}

fhir::Result<void> ReadHeld(const ApplyContext& context, Step& step) {
  fhir::IssueList found(1);
  auto document = fhir::json::ReadJson(step.change.resource_text, context.options.limits, found);
  if (!document || found.HasErrors() || document->root().type != step.change.type) {
    return FailAt(step, fhir::ErrorCode::kInvalid, "The resource is missing or of another type than the request says.");
  }
  step.change.resource.emplace(*std::move(document));
  return {};
}

std::uint16_t InteractionOf(Verb verb) {
  switch (verb) {
    case Verb::kCreate:
      return adapters::port::kCreate;
    case Verb::kUpdate:
    case Verb::kMerge:
      return adapters::port::kUpdate | adapters::port::kCreate;
    case Verb::kPatch:
      return adapters::port::kUpdate;
    case Verb::kDelete:
      return adapters::port::kDelete;
  }
  return 0;
}

}  // namespace gateway::store::transaction
