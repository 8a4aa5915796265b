#include "fhir/validation/primitives.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/base/xhtml.hpp"

namespace fhir::validation {
namespace {

using Check = bool (*)(std::string_view text);

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLowerHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f');
}
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool IsBoolean(std::string_view text) {
  return text == "true" || text == "false";
}

/// A whole number without leading zeros or plus sign, within [low, 2^31 - 1].
bool IsInteger(std::string_view text, std::int32_t low) {
  std::string_view digits = text;
  if (digits.starts_with('-')) {
    digits.remove_prefix(1);
  }
  if (digits.empty() || (digits.front() == '0' && text.size() > 1)) {
    return false;
  }
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= low;
}

bool IsSigned(std::string_view text) {
  return IsInteger(text, INT32_MIN);
}
bool IsUnsigned(std::string_view text) {
  return IsInteger(text, 0);
}
bool IsPositive(std::string_view text) {
  return IsInteger(text, 1);
}

bool IsString(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 && !IsSpace(c); });
}

bool IsUri(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

/// A URI, and behind a | its version, which is not empty and holds no other |.
bool IsCanonical(std::string_view text) {
  const std::size_t bar = text.find('|');
  return IsUri(text) && (bar == std::string_view::npos ||
                         (bar > 0 && bar + 1 < text.size() && text.find('|', bar + 1) == std::string_view::npos));
}

/// Words with one space between: no space in front, at the end, or twice.
bool IsCode(std::string_view text) {
  if (text.empty() || IsSpace(text.front()) || IsSpace(text.back())) {
    return false;
  }
  bool after_space = false;
  for (const char c : text) {
    const bool space = IsSpace(c);
    if ((space && after_space) || (static_cast<unsigned char>(c) < 0x20 && !space)) {
      return false;
    }
    after_space = space;
  }
  return true;
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
  });
}

/// urn:oid: and arcs without leading zeros, the first 0, 1 or 2, the second below 40 where the first is not 2 (X.660).
bool IsOid(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:oid:";
  if (!text.starts_with(kPrefix)) {
    return false;
  }
  text.remove_prefix(kPrefix.size());
  if (text.size() < 3 || text[0] < '0' || text[0] > '2' || text[1] != '.') {
    return false;
  }
  constexpr std::string_view kSecondMax = "39";
  bool bounded = text[0] != '2';
  text.remove_prefix(2);
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view arc = text.substr(0, dot);
    if (bounded && (arc.size() > kSecondMax.size() || (arc.size() == kSecondMax.size() && arc > kSecondMax))) {
      return false;
    }
    bounded = false;
    if (arc.empty() || !std::all_of(arc.begin(), arc.end(), IsDigit) || (arc.front() == '0' && arc.size() > 1)) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

bool IsUuid(std::string_view text) {
  constexpr std::string_view kPrefix = "urn:uuid:";
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kForm.size()) {
    return false;
  }
  text.remove_prefix(kPrefix.size());
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'x' ? !IsLowerHex(text[i]) : text[i] != '-') {
      return false;
    }
  }
  return true;
}

/// 0 a character of the alphabet, 1 white space, 2 padding, 3 anything else.
constexpr std::array<std::uint8_t, 256> kBase64Classes = [] {
  std::array<std::uint8_t, 256> classes{};
  classes.fill(3);
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")) {
    classes[static_cast<unsigned char>(c)] = 0;
  }
  for (const char c : std::string_view(" \t\r\n")) {
    classes[static_cast<unsigned char>(c)] = 1;
  }
  classes['='] = 2;
  return classes;
}();

/// Groups of four of the alphabet, padded with = at the end alone; white space anywhere.
bool IsBase64(std::string_view text) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    const std::uint8_t kind = kBase64Classes[static_cast<unsigned char>(c)];
    if (kind == 3 || (kind == 0 && padding > 0)) {
      return false;
    }
    characters += kind == 0 ? 1 : 0;
    padding += kind == 2 ? 1 : 0;
  }
  return characters > 0 && padding <= 2 && (characters + padding) % 4 == 0;
}

bool IsDate(std::string_view text) {
  return ParseDate(text).has_value();
}
bool IsDateTime(std::string_view text) {
  return ParseDateTime(text).has_value();
}
bool IsInstant(std::string_view text) {
  return ParseInstant(text).has_value();
}
bool IsTime(std::string_view text) {
  return ParseTime(text).has_value();
}
bool IsXhtml(std::string_view text) {
  return XhtmlProblem(text).empty();
}

