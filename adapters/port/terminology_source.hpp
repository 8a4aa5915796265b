// Answers about codes for one party: from what packages define, and from the CodeSystem, ValueSet and ConceptMap
// resources of the record as far as the party may read them. Terminology operations and the search modifiers :in and
// :not-in ask here.
#pragma once

#include <functional>
#include <string_view>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/terminology.hpp"

namespace adapters::port {

/// A resource that a question is about without naming it by its canonical URL: one of the record, or one that came with
/// the question. For its own URL it counts before all others.
struct GivenTerminology {
  fhir::metadata::TypeId type = fhir::metadata::kNoType;  ///< kNoType: none is given
  std::string_view id;                                    ///< of a stored resource
  const fhir::model::Node* resource = nullptr;            ///< without `id`
};

/// thread-safe.
class TerminologySource {
 public:
  virtual ~TerminologySource() = default;

  /// Puts questions. `canonical` is "url|version" of what is given, empty when nothing is; a given ValueSet or
  /// ConceptMap that has no URL gets one for the time of the call. What the terminology finds is good for that time
  /// too.
  using Ask =
      std::function<fhir::Result<void>(const fhir::terminology::Terminology& terminology, std::string_view canonical)>;

  /// Calls `ask` with a terminology as the party sees it at this moment.
  /// Cost:   one statement for all that an earlier question of the kind looked up; compiled resources are kept.
  /// Errors: those of `ask`; kNotFound and kGone for a given id; a failure of the store comes before what `ask` made of
  ///         it.
  virtual fhir::Result<void> With(const Actor& actor, const GivenTerminology& given, const Ask& ask) = 0;
};

}  // namespace adapters::port
