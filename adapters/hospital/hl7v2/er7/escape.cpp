#include "adapters/hospital/hl7v2/er7/escape.hpp"

#include <fmt/format.h>

#include <optional>

namespace adapters::hospital::hl7v2::er7 {
namespace {

int HexDigit(char character) {
  if (character >= '0' && character <= '9') {
    return character - '0';
  }
  if (character >= 'A' && character <= 'F') {
    return character - 'A' + 10;
  }
  if (character >= 'a' && character <= 'f') {
    return character - 'a' + 10;
  }
  return -1;
}

std::optional<std::string> HexBytes(std::string_view digits, fhir::Charset charset) {
  if (digits.empty() || digits.size() % 2 != 0) {
    return std::nullopt;
  }
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = HexDigit(digits[i]);
    const int low = HexDigit(digits[i + 1]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
      return std::nullopt;
    }
    bytes += static_cast<char>(high * 16 + low);
  }
  auto text = fhir::ToUtf8(bytes, charset);
  if (!text) {
    return std::nullopt;
  }
  return *std::move(text);
}

/// What stands for the sequence between two escape characters; unset when it is unknown.
std::optional<std::string> Meaning(std::string_view sequence, const Delimiters& delimiters, fhir::Charset charset) {
  const auto one = [](char character) {
    return character == 0 ? std::nullopt : std::optional<std::string>(std::string(1, character));
  };
  if (sequence == "F") return one(delimiters.field);
  if (sequence == "S") return one(delimiters.component);
  if (sequence == "T") return one(delimiters.subcomponent);
  if (sequence == "R") return one(delimiters.repetition);
  if (sequence == "E") return one(delimiters.escape);
  if (sequence == "P") return one(delimiters.truncation == 0 ? '#' : delimiters.truncation);
  if (sequence == "H" || sequence == "N") return std::string();
  if (sequence == ".br" || sequence.starts_with(".sp")) return std::string("\n");
  if (sequence.starts_with('X')) return HexBytes(sequence.substr(1), charset);
  return std::nullopt;
}

}  // namespace

std::string Unescape(std::string_view text, const Delimiters& delimiters, fhir::Charset charset) {
  std::string result;
  result.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto open = delimiters.escape == 0 ? std::string_view::npos : text.find(delimiters.escape, at);
    result += text.substr(at, open == std::string_view::npos ? open : open - at);
    if (open == std::string_view::npos) {
      break;
    }
    const auto close = text.find(delimiters.escape, open + 1);
    if (close == std::string_view::npos) {
      result += text.substr(open);
      break;
    }
    if (const auto meaning = Meaning(text.substr(open + 1, close - open - 1), delimiters, charset)) {
      result += *meaning;
      at = close + 1;
    } else {
      // The closing character may open a real sequence: only the opening one is literal.
      result += delimiters.escape;
      at = open + 1;
    }
  }
  return result;
}

std::string Escape(std::string_view text, const Delimiters& delimiters) {
  std::string result;
  result.reserve(text.size());
  const auto put = [&](std::string_view sequence) {
    result += delimiters.escape;
    result += sequence;
    result += delimiters.escape;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (character == delimiters.field) {
      put("F");
    } else if (character == delimiters.component) {
      put("S");
    } else if (character == delimiters.subcomponent) {
      put("T");
    } else if (character == delimiters.repetition) {
      put("R");
    } else if (character == delimiters.escape) {
      put("E");
    } else if (character == '\n') {
      // ".br" would end at its own full stop where that is the escape character.
      put(delimiters.escape == '.' ? "X0A" : ".br");
    } else if (static_cast<unsigned char>(character) < 0x20) {
      put(fmt::format("X{:02X}", static_cast<unsigned>(character)));
    } else {
      result += character;
    }
  }
  return result;
}

}  // namespace adapters::hospital::hl7v2::er7
