#include "fhir/ucum/ucum.hpp"

#include <fmt/format.h>

#include "fhir/ucum/term.hpp"

namespace fhir::ucum {
namespace {

Result<Term> Read(std::string_view unit) {
  Term term;
  if (const auto error = ReadTerm(unit, &term)) {
    return Fail(ErrorCode::kInvalid, fmt::format("not a UCUM unit: {} at byte {}", error->text, error->offset));
  }
  if (term.special_in_product) {
    return Fail(ErrorCode::kUnsupported, "a unit on a scale of its own has no value within a product of units");
  }
  return term;
}

std::unexpected<Error> NumberTooLarge() {
  return Fail(ErrorCode::kTooLarge, "a quantity has too many digits to be converted");
}

Result<Ratio> ReadValue(std::string_view value) {
  const auto ratio = Ratio::Parse(value);
  if (!ratio) {
    return Fail(ErrorCode::kInvalid, "not a decimal number");
  }
  if (!ratio->IsValid()) {
    return NumberTooLarge();
  }
  return *ratio;
}

/// Why a conversion had no result.
std::unexpected<Error> NoResult(const Term& unit) {
  return unit.special != nullptr && unit.ratio.IsValid()
             ? Fail(ErrorCode::kUnsupported, "a value is outside of the range of its unit's scale")
             : NumberTooLarge();
}

struct BaseQuantity {
  Term unit;
  Ratio value;
};

Result<BaseQuantity> ReadInBase(const Quantity& quantity) {
  GW_ASSIGN(const Ratio value, ReadValue(quantity.value));
  GW_ASSIGN(Term unit, Read(quantity.unit));
  Ratio base = ToBase(unit, value);
  if (!base.IsValid()) {
    return NoResult(unit);
  }
  return BaseQuantity{std::move(unit), std::move(base)};
}

}  // namespace

std::optional<SyntaxError> Check(std::string_view unit) {
  return ReadTerm(unit, nullptr);
}

Result<CanonicalQuantity> Canonical(const Quantity& quantity) {
  GW_ASSIGN(const BaseQuantity base, ReadInBase(quantity));
  auto text = base.value.ToDecimal(kResultDigitsMax);
  if (!text) {
    return NumberTooLarge();
  }
  return CanonicalQuantity{*std::move(text), BaseUnits(base.unit.dimensions)};
}

Result<std::string> CanonicalUnit(std::string_view unit) {
  GW_ASSIGN(const Term term, Read(unit));
  return BaseUnits(term.dimensions);
}

bool Convertible(std::string_view from, std::string_view to) {
  const auto source = Read(from);
  const auto target = Read(to);
  return source && target && source->dimensions == target->dimensions;
}

Result<std::string> Convert(const Quantity& quantity, std::string_view to) {
  GW_ASSIGN(const BaseQuantity base, ReadInBase(quantity));
  GW_ASSIGN(const Term target, Read(to));
  if (base.unit.dimensions != target.dimensions) {
    return Fail(ErrorCode::kUnsupported, "the two units do not measure the same kind of thing");
  }
  if (quantity.unit == to) {  // without the rounding of a logarithm there and back
    GW_ASSIGN(const Ratio same, ReadValue(quantity.value));
    return same.ToDecimal(static_cast<int>(kValueDigitsMax)).value_or("");
  }
  const Ratio value = FromBase(target, base.value);
  auto text = value.ToDecimal(kResultDigitsMax);
  if (!text) {
    return NoResult(target);
  }
  return *std::move(text);
}

std::optional<std::strong_ordering> Compare(const Quantity& left, const Quantity& right) {
  if (left.unit == right.unit) {
    const auto a = ReadValue(left.value);
    const auto b = ReadValue(right.value);
    const auto unit = Read(left.unit);
    return a && b && unit ? Ratio::Compare(*a, *b) : std::nullopt;
  }
  const auto a = ReadInBase(left);
  const auto b = ReadInBase(right);
  if (!a || !b || a->unit.dimensions != b->unit.dimensions) {
    return std::nullopt;
  }
  return Ratio::Compare(a->value, b->value);
}

}  // namespace fhir::ucum
