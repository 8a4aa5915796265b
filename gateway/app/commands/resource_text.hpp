// One resource given as text, in either format.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace gateway::app {

/// Whether the text is XML by its first character; a byte order mark and white space do not count.
bool LooksLikeXml(std::string_view text);

/// Reads XML or JSON. Cost, errors, issues: as of the reader of the format.
fhir::Result<fhir::model::Document> ReadResourceText(std::string_view text, const fhir::Limits& limits,
                                                     fhir::IssueList& issues);

}  // namespace gateway::app
