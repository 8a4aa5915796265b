// The stages of a FHIR transaction: conditions to ids, references, locks, rules, then all writes at once.
// Source: https://hl7.org/fhir/R4/http.html#trules
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/port/actor.hpp"
#include "adapters/port/commit_hook.hpp"
#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "fhir/search/extractor.hpp"
#include "gateway/store/store_options.hpp"
#include "gateway/store/transaction/session.hpp"

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
  std::optional<adapters::port::StoredResource> head;
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

/// Runs all stages. The steps of the changes come first, in their order; further ones follow for conditions that delete
/// several resources. The writes are sent, not waited for: their failures show at the next read or at commit.
/// Cost: round trips: none for plain creates; one for updates; one more with conditions; reads of the checks of a
/// restricted actor.
/// Errors: of FHIR REST with `expression`; rules broken by a resource go to `issues` as well.
fhir::Result<std::vector<Step>> ApplyChanges(const ApplyContext& context, std::vector<adapters::port::Change> changes,
                                             fhir::IssueList& issues);

}  // namespace gateway::store::transaction
