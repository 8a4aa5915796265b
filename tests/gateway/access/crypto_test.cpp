#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "gateway/access/crypto/constant_time.hpp"
#include "gateway/access/crypto/digest.hpp"
#include "gateway/access/crypto/random.hpp"

namespace gateway::access::crypto {
namespace {

std::string HexOf(const Sha256Digest& digest) {
  std::string hex;
  for (const auto byte : digest) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    hex += two;
  }
  return hex;
}

// The vectors of FIPS 180-4 and RFC 4231, test case 2.
TEST(Digest, KnownVectors_Match) {
  EXPECT_EQ(HexOf(Sha256("abc").value()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexOf(Sha256("").value()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexOf(HmacSha256("Jefe", "what do ya want for nothing?").value()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(ConstantTimeEqual, DifferentTextOrLength_IsFalse) {
  EXPECT_TRUE(ConstantTimeEqual("secret", "secret"));
  EXPECT_FALSE(ConstantTimeEqual("secret", "secreT"));
  EXPECT_FALSE(ConstantTimeEqual("secret", "secrets"));
}

TEST(RandomBytes, TwoCalls_Differ) {
  EXPECT_EQ(RandomBytes(32)->size(), 32u);
  EXPECT_NE(RandomBytes(32).value(), RandomBytes(32).value());
  EXPECT_FALSE(RandomBytes(2 * 1024 * 1024));
}

}  // namespace
}  // namespace gateway::access::crypto
