// What a resource is found by: one flat list of typed values per resource, extracted by the search parameters' own
// FHIRPath expressions. gateway/store writes them as index rows.
#pragma once

#include <cstdint>
#include <optional>
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
  /// What :text looks at, folded: Coding.display or Identifier.type.text. A concept's own text, when it is another one,
  /// is a row without system and code.
  std::string text = {};
};
struct ReferenceIndex {
  std::uint16_t parameter;
  std::string type;  ///< target type; "" when unknown
  /// Target id for a local reference, for one to a contained resource its name (contained.hpp); "" otherwise.
  std::string id;
  std::string url;  ///< absolute URL, urn or canonical when not local
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
  std::string unit = {};  ///< Quantity.unit where there is a code and it is another one
  /// The range in base units of UCUM when the unit is one of UCUM, so that 1 g is found by 1000 mg. All empty else.
  std::string base_low = {};
  std::string base_high = {};
  std::string base_unit = {};
};
struct UriIndex {
  std::uint16_t parameter;
  std::string uri;
};
/// One combination of the components' values that stand in one part of the resource. Of each type of component the
/// first uses the first member of that type: no composite of R4 has three of one type. Unused members are as made.
struct CompositeIndex {
  std::uint16_t parameter = 0;
  TokenIndex token{};
  TokenIndex second_token{};
  QuantityIndex quantity{};  ///< also the first number, without a unit
  NumberIndex second_number{};
  DateIndex date{};
  StringIndex string{};
  ReferenceIndex reference{};
};
/// Text that full-text search looks at; `parameter` is _text or _content.
struct TextIndex {
  std::uint16_t parameter;
  std::string text;
};
/// Degrees, WGS 84.
struct PositionIndex {
  std::uint16_t parameter;
  double latitude;
  double longitude;
};

struct IndexValues {
  std::vector<StringIndex> strings;
  std::vector<TokenIndex> tokens;
  std::vector<ReferenceIndex> references;
  std::vector<DateIndex> dates;
  std::vector<NumberIndex> numbers;
  std::vector<QuantityIndex> quantities;
  std::vector<UriIndex> uris;
  std::vector<CompositeIndex> composites;
  std::vector<TextIndex> texts;
  std::vector<PositionIndex> positions;
};

/// Options of extraction.
struct ExtractOptions {
  std::string base_url;               ///< "https://host/fhir": absolute references below it count as local
  std::string zone = "Europe/Paris";  ///< for values without an offset
  /// Types whose narrative (_text) and whose whole content (_content) can be searched; "*" means all.
  std::vector<std::string> narrative_types = {"*"};
  std::vector<std::string> content_types = {};
  /// The parameters that are wanted, by id; unset: all.
  std::optional<std::vector<std::uint16_t>> only = {};
  bool standard_only = false;  ///< parameters of the standard alone, as of contained resources
};

/// Values of all search parameters of the resource's type, without duplicates. A parameter whose expression fails on
/// this resource is left out and reported to `issues` as a warning; extraction goes on.
/// Cost: compiles the type's expressions; callers with more than one resource keep an Extractor (extractor.hpp).
IndexValues ExtractIndexValues(const model::Node& resource, const ExtractOptions& options, IssueList& issues);

}  // namespace fhir::search
