// Character classes of RFC 9110 as one table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gateway::http::wire {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,   // RFC 9110 §5.6.2
  kValueCharacter = 2,   // field value: VCHAR, obs-text, SP, HTAB
  kTargetCharacter = 4,  // what a target may hold: visible ASCII without '"', '<', '>', '\\', '^', '`', '#'
  kHostCharacter = 8,    // reg-name, IP literal and port of RFC 3986 §3.2.2
};

constexpr std::array<std::uint8_t, 256> MakeCharacterTable() {
  std::array<std::uint8_t, 256> table{};
  const auto is_in = [](std::string_view set, int c) {
    return set.find(static_cast<char>(c)) != std::string_view::npos;
  };
  for (int c = 0; c < 256; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool visible = c > 0x20 && c < 0x7F;
    std::uint8_t bits = 0;
    if (alphanumeric || (visible && is_in("!#$%&'*+-.^_`|~", c))) {
      bits |= kTokenCharacter;
    }
    if (visible || c >= 0x80 || c == ' ' || c == '\t') {
      bits |= kValueCharacter;
    }
    if (visible && !is_in("\"<>\\^`#", c)) {
      bits |= kTargetCharacter;
    }
    if (alphanumeric || (visible && is_in("-._~%!$&'()*+;=:[]", c))) {
      bits |= kHostCharacter;
    }
    table[static_cast<std::size_t>(c)] = bits;
  }
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kCharacters = MakeCharacterTable();

/// Whether every byte of `text` is of the class.
inline bool All(std::string_view text, CharacterClass wanted) {
  for (char c : text) {
    if ((kCharacters[static_cast<unsigned char>(c)] & wanted) == 0) {
      return false;
    }
  }
  return true;
}

inline std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace gateway::http::wire
