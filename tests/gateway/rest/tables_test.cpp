#include <gtest/gtest.h>

#include "gateway/rest/error_status.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/http_date.hpp"

namespace gateway::rest {
namespace {

TEST(ErrorStatus, EveryCode_HasARow) {
  for (const fhir::ErrorCode code : fhir::kAllErrorCodes) {
    const auto status = FindStatus(code);
    ASSERT_TRUE(status) << fhir::Name(code);
    EXPECT_GE(*status, 400);
    EXPECT_LT(*status, 600);
  }
}

TEST(HttpDate, KnownDates_RoundTrip) {
  EXPECT_EQ(FormatHttpDate(784'111'777'000'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777);
  EXPECT_EQ(FormatHttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  for (const char* wrong : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 25:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpDate(wrong)) << wrong;
  }
}

TEST(Etag, ParseEtag_TakesWeakAndStrong) {
  EXPECT_EQ(ParseEtag("W/\"12\""), 12);
  EXPECT_EQ(ParseEtag(" \"3\" "), 3);
  for (const char* wrong : {"", "3", "W/3", "W/\"\"", "W/\"0\"", "W/\"-1\"", "W/\"x\"", "\"1\",\"2\""}) {
    EXPECT_FALSE(ParseEtag(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace gateway::rest
