#include "fhir/concept_files/concept_file.hpp"

#include "fhir/concept_files/claml.hpp"
#include "fhir/concept_files/csv_concepts.hpp"
#include "fhir/concept_files/ndjson.hpp"

namespace fhir::concept_files {

std::optional<FileFormat> FormatOf(std::string_view word) {
  if (word == "csv") {
    return FileFormat::kCsv;
  }
  if (word == "claml") {
    return FileFormat::kClaml;
  }
  return word == "ndjson" ? std::optional(FileFormat::kNdjson) : std::nullopt;
}

std::optional<FileFormat> FormatOfName(std::string_view name) {
  for (const std::string_view packed : {".gz", ".bz2"}) {
    if (name.ends_with(packed)) {
      name.remove_suffix(packed.size());
      break;
    }
  }
  if (name.ends_with(".csv") || name.ends_with(".tsv")) {
    return FileFormat::kCsv;
  }
  if (name.ends_with(".xml") || name.ends_with(".claml")) {
    return FileFormat::kClaml;
  }
  return name.ends_with(".ndjson") || name.ends_with(".json") ? std::optional(FileFormat::kNdjson) : std::nullopt;
}

Result<json::Value> ReadConcepts(ByteSource& source, const FileOptions& options, const ConceptSink& sink) {
  switch (options.format) {
    case FileFormat::kCsv:
      return ReadCsvConcepts(source, options.csv, sink);
    case FileFormat::kClaml:
      return ReadClaml(source, sink);
    case FileFormat::kNdjson:
      break;
  }
  return ReadNdjsonConcepts(source, sink);
}

}  // namespace fhir::concept_files
