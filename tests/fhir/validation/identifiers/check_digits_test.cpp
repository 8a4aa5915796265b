#include "fhir/validation/identifiers/check_digits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(CheckDigits, Luhn_FindsEveryWrongDigit) {
  const std::string right = "79927398713";
  EXPECT_TRUE(fhir::validation::LuhnHolds(right));
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (char c = '0'; c <= '9'; ++c) {
      std::string other = right;
      other[i] = c;
      EXPECT_EQ(fhir::validation::LuhnHolds(other), c == right[i]) << other;
    }
  }
  EXPECT_FALSE(fhir::validation::LuhnHolds(""));
  EXPECT_FALSE(fhir::validation::LuhnHolds("7992739871x"));
}

TEST(CheckDigits, Ean13_FindsEveryWrongDigit) {
  const std::string right = "4006381333931";
  EXPECT_TRUE(fhir::validation::Ean13Holds(right));
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (char c = '0'; c <= '9'; ++c) {
      std::string other = right;
      other[i] = c;
      EXPECT_EQ(fhir::validation::Ean13Holds(other), c == right[i]) << other;
    }
  }
  EXPECT_FALSE(fhir::validation::Ean13Holds("400638133393"));
}

TEST(CheckDigits, NirKey_KnowsCorsicaInTheDepartmentAlone) {
  EXPECT_TRUE(fhir::validation::NirKeyHolds("186052A00100125"));
  EXPECT_TRUE(fhir::validation::NirKeyHolds("186052B00100152"));
  // What 2A and 2B stand for gives the same key.
  EXPECT_TRUE(fhir::validation::NirKeyHolds("186051900100125"));
  EXPECT_TRUE(fhir::validation::NirKeyHolds("186051800100152"));
  for (const char* wrong : {"186053A00100125", "186052C00100125", "18605A200100125", "A86052000100125",
                            "186052A0010012", "186052A001001251", ""}) {
    EXPECT_FALSE(fhir::validation::NirKeyHolds(wrong)) << wrong;
  }
}

TEST(CheckDigits, Siret_OfThePostOffice_MayHaveASumDivisibleBy5) {
  EXPECT_TRUE(fhir::validation::SiretHolds("35600000000048"));
  EXPECT_TRUE(fhir::validation::SiretHolds("35600000009075"));
  EXPECT_FALSE(fhir::validation::SiretHolds("35600000009076"));
  EXPECT_FALSE(fhir::validation::SiretHolds("35600100009075"));
}

}  // namespace
