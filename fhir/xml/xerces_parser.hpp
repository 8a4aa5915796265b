// Texts in memory through Xerces-C; xerces_stream.cpp is the only other place that touches it.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/xml/tag_index.hpp"
#include "fhir/xml/tree_builder.hpp"

namespace fhir::xml {

/// Parses a text, whose tags are indexed, into the builder's events.
/// Errors: kMalformed, what the builder stopped for, kInternal for a failure of the library.
/// thread-safe: one parser for each call; the library is set up by the first one.
Result<void> Parse(std::string_view text, const std::vector<TagSpan>& spans, TreeBuilder& builder);

}  // namespace fhir::xml
