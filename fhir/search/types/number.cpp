#include "fhir/search/types/number.hpp"

#include <string>

#include "fhir/base/decimal.hpp"
#include "fhir/search/types/date.hpp"

namespace fhir::search {
namespace {

/// −1, 0, 1 with the infinities outside all numbers.
int OrderOf(std::string_view left, std::string_view right) {
  const auto rank = [](std::string_view text) { return text == "-Infinity" ? -1 : text == "Infinity" ? 1 : 0; };
  if (rank(left) != 0 || rank(right) != 0) return rank(left) < rank(right) ? -1 : rank(left) > rank(right) ? 1 : 0;
  const auto order = CompareDecimals(left, right);
  if (!order) return 0;
  return *order < 0 ? -1 : *order > 0 ? 1 : 0;
}

/// `text` moved by a tenth of `exact`, away from it.
Result<std::string> Widened(const std::string& text, const Decimal& tenth, bool up) {
  GW_ASSIGN(const Decimal number, Decimal::Parse(text));
  const Decimal size = tenth.IsNegative() ? tenth.Negated() : tenth;
  GW_ASSIGN(const Decimal moved, up ? number.Add(size) : number.Subtract(size));
  return moved.ToString();
}

}  // namespace

void IndexNumber(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element != nullptr && element->kind == model::ValueKind::kNumber && IsDecimal(element->value)) {
    out.numbers.push_back({parameter, std::string(element->value), std::string(element->value)});
  } else if (element != nullptr && element->type == context.types.range && element->type != metadata::kNoType) {
    const std::string_view low = element->FindValue("low.value");
    const std::string_view high = element->FindValue("high.value");
    if (low.empty() && high.empty()) return;
    out.numbers.push_back(
        {parameter, low.empty() ? "-Infinity" : std::string(low), high.empty() ? "Infinity" : std::string(high)});
  } else if (element != nullptr && element->type != metadata::kNoType &&
             context.definitions.IsA(element->type, context.types.quantity)) {
    const std::string_view value = element->ChildValue("value");  // e.g. Duration of Encounter.length
    if (IsDecimal(value)) out.numbers.push_back({parameter, std::string(value), std::string(value)});
  }
}

Result<NumberValue> ParseNumberValue(std::string_view text) {
  NumberValue value;
  value.prefix = TakePrefix(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!IsDecimal(text)) return Fail(ErrorCode::kInvalid, "a number is expected");
  GW_ASSIGN(DecimalRange range, ImplicitRange(text));
  value.exact = text;
  value.low = std::move(range.low);
  value.high = std::move(range.high);
  if (value.prefix == Prefix::kAp) {
    GW_ASSIGN(const Decimal exact, Decimal::Parse(text));
    GW_ASSIGN(const Decimal tenth, exact.Multiply(Decimal::FromScaled(1, 1)));
    GW_ASSIGN(value.low, Widened(value.low, tenth, false));
    GW_ASSIGN(value.high, Widened(value.high, tenth, true));
  }
  return value;
}

bool NumberMatches(std::string_view low, std::string_view high, const NumberValue& value) {
  const bool equal = OrderOf(low, value.low) >= 0 && OrderOf(high, value.high) <= 0;
  switch (value.prefix) {
    case Prefix::kEq:
      return equal;
    case Prefix::kNe:
      return !equal;
    case Prefix::kGt:
      return OrderOf(high, value.exact) > 0;
    case Prefix::kLt:
      return OrderOf(low, value.exact) < 0;
    case Prefix::kGe:
      return OrderOf(high, value.exact) >= 0;
    case Prefix::kLe:
      return OrderOf(low, value.exact) <= 0;
    case Prefix::kSa:
      return OrderOf(low, value.exact) > 0;
    case Prefix::kEb:
      return OrderOf(high, value.exact) < 0;
    case Prefix::kAp:
      return OrderOf(low, value.high) < 0 && OrderOf(high, value.low) > 0;
  }
  return false;
}

}  // namespace fhir::search
