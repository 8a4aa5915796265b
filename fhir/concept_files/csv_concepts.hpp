// Concepts out of CSV with a header, by names of columns.
#pragma once

#include "fhir/concept_files/concept_file.hpp"

namespace fhir::concept_files {

/// As ReadConcepts. Errors besides: kInvalid for a layout that does not fit the header, naming the columns there are.
Result<json::Value> ReadCsvConcepts(ByteSource& source, const CsvLayout& layout, const ConceptSink& sink);

}  // namespace fhir::concept_files
