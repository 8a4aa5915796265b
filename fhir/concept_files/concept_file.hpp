// A file of concepts, in one of the forms in which code systems are published, read as a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/concept_files/byte_source.hpp"
#include "fhir/json/value.hpp"
#include "fhir/terminology/large_system_writer.hpp"

namespace fhir::concept_files {

enum class FileFormat : std::uint8_t { kCsv, kClaml, kNdjson };

/// "csv", "claml" or "ndjson"; nullopt for another word.
std::optional<FileFormat> FormatOf(std::string_view word);
/// By the end of a file's name, a .gz or .bz2 after it apart.
std::optional<FileFormat> FormatOfName(std::string_view name);

/// How a file of CSV says what a concept is.
struct CsvLayout {
  char delimiter = ',';
  std::string encoding = "UTF-8";
  /// "role=name of a column": code, display, definition, parent, property.NAME, designation.LANGUAGE. Empty: the
  /// columns of the names code, display, definition and parent, as far as there are such.
  std::vector<std::string> columns;
  /// Lengths of codes, ascending: the parent of a longer code is its beginning of the next shorter length, as in ATC
  /// (1, 3, 4, 5). Empty: only the column says.
  std::vector<std::size_t> parent_lengths;
  /// Rows of one code that follow each other are one concept with the properties of all, as in ATC with its doses.
  bool merge_rows = false;
};

struct FileOptions {
  FileFormat format = FileFormat::kCsv;
  CsvLayout csv;
};

using ConceptSink = std::function<Result<void>(const terminology::GivenConcept& given)>;

/// Gives every concept to the sink. The result is what the file says of the code system itself: members of a CodeSystem
/// resource, without concepts; an empty object when it says nothing.
/// Cost: one pass; memory for a piece of the source, and a record, class or line at most.
/// Errors: kInvalid or kTooLarge with the line in the text; kMalformed for broken packing; those of source and sink.
Result<json::Value> ReadConcepts(ByteSource& source, const FileOptions& options, const ConceptSink& sink);

}  // namespace fhir::concept_files
