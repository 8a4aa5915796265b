#include "fhir/base/decimal.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::Decimal;
using fhir::ErrorCode;

Decimal Exact(std::string_view text) {
  const auto value = Decimal::Parse(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Decimal());
}

TEST(Decimal, Grammar_AcceptsAndRefuses) {
  for (const char* text : {"0", "-0", "1.00", "1.2E+2", "1e-7", "0.5", "123456789012345678901234567890.5", "1E400"}) {
    EXPECT_TRUE(fhir::IsDecimal(text)) << text;
  }
  for (const char* text :
       {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1.5x", " 1", "1 ", "0x1", "NaN", "1,5", "--1"}) {
    EXPECT_FALSE(fhir::IsDecimal(text)) << text;
  }
}

TEST(Decimal, ImplicitRange_IsHalfAUnitOfTheLastDigit) {
  struct Case {
    const char* text;
    const char* low;
    const char* high;
  };
  for (const Case& c :
       {Case{"100", "99.5", "100.5"}, Case{"100.00", "99.995", "100.005"}, Case{"5.40", "5.395", "5.405"},
        Case{"0", "-0.5", "0.5"}, Case{"0.0", "-0.05", "0.05"}, Case{"-2", "-2.5", "-1.5"}, Case{"1", "0.5", "1.5"},
        Case{"-1", "-1.5", "-0.5"}, Case{"1000", "999.5", "1000.5"}, Case{"1e2", "50", "150"},
        Case{"1.2E+2", "115", "125"}, Case{"1E400", "5E399", "15E399"}, Case{"0.001", "0.0005", "0.0015"}}) {
    const auto range = fhir::ImplicitRange(c.text);
    ASSERT_TRUE(range) << c.text;
    EXPECT_EQ(range->low, c.low) << c.text;
    EXPECT_EQ(range->high, c.high) << c.text;
  }
  EXPECT_TRUE(fhir::ImplicitRange("1E16000"));
  EXPECT_EQ(fhir::ImplicitRange("1E16001").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(fhir::ImplicitRange("abc").error().code, ErrorCode::kInvalid);
}

TEST(Decimal, CompareTexts_ByValueForAnyLength) {
  const auto order = [](std::string_view a, std::string_view b) { return *fhir::CompareDecimals(a, b); };
  EXPECT_EQ(order("1.0", "1.00"), std::strong_ordering::equal);
  EXPECT_EQ(order("1E2", "100"), std::strong_ordering::equal);
  EXPECT_EQ(order("-0", "0.00"), std::strong_ordering::equal);
  EXPECT_EQ(order("0E99", "0"), std::strong_ordering::equal);
  EXPECT_EQ(order("-2", "-1"), std::strong_ordering::less);
  EXPECT_EQ(order("-1", "0.5"), std::strong_ordering::less);
  EXPECT_EQ(order("0.1", "0.09999999999999999999999999999999999999999999"), std::strong_ordering::greater);
  EXPECT_EQ(order("1E999999999999", "2E5"), std::strong_ordering::greater);
  EXPECT_FALSE(fhir::CompareDecimals("x", "1"));
}

TEST(Decimal, Arithmetic_IsExact) {
  EXPECT_EQ(Exact("0.1").Add(Exact("0.2"))->ToString(), "0.3");
  EXPECT_EQ(Exact("25.00").Subtract(Exact("15.50"))->ToString(), "9.50");
  EXPECT_EQ(Exact("1.5").Subtract(Exact("2.25"))->ToString(), "-0.75");
  EXPECT_EQ(Exact("16.50").Multiply(Exact("0.70"))->ToString(), "11.5500");
  EXPECT_EQ(Exact("1.2E+2").ToString(), "120");
  EXPECT_EQ(Exact("-0.05").ToString(), "-0.05");
}

TEST(Decimal, Rounded_HalfAwayFromZero) {
  EXPECT_EQ(Exact("2.345").Rounded(2)->ToString(), "2.35");
  EXPECT_EQ(Exact("2.344999").Rounded(2)->ToString(), "2.34");
  EXPECT_EQ(Exact("-2.345").Rounded(2)->ToString(), "-2.35");
  EXPECT_EQ(Exact("0.5").Rounded(0)->ToString(), "1");
  EXPECT_EQ(Exact("0.4").Rounded(0)->ToString(), "0");
  EXPECT_EQ(Exact("7").Rounded(2)->ToString(), "7.00");
}

TEST(Decimal, Overflow_IsReported) {
  const Decimal large = Exact("999999999999999999999999999999999999");
  EXPECT_TRUE(large.Add(large));
  EXPECT_EQ(large.Multiply(large).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(large.Add(Exact("0.001")).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(large.Rounded(3).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decimal::Parse("1E37").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decimal::Parse("1234567890123456789012345678901234567").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Decimal::Parse("1.x").error().code, ErrorCode::kInvalid);
}

TEST(Decimal, Ordering_ByValue) {
  EXPECT_EQ(Exact("1.0"), Exact("1.00"));
  EXPECT_LT(Exact("-3"), Exact("-2.99"));
  EXPECT_GT(Exact("999999999999999999999999999999999999"), Exact("0.000000000000000000000000000000000001"));
  EXPECT_LT(Exact("-999999999999999999999999999999999999"), Exact("0.000000000000000000000000000000000001"));
}

}  // namespace
