#include "fhir/base/date_time.hpp"

#include <gtest/gtest.h>

namespace {

using fhir::AgeYears;
using fhir::DateForm;
using fhir::DateTime;

constexpr std::int64_t kHour = 3'600'000'000;

DateTime At(std::string_view text) {
  const auto value = fhir::ParseDateTime(text, DateForm::kRelaxed);
  EXPECT_TRUE(value) << text;
  return value.value_or(DateTime());
}

/// Both ends of a value's range as UTC text.
std::string RangeText(std::string_view text, std::string_view zone = "Europe/Paris") {
  const auto range = fhir::ToRange(At(text), zone);
  EXPECT_TRUE(range) << text;
  return range ? fhir::FormatInstant(range->low_us, 6) + " " + fhir::FormatInstant(range->high_us, 6) : "";
}

TEST(DateTimeText, Valid_WrittenBack_IsTheSame) {
  for (const char* text : {"0001", "2024", "2024-05", "2024-02-29", "2024-05-15T10:00:00Z", "2024-05-15T23:59:59+14:00",
                           "2024-05-15T10:00:00.123456-03:30", "2024-05-15T10:00:00.5Z", "2016-12-31T23:59:60Z"}) {
    const auto value = fhir::ParseDateTime(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(fhir::ToString(*value), text);
  }
  EXPECT_EQ(fhir::ToString(*fhir::ParseDateTime("2024-05-15T10:00:00.123456789Z")), "2024-05-15T10:00:00.123456Z");
}

TEST(DateTimeText, Invalid_IsRefused) {
  for (const char* text : {"",
                           "0000",
                           "24",
                           "2024-",
                           "2024-13",
                           "2024-00",
                           "2024-5",
                           "2023-02-29",
                           "1900-02-29",
                           "2024-04-31",
                           "2024-05-15T",
                           "2024-05-15T24:00:00Z",
                           "2024-05-15T10:60:00Z",
                           "2024-05-15T10:00:61Z",
                           "2024-05-15T10:00:00",
                           "2024-05-15T10:00Z",
                           "2024-05-15T10:00:00.Z",
                           "2024-05-15T10:00:00+15:00",
                           "2024-05-15T10:00:00+14:30",
                           "2024-05-15T10:00:00+1:00",
                           "2024-05-15 10:00:00Z",
                           "2024-05T10:00:00Z",
                           "2024-05-15T10:00:00Zx",
                           "2024/05/15",
                           " 2024",
                           "2024-05-15T10:00:00z"}) {
    EXPECT_FALSE(fhir::ParseDateTime(text)) << text;
  }
  EXPECT_FALSE(fhir::ParseDate("2024-05-15T10:00:00Z"));
  EXPECT_FALSE(fhir::ParseInstant("2024-05-15"));
  EXPECT_FALSE(fhir::ParseTime("10:00"));
  EXPECT_FALSE(fhir::ParseTime("10:00:00Z"));
}

TEST(DateTimeText, Relaxed_TakesMinutesAndNoZone) {
  EXPECT_EQ(fhir::ToString(At("2024-05-15T10:00")), "2024-05-15T10:00");
  EXPECT_EQ(fhir::ToString(At("2024-05-15T10:00Z")), "2024-05-15T10:00Z");
  EXPECT_EQ(fhir::ParseTime("10:30", DateForm::kRelaxed)->minute, 30);
  EXPECT_EQ(fhir::ParseTime("10:30:15.25")->microsecond, 250'000);
}

TEST(DateTimeRange, Precisions_CoverTheirStretch) {
  EXPECT_EQ(RangeText("2024", "UTC"), "2024-01-01T00:00:00.000000Z 2025-01-01T00:00:00.000000Z");
  EXPECT_EQ(RangeText("2024-02", "UTC"), "2024-02-01T00:00:00.000000Z 2024-03-01T00:00:00.000000Z");
  EXPECT_EQ(RangeText("2024-05-15"), "2024-05-14T22:00:00.000000Z 2024-05-15T22:00:00.000000Z");
  EXPECT_EQ(RangeText("2024-05-15T10:00Z"), "2024-05-15T10:00:00.000000Z 2024-05-15T10:01:00.000000Z");
  EXPECT_EQ(RangeText("2024-05-15T10:00:00+02:00"), "2024-05-15T08:00:00.000000Z 2024-05-15T08:00:01.000000Z");
  EXPECT_EQ(RangeText("2024-05-15T10:00:00.12Z"), "2024-05-15T10:00:00.120000Z 2024-05-15T10:00:00.130000Z");
  EXPECT_EQ(RangeText("9999", "UTC").substr(0, 27), "9999-01-01T00:00:00.000000Z");
}

TEST(DateTimeRange, ClockChange_DayHas23Or25Hours) {
  const auto hours = [](std::string_view text) {
    const auto range = fhir::ToRange(At(text), "Europe/Paris");
    return (range->high_us - range->low_us) / kHour;
  };
  EXPECT_EQ(hours("2024-03-31"), 23);
  EXPECT_EQ(hours("2024-10-27"), 25);
  EXPECT_EQ(hours("2024-10-28"), 24);
}

TEST(DateTimeRange, ClockChange_RepeatedAndSkippedHours) {
  // 02:30 comes twice on 27 October: at 00:30Z and at 01:30Z.
  EXPECT_EQ(RangeText("2024-10-27T02:30"), "2024-10-27T00:30:00.000000Z 2024-10-27T01:31:00.000000Z");
  EXPECT_EQ(RangeText("2024-10-27T01:59"), "2024-10-26T23:59:00.000000Z 2024-10-27T00:00:00.000000Z");
  EXPECT_EQ(RangeText("2024-10-27T03:00"), "2024-10-27T02:00:00.000000Z 2024-10-27T02:01:00.000000Z");
  // 02:30 does not exist on 31 March: read with +01:00.
  EXPECT_EQ(RangeText("2024-03-31T02:30"), "2024-03-31T01:30:00.000000Z 2024-03-31T01:31:00.000000Z");
}

TEST(DateTimeRange, UnknownZone_IsRefused) {
  EXPECT_FALSE(fhir::ToRange(At("2024"), "Europe/Nowhere"));
  EXPECT_FALSE(fhir::TimeZone::Find(""));
  EXPECT_FALSE(fhir::TimeZone::Find("GMT+3"));
  EXPECT_TRUE(fhir::TimeZone::Find("Indian/Reunion"));
}

TEST(DateTimeFormat, Instant_InUtcAndInAZone) {
  const std::int64_t us = 1'715'767'200'123'456;
  EXPECT_EQ(fhir::FormatInstant(us), "2024-05-15T10:00:00.123Z");
  EXPECT_EQ(fhir::FormatInstant(us, 0), "2024-05-15T10:00:00Z");
  EXPECT_EQ(fhir::FormatInstant(us, 6), "2024-05-15T10:00:00.123456Z");
  EXPECT_EQ(fhir::FormatInstant(-1, 6), "1969-12-31T23:59:59.999999Z");
  const fhir::TimeZone& paris = **fhir::TimeZone::Find("Europe/Paris");
  EXPECT_EQ(fhir::FormatInstantIn(us, paris), "2024-05-15T12:00:00.123+02:00");
  EXPECT_EQ(fhir::FormatInstantIn(us, **fhir::TimeZone::Find("America/St_Johns"), 0), "2024-05-15T07:30:00-02:30");
  EXPECT_EQ(fhir::ToString(fhir::ToLocal(us, paris)), "2024-05-15T12:00:00.123456+02:00");
}

TEST(DateTimeArithmetic, DaysAndMonths) {
  EXPECT_EQ(fhir::ToString(*fhir::AddDays(At("2024-02-28"), 2)), "2024-03-01");
  EXPECT_EQ(fhir::ToString(*fhir::AddDays(At("2024-01-01T10:00:00Z"), -1)), "2023-12-31T10:00:00Z");
  EXPECT_EQ(fhir::ToString(*fhir::AddMonths(At("2024-01-31"), 1)), "2024-02-29");
  EXPECT_EQ(fhir::ToString(*fhir::AddMonths(At("2024-01-31"), -2)), "2023-11-30");
  EXPECT_EQ(fhir::ToString(*fhir::AddMonths(At("2024-05"), 12)), "2025-05");
  EXPECT_FALSE(fhir::AddDays(At("9999-12-31"), 1));
  EXPECT_FALSE(fhir::AddMonths(At("0001-01-01"), -1));
  EXPECT_FALSE(fhir::AddDays(At("2024-01-01"), INT64_MAX));
}

TEST(DateTimeArithmetic, CivilDays_RoundTripOverTheCalendar) {
  for (std::int64_t days = -719'162; days <= 2'932'896; days += 97) {
    const DateTime date = fhir::CivilFromDays(days);
    ASSERT_EQ(fhir::DaysFromCivil(date.year, date.month, date.day), days);
    ASSERT_TRUE(fhir::ParseDate(fhir::ToString(date))) << days;
  }
  EXPECT_EQ(fhir::ToString(fhir::CivilFromDays(0)), "1970-01-01");
}

TEST(Age, OnADay_CompleteAndPartialBirthDates) {
  EXPECT_EQ(fhir::AgeAt(At("2006-05-16"), At("2024-05-15")), (AgeYears{17, 17}));
  EXPECT_EQ(fhir::AgeAt(At("2006-05-15"), At("2024-05-15")), (AgeYears{18, 18}));
  EXPECT_EQ(fhir::AgeAt(At("2004-02-29"), At("2022-02-28")), (AgeYears{17, 17}));
  EXPECT_EQ(fhir::AgeAt(At("2004-02-29"), At("2022-03-01")), (AgeYears{18, 18}));
  EXPECT_EQ(fhir::AgeAt(At("2006"), At("2024-05-15")), (AgeYears{17, 18}));
  EXPECT_EQ(fhir::AgeAt(At("2006-05"), At("2024-05-15")), (AgeYears{17, 18}));
  EXPECT_EQ(fhir::AgeAt(At("2006-04"), At("2024-05-15")), (AgeYears{18, 18}));
  EXPECT_EQ(fhir::AgeAt(At("2024-05-16"), At("2024-05-15")), std::nullopt);
}

}  // namespace
