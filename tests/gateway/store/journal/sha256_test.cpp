#include "gateway/store/sha256.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "gateway/store/compression.hpp"

namespace gateway::store {
namespace {

std::string HexSha256(std::string_view bytes) {
  std::string hex;
  for (const char c : Sha256(bytes)) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return hex;
}

// Source: https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
TEST(Sha256, PublishedExamples_Hold) {
  EXPECT_EQ(HexSha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexSha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexSha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexSha256(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Compression, Compressible_ComesBack) {
  const std::string bytes(100'000, 'x');
  const std::string compressed = CompressIfSmaller(bytes);
  ASSERT_FALSE(compressed.empty());
  EXPECT_LT(compressed.size(), bytes.size());
  EXPECT_EQ(Decompress(compressed, bytes.size()).value(), bytes);
  EXPECT_FALSE(Decompress(compressed, bytes.size() - 1));
}

TEST(Compression, ShortOrIncompressible_StaysAsItIs) {
  EXPECT_EQ(CompressIfSmaller(std::string(511, 'x')), "");
  std::string noise;
  for (int i = 0; i < 64; ++i) {
    noise += Sha256(std::to_string(i));
  }
  EXPECT_EQ(CompressIfSmaller(noise), "");
}

TEST(Compression, Damaged_IsAnError) {
  EXPECT_FALSE(Decompress("not zstd at all", 1000));
  std::string compressed = CompressIfSmaller(std::string(10'000, 'x'));
  compressed.resize(compressed.size() / 2);
  EXPECT_FALSE(Decompress(compressed, 10'000));
}

}  // namespace
}  // namespace gateway::store
