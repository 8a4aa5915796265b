// Text as Unicode knows it: folding for search, UTF-8 checks, and the character sets that hospitals send. ICU is used
// in the implementation alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir {

/// Text without case, accents and runs of white space, for comparison: "  Éléonore  DUPRÉ" → "eleonore dupre".
/// Compatible forms become equal too ("ﬁ" → "fi"), "ß" → "ss", "œ" → "oe". Invalid UTF-8 gives an empty string. Cost:
/// O(bytes); ASCII takes a fast path.
std::string Fold(std::string_view utf8);

/// Position of the first byte that is not part of a valid UTF-8 sequence (no overlong forms, no surrogates), or
/// nullopt.
std::optional<std::size_t> FirstInvalidUtf8(std::string_view bytes);
inline bool ValidUtf8(std::string_view bytes) {
  return !FirstInvalidUtf8(bytes);
}

/// A character set of a message. Names as in IANA and HL7 table 0211, without regard to case and punctuation:
/// "ISO-8859-15", "8859/15", "UNICODE UTF-8", "ASCII", "windows-1252".
enum class Charset : unsigned char {
  kUtf8,
  kAscii,
  kWindows1252,
  kLatin1,
  kLatin2,
  kLatin3,
  kLatin4,
  kCyrillic,
  kArabic,
  kGreek,
  kHebrew,
  kLatin5,
  kLatin6,
  kThai,
  kLatin7,
  kLatin8,
  kLatin9,
};

/// Errors: kUnsupported.
Result<Charset> FindCharset(std::string_view name);

/// Converts to UTF-8. A byte that the set does not define is an error, never replaced; control characters 80–9F of the
/// ISO 8859 sets are kept as such.
/// Errors: kMalformed with the position of the first invalid byte (Error::public_text says "at byte N").
Result<std::string> ToUtf8(std::string_view bytes, Charset charset);
Result<std::string> ToUtf8(std::string_view bytes, std::string_view charset_name);

/// Converts UTF-8 to another set. Errors: kMalformed with the position (in the UTF-8 text) of invalid UTF-8 or of the
/// first character that the set lacks.
Result<std::string> FromUtf8(std::string_view utf8, Charset charset);
Result<std::string> FromUtf8(std::string_view utf8, std::string_view charset_name);

}  // namespace fhir