/// A decimal that a database can index too: PostgreSQL's numeric ends at 131,072 digits before the point.
bool IsBoundedDecimal(std::string_view text) {
  constexpr std::size_t kDigitsMax = 1'000;
  constexpr std::size_t kExponentDigitsMax = 4;
  if (text.size() > kDigitsMax || !IsDecimal(text)) {
    return false;
  }
  const auto exponent = text.find_first_of("eE");
  if (exponent == std::string_view::npos) {
    return true;
  }
  const auto digits = text.find_first_not_of("+-0", exponent + 1);
  return digits == std::string_view::npos || text.size() - digits <= kExponentDigitsMax;
}

enum class Length : std::uint8_t { kString, kBody };

struct Rule {
  std::string_view type;
  Check check;
  std::string_view expected;
  Length length = Length::kString;
};

constexpr Rule kRules[] = {
    {"boolean", IsBoolean, "expected true or false"},
    {"integer", IsSigned, "expected a whole number from -2147483648 to 2147483647, without leading zeros"},
    {"unsignedInt", IsUnsigned, "expected a whole number from 0 to 2147483647, without leading zeros"},
    {"positiveInt", IsPositive, "expected a whole number from 1 to 2147483647, without leading zeros"},
    {"decimal", IsBoundedDecimal, "expected a decimal number of at most 1000 characters, with an exponent up to 9999"},
    {"string", IsString, "expected text that is not empty and has no control characters"},
    {"markdown", IsString, "expected text that is not empty and has no control characters"},
    {"uri", IsUri, "expected a URI without spaces"},
    {"url", IsUri, "expected a URL without spaces"},
    {"canonical", IsCanonical, "expected a canonical URL without spaces, with one version behind a | or none"},
    {"oid", IsOid, "expected urn:oid: and an OID"},
    {"uuid", IsUuid, "expected urn:uuid: and a UUID in lower case"},
    {"id", IsId, "expected 1 to 64 letters, digits, '-' and '.'"},
    {"code", IsCode, "expected a code without leading, trailing or double spaces"},
    {"date", IsDate, "expected YYYY, YYYY-MM or YYYY-MM-DD, a day that exists"},
    {"dateTime", IsDateTime,
     "expected YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+hh:mm, a time that exists, with its zone"},
    {"instant", IsInstant, "expected YYYY-MM-DDThh:mm:ss.sss+hh:mm, a time that exists, with seconds and zone"},
    {"time", IsTime, "expected hh:mm:ss, from 00:00:00 to 23:59:59, without zone"},
    {"base64Binary", IsBase64, "expected base64: groups of four characters, padded with = at the end", Length::kBody},
    {"xhtml", IsXhtml, {}, Length::kBody},
};

/// For each type the position of its rule plus one; 0 for types that are not primitive.
const std::vector<std::uint8_t>& RuleByType() {
  static const std::vector<std::uint8_t> positions = [] {
    std::vector<std::uint8_t> made;
    for (std::size_t i = 0; i < std::size(kRules); ++i) {
      const metadata::TypeId type = metadata::Definitions::R4().FindType(kRules[i].type);
      if (type >= made.size()) {
        made.resize(type + std::size_t{1});
      }
      made[type] = static_cast<std::uint8_t>(i + 1);
    }
    return made;
  }();
  return positions;
}

}  // namespace

std::string_view PrimitiveProblem(metadata::TypeId primitive, std::string_view text, const Limits& limits) {
  const std::vector<std::uint8_t>& positions = RuleByType();
  const std::size_t position = primitive < positions.size() ? positions[primitive] : 0;
  if (position == 0) {
    return "expected an object, not a single value";
  }
  const Rule& rule = kRules[position - 1];
  if (text.size() > (rule.length == Length::kBody ? limits.body_bytes_max : limits.string_bytes_max)) {
    return "expected a shorter text";
  }
  if (rule.check(text)) {
    return {};
  }
  return rule.expected.empty() ? XhtmlProblem(text) : rule.expected;
}

std::string_view PrimitiveAdvice(metadata::TypeId primitive, std::string_view text) {
  static const metadata::TypeId string_type = metadata::Definitions::R4().FindType("string");
  const bool padded = primitive == string_type && !text.empty() && (IsSpace(text.front()) || IsSpace(text.back()));
  return padded ? "expected text without white space in front and behind" : std::string_view{};
}

}  // namespace fhir::validation
