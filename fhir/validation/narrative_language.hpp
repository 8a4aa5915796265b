// Narratives in several languages: one section each, and profiles that ask for them.
// Source: http://hl7.org/fhir/StructureDefinition/narrative-language-control
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// The languages of the <div> elements that stand directly in the outer one and name a language.
/// Cost: one pass over the text. The views point into it.
std::vector<std::string_view> LanguageSections(std::string_view div);

/// What a Narrative lacks by the control of a profile: "_yes" (sections), "_no" (none), "_resource" (one in the
/// resource's language), or a language. Empty when nothing is wrong.
std::string NarrativeLanguageProblem(const model::Node& narrative, std::string_view control);

}  // namespace fhir::validation
