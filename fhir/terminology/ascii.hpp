// Letters of codes and tags, whose case is a matter of ASCII alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace fhir::terminology {

constexpr char AsciiLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return AsciiLower(c); });
  return lower;
}

}  // namespace fhir::terminology
