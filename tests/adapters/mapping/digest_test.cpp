#include "adapters/mapping/digest.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

std::string DigestHex(std::string_view text) {
  std::string hex;
  for (const auto byte : adapters::mapping::Sha1(text)) {
    hex += fmt::format("{:02x}", byte);
  }
  return hex;
}

TEST(Sha1, KnownTexts_GiveTheirPublishedDigests) {
  EXPECT_EQ(DigestHex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(DigestHex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(DigestHex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(DigestHex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(DigestUuid, SameText_GivesSameVersion5Uuid) {
  const auto uuid = adapters::mapping::DigestUuid("x");
  EXPECT_EQ(uuid, adapters::mapping::DigestUuid("x"));
  EXPECT_NE(uuid, adapters::mapping::DigestUuid("y"));
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '5');
}

}  // namespace
