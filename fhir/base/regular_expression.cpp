#include "fhir/base/regular_expression.hpp"

#include <utility>

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include "fhir/base/text.hpp"

namespace fhir {
namespace {

constexpr std::int32_t kMatchTimeMax = 50;  // ICU counts in "steps", about a millisecond each
constexpr std::int32_t kBacktrackBytesMax = 4 * 1024 * 1024;

icu::UnicodeString ToIcu(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::unexpected<Error> GivenUp(UErrorCode status) {
  if (status == U_REGEX_TIME_OUT || status == U_REGEX_STACK_OVERFLOW) {
    return Fail(ErrorCode::kTooCostly, "the regular expression takes too long on this text");
  }
  return Fail(ErrorCode::kInvalid, "the regular expression cannot be applied");
}

}  // namespace

struct RegularExpression::Pattern {
  std::unique_ptr<const icu::RegexPattern> icu;

  /// A matcher over `input`, which must outlive it.
  Result<std::unique_ptr<icu::RegexMatcher>> Matcher(std::string_view text, icu::UnicodeString& input) const {
    if (!ValidUtf8(text)) return Fail(ErrorCode::kMalformed, "the text is not UTF-8");
    input = ToIcu(text);
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::RegexMatcher> matcher(icu->matcher(input, status));
    if (U_FAILURE(status) || matcher == nullptr) return GivenUp(status);
    matcher->setTimeLimit(kMatchTimeMax, status);
    matcher->setStackLimit(kBacktrackBytesMax, status);
    if (U_FAILURE(status)) return GivenUp(status);
    return matcher;
  }
};

RegularExpression::RegularExpression(std::shared_ptr<const Pattern> pattern) : pattern_(std::move(pattern)) {}

Result<RegularExpression> RegularExpression::Compile(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) {
    return Fail(ErrorCode::kTooLarge, "the regular expression is longer than 8 KB");
  }
  if (!ValidUtf8(pattern)) return Fail(ErrorCode::kInvalid, "the regular expression is not UTF-8");
  UErrorCode status = U_ZERO_ERROR;
  UParseError position{};
  auto compiled = std::make_shared<Pattern>();
  compiled->icu.reset(icu::RegexPattern::compile(ToIcu(pattern), UREGEX_DOTALL, position, status));
  if (U_FAILURE(status) || compiled->icu == nullptr) {
    return Fail(ErrorCode::kInvalid, "the regular expression does not parse");
  }
  return RegularExpression(std::move(compiled));
}

Result<bool> RegularExpression::Find(std::string_view text) const {
  icu::UnicodeString input;
  GW_ASSIGN(const std::unique_ptr<icu::RegexMatcher> matcher, pattern_->Matcher(text, input));
  UErrorCode status = U_ZERO_ERROR;
  const bool found = matcher->find(status) != 0;
  if (U_FAILURE(status)) return GivenUp(status);
  return found;
}

Result<bool> RegularExpression::Match(std::string_view text) const {
  icu::UnicodeString input;
  GW_ASSIGN(const std::unique_ptr<icu::RegexMatcher> matcher, pattern_->Matcher(text, input));
  UErrorCode status = U_ZERO_ERROR;
  const bool matches = matcher->matches(status) != 0;
  if (U_FAILURE(status)) return GivenUp(status);
  return matches;
}

Result<std::string> RegularExpression::Replace(std::string_view text, std::string_view substitution,
                                               std::size_t bytes_max) const {
  icu::UnicodeString input;
  GW_ASSIGN(const std::unique_ptr<icu::RegexMatcher> matcher, pattern_->Matcher(text, input));
  const icu::UnicodeString with = ToIcu(substitution);
  icu::UnicodeString result;
  UErrorCode status = U_ZERO_ERROR;
  while (matcher->find(status) && U_SUCCESS(status)) {
    matcher->appendReplacement(result, with, status);
    if (U_FAILURE(status)) break;
    if (static_cast<std::size_t>(result.length()) > bytes_max) {
      return Fail(ErrorCode::kTooLarge, "the text with its replacements is too long");
    }
  }
  if (U_FAILURE(status)) return GivenUp(status);
  matcher->appendTail(result);
  std::string utf8;
  result.toUTF8String(utf8);
  if (utf8.size() > bytes_max) return Fail(ErrorCode::kTooLarge, "the text with its replacements is too long");
  return utf8;
}

}  // namespace fhir
