#include "fhir/search/types/composite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <string>
#include <variant>
#include <vector>

#include "fhir/search/query_text.hpp"
#include "fhir/search/types/date.hpp"
#include "fhir/search/types/number.hpp"
#include "fhir/search/types/quantity.hpp"
#include "fhir/search/types/reference.hpp"
#include "fhir/search/types/string.hpp"
#include "fhir/search/types/token.hpp"

namespace fhir::search {
namespace {

using metadata::SearchComponent;
using metadata::SearchParameter;
using metadata::SearchType;

bool IsNumeric(SearchType type) {
  return type == SearchType::kNumber || type == SearchType::kQuantity;
}

/// Puts the value at `index` of the component into the row.
void Fill(const IndexValues& values, SearchType type, std::size_t slot, std::size_t index, CompositeIndex& row) {
  switch (type) {
    case SearchType::kToken:
      (slot == 0 ? row.token : row.second_token) = values.tokens[index];
      return;
    case SearchType::kQuantity:
      row.quantity = values.quantities[index];
      return;
    case SearchType::kNumber:
      if (slot == 0) {
        row.quantity.low = values.numbers[index].low;
        row.quantity.high = values.numbers[index].high;
      } else {
        row.second_number = values.numbers[index];
      }
      return;
    case SearchType::kDate:
      row.date = values.dates[index];
      return;
    case SearchType::kString:
      row.string = values.strings[index];
      return;
    case SearchType::kReference:
      row.reference = values.references[index];
      return;
    case SearchType::kUri:
    case SearchType::kComposite:
    case SearchType::kSpecial:
      return;
  }
}

std::size_t CountOf(const IndexValues& values, SearchType type) {
  switch (type) {
    case SearchType::kToken:
      return values.tokens.size();
    case SearchType::kQuantity:
      return values.quantities.size();
    case SearchType::kNumber:
      return values.numbers.size();
    case SearchType::kDate:
      return values.dates.size();
    case SearchType::kString:
      return values.strings.size();
    case SearchType::kReference:
      return values.references.size();
    case SearchType::kUri:
    case SearchType::kComposite:
    case SearchType::kSpecial:
      return 0;
  }
  return 0;
}

struct ComponentTest {
  const CompositeIndex& row;
  std::size_t slot;

  bool operator()(const TokenValue& value) const {
    return TokenMatches(slot == 0 ? row.token : row.second_token, Modifier::kNone, value);
  }
  bool operator()(const QuantityValue& value) const { return QuantityMatches(row.quantity, value); }
  bool operator()(const NumberValue& value) const {
    return slot == 0 ? NumberMatches(row.quantity.low, row.quantity.high, value)
                     : NumberMatches(row.second_number.low, row.second_number.high, value);
  }
  bool operator()(const DateValue& value) const { return DateMatches(row.date.low_us, row.date.high_us, value); }
  bool operator()(const StringValue& value) const { return StringMatches(row.string, Modifier::kNone, value); }
  bool operator()(const ReferenceValue& value) const { return ReferenceMatches(row.reference, value); }
  bool operator()(const UriValue&) const { return false; }
  bool operator()(const NearValue&) const { return false; }
};

}  // namespace

std::size_t ComponentSlot(std::span<const SearchComponent> components, std::size_t component) {
  const SearchType type = components[component].type;
  return static_cast<std::size_t>(std::ranges::count_if(components.first(component), [&](const SearchComponent& other) {
    return other.type == type || (IsNumeric(type) && IsNumeric(other.type));
  }));
}

bool IndexComposite(std::uint16_t parameter, std::span<const SearchComponent> components,
                    std::span<const IndexValues> values, IndexValues& out) {
  std::size_t combinations = 1;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const std::size_t count = CountOf(values[i], components[i].type);
    combinations = std::min(combinations * count, kCombinationsMax + 1);
  }
  for (std::size_t combination = 0; combination < std::min(combinations, kCombinationsMax); ++combination) {
    CompositeIndex row;
    row.parameter = parameter;
    std::size_t rest = combination;
    for (std::size_t i = 0; i < components.size(); ++i) {
      const std::size_t count = CountOf(values[i], components[i].type);
      Fill(values[i], components[i].type, ComponentSlot(components, i), rest % count, row);
      rest /= count;
    }
    out.composites.push_back(std::move(row));
  }
  return combinations <= kCombinationsMax;
}

Result<CompositeValue> ParseCompositeValue(const ValueContext& context, const SearchParameter& parameter,
                                           std::string_view text) {
  const auto components = metadata::ComponentsOf(parameter);
  const std::vector<std::string_view> parts = SplitUnescaped(text, '$');
  if (parts.size() != components.size()) {
    return Fail(ErrorCode::kInvalid, fmt::format("{} values between $ are expected", components.size()));
  }
  CompositeValue composite;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    SearchParameter component = parameter;
    component.type = components[i].type;
    component.code = components[i].code;
    if (parts[i].empty()) return Fail(ErrorCode::kInvalid, fmt::format("a value for {} is expected", component.code));
    GW_ASSIGN(const Value value, ParseValue(context, component, Modifier::kNone, metadata::kNoType, parts[i]));
    std::visit(
        [&]<typename T>(const T& simple) {
          if constexpr (!std::is_same_v<T, CompositeValue>) composite.components.emplace_back(simple);
        },
        value);
  }
  return composite;
}

bool CompositeMatches(const CompositeIndex& row, std::span<const SearchComponent> components,
                      const CompositeValue& value) {
  if (components.size() != value.components.size()) return false;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!std::visit(ComponentTest{row, ComponentSlot(components, i)}, value.components[i])) return false;
  }
  return true;
}

}  // namespace fhir::search
