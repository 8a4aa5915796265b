#include "fhir/base/sha1.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace fhir {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;

using State = std::array<std::uint32_t, 5>;

/// One round of the four kinds of RFC 3174 section 5.
std::uint32_t Mix(std::size_t round, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  switch (round / 20) {
    case 0:
      return ((b & c) | (~b & d)) + 0x5A827999U;
    case 1:
      return (b ^ c ^ d) + 0x6ED9EBA1U;
    case 2:
      return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
    default:
      return (b ^ c ^ d) + 0xCA62C1D6U;
  }
}

void AddBlock(State& state, const std::uint8_t* block) {
  std::array<std::uint32_t, 80> words;
  for (std::size_t at = 0; at < 16; ++at) {
    const std::uint8_t* byte = block + at * 4;
    words[at] = std::uint32_t{byte[0]} << 24U | std::uint32_t{byte[1]} << 16U | std::uint32_t{byte[2]} << 8U | byte[3];
  }
  for (std::size_t at = 16; at < words.size(); ++at) {
    words[at] = std::rotl(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1);
  }
  auto [a, b, c, d, e] = state;
  for (std::size_t round = 0; round < words.size(); ++round) {
    const std::uint32_t next = std::rotl(a, 5) + Mix(round, b, c, d) + e + words[round];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

Sha1Digest Sha1(std::string_view bytes) {
  State state = {0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= kBlockBytes; left -= kBlockBytes, data += kBlockBytes) {
    AddBlock(state, data);
  }
  // The end: a 1 bit, zeros, and the length in bits at the end of a block.
  std::array<std::uint8_t, 2 * kBlockBytes> end{};
  std::copy_n(data, left, end.begin());
  end[left] = 0x80;
  const std::size_t end_bytes = left + 1 + kLengthBytes <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t at = 0; at < kLengthBytes; ++at) {
    end[end_bytes - 1 - at] = static_cast<std::uint8_t>(bits >> (8 * at));
  }
  for (std::size_t at = 0; at < end_bytes; at += kBlockBytes) {
    AddBlock(state, end.data() + at);
  }
  Sha1Digest digest{};
  for (std::size_t at = 0; at < digest.size(); ++at) {
    digest[at] = static_cast<std::uint8_t>(state[at / 4] >> (24 - 8 * (at % 4)));
  }
  return digest;
}

}  // namespace fhir
