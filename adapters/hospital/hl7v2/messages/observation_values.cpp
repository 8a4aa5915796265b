#include "adapters/hospital/hl7v2/messages/observation_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace adapters::hospital::hl7v2::messages {
namespace {

using fhir::model::Node;
using mapping::Input;
using mapping::Output;

constexpr std::uint16_t kUnitField = 6;
constexpr std::string_view kComparators[] = {"<=", ">=", "<", ">"};

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool OnlyDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// An NM as a FHIR decimal: its digits stay, but a plus sign, zeros in front and a lone point go. Unset: not a number.
std::optional<std::string> DecimalOf(std::string_view text) {
  text = Trimmed(text);
  std::string sign;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    sign = text.front() == '-' ? "-" : "";
    text.remove_prefix(1);
  }
  const auto point = text.find('.');
  std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (!OnlyDigits(whole) || !OnlyDigits(fraction) || (whole.empty() && fraction.empty())) {
    return std::nullopt;
  }
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  std::string decimal = sign + (whole.empty() ? "0" : std::string(whole));
  if (!fraction.empty()) {
    decimal += '.';
    decimal += fraction;
  }
  return decimal;
}

std::string_view TakeComparator(std::string_view& text) {
  text = Trimmed(text);
  for (const std::string_view comparator : kComparators) {
    if (text.starts_with(comparator)) {
      text.remove_prefix(comparator.size());
      return comparator;
    }
  }
  return {};
}

void AddUnit(const mapping::Cell& cell, const Input& input, Output& output, Node& quantity) {
  const std::string_view code = input.source.Text(cell, 1, 0);
  const std::string_view text = input.source.Text(cell, 2, 0);
  if (code.empty() && text.empty()) {
    return;
  }
  output.document.Add(quantity, "unit", text.empty() ? code : text);
  const auto system =
      input.table == nullptr || code.empty() ? std::nullopt : input.table->Find(input.source.Text(cell, 3, 0));
  if (system) {
    output.document.Add(quantity, "system", system->code);
    output.document.Add(quantity, "code", code);
  }
}

bool FillQuantity(const Input& input, Output& output, Node& quantity, std::string_view comparator,
                  std::string_view number) {
  const auto decimal = DecimalOf(number);
  if (!decimal) {
    return false;
  }
  output.document.Add(quantity, "value", *decimal);
  if (!comparator.empty()) {
    output.document.Add(quantity, "comparator", comparator);
  }
  // The unit of the segment that the input stands on, once more for each quantity.
  AddUnit({input.cell.group, input.cell.occurrence, kUnitField, 0}, input, output, quantity);
  return true;
}

std::optional<std::string> DecimalOrFault(const Input& input, Output& output) {
  auto decimal = DecimalOf(Trimmed(input.Text()));
  if (!decimal && !Trimmed(input.Text()).empty()) {
    output.Fault(fhir::IssueType::kValue, "a number is expected here", input.component);
  }
  return decimal;
}

/// Whether an SN is one number, perhaps with a comparator that FHIR knows.
bool IsNumber(const Input& input) {
  const std::string_view comparator = Trimmed(input.Text(1));
  const bool known = comparator.empty() || comparator == "=" ||
                     std::find(std::begin(kComparators), std::end(kComparators), comparator) != std::end(kComparators);
  return known && Trimmed(input.Text(3)).empty() && DecimalOf(input.Text(2)).has_value();
}

/// Whether an SN is two numbers with one of these separators.
bool IsPair(const Input& input, std::string_view separators) {
  const std::string_view separator = Trimmed(input.Text(3));
  return separator.size() == 1 && separators.find(separator.front()) != std::string_view::npos &&
         Trimmed(input.Text(1)).empty() && DecimalOf(input.Text(2)) && DecimalOf(input.Text(4));
}

bool FillPair(const Input& input, Output& output, std::string_view separators, std::string_view first,
              std::string_view second) {
  if (!IsPair(input, separators)) {
    return false;
  }
  FillQuantity(input, output, output.document.Add(output.node, first), {}, input.Text(2));
  FillQuantity(input, output, output.document.Add(output.node, second), {}, input.Text(4));
  return true;
}

}  // namespace

bool ObxToQuantity(const Input& input, Output& output) {
  std::string_view number = input.Text();
  const std::string_view comparator = TakeComparator(number);
  return FillQuantity(input, output, output.node, comparator, number);
}

bool NmToText(const Input& input, Output& output) {
  std::string_view number = input.Text();
  TakeComparator(number);
  if (Trimmed(input.Text()).empty() || DecimalOf(number)) {
    return false;
  }
  output.document.SetValue(output.node, Trimmed(input.Text()));
  return true;
}

