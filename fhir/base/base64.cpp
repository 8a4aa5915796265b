#include "fhir/base/base64.hpp"

#include <array>
#include <cstdint>

namespace fhir {
namespace {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int8_t kBase64Wrong = -1;
constexpr std::int8_t kBase64Space = -2;

constexpr std::array<std::int8_t, 256> MakeBase64Table() {
  std::array<std::int8_t, 256> table{};
  table.fill(kBase64Wrong);
  for (std::size_t i = 0; i < kBase64Alphabet.size(); ++i) {
    table[static_cast<unsigned char>(kBase64Alphabet[i])] = static_cast<std::int8_t>(i);
  }
  for (const char space : {' ', '\t', '\r', '\n'}) {
    table[static_cast<unsigned char>(space)] = kBase64Space;
  }
  return table;
}

constexpr auto kBase64Values = MakeBase64Table();

std::unexpected<Error> WrongBase64() {
  return Fail(ErrorCode::kMalformed, "not valid base64: expected the standard alphabet with padding");
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  const auto at = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[k])); };
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    text += kBase64Alphabet[group >> 18];
    text += kBase64Alphabet[group >> 12 & 63];
    text += kBase64Alphabet[group >> 6 & 63];
    text += kBase64Alphabet[group & 63];
  }
  const std::size_t left = bytes.size() - i;
  if (left > 0) {
    const std::uint32_t group = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
    text += kBase64Alphabet[group >> 18];
    text += kBase64Alphabet[group >> 12 & 63];
    text += left == 2 ? kBase64Alphabet[group >> 6 & 63] : '=';
    text += '=';
  }
  return text;
}

Result<std::string> DecodeBase64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  int characters = 0;  // of the current group of four
  int padding = 0;
  for (const char c : text) {
    const std::int8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kBase64Space) {
      continue;
    }
    if (c == '=') {
      if (++padding > 2 || characters + padding > 4 || characters < 2) {
        return WrongBase64();
      }
      continue;
    }
    if (value == kBase64Wrong || padding > 0) {
      return WrongBase64();
    }
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++characters == 4) {
      bytes += static_cast<char>(group >> 16 & 0xFF);
      bytes += static_cast<char>(group >> 8 & 0xFF);
      bytes += static_cast<char>(group & 0xFF);
      group = 0;
      characters = 0;
    }
  }
  if (characters == 0) {
    return padding == 0 ? Result<std::string>(std::move(bytes)) : WrongBase64();
  }
  if (characters + padding != 4) {
    return WrongBase64();
  }
  if (characters == 2) {
    if ((group & 0xF) != 0) {
      return WrongBase64();
    }
    bytes += static_cast<char>(group >> 4 & 0xFF);
  } else {
    if ((group & 0x3) != 0) {
      return WrongBase64();
    }
    bytes += static_cast<char>(group >> 10 & 0xFF);
    bytes += static_cast<char>(group >> 2 & 0xFF);
  }
  return bytes;
}

}  // namespace fhir
