// Words of a FHIRPath expression. Source: http://hl7.org/fhirpath/N1/grammar.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::fhirpath {

enum class TokenKind : std::uint8_t {
  kEnd,
  kWord,       ///< identifier or keyword, undelimited
  kDelimited,  ///< `identifier`, unescaped: never a keyword
  kString,     ///< unescaped
  kInteger,
  kDecimal,
  kDate,  ///< text without @
  kDateTime,
  kTime,      ///< text without @T
  kVariable,  ///< $this, $index, $total
  kExternal,  ///< %name
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::size_t offset = 0;
};

/// Splits an expression into words, comments left out; the last one is kEnd.
/// Errors: kInvalid with the byte offset.
Result<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace fhir::fhirpath
