#include <gtest/gtest.h>

#include <string>

#include "fhir/ucum/ucum.hpp"
#include "tests/fhir/ucum/case_file.hpp"

namespace {

using fhir::ucum::Check;

TEST(UcumSyntax, CaseFile_HasTheExpectedVerdictAndPlace) {
  int cases = 0;
  for (const std::string& line : ucum_test::CaseLines("syntax.txt")) {
    ++cases;
    if (line.starts_with("valid ")) {
      const auto error = Check(std::string_view(line).substr(6));
      EXPECT_FALSE(error) << line << ": " << error->text << " at " << error->offset;
      continue;
    }
    const std::size_t bar = line.rfind(" | ");
    ASSERT_TRUE(line.starts_with("invalid ") && bar != std::string::npos) << line;
    const auto error = Check(std::string_view(line).substr(8, bar < 8 ? 0 : bar - 8));
    ASSERT_TRUE(error) << line;
    EXPECT_EQ(error->offset, std::stoul(line.substr(bar + 3))) << line << ": " << error->text;
    EXPECT_FALSE(error->text.empty()) << line;
  }
  EXPECT_GT(cases, 100);
}

TEST(UcumSyntax, Limits_HoldAtTheLimitAndRefuseOnePastIt) {
  const std::string longest(fhir::ucum::kUnitBytesMax - 3, 'x');
  EXPECT_FALSE(Check("m{" + longest + "}"));
  EXPECT_TRUE(Check("m{x" + longest + "}"));

  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "m" + std::string(depth, ')'); };
  EXPECT_FALSE(Check(nested(fhir::ucum::kUnitDepthMax)));
  const auto deep = Check(nested(fhir::ucum::kUnitDepthMax + 1));
  ASSERT_TRUE(deep);
  EXPECT_EQ(deep->offset, fhir::ucum::kUnitDepthMax);

  const std::string digits(fhir::ucum::kValueDigitsMax, '9');
  EXPECT_FALSE(Check(digits + ".m"));
  EXPECT_TRUE(Check("9" + digits + ".m"));
  EXPECT_FALSE(Check("m" + std::to_string(fhir::ucum::kExponentMax)));
  EXPECT_TRUE(Check("m" + std::to_string(fhir::ucum::kExponentMax + 1)));
}

TEST(UcumSyntax, ZeroByte_IsRefusedAtItsPlace) {
  const auto error = Check(std::string_view("m\0g", 3));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->offset, 1U);
}

}  // namespace
