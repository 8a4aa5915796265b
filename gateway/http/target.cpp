#include "gateway/http/target.hpp"

#include <cstdint>

namespace gateway::http {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Well-formed UTF-8 without overlong forms and surrogates (Unicode 15, table 3-7).
bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t point = 0;
    std::uint32_t least = 0;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1, point = lead & 0x1FU, least = 0x80;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2, point = lead & 0x0FU, least = 0x800;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3, point = lead & 0x07U, least = 0x10000;
    } else {
      return false;
    }
    if (i + more >= text.size()) {
      return false;
    }
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80) {
        return false;
      }
      point = point << 6 | (next & 0x3FU);
    }
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

fhir::Result<std::string> DecodeSegment(std::string_view segment) {
  GW_ASSIGN(std::string decoded, PercentDecode(segment, false));
  if (decoded == "." || decoded == ".." || decoded.find('/') != std::string::npos) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The path holds a dot segment or an encoded slash.");
  }
  return decoded;
}

}  // namespace

fhir::Result<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  bool escaped = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fhir::Fail(fhir::ErrorCode::kMalformed, "A percent sign is not followed by two hexadecimal digits.");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
      escaped = true;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = c == '\t' || c == '\n' || c == '\r';
    if (byte == 0x7F || (byte < 0x20 && !(plus_is_space && blank))) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "The request target holds a control character.");
    }
    escaped = escaped || byte >= 0x80;
    decoded += c;
  }
  if (escaped && !IsUtf8(decoded)) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The decoded request target is not UTF-8.");
  }
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    }
  }
  return encoded;
}

fhir::Result<Pairs> ParseQuery(std::string_view text, std::size_t parameters_max) {
  Pairs pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) {
      continue;
    }
    if (pairs.size() == parameters_max) {
      return fhir::Fail(fhir::ErrorCode::kTooLarge, "The query has too many parameters.");
    }
    const std::size_t equals = pair.find('=');
    GW_ASSIGN(std::string name, PercentDecode(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      GW_ASSIGN(value, PercentDecode(pair.substr(equals + 1), true));
    }
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

fhir::Result<Target> ParseTarget(std::string_view target, std::size_t query_parameters_max) {
  if (target.empty() || target.front() != '/' || target.find('#') != std::string_view::npos) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The request target must begin with a slash and have no fragment.");
  }
  Target parsed;
  const std::size_t question = target.find('?');
  if (question != std::string_view::npos) {
    GW_ASSIGN(parsed.query, ParseQuery(target.substr(question + 1), query_parameters_max));
  }
  std::string_view path = target.substr(0, question);
  parsed.path.reserve(path.size());
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    GW_ASSIGN(const std::string segment, DecodeSegment(path.substr(0, end)));
    parsed.path += '/';
    parsed.path += segment;
    path.remove_prefix(end);
  }
  return parsed;
}

}  // namespace gateway::http
