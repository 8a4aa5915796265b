#include "fhir/search/phonetic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "match_fixture.hpp"

namespace {

using fhir::search::PhoneticKeys;
using search_test::Matches;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Phonetic, Spellings_OfOneSound_ShareAKey) {
  for (const auto& [one, other] : {std::pair{"Dupont", "Dupond"},
                                   {"Lefèvre", "Lefebvre"},
                                   {"Philippe", "Filip"},
                                   {"Thierry", "Tieri"},
                                   {"Schmidt", "Schmit"},
                                   {"Leclerc", "Leklerk"},
                                   {"Watteau", "Vato"},
                                   {"Cécile", "Sesil"},
                                   {"Henri", "Enry"}}) {
    EXPECT_EQ(PhoneticKeys(one), PhoneticKeys(other)) << one << " " << other;
  }
}

TEST(Phonetic, OtherNames_HaveOtherKeys) {
  for (const auto& [one, other] : {std::pair{"Dupont", "Durand"}, {"Martin", "Morel"}, {"Petit", "Bedi"}}) {
    EXPECT_NE(PhoneticKeys(one), PhoneticKeys(other)) << one << " " << other;
  }
}

TEST(Phonetic, Words_EachHaveAKey) {
  EXPECT_THAT(PhoneticKeys("Jean-Pierre d'Estaing"), ElementsAre("jn", "pr", "dstng"));
  EXPECT_THAT(PhoneticKeys("12 -- 34"), IsEmpty());
  EXPECT_THAT(PhoneticKeys("e"), ElementsAre("a"));
}

TEST(Phonetic, Parameter_AsksThatEveryWordSounds) {
  constexpr std::string_view kPatient =
      R"({"resourceType":"Patient","name":[{"family":"Lefebvre","given":["Philippe"]}]})";
  EXPECT_TRUE(Matches(kPatient, "phonetic=lefevre"));
  EXPECT_TRUE(Matches(kPatient, "phonetic=filip lefevr"));
  EXPECT_FALSE(Matches(kPatient, "phonetic=filip durand"));
  EXPECT_TRUE(Matches(kPatient, "phonetic=durand,filip"));
  EXPECT_FALSE(Matches(kPatient, "phonetic=lef")) << "whole words alone";
}

}  // namespace
