#include "adapters/mapping/digest.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include "fhir/base/sha1.hpp"

namespace adapters::mapping {

std::string DigestUuid(std::string_view text) {
  fhir::Sha1Digest digest = fhir::Sha1(text);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0F) | 0x50);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3F) | 0x80);
  std::string uuid;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      uuid += '-';
    }
    uuid += fmt::format("{:02x}", digest[i]);
  }
  return uuid;
}

}  // namespace adapters::mapping
