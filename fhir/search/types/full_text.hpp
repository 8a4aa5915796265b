// What _text and _content look at: the words of the narrative, and those of the whole resource. The texts are folded,
// since the index is asked without accents and capitals.
// Source: https://hl7.org/fhir/R4/search.html#_text, https://hl7.org/fhir/R4/search.html#_content
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/search/index_values.hpp"

namespace fhir::search {

/// Bytes of one resource that are indexed; what comes after is not found.
inline constexpr std::size_t kFullTextBytesMax = 200'000;

/// Whether `type_name` is in a list of types, of which "*" means all.
bool NamesType(const std::vector<std::string>& types, std::string_view type_name);

/// The text between the tags of an XHTML fragment, entities resolved.
std::string TextOfXhtml(std::string_view xhtml);

/// Adds what _text finds, when the resource has a narrative.
void IndexNarrative(std::uint16_t parameter, const model::Node& resource, IndexValues& out);

/// Adds what _content finds: the texts written by people (type string and markdown) and the narrative, contained
/// resources included. Identifiers are left out: they are found by their own parameter, which policies can hide.
void IndexContent(const metadata::Definitions& definitions, std::uint16_t parameter, const model::Node& resource,
                  IndexValues& out);

}  // namespace fhir::search
