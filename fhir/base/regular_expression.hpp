// Regular expressions over UTF-8 text, bounded in time and memory: patterns and texts come from outside.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir {

inline constexpr std::size_t kPatternBytesMax = 8 * 1024;

/// A compiled pattern in ICU's syntax (the one of PCRE and XML Schema for what FHIR writes); "." matches line ends too.
/// Cheap to copy, thread-safe.
class RegularExpression {
 public:
  /// Errors: kInvalid for a pattern that does not parse, kTooLarge past kPatternBytesMax.
  static Result<RegularExpression> Compile(std::string_view pattern);

  /// Whether some part of `text` matches.
  /// Cost:   bounded: a match that backtracks for about 50 ms, or past 4 MB of positions to come back to, is given up.
  /// Errors: kTooCostly when it is given up, kMalformed for invalid UTF-8. The same holds for the two below.
  Result<bool> Find(std::string_view text) const;
  /// Whether the whole of `text` matches.
  Result<bool> Match(std::string_view text) const;
  /// Every match replaced. `substitution` may name groups as $1 or ${name}.
  /// Errors: also kInvalid for a group that the pattern lacks, kTooLarge past `bytes_max` of result.
  Result<std::string> Replace(std::string_view text, std::string_view substitution, std::size_t bytes_max) const;

 private:
  struct Pattern;
  explicit RegularExpression(std::shared_ptr<const Pattern> pattern);
  std::shared_ptr<const Pattern> pattern_;
};

}  // namespace fhir
