#include "fhir/search/types/quantity.hpp"

#include "fhir/base/decimal.hpp"
#include "fhir/search/types/number.hpp"

namespace fhir::search {
namespace {

constexpr std::string_view kCurrencySystem = "urn:iso:std:iso:4217";

std::string UnitCode(const model::Node& quantity) {
  const std::string_view code = quantity.ChildValue("code");
  return std::string(code.empty() ? quantity.ChildValue("unit") : code);
}

void IndexRange(std::uint16_t parameter, const model::Node& range, IndexValues& out) {
  const model::Node* const low = range.Child("low");
  const model::Node* const high = range.Child("high");
  const std::string_view low_value = low != nullptr ? low->ChildValue("value") : std::string_view();
  const std::string_view high_value = high != nullptr ? high->ChildValue("value") : std::string_view();
  if (!IsDecimal(low_value) && !IsDecimal(high_value)) return;
  const model::Node& unit = IsDecimal(low_value) ? *low : *high;
  out.quantities.push_back({parameter, IsDecimal(low_value) ? std::string(low_value) : "-Infinity",
                            IsDecimal(high_value) ? std::string(high_value) : "Infinity",
                            std::string(unit.ChildValue("system")), UnitCode(unit)});
}

}  // namespace

void IndexQuantity(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element == nullptr || element->type == metadata::kNoType) return;
  if (element->type == context.types.range) return IndexRange(parameter, *element, out);
  const std::string_view value = element->ChildValue("value");
  if (!IsDecimal(value)) return;
  if (element->type == context.types.money) {
    out.quantities.push_back({parameter, std::string(value), std::string(value), std::string(kCurrencySystem),
                              std::string(element->ChildValue("currency"))});
  } else if (context.definitions.IsA(element->type, context.types.quantity)) {
    out.quantities.push_back({parameter, std::string(value), std::string(value),
                              std::string(element->ChildValue("system")), UnitCode(*element)});
  }
}

Result<QuantityValue> ParseQuantityValue(std::span<const std::string> parts) {
  if (parts.empty() || parts.size() > 3 || parts.size() == 2) {
    return Fail(ErrorCode::kInvalid, "number or number|system|code is expected");
  }
  QuantityValue value;
  GW_ASSIGN(value.number, ParseNumberValue(parts[0]));
  if (parts.size() == 3) {
    if (!parts[1].empty()) value.system = parts[1];
    if (!parts[2].empty()) value.code = parts[2];
  }
  return value;
}

bool QuantityMatches(const QuantityIndex& row, const QuantityValue& value) {
  return NumberMatches(row.low, row.high, value.number) && (!value.system || *value.system == row.system) &&
         (!value.code || *value.code == row.code);
}

}  // namespace fhir::search
