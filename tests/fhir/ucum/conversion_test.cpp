#include <gtest/gtest.h>

#include <string>

#include "fhir/ucum/ucum.hpp"
#include "tests/fhir/ucum/case_file.hpp"

namespace {

using fhir::ErrorCode;
using fhir::ucum::Canonical;
using fhir::ucum::Compare;
using fhir::ucum::Convert;
using fhir::ucum::Convertible;
using fhir::ucum::Quantity;

/// 15 digits survive a logarithm; other results are exact.
bool SameValue(const std::string& left, const std::string& right) {
  return Compare({left, "1"}, {right, "1"}) == std::strong_ordering::equal;
}

TEST(UcumConversion, CaseFile_GivesTheExpectedValues) {
  for (const std::string& line : ucum_test::CaseLines("conversions.txt")) {
    const auto sides = ucum_test::SplitEquation(line);
    const auto from = ucum_test::SplitQuantity(sides.left);
    const auto to = ucum_test::SplitQuantity(sides.right);
    EXPECT_TRUE(Convertible(from.unit, to.unit)) << line;
    const auto value = Convert({from.value, from.unit}, to.unit);
    ASSERT_TRUE(value) << line << ": " << value.error().public_text.text;
    EXPECT_TRUE(SameValue(*value, to.value)) << line << ": " << *value;
  }
}

TEST(UcumConversion, CanonicalFile_GivesBaseUnits) {
  for (const std::string& line : ucum_test::CaseLines("canonical.txt")) {
    const auto sides = ucum_test::SplitEquation(line);
    const auto from = ucum_test::SplitQuantity(sides.left);
    const auto expected = ucum_test::SplitQuantity(sides.right);
    const auto canonical = Canonical({from.value, from.unit});
    ASSERT_TRUE(canonical) << line << ": " << canonical.error().public_text.text;
    EXPECT_EQ(canonical->value, expected.value) << line;
    EXPECT_EQ(canonical->unit, expected.unit) << line;
    EXPECT_EQ(*fhir::ucum::CanonicalUnit(from.unit), expected.unit) << line;
  }
}

TEST(UcumConversion, Results_HaveNoNeedlessZeros) {
  EXPECT_EQ(*Convert({"1.50", "g"}, "g"), "1.5");
  EXPECT_EQ(*Convert({"100.0", "cm"}, "m"), "1");
  EXPECT_EQ(*Convert({"-0.0", "cm"}, "m"), "0");
  EXPECT_EQ(*Convert({"2", "m"}, "3.m"), "0.6666666666666666666666666666666667");
}

TEST(UcumCompare, Quantities_AreOrderedByExactValue) {
  const auto order = [](Quantity left, Quantity right) { return Compare(left, right); };
  using Order = std::strong_ordering;
  EXPECT_EQ(order({"1", "[ft_i]"}, {"12", "[in_i]"}), Order::equal);
  EXPECT_EQ(order({"1", "[degF]"}, {"1.0", "[degF]"}), Order::equal);
  EXPECT_EQ(order({"60", "s"}, {"1", "min"}), Order::equal);
  EXPECT_EQ(order({"0.3333333333333333333333333333", "m"}, {"1", "m/3"}), Order::less);
  EXPECT_EQ(order({"1", "deg"}, {"60", "'"}), Order::equal);
  EXPECT_EQ(order({"180", "deg"}, {"3.14159265358979", "rad"}), Order::greater);
  EXPECT_EQ(order({"7", "[pH]"}, {"1e-7", "mol/L"}), Order::equal);
  EXPECT_EQ(order({"6", "[pH]"}, {"7", "[pH]"}), Order::less);  // one unit: by the numbers
  EXPECT_EQ(order({"6", "[pH]"}, {"1e-7", "mol/L"}), Order::greater);
  EXPECT_EQ(order({"-1", "m"}, {"-1", "km"}), Order::greater);
  EXPECT_EQ(order({"0", "m"}, {"0", "km"}), Order::equal);
  EXPECT_EQ(order({"1E400", "m"}, {"2E399", "m"}), Order::greater);
  EXPECT_EQ(order({"1E400", "m"}, {"2E-400", "km"}), Order::greater);
  EXPECT_EQ(order({"1", "m"}, {"1", "g"}), std::nullopt);
  EXPECT_EQ(order({"1", "[iU]"}, {"1", "[arb'U]"}), std::nullopt);
  EXPECT_EQ(order({"1", "[iU]"}, {"1", "1"}), std::nullopt);
  EXPECT_EQ(order({"1", "nonsense"}, {"1", "nonsense"}), std::nullopt);
  EXPECT_EQ(order({"x", "m"}, {"1", "m"}), std::nullopt);
  EXPECT_EQ(order({"1", "Cel/h"}, {"1", "Cel/h"}), std::nullopt);
}

TEST(UcumConversion, Refusals_HaveTheirCodes) {
  EXPECT_EQ(Canonical({"1", "foo"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Canonical({"1,5", "m"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Canonical({"", "m"}).error().code, ErrorCode::kInvalid);
  EXPECT_NE(Canonical({"1", "mg/foo"}).error().public_text.text.find("byte 3"), std::string::npos);
  EXPECT_EQ(Convert({"1", "m"}, "s").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(Convert({"0", "mol/L"}, "[pH]").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(Convert({"-1", "W"}, "B[W]").error().code, ErrorCode::kUnsupported);
  for (const char* unit : {"Cel/h", "Cel2", "K/Cel", "Cel.m", "/Cel", "(Cel/h).h", "Cel.[degF]"}) {
    EXPECT_FALSE(fhir::ucum::Check(unit)) << unit;
    EXPECT_EQ(Canonical({"1", unit}).error().code, ErrorCode::kUnsupported) << unit;
    EXPECT_FALSE(Convertible(unit, unit)) << unit;
  }
}

TEST(UcumConversion, Limits_HoldAtTheLimitAndRefuseOnePastIt) {
  const std::string digits(fhir::ucum::kValueDigitsMax, '9');
  EXPECT_TRUE(Canonical({digits, "m"}));
  EXPECT_EQ(Canonical({digits + "9", "m"}).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(Canonical({"1E99999", "m"}));
  EXPECT_EQ(Canonical({"1E100000", "m"}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Canonical({"1E99999", "km"}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Canonical({"1", "[mi_i]999"}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Canonical({"1E99999999999999999999", "m"}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Canonical({"1E9999", "B"}).error().code, ErrorCode::kUnsupported);
  // A term that outgrows the numbers is refused, not answered wrongly.
  std::string product = "[in_i]";
  while (product.size() < 900) {
    product += "/[pi].deg";
  }
  const auto large = Canonical({"1", product});
  EXPECT_TRUE(large || large.error().code == ErrorCode::kTooLarge);
}

}  // namespace
