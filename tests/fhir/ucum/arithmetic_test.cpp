#include <gtest/gtest.h>

#include <string>

#include "fhir/ucum/natural.hpp"
#include "fhir/ucum/ratio.hpp"

namespace {

using fhir::ucum::Natural;
using fhir::ucum::Ratio;

Ratio Parsed(std::string_view text) {
  const auto ratio = Ratio::Parse(text);
  EXPECT_TRUE(ratio && ratio->IsValid()) << text;
  return ratio.value_or(Ratio());
}

TEST(UcumNatural, Capacity_IsRefusedOnePastIt) {
  Natural number(1);
  for (std::size_t i = 0; i < Natural::kLimbsMax - 1; ++i) {
    ASSERT_TRUE(number.MultiplyAdd(0x8000'0000'0000'0000U, 0));
    ASSERT_TRUE(number.MultiplyAdd(2, 0));
  }
  ASSERT_TRUE(number.MultiplyAdd(0x8000'0000'0000'0000U, 0));
  Natural same = number;
  EXPECT_FALSE(number.MultiplyAdd(2, 0));
  Natural two(2);
  EXPECT_FALSE(same.Multiply(two));
}

TEST(UcumNatural, Digits_AreThoseOfTheNumber) {
  EXPECT_EQ(Natural(0).ToString(), "0");
  Natural number(7);
  ASSERT_TRUE(number.MultiplyByPowerOfTen(60));
  EXPECT_EQ(number.ToString(), "7" + std::string(60, '0'));
  EXPECT_GE(number.DigitsAtMost(), 61);
  EXPECT_LE(number.DigitsAtMost(), 62);
  Natural square = number;
  ASSERT_TRUE(square.Multiply(number));
  EXPECT_EQ(square.ToString(), "49" + std::string(120, '0'));
  square.Subtract(number);
  EXPECT_EQ(square.ToString(), "48" + std::string(59, '9') + "3" + std::string(60, '0'));
  ASSERT_TRUE(square.Add(number));
  EXPECT_EQ(square.ToString(), "49" + std::string(120, '0'));
}

TEST(UcumRatio, Division_IsExactUntilItIsWritten) {
  Ratio third(1);
  third.Divide(Ratio(3));
  EXPECT_EQ(third.ToDecimal(5), "0.33333");
  third.Multiply(Ratio(3));
  EXPECT_EQ(third.ToDecimal(5), "1");
  EXPECT_EQ(Ratio::Compare(third, Ratio(1)), std::strong_ordering::equal);
  Ratio zero(0);
  third.Divide(zero);
  EXPECT_FALSE(third.IsValid());
  EXPECT_EQ(third.ToDecimal(5), std::nullopt);
}

TEST(UcumRatio, Sums_KeepSigns) {
  const auto sum = [](const char* left, const char* right) {
    Ratio result = Parsed(left);
    result.Add(Parsed(right));
    return result.ToDecimal(34);
  };
  EXPECT_EQ(sum("1.5", "-1.5"), "0");
  EXPECT_EQ(sum("-2", "0.5"), "-1.5");
  EXPECT_EQ(sum("0.5", "-2"), "-1.5");
  EXPECT_EQ(sum("1E30", "1"), "1000000000000000000000000000001");
  EXPECT_EQ(sum("0", "-3"), "-3");
  EXPECT_EQ(sum("-3", "0"), "-3");
}

TEST(UcumRatio, Text_IsRoundedHalfAwayFromZero) {
  EXPECT_EQ(Parsed("2.345").ToDecimal(3), "2.35");
  EXPECT_EQ(Parsed("-2.345").ToDecimal(3), "-2.35");
  EXPECT_EQ(Parsed("9.996").ToDecimal(3), "10");
  EXPECT_EQ(Parsed("0.00012").ToDecimal(3), "0.00012");
  Ratio ratio(2);
  ratio.Divide(Ratio(3));
  EXPECT_EQ(ratio.ToDecimal(4), "0.6667");
  Ratio large = Parsed("1E20");
  large.Divide(Ratio(7));
  EXPECT_EQ(large.ToDecimal(6), "14285700000000000000");
}

TEST(UcumRatio, Approximations_Have15Digits) {
  EXPECT_EQ(Ratio::FromLongDouble(1e-7L).ToDecimal(34), "0.0000001");
  EXPECT_EQ(Ratio::FromLongDouble(-123456.75L).ToDecimal(34), "-123456.75");
  EXPECT_FALSE(Ratio::FromLongDouble(1.0L / 0.0L).IsValid());
}

}  // namespace
