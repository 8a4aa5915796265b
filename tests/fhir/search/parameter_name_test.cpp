#include "fhir/search/parameter_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fhir::search {
namespace {

TEST(StandardName, WordsOfTheStandard_AreKnown) {
  for (const char* name :
       {"birthdate", "family:exact", "subject:Patient.name", "_has:Observation:patient:code", "_include:iterate",
        "schedule.actor:HealthcareService.organization.identifier", "_lastUpdated", "code:not-in", "_total"}) {
    EXPECT_TRUE(IsStandardName(name)) << name;
  }
}

TEST(StandardName, AnythingElse_IsNot) {
  for (const char* name : {"", "martin", "family.martin", "family:", ".family", "Family", "birthdate=1985", "a b",
                           "\xC3\xA9l\xC3\xA9onore", "family\nname"}) {
    EXPECT_FALSE(IsStandardName(name)) << name;
  }
}

TEST(StandardName, OfMoreThan200Bytes_IsNot) {
  const std::string chain = "subject.subject.subject.subject.subject.subject.subject.subject.subject.subject.";  // 80
  const std::string longest = chain + chain + "subject.subject.subject.subject.subject";                         // 199
  EXPECT_TRUE(IsStandardName(longest));
  EXPECT_FALSE(IsStandardName(longest + ":a"));
  EXPECT_FALSE(IsStandardName(longest + ".subject"));
}

}  // namespace
}  // namespace fhir::search
