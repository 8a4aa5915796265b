// Code systems that no list can hold: whether a text is one of their codes follows from a grammar.
#pragma once

#include <optional>
#include <string_view>

namespace fhir::terminology {

/// Whether `code` belongs to the system, by its rule; nothing when the system has no rule here.
/// urn:ietf:bcp:47 (language tags), urn:ietf:bcp:13 (media types), http://unitsofmeasure.org (UCUM),
/// urn:ietf:rfc:3986 (URIs).
/// Source: https://hl7.org/fhir/R4/terminologies-systems.html
std::optional<bool> InComputedSystem(std::string_view system, std::string_view code);
bool IsComputedSystem(std::string_view system);

/// A well-formed language tag: language with script, region, variants, extensions, private use, or a grandfathered
/// tag. Subtags are not looked up in the registry. Source: https://www.rfc-editor.org/rfc/rfc5646#section-2.1
bool IsLanguageTag(std::string_view tag);

/// type/subtype with parameters. Source: https://www.rfc-editor.org/rfc/rfc2045#section-5.1
bool IsMediaType(std::string_view text);

}  // namespace fhir::terminology
