// Patterns come from expressions and value sets of others: what matches, what is refused, and what is given up.
#include "fhir/base/regular_expression.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using fhir::ErrorCode;
using fhir::RegularExpression;

struct MatchCase {
  std::string_view pattern;
  std::string_view text;
  bool found;
  bool matched;
};

class RegularExpressionMatches : public testing::TestWithParam<MatchCase> {};

TEST_P(RegularExpressionMatches, Pattern_OnText_FindsAndMatches) {
  const auto pattern = RegularExpression::Compile(GetParam().pattern);
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->Find(GetParam().text).value(), GetParam().found);
  EXPECT_EQ(pattern->Match(GetParam().text).value(), GetParam().matched);
}

INSTANTIATE_TEST_SUITE_P(Cases, RegularExpressionMatches,
                         testing::ValuesIn<MatchCase>({{"b", "abc", true, false},
                                                       {"a.*c", "a\nc", true, true},
                                                       {"^[A-Z]\\d+$", "A12", true, true},
                                                       {"é+", "éé", true, true},
                                                       {"", "", true, true},
                                                       {"x", "abc", false, false}}));

TEST(RegularExpression, Compile_BadPattern_IsRefused) {
  for (const std::string_view pattern : {"(", "[a", "a{2,1}", "\\", "\xFF"}) {
    const auto compiled = RegularExpression::Compile(pattern);
    ASSERT_FALSE(compiled) << pattern;
    EXPECT_EQ(compiled.error().code, ErrorCode::kInvalid) << pattern;
  }
}

TEST(RegularExpression, Compile_AtItsLength_PassesAndPastItFails) {
  EXPECT_TRUE(RegularExpression::Compile(std::string(fhir::kPatternBytesMax, 'a')));
  const auto longer = RegularExpression::Compile(std::string(fhir::kPatternBytesMax + 1, 'a'));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kTooLarge);
}

TEST(RegularExpression, Find_ExponentialPattern_IsGivenUpWithinASecond) {
  const auto pattern = RegularExpression::Compile("(a+)+$");
  ASSERT_TRUE(pattern);
  const auto before = std::chrono::steady_clock::now();
  const auto found = pattern->Match(std::string(4000, 'a') + "b");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kTooCostly);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
}

TEST(RegularExpression, Find_InvalidUtf8_IsMalformed) {
  const auto pattern = RegularExpression::Compile("a");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->Find("\xC3").error().code, ErrorCode::kMalformed);
}

TEST(RegularExpression, Replace_GroupsAndLimits) {
  const auto pattern = RegularExpression::Compile("(\\d)(\\d)");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->Replace("a12b34", "$2$1", 100).value(), "a21b43");
  EXPECT_EQ(pattern->Replace("12", "$7", 100).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(pattern->Replace("12", "xxxxx", 5).value(), "xxxxx");
  EXPECT_EQ(pattern->Replace("12", "xxxxxx", 5).error().code, ErrorCode::kTooLarge);
}

}  // namespace
