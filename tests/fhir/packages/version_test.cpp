#include "fhir/packages/version.hpp"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

using fhir::packages::CompareVersions;
using fhir::packages::VersionMatches;

TEST(CompareVersions, InOrder_EachIsOlderThanTheNext) {
  const std::vector<std::string_view> ordered = {"",      "0.9",   "1.0.0-ballot", "1.0.0-ballot.2", "1.0.0",
                                                 "1.0.1", "1.9.0", "1.10.0",       "2018-08-12",     "20190101"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      const int order = CompareVersions(ordered[i], ordered[j]);
      EXPECT_EQ(order < 0, i < j) << ordered[i] << " " << ordered[j];
      EXPECT_EQ(order == 0, i == j) << ordered[i] << " " << ordered[j];
    }
  }
}

TEST(VersionMatches, Prefix_EndsAtADot) {
  EXPECT_TRUE(VersionMatches("4.0.1", ""));
  EXPECT_TRUE(VersionMatches("4.0.1", "4.0.1"));
  EXPECT_TRUE(VersionMatches("4.0.1", "4.0"));
  EXPECT_TRUE(VersionMatches("4.0.1", "4.0.x"));
  EXPECT_FALSE(VersionMatches("4.01", "4.0"));
  EXPECT_FALSE(VersionMatches("4.0.1", "4.0.2"));
  EXPECT_FALSE(VersionMatches("", "1"));
}

}  // namespace
