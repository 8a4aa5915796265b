#include "gateway/store/paging/cipher.hpp"

#include <gtest/gtest.h>

namespace gateway::store::paging {
namespace {

constexpr CipherKey kSealKey{9, 8, 7};

TEST(Cipher, Sealed_OpensWithTheSameKeyAndBoundTextAlone) {
  const auto sealed = Seal("Dupré", "query", kSealKey);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(Open(*sealed, "query", kSealKey), "Dupré");
  EXPECT_EQ(Open(*sealed, "another query", kSealKey), std::nullopt);
  EXPECT_EQ(Open(*sealed, "query", CipherKey{1}), std::nullopt);
  EXPECT_EQ(sealed->find("Dupr"), std::string::npos);
}

TEST(Cipher, AnyByteChanged_IsRefused) {
  const auto sealed = Seal("value", "query", kSealKey);
  ASSERT_TRUE(sealed);
  for (std::size_t i = 0; i < sealed->size(); ++i) {
    std::string changed = *sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(Open(changed, "query", kSealKey), std::nullopt) << i;
    EXPECT_EQ(Open(std::string_view(*sealed).substr(0, i), "query", kSealKey), std::nullopt) << i;
  }
}

TEST(Cipher, SealedTwice_IsNotTheSame) {
  EXPECT_NE(*Seal("value", "query", kSealKey), *Seal("value", "query", kSealKey));
}

// Test case 16 of the GCM specification: 256 bits of key, with bound text.
TEST(Cipher, PublishedVector_Opens) {
  const auto bytes = [](std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return out;
  };
  const std::string key_bytes = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  CipherKey key{};
  std::copy(key_bytes.begin(), key_bytes.end(), key.begin());
  const std::string sealed = bytes(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
      "bcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(
      Open(sealed, bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), key),
      bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5"
            "aa0de657ba637b39"));
}

}  // namespace
}  // namespace gateway::store::paging
