// What a resource is found by: one flat list of typed values per resource, extracted by the search parameters' own
// FHIRPath expressions. gateway/store writes them as index rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace fhir::search {

/// `parameter` is SearchParameter::id throughout.
struct StringIndex {
  std::uint16_t parameter;
  std::string folded;
  std::string exact;
};
struct TokenIndex {
  std::uint16_t parameter;
  std::string system;  ///< "" when none
  std::string code;
  std::string
      identifier_type;  ///< Identifier.type.coding.code, "" when none: policies hide INS by it, :of-type uses it
};
struct ReferenceIndex {
  std::uint16_t parameter;
  std::string type;  ///< target type; "" when unknown
  std::string id;    ///< target id for a local reference; "" otherwise
  std::string url;   ///< absolute URL, urn or canonical when not local
};
struct DateIndex {
  std::uint16_t parameter;
  std::int64_t low_us;
  std::int64_t high_us;
};  ///< [low, high)
/// A number in a resource is a point (low == high): its precision plays no part, only that of the search value does.
struct NumberIndex {
  std::uint16_t parameter;
  std::string low;
  std::string high;
};  ///< decimal text
/// A Range has its own limits, both included; an open one is "-Infinity" or "Infinity", as PostgreSQL's numeric has
/// them.
struct QuantityIndex {
  std::uint16_t parameter;
  std::string low;
  std::string high;
  std::string system;
  std::string code;
};
struct UriIndex {
  std::uint16_t parameter;
  std::string uri;
};

struct IndexValues {
  std::vector<StringIndex> strings;
  std::vector<TokenIndex> tokens;
  std::vector<ReferenceIndex> references;
  std::vector<DateIndex> dates;
  std::vector<NumberIndex> numbers;
  std::vector<QuantityIndex> quantities;
  std::vector<UriIndex> uris;
};

/// Options of extraction.
struct ExtractOptions {
  std::string base_url;               ///< "https://host/fhir": absolute references below it count as local
  std::string zone = "Europe/Paris";  ///< for values without an offset
};

/// Values of all search parameters of the resource's type, without duplicates. A parameter whose expression fails on
/// this resource is left out and reported to `issues` as a warning; extraction goes on.
/// Cost: compiles the type's expressions; callers with more than one resource keep an Extractor (extractor.hpp).
IndexValues ExtractIndexValues(const model::Node& resource, const ExtractOptions& options, IssueList& issues);

}  // namespace fhir::search
