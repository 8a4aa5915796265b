// Concepts out of NDJSON. A line is a CodeSystem resource, with all, some or none of its concepts, or a single concept
// as CodeSystem.concept has it. The first resource says what the code system is called.
#pragma once

#include "fhir/concept_files/concept_file.hpp"

namespace fhir::concept_files {

/// As ReadConcepts.
Result<json::Value> ReadNdjsonConcepts(ByteSource& source, const ConceptSink& sink);

}  // namespace fhir::concept_files
