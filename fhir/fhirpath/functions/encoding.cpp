// encode(), decode(), escape(), unescape(). Source: http://hl7.org/fhirpath/2025Jan/#additional-string-functions
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/base/base64.hpp"
#include "fhir/base/text.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/functions/text_input.hpp"

namespace fhir::fhirpath {
namespace {

/// Nothing when the text is not in the format.
using Transform = std::optional<std::string> (*)(std::string_view);

struct FormatRow {
  std::string_view name;
  Transform forward;
  Transform back;
};

std::optional<std::string> ToBase64(std::string_view text) {
  return EncodeBase64(text);
}

std::optional<std::string> FromBase64(std::string_view text) {
  auto bytes = DecodeBase64(text);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

std::string Exchanged(std::string text, char a, char to_a, char b, char to_b) {
  std::ranges::replace(text, a, to_a);
  std::ranges::replace(text, b, to_b);
  return text;
}

std::optional<std::string> ToUrlBase64(std::string_view text) {
  return Exchanged(EncodeBase64(text), '+', '-', '/', '_');
}

std::optional<std::string> FromUrlBase64(std::string_view text) {
  return FromBase64(Exchanged(std::string(text), '-', '+', '_', '/'));
}

std::optional<std::string> ToHex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : text) {
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return hex;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = HexDigit(text[i]);
    const int low = HexDigit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

constexpr std::pair<char, std::string_view> kHtml[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};

std::optional<std::string> ToHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto* const found = std::ranges::find(kHtml, c, &std::pair<char, std::string_view>::first);
    if (found == std::end(kHtml))
      escaped.push_back(c);
    else
      escaped += found->second;
  }
  return escaped;
}

std::optional<std::string> FromHtml(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto* const found =
        std::ranges::find_if(kHtml, [text](const auto& row) { return text.starts_with(row.second); });
    if (found != std::end(kHtml)) {
      plain.push_back(found->first);
      text.remove_prefix(found->second.size());
    } else {
      plain.push_back(text[0]);
      text.remove_prefix(1);
    }
  }
  return plain;
}

constexpr std::pair<char, char> kJsonShort[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'},  {'b', '\b'},
                                                {'f', '\f'}, {'"', '"'},  {'\\', '\\'}, {'/', '/'}};

std::optional<std::string> ToJson(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto* const found = std::ranges::find(kJsonShort, c, &std::pair<char, char>::second);
    if (found != std::end(kJsonShort) && c != '/') {
      escaped.push_back('\\');
      escaped.push_back(found->first);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      escaped += "\\u00" + *ToHex(std::string_view(&c, 1));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

std::optional<std::string> FromJson(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    const auto* const found = std::ranges::find(kJsonShort, text[i], &std::pair<char, char>::first);
    if (found != std::end(kJsonShort)) {
      plain.push_back(found->second);
      continue;
    }
    if (text[i] != 'u' || i + 4 >= text.size()) return std::nullopt;
    const std::optional<std::string> unit = FromHex(text.substr(i + 1, 4));
    if (!unit) return std::nullopt;
    const auto code = static_cast<std::uint32_t>(static_cast<unsigned char>((*unit)[0]) << 8 |
                                                 static_cast<unsigned char>((*unit)[1]));
    if (code >= 0xD800 && code <= 0xDFFF) return std::nullopt;  // half a character
    if (code < 0x80) {
      plain.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      plain.push_back(static_cast<char>(0xC0 | code >> 6));
      plain.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
      plain.push_back(static_cast<char>(0xE0 | code >> 12));
      plain.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
      plain.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
    i += 4;
  }
  return plain;
}

constexpr FormatRow kEncodings[] = {
    {"base64", ToBase64, FromBase64}, {"urlbase64", ToUrlBase64, FromUrlBase64}, {"hex", ToHex, FromHex}};
constexpr FormatRow kTargets[] = {{"html", ToHtml, FromHtml}, {"json", ToJson, FromJson}};

/// Empty for an unknown format, for text that is not in it, and for bytes that are no text.
bool Apply(Evaluator& evaluator, const Call& call, std::span<const FormatRow> formats, bool back, Collection& out) {
  std::optional<std::string_view> text;
  std::optional<std::string_view> format;
  if (!InputString(evaluator, call, text) || !evaluator.StringArgument(call.arguments[0], call.frame, format)) {
    return false;
  }
  if (!text || !format) return true;
  const auto found = std::ranges::find(formats, *format, &FormatRow::name);
  if (found == formats.end()) return true;
  const std::optional<std::string> result = (back ? found->back : found->forward)(*text);
  return !result || !ValidUtf8(*result) || AddText(evaluator, *result, out);
}

bool EncodeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return Apply(evaluator, call, kEncodings, false, out);
}
bool DecodeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return Apply(evaluator, call, kEncodings, true, out);
}
bool EscapeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return Apply(evaluator, call, kTargets, false, out);
}
bool UnescapeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return Apply(evaluator, call, kTargets, true, out);
}

constexpr FunctionRow kEncoding[] = {{"encode", 1, 1, EncodeFunction, Answer::kString, Input::kString},
                                     {"decode", 1, 1, DecodeFunction, Answer::kString, Input::kString},
                                     {"escape", 1, 1, EscapeFunction, Answer::kString, Input::kString},
                                     {"unescape", 1, 1, UnescapeFunction, Answer::kString, Input::kString}};

}  // namespace

std::span<const FunctionRow> EncodingFunctions() {
  return kEncoding;
}

}  // namespace fhir::fhirpath
