#include "gateway/http/target.hpp"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

TEST(RequestTarget, Escapes_WellFormed_AreDecodedOnce) {
  const auto target = ParseTarget("/fhir/Patient?name=%C3%A9t%C3%A9+1&code=http://a%7Cb&flag&x=%252B");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/fhir/Patient");
  const Pairs expected = {{"name", "été 1"}, {"code", "http://a|b"}, {"flag", ""}, {"x", "%2B"}};
  EXPECT_EQ(target->query, expected);
  EXPECT_EQ(ParseTarget("/a+b")->path, "/a+b");
}

TEST(RequestTarget, Malformed_EachKind_IsRefused) {
  for (const char* bad : {"", "a", "/a#b", "/%", "/%4", "/%zz", "/%00", "/%0A", "/%7F", "/%C3", "/%C0%AF", "/%ED%A0%80",
                          "/a/../b", "/%2e%2e/b", "/./b", "/a%2Fb", "/?a=%", "/?a=%00", "/?%ff=1"}) {
    const auto target = ParseTarget(bad);
    ASSERT_FALSE(target) << bad;
    EXPECT_EQ(target.error().code, fhir::ErrorCode::kMalformed) << bad;
  }
}

TEST(RequestTarget, ParameterLimit_AtAndPast_AcceptedThenRefused) {
  EXPECT_EQ(ParseTarget("/?a&b&c", 3)->query.size(), 3u);
  EXPECT_EQ(ParseTarget("/?a&b&c&d", 3).error().code, fhir::ErrorCode::kTooLarge);
}

TEST(PercentEncode, AllBytes_RoundTrip) {
  EXPECT_EQ(PercentEncode("a b/é|~"), "a%20b%2F%C3%A9%7C~");
  EXPECT_EQ(*PercentDecode(PercentEncode("a b/é|~"), false), "a b/é|~");
}

}  // namespace
}  // namespace gateway::http
