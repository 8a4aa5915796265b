// The input of an operation: what a table of rows says it takes, out of the URL or out of a Parameters resource.
// Source: https://hl7.org/fhir/R4/operations.html#executing
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest::operations {

/// Types of parameters, as far as reading them differs. Those up to kMoment are primitive and may stand in a URL.
enum class ParameterKind : std::uint8_t {
  kText,  ///< string, uri, canonical, code, id
  kBoolean,
  kInteger,   ///< not below zero
  kPositive,  ///< an integer above zero
  kDecimal,
  kMoment,  ///< instant, dateTime or date
  kCoding,
  kCodeableConcept,
  kPeriod,
  kMeta,
  kAttachment,
  kResource,
  kRefused,  ///< of the standard, and not supported here: said so rather than passed over
};

/// One parameter that an operation takes.
struct ParameterRow {
  std::string_view name;
  ParameterKind kind = ParameterKind::kText;
  bool required = false;
  bool repeats = false;
  std::string_view resource_type = {};  ///< of kResource; empty: any
  bool may_be_body = false;             ///< of kResource: the body may be the resource itself
};

/// thread-compatible; movable.
class Parameters {
 public:
  /// Reads the query, and the body of a POST.
  /// Errors: kMalformed and kUnsupported, with the name and the expression of the parameter: unknown (let pass with a
  ///         warning under Prefer: handling=lenient), missing, given twice, of another type, not supported.
  static fhir::Result<Parameters> Read(Call& call, std::span<const ParameterRow> rows);

  bool Has(std::string_view name) const { return FindItem(name) != nullptr; }
  /// The first value's text; empty when there is none.
  std::string_view Text(std::string_view name) const;
  std::vector<std::string_view> Texts(std::string_view name) const;
  bool Flag(std::string_view name, bool otherwise = false) const;
  std::optional<std::int64_t> Number(std::string_view name) const;
  /// The value of a complex type, or the resource; nullptr when there is none. Lives as long as this object.
  const fhir::model::Node* Element(std::string_view name) const;
  std::vector<const fhir::model::Node*> Elements(std::string_view name) const;
  /// "Parameters.parameter[2]" of the first value, for errors about what it says.
  std::string Place(std::string_view name) const;
  /// A failure about a parameter's value.
  std::unexpected<fhir::Error> Refuse(fhir::ErrorCode code, std::string_view name, std::string text) const;

 private:
  struct Item {
    const ParameterRow* row;
    std::string_view text;
    const fhir::model::Node* node = nullptr;
    std::string place;
  };
  const Item* FindItem(std::string_view name) const;
  fhir::Result<void> Add(Call& call, std::span<const ParameterRow> rows, std::string_view name, Item item);
  fhir::Result<void> AddFromBody(Call& call, std::span<const ParameterRow> rows);
  fhir::Result<void> AddNode(Call& call, std::span<const ParameterRow> rows, const fhir::model::Node& parameter,
                             std::string place);

  std::vector<Item> items_;
  std::deque<std::string> texts_;  // of the URL
  std::optional<fhir::model::Document> body_;
};

}  // namespace gateway::rest::operations
