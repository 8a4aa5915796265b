#include "fhir/base/letter_case.hpp"

#include <algorithm>
#include <cstdint>

#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace fhir {
namespace {

bool AllAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

icu::UnicodeString Read(std::string_view utf8) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
}

/// The letters of ASCII between `first` and 25 behind it, moved to the other case.
std::string Move(std::string_view text, char first) {
  constexpr char kBetweenCases = 'a' ^ 'A';
  std::string moved(text);
  for (char& c : moved) {
    c = c >= first && c < first + 26 ? static_cast<char>(c ^ kBetweenCases) : c;
  }
  return moved;
}

}  // namespace

std::string ToLowerCase(std::string_view utf8) {
  if (AllAscii(utf8)) {
    return Move(utf8, 'A');
  }
  std::string text;
  return Read(utf8).toLower(icu::Locale::getRoot()).toUTF8String(text);
}

std::string ToUpperCase(std::string_view utf8) {
  if (AllAscii(utf8)) {
    return Move(utf8, 'a');
  }
  std::string text;
  return Read(utf8).toUpper(icu::Locale::getRoot()).toUTF8String(text);
}

}  // namespace fhir
