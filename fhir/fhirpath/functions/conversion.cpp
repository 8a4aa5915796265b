// Source: http://hl7.org/fhirpath/N1/#conversion
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/moment.hpp"
#include "fhir/fhirpath/number.hpp"
#include "fhir/fhirpath/quantity.hpp"

namespace fhir::fhirpath {
namespace {

bool IifFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Frame frame = call.frame;
  if (call.input.size() == 1) frame.this_item = &call.input.front();
  if (call.input.size() > 1) return evaluator.FailWith("iif() takes at most one item as input");
  std::optional<bool> criterion;
  if (!evaluator.Criterion(call.arguments[0], frame, criterion)) return false;
  if (criterion == true) return evaluator.Evaluate(call.arguments[1], frame, out);
  return call.arguments.size() < 3 || evaluator.Evaluate(call.arguments[2], frame, out);
}

/// "(+|-)?digits(.digits)?" at the start of `text`: its length, 0 when there is none.
std::size_t DecimalLength(std::string_view text) {
  const auto digits = [text](std::size_t from) {
    const std::size_t end = text.find_first_not_of("0123456789", from);
    return (end == std::string_view::npos ? text.size() : end) - from;
  };
  const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(sign);
  if (whole == 0) return 0;
  const std::size_t point = sign + whole;
  const std::size_t fraction = point < text.size() && text[point] == '.' ? digits(point + 1) : 0;
  return fraction == 0 ? point : point + 1 + fraction;
}

/// The number as a literal writes it, without a plus sign.
std::string_view WithoutPlus(std::string_view number) {
  return number.starts_with('+') ? number.substr(1) : number;
}

using Conversion = std::optional<Item> (*)(Evaluator&, const Item&);

/// The converted item, or empty.
template <Conversion convert>
bool ConvertTo(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!item) return true;
  const std::optional<Item> converted = convert(evaluator, *item);
  return !converted || evaluator.Add(out, *converted);
}

/// Whether the conversion would have an answer.
template <Conversion convert>
bool ConvertsTo(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!item) return true;
  return evaluator.Add(out, Item::Boolean(convert(evaluator, *item).has_value()));
}

