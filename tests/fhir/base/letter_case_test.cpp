#include "fhir/base/letter_case.hpp"

#include <gtest/gtest.h>

namespace {

TEST(LetterCase, Ascii_ChangesLettersAlone) {
  EXPECT_EQ(fhir::ToLowerCase("AZaz@[`{09 "), "azaz@[`{09 ");
  EXPECT_EQ(fhir::ToUpperCase("AZaz@[`{09 "), "AZAZ@[`{09 ");
  EXPECT_EQ(fhir::ToUpperCase(""), "");
}

TEST(LetterCase, OtherScripts_ChangeAlikeInEveryLocale) {
  EXPECT_EQ(fhir::ToUpperCase("déjà œuvre ß я"), "DÉJÀ ŒUVRE SS Я");
  EXPECT_EQ(fhir::ToLowerCase("DÉJÀ ŒUVRE Я I中"), "déjà œuvre я i中");
}

}  // namespace
