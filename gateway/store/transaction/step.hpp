// A change on its way through the stages of a transaction, and what the stages need.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "adapters/port/actor.hpp"
#include "adapters/port/commit_hook.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/boxed.hpp"
#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/store_options.hpp"
#include "gateway/store/transaction/session.hpp"
#include "gateway/store/transaction/versions.hpp"

namespace gateway::store::transaction {

struct ApplyContext {
  Session& session;
  const StoreOptions& options;
  fhir::search::Extractor& extractor;                                       ///< of the search parameters in force
  std::shared_ptr<const fhir::search::CustomParameters> search_parameters;  ///< shared with the unit of work; not null
  const adapters::port::Grants& grants;  ///< of the actor, or unrestricted inside reactions
  bool from_outside = false;             ///< asked for by somebody, not by a reaction or a hook
  std::int64_t now_us = 0;
  std::span<const adapters::port::AppliedSummary> earlier = {};  ///< what this unit of work has applied before
  /// Whether somebody looks at changes of a type when they are applied; null: at all.
  std::function<bool(fhir::metadata::TypeId)> followed = nullptr;
};

/// A change on its way through the stages.
struct Step {
  adapters::port::Change change;
  std::string id;                      ///< empty while unknown, and for a delete that found nothing
  std::optional<std::size_t> same_as;  ///< an earlier step with the same If-None-Exist
  bool matched = false;                ///< the condition found `id`
  bool fresh = false;                  ///< `id` was made here: no such resource exists
  std::optional<std::size_t> more_of;  ///< a further match of the condition of an earlier step, which deletes
  fhir::Boxed<adapters::port::StoredResource> head;
  std::optional<fhir::model::Document> before;  ///< parsed head, when it is not deleted
  adapters::port::Effect effect = adapters::port::Effect::kUnchanged;
  adapters::port::StoredResource result;
};

/// Whether the step's resource is still the text that it came as.
inline bool IsHeldAsText(const Step& step) {
  return !step.change.resource && !step.change.resource_text.empty();
}
/// Reads the resource of a step that is held as text. Errors: kInvalid with the step's place.
fhir::Result<void> ReadHeld(const ApplyContext& context, Step& step);

/// What a party must be granted for a verb, as bits of Interaction.
std::uint16_t InteractionOf(adapters::port::Verb verb);

ResourceKey KeyOf(const Step& step);

/// Whether the step leaves a new version. Asked when it is composed.
inline bool Writes(const Step& step) {
  return !step.same_as && step.effect != adapters::port::Effect::kUnchanged;
}

/// A merge into what is stored, where nothing is: it is left alone. Asked when the heads are known.
bool AmendsNothing(const Step& step);

/// An error with the step's place in the request.
std::unexpected<fhir::Error> FailAt(const Step& step, fhir::ErrorCode code, std::string text);
/// The error with the step's place, where it has none of its own.
std::unexpected<fhir::Error> AtPlace(const Step& step, fhir::Error error);

}  // namespace gateway::store::transaction
