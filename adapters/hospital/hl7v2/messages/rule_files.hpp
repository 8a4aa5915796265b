// Rule files on disk: those of a folder, and what they include.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/mapping/compiled_map.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Path and text of every *.yaml of a folder, in name order. Errors: kConfiguration when the folder or one of them
/// cannot be read.
fhir::Result<std::vector<std::pair<std::string, std::string>>> ReadRuleFiles(const std::string& folder);

/// A file included by another one: relative to it, and not above the folder of the rules.
fhir::Result<mapping::IncludedFile> ReadIncluded(const std::string& including, const std::string& path);

}  // namespace adapters::hospital::hl7v2::messages