bool NmToDecimal(const Input& input, Output& output) {
  const auto decimal = DecimalOrFault(input, output);
  if (decimal) {
    output.document.SetValue(output.node, *decimal);
  }
  return decimal.has_value();
}

bool NmToQuantity(const Input& input, Output& output) {
  const auto decimal = DecimalOrFault(input, output);
  if (!decimal) {
    return false;
  }
  output.document.Add(output.node, "value", *decimal);
  if (input.with) {
    AddUnit(*input.with, input, output, output.node);
  }
  return true;
}

bool SnToQuantity(const Input& input, Output& output) {
  const std::string_view comparator = Trimmed(input.Text(1));
  return IsNumber(input) &&
         FillQuantity(input, output, output.node, comparator == "=" ? std::string_view{} : comparator, input.Text(2));
}

bool SnToRange(const Input& input, Output& output) {
  return FillPair(input, output, "-", "low", "high");
}

bool SnToRatio(const Input& input, Output& output) {
  return FillPair(input, output, ":/", "numerator", "denominator");
}

bool SnToText(const Input& input, Output& output) {
  if (IsNumber(input) || IsPair(input, "-:/")) {
    return false;
  }
  std::string whole;
  const auto add = [&](std::string_view part) {
    if (!Trimmed(part).empty()) {
      whole += whole.empty() ? "" : " ";
      whole += Trimmed(part);
    }
  };
  for (int component = 1; component <= 4; ++component) {
    add(input.Text(component));
  }
  if (whole.empty()) {
    return false;
  }
  add(input.source.Text({input.cell.group, input.cell.occurrence, kUnitField, 0}, 1, 0));
  output.document.SetValue(output.node, whole);
  return true;
}

bool ToLines(const Input& input, Output& output) {
  std::string whole;
  mapping::Cell cell = input.cell;
  const std::size_t repetitions = input.source.Repetitions(cell.group, cell.occurrence, cell.field);
  for (; cell.repetition < repetitions; ++cell.repetition) {
    whole += cell.repetition == input.cell.repetition ? "" : "\n";
    whole += input.source.Text(cell, input.component, input.subcomponent);
  }
  if (whole.find_first_not_of(" \n") == std::string::npos) {
    return false;
  }
  output.document.SetValue(output.node, whole);
  return true;
}

bool ToReferenceRange(const Input& input, Output& output) {
  const std::string_view text = Trimmed(input.Text());
  if (text.empty()) {
    return false;
  }
  std::string_view rest = text;
  const std::string_view comparator = TakeComparator(rest);
  // A sign in front is not the dash of a range.
  const auto dash = comparator.empty() ? rest.find('-', 1) : std::string_view::npos;
  if (dash != std::string_view::npos && DecimalOf(rest.substr(0, dash)) && DecimalOf(rest.substr(dash + 1))) {
    FillQuantity(input, output, output.document.Add(output.node, "low"), {}, rest.substr(0, dash));
    FillQuantity(input, output, output.document.Add(output.node, "high"), {}, rest.substr(dash + 1));
  } else if (!comparator.empty() && DecimalOf(rest)) {
    // A SimpleQuantity has no comparator; whether the end belongs to the range is in the text.
    FillQuantity(input, output, output.document.Add(output.node, comparator.front() == '<' ? "high" : "low"), {}, rest);
  }
  output.document.Add(output.node, "text", text);
  return true;
}

bool TmToTime(const Input& input, Output& output) {
  const std::string_view text = input.Text();
  if (text.empty()) {
    return false;
  }
  const std::string_view clock = text.substr(0, text.find_first_of("+-"));  // FHIR's time has no zone
  const std::string_view fraction = clock.size() > 7 && clock[6] == '.' ? clock.substr(6) : std::string_view{};
  const std::string_view digits = clock.substr(0, clock.size() - fraction.size());
  const auto two = [&](std::size_t at) { return at < digits.size() ? digits.substr(at, 2) : std::string_view{"00"}; };
  if ((digits.size() != 4 && digits.size() != 6) || !OnlyDigits(digits) ||
      !OnlyDigits(fraction.substr(!fraction.empty())) || two(0) > "23" || two(2) > "59" || two(4) > "59") {
    output.Fault(fhir::IssueType::kValue, "a time is HHMM or HHMMSS");
    return false;
  }
  output.document.SetValue(output.node, fmt::format("{}:{}:{}{}", two(0), two(2), two(4), fraction));
  return true;
}

}  // namespace adapters::hospital::hl7v2::messages
