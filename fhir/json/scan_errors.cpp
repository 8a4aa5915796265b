#include "fhir/json/scan_errors.hpp"

#include <utility>

#include <fmt/format.h>
#include <rapidjson/error/error.h>

#include "fhir/base/decimal.hpp"
#include "fhir/base/text.hpp"

namespace fhir::json {
namespace {

/// End of the string whose opening quote is at `at`.
std::size_t SkipString(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    at += text[at] == '\\' ? 1 : 0;
  }
  return at + 1;
}

bool IsNumberStart(char c) {
  return c == '-' || (c >= '0' && c <= '9');
}

/// Over 300 digits, or an exponent of three digits or more, may leave the range of double.
bool MayBeTooBig(std::string_view number) {
  const std::size_t exponent = number.find_first_of("eE");
  return number.size() > 300 || (exponent != std::string_view::npos && number.size() - exponent > 3);
}

}  // namespace

Error MalformedAt(std::string_view problem, std::size_t offset) {
  return Error{.code = ErrorCode::kMalformed,
               .public_text = {fmt::format("not valid JSON: {} at byte {}", problem, offset)},
               .offset = offset};
}

Error TooLargeAt(std::string_view what, std::size_t offset, std::string expression) {
  return Error{.code = ErrorCode::kTooLarge,
               .public_text = {fmt::format("{} at byte {}", what, offset)},
               .expression = std::move(expression),
               .offset = offset};
}

Error RootError(std::string_view problem, std::size_t offset) {
  return Error{.code = ErrorCode::kInvalid, .public_text = {std::string(problem)}, .offset = offset};
}

const char* SyntaxProblem(int parse_error_code) {
  switch (static_cast<rapidjson::ParseErrorCode>(parse_error_code)) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "no value";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "text after the value";
    case rapidjson::kParseErrorObjectMissName:
      return "a member name is expected";
    case rapidjson::kParseErrorObjectMissColon:
      return "a colon is expected";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "a comma or closing brace is expected";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "a comma or closing bracket is expected";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "four hexadecimal digits are expected";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "a string contains half of a surrogate pair";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "an unknown escape or a control character in a string";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "a string without end";
    case rapidjson::kParseErrorNumberMissFraction:
      return "a digit is expected after the point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "a digit is expected in the exponent";
    default:
      return "a value is expected";
  }
}

std::optional<Error> CheckBytes(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return Error{
        ErrorCode::kTooLarge, {fmt::format("the text is larger than {} bytes", bytes_max)}, {}, Retry::kNever, {}};
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return MalformedAt("a byte order mark is not allowed", 0);
  }
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) {
    return MalformedAt("UTF-8 without a byte order mark is expected, not UTF-16", 0);
  }
  if (const auto invalid = FirstInvalidUtf8(text)) {
    return MalformedAt("invalid UTF-8", *invalid);
  }
  return std::nullopt;
}

std::string MaskBigNumbers(std::string_view text) {
  std::string masked(text);
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = SkipString(text, at);
    } else if (IsNumberStart(text[at])) {
      const std::size_t end = std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
      const std::string_view number = text.substr(at, end - at);
      if (MayBeTooBig(number) && IsDecimal(number)) {
        masked.replace(at, 2, "0.");
        masked.replace(at + 2, number.size() - 2, number.size() - 2, '0');
      }
      at = end;
    } else {
      ++at;
    }
  }
  return masked;
}

}  // namespace fhir::json
