// UTF-8 well-formedness. Source: The Unicode Standard, table 3-7.
#include <cstdint>
#include <cstring>

#include "fhir/base/text.hpp"

namespace fhir {
namespace {

struct SequenceForm {
  std::size_t length;  // 0: not a first byte
  unsigned char second_low;
  unsigned char second_high;
};

SequenceForm FormOf(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) {
    return {2, 0x80, 0xBF};
  }
  if (first >= 0xE0 && first <= 0xEF) {
    return {3, static_cast<unsigned char>(first == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(first == 0xED ? 0x9F : 0xBF)};
  }
  if (first >= 0xF0 && first <= 0xF4) {
    return {4, static_cast<unsigned char>(first == 0xF0 ? 0x90 : 0x80),
            static_cast<unsigned char>(first == 0xF4 ? 0x8F : 0xBF)};
  }
  return {0, 0, 0};
}

}  // namespace

std::optional<std::size_t> FirstInvalidUtf8(std::string_view bytes) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t size = bytes.size();
  std::size_t at = 0;
  while (at < size) {
    std::uint64_t word = 0;
    while (at + sizeof word <= size && (std::memcpy(&word, data + at, sizeof word), (word & kHighBits) == 0)) {
      at += sizeof word;
    }
    while (at < size && data[at] < 0x80) {
      ++at;
    }
    if (at >= size) {
      break;
    }
    const SequenceForm form = FormOf(data[at]);
    if (form.length == 0 || at + form.length > size || data[at + 1] < form.second_low ||
        data[at + 1] > form.second_high) {
      return at;
    }
    for (std::size_t i = 2; i < form.length; ++i) {
      if ((data[at + i] & 0xC0) != 0x80) {
        return at;
      }
    }
    at += form.length;
  }
  return std::nullopt;
}

}  // namespace fhir
