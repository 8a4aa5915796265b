// From the name=value pairs of a URL or form to a Query. Everything it knows of parameters comes from the definitions.
// Source: https://hl7.org/fhir/R4/search.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/code_lists.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "fhir/search/query.hpp"

namespace fhir::search {

/// What becomes of a parameter or modifier that is not known: refused, or left out with a warning
/// (Prefer: handling=strict | lenient).
enum class UnknownParameter : std::uint8_t { kStrict, kLenient };

struct ParseOptions {
  std::string base_url;                ///< "https://host/fhir": references below it are local
  std::string zone = "Europe/Paris";   ///< for dates without an offset
  std::optional<std::int64_t> now_us;  ///< for the prefix ap; without it ap widens by the value's own length
  UnknownParameter unknown = UnknownParameter::kStrict;
  bool case_blind_names = false;             ///< "Identifier=" means identifier, as the SAS platform writes it
  std::size_t criteria_max = 100;            ///< name=value pairs of a query, results parameters included
  std::size_t values_max = 1000;             ///< values between commas of one criterion
  std::size_t chain_depth_max = 5;           ///< levels of chains and _has in one name
  std::size_t value_bytes_max = 256 * 1024;  ///< one value
  std::size_t filter_depth_max = 20;         ///< parentheses and brackets of _filter, one in another
  const CodeLists* code_lists = nullptr;     ///< borrowed; answers :in, :not-in, :above, :below, which need it
  /// As ExtractOptions: where nothing is indexed, an empty answer would pass for "there is none".
  std::vector<std::string> narrative_types = {"*"};
  std::vector<std::string> content_types = {};
  /// Parameters beside those of the standard; queries share it. Null: none.
  std::shared_ptr<const CustomParameters> custom = nullptr;
};

using NameValue = std::pair<std::string, std::string>;

/// Parses a search on `type`. Names and values are decoded already (percent-encoding); commas, bars and dollars that
/// belong to a value are escaped by a backslash.
/// Shape:  `_format`, `_pretty` belong to the HTTP layer and are passed over; parameters without a value are left out.
///         Query::self holds the parameters in use, percent-encoded, in the order given.
/// Errors: kUnsupported naming the parameter and its nearest known ones, or saying that it is being indexed; kInvalid
/// for a value that cannot be read,
/// kTooCostly and kTooLarge for the limits. No error text quotes a value.
Result<Query> ParseQuery(metadata::TypeId type, std::span<const NameValue> parameters, const ParseOptions& options,
                         IssueList& warnings);

/// Parses a search over several types: on the system, or of all types in a compartment. `types` is what may be
/// searched;
/// "_type" picks from it, and no type means all. The parameters are those that all the types have.
/// Errors: as ParseQuery; kUnsupported for a type that is not among them.
Result<Query> ParseSystemQuery(std::span<const metadata::TypeId> types, std::span<const NameValue> parameters,
                               const ParseOptions& options, IssueList& warnings);

/// Parses the text of If-None-Exist, a conditional URL's query, or a conditional reference: "identifier=s|c&status=x",
/// percent-encoded, a leading '?' allowed. Results parameters (_sort …) are refused, and so is a text without criteria:
/// it would match everything. Errors: as ParseQuery, always strict.
Result<Query> ParseConditional(metadata::TypeId type, std::string_view query_text, const ParseOptions& options);

/// The query identifier=system|value, with one result wanted more than the one expected. An empty system means none.
Query ByIdentifier(metadata::TypeId type, std::string_view system, std::string_view value);

/// Percent-decodes and splits "a=b&c=d"; '+' is a blank. Errors: kMalformed for a broken percent sequence or invalid
/// UTF-8.
Result<std::vector<NameValue>> SplitQueryText(std::string_view query_text);

}  // namespace fhir::search
