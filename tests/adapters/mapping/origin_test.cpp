#include "adapters/mapping/origin.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace adapters::mapping {
namespace {

const std::vector<Origin> kPatient = {{"identifier", "PID-3"},
                                      {"identifier.use[0]", "PID-3.5"},
                                      {"identifier", "PID-3[2]"},
                                      {"name", "PID-5"},
                                      {"birthDate", "PID-7"},
                                      {"deceased", "PID-29"},
                                      {"location.extension[0].value[0]", "ZBE-1"},
                                      {"location.extension[1].value[0]", "ZBE-9"}};
const std::vector<Origin> kCoverage = {{"subscriberId", "IN1[2]-49.1"}, {"period.start[0]", "IN1[2]-12"}};

TEST(Origin, OfAnElement_IsItsField) {
  EXPECT_EQ(PlaceOf(kPatient, "birthDate"), "PID-7");
  EXPECT_EQ(PlaceOf(kCoverage, "period.start"), "IN1[2]-12");
}

TEST(Origin, Indexes_CountBelowTheFirstStep) {
  EXPECT_EQ(PlaceOf(kPatient, "location[3].extension[1].value"), "ZBE-9");
  EXPECT_EQ(PlaceOf(kPatient, "location[3].extension[0].value.system"), "ZBE-1");
  EXPECT_EQ(PlaceOf(kPatient, "location[3].extension[2]"), "ZBE") << "one of the location's";
}

TEST(Origin, OfAPart_IsThatOfTheElementAround) {
  EXPECT_EQ(PlaceOf(kPatient, "name[0].given[1]"), "PID-5");
}

TEST(Origin, OfSeveral_IsWhatTheyHaveInCommon) {
  EXPECT_EQ(PlaceOf(kPatient, "identifier[1].system"), "PID-3");
  EXPECT_EQ(PlaceOf(kCoverage, ""), "IN1[2]");
  EXPECT_EQ(PlaceOf(kCoverage, "payor"), "IN1[2]") << "what is missing is missing in the segment";
  EXPECT_EQ(PlaceOf(kPatient, "gender"), "") << "two segments: either could be meant";
}

TEST(Origin, NameThatBeginsAlike_IsAnother) {
  EXPECT_EQ(PlaceOf(std::vector<Origin>{{"birthDate", "PID-7"}, {"name", "ZFP-1"}}, "birth"), "");
  EXPECT_EQ(PlaceOf({}, "birthDate"), "");
}

}  // namespace
}  // namespace adapters::mapping