std::optional<Item> ToBoolean(Evaluator&, const Item& item) {
  switch (item.kind) {
    case ItemKind::kBoolean:
      return item;
    case ItemKind::kInteger:
      if (item.integer == 0 || item.integer == 1) return Item::Boolean(item.integer == 1);
      return std::nullopt;
    case ItemKind::kDecimal: {
      const std::optional<Number> number = Number::Parse(item.text);
      if (number && Number::Compare(*number, Number(1)) == 0) return Item::Boolean(true);
      if (number && number->IsZero()) return Item::Boolean(false);
      return std::nullopt;
    }
    case ItemKind::kString: {
      std::string lower(item.text);
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      for (const std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"}) {
        if (lower == yes) return Item::Boolean(true);
      }
      for (const std::string_view no : {"false", "f", "no", "n", "0", "0.0"}) {
        if (lower == no) return Item::Boolean(false);
      }
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<Item> ToInteger(Evaluator&, const Item& item) {
  if (item.kind == ItemKind::kInteger) return item;
  if (item.kind == ItemKind::kBoolean) return Item::Integer(item.boolean ? 1 : 0);
  if (item.kind != ItemKind::kString) return std::nullopt;
  std::string_view text = item.text;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Item::Integer(value);
}

std::optional<Item> ToDecimal(Evaluator& evaluator, const Item& item) {
  switch (item.kind) {
    case ItemKind::kDecimal:
      return item;
    case ItemKind::kInteger:
      return Item::Text(ItemKind::kDecimal, evaluator.Intern(std::to_string(item.integer)));
    case ItemKind::kBoolean:
      return Item::Text(ItemKind::kDecimal, item.boolean ? "1.0" : "0.0");
    case ItemKind::kString:
      if (item.text.empty() || DecimalLength(item.text) != item.text.size() || !Number::Parse(item.text)) {
        return std::nullopt;
      }
      return Item::Text(ItemKind::kDecimal, WithoutPlus(item.text));
    default:
      return std::nullopt;
  }
}

std::optional<Item> ToStringItem(Evaluator& evaluator, const Item& item) {
  if (item.kind == ItemKind::kNode || item.kind == ItemKind::kStub || item.kind == ItemKind::kTypeInfo)
    return std::nullopt;
  return Item::Text(ItemKind::kString, evaluator.Intern(ItemText(item)));
}

std::optional<Item> ToDate(Evaluator& evaluator, const Item& item) {
  if (item.kind == ItemKind::kDate) return item;
  if (item.kind != ItemKind::kDateTime && item.kind != ItemKind::kString) return std::nullopt;
  if (item.text.ends_with('T') || !Moment::Parse(item.text)) return std::nullopt;
  return Item::Text(ItemKind::kDate, evaluator.Intern(item.text.substr(0, item.text.find('T'))));
}

std::optional<Item> ToDateTime(Evaluator&, const Item& item) {
  if (item.kind == ItemKind::kDateTime) return item;
  if (item.kind != ItemKind::kDate && item.kind != ItemKind::kString) return std::nullopt;
  if (item.text.ends_with('T') || !Moment::Parse(item.text)) return std::nullopt;
  return Item::Text(ItemKind::kDateTime, item.text);
}

std::optional<Item> ToTime(Evaluator&, const Item& item) {
  if (item.kind == ItemKind::kTime) return item;
  if (item.kind != ItemKind::kString) return std::nullopt;
  std::string_view text = item.text;
  if (text.starts_with('T')) text.remove_prefix(1);
  if (!Moment::ParseTime(text)) return std::nullopt;
  return Item::Text(ItemKind::kTime, text);
}

std::optional<Item> ToQuantity(Evaluator& evaluator, const Item& item) {
  switch (item.kind) {
    case ItemKind::kQuantity:
      return item;
    case ItemKind::kInteger:
      return Item::Text(ItemKind::kQuantity, evaluator.Intern(std::to_string(item.integer)), "1");
    case ItemKind::kDecimal:
      return Item::Text(ItemKind::kQuantity, item.text, "1");
    case ItemKind::kBoolean:
      return Item::Text(ItemKind::kQuantity, item.boolean ? "1.0" : "0.0", "1");
    case ItemKind::kString:
      break;
    default:
      return std::nullopt;
  }
  // "4 days", "10.5 'mg'", "3"
  const std::size_t end = DecimalLength(item.text);
  const std::string_view number = WithoutPlus(item.text.substr(0, end));
  if (end == 0 || !Number::Parse(number)) return std::nullopt;
  std::string_view unit = item.text.substr(end);
  unit.remove_prefix(std::min(unit.size(), unit.find_first_not_of(" \t\r\n")));
  if (unit.empty()) return Item::Text(ItemKind::kQuantity, number, "1");
  if (unit.starts_with('\'')) {
    if (unit.size() < 3 || unit.find('\'', 1) != unit.size() - 1) return std::nullopt;
    return Item::Text(ItemKind::kQuantity, number, unit.substr(1, unit.size() - 2));
  }
  if (!IsCalendarWord(unit)) return std::nullopt;
  return Item::Text(ItemKind::kQuantity, number, unit);
}

/// The input as a quantity, in the unit of the argument when there is one. False after an error.
bool QuantityOf(Evaluator& evaluator, const Call& call, std::optional<Item>& input, std::optional<Item>& quantity) {
  std::optional<std::string_view> unit;
  if (!evaluator.SingleOf(call.input, input)) return false;
  if (!call.arguments.empty() && !evaluator.StringArgument(call.arguments[0], call.frame, unit)) return false;
  quantity = input ? ToQuantity(evaluator, *input) : std::nullopt;
  if (!quantity || !unit) return true;
  const std::optional<std::string> value = ConvertMeasure({quantity->text, quantity->unit}, *unit);
  if (value)
    quantity = Item::Text(ItemKind::kQuantity, evaluator.Intern(*value), *unit);
  else
    quantity.reset();
  return true;
}

bool ToQuantityFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> input;
  std::optional<Item> quantity;
  return QuantityOf(evaluator, call, input, quantity) && (!quantity || evaluator.Add(out, *quantity));
}

bool ConvertsToQuantityFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> input;
  std::optional<Item> quantity;
  return QuantityOf(evaluator, call, input, quantity) &&
         (!input || evaluator.Add(out, Item::Boolean(quantity.has_value())));
}

constexpr FunctionRow kConversion[] = {
    {"iif", 2, 3, IifFunction, Answer::kArgument, Input::kAny, Scope::kEachItem, false, false, true},
    {"toBoolean", 0, 0, ConvertTo<ToBoolean>, Answer::kBoolean},
    {"convertsToBoolean", 0, 0, ConvertsTo<ToBoolean>, Answer::kBoolean},
    {"toInteger", 0, 0, ConvertTo<ToInteger>, Answer::kInteger},
    {"convertsToInteger", 0, 0, ConvertsTo<ToInteger>, Answer::kBoolean},
    {"toDate", 0, 0, ConvertTo<ToDate>, Answer::kDate},
    {"convertsToDate", 0, 0, ConvertsTo<ToDate>, Answer::kBoolean},
    {"toDateTime", 0, 0, ConvertTo<ToDateTime>, Answer::kDateTime},
    {"convertsToDateTime", 0, 0, ConvertsTo<ToDateTime>, Answer::kBoolean},
    {"toDecimal", 0, 0, ConvertTo<ToDecimal>, Answer::kDecimal},
    {"convertsToDecimal", 0, 0, ConvertsTo<ToDecimal>, Answer::kBoolean},
    {"toQuantity", 0, 1, ToQuantityFunction, Answer::kQuantity},
    {"convertsToQuantity", 0, 1, ConvertsToQuantityFunction, Answer::kBoolean},
    {"toString", 0, 0, ConvertTo<ToStringItem>, Answer::kString},
    {"convertsToString", 0, 0, ConvertsTo<ToStringItem>, Answer::kBoolean},
    {"toTime", 0, 0, ConvertTo<ToTime>, Answer::kTime},
    {"convertsToTime", 0, 0, ConvertsTo<ToTime>, Answer::kBoolean},
};

}  // namespace

std::span<const FunctionRow> ConversionFunctions() {
  return kConversion;
}

}  // namespace fhir::fhirpath
