#include "fhir/search/types/quantity.hpp"

#include <optional>
#include <utility>

#include "fhir/base/decimal.hpp"
#include "fhir/search/types/number.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::search {
namespace {

constexpr std::string_view kCurrencySystem = "urn:iso:std:iso:4217";

constexpr std::string_view kOpenBelow = "-Infinity";
constexpr std::string_view kOpenAbove = "Infinity";

/// The end of a range in base units; the open ends stay. Unset when the unit has no base.
std::optional<ucum::CanonicalQuantity> InBaseUnits(std::string_view value, std::string_view unit) {
  if (value == kOpenBelow || value == kOpenAbove) {
    auto base_unit = ucum::CanonicalUnit(unit);
    if (!base_unit) return std::nullopt;
    return ucum::CanonicalQuantity{std::string(value), *std::move(base_unit)};
  }
  auto base = ucum::Canonical({value, unit});
  if (!base) return std::nullopt;
  return *std::move(base);
}

void FillBase(QuantityIndex& row) {
  if (row.system != ucum::kSystem || row.code.empty()) return;
  auto low = InBaseUnits(row.low, row.code);
  auto high = low ? InBaseUnits(row.high, row.code) : std::nullopt;
  if (!high) return;
  row.base_low = std::move(low->value);
  row.base_high = std::move(high->value);
  row.base_unit = std::move(high->unit);
}

void AddRow(std::uint16_t parameter, std::string_view low, std::string_view high, const model::Node& unit,
            IndexValues& out) {
  const std::string_view code = unit.ChildValue("code");
  const std::string_view text = unit.ChildValue("unit");
  QuantityIndex row{parameter, std::string(low), std::string(high), std::string(unit.ChildValue("system")),
                    std::string(code.empty() ? text : code)};
  if (!code.empty() && text != code) row.unit = text;
  FillBase(row);
  out.quantities.push_back(std::move(row));
}

/// The search range in base units; unset when it has none, or when the scale falls.
std::optional<NumberValue> BaseRange(const NumberValue& number, std::string_view unit, std::string& base_unit) {
  auto low = InBaseUnits(number.low, unit);
  auto exact = low ? InBaseUnits(number.exact, unit) : std::nullopt;
  auto high = exact ? InBaseUnits(number.high, unit) : std::nullopt;
  if (!high) return std::nullopt;
  const auto order = CompareDecimals(low->value, high->value);
  if (!order || *order > 0) return std::nullopt;
  base_unit = std::move(exact->unit);
  return NumberValue{number.prefix, std::move(low->value), std::move(high->value), std::move(exact->value)};
}

void IndexRange(std::uint16_t parameter, const model::Node& range, IndexValues& out) {
  const model::Node* const low = range.Child("low");
  const model::Node* const high = range.Child("high");
  const std::string_view low_value = low != nullptr ? low->ChildValue("value") : std::string_view();
  const std::string_view high_value = high != nullptr ? high->ChildValue("value") : std::string_view();
  if (!IsDecimal(low_value) && !IsDecimal(high_value)) return;
  const model::Node& unit = IsDecimal(low_value) ? *low : *high;
  AddRow(parameter, IsDecimal(low_value) ? low_value : kOpenBelow, IsDecimal(high_value) ? high_value : kOpenAbove,
         unit, out);
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
    AddRow(parameter, value, value, *element, out);
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
  if (value.system == ucum::kSystem && value.code) value.base = BaseRange(value.number, *value.code, value.base_unit);
  return value;
}

bool QuantityMatches(const QuantityIndex& row, const QuantityValue& value) {
  if (value.base) return row.base_unit == value.base_unit && NumberMatches(row.base_low, row.base_high, *value.base);
  return NumberMatches(row.low, row.high, value.number) && (!value.system || *value.system == row.system) &&
         (!value.code || *value.code == row.code || (!value.system && *value.code == row.unit));
}

}  // namespace fhir::search
