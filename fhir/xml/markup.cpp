#include "fhir/xml/markup.hpp"

#include <algorithm>
#include <array>

#include "fhir/base/html_entities.hpp"
#include "fhir/base/xhtml.hpp"

namespace fhir::xml {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

enum class ByteUse : unsigned char { kPlain, kReserved, kControl, kLeadOfLast };

constexpr auto kUses = [] {
  std::array<ByteUse, 256> uses{};
  for (std::size_t c = 0; c < 0x20; ++c) {
    uses[c] = ByteUse::kControl;
  }
  for (const unsigned char c : {'\t', '\n', '\r', '&', '<', '>', '"'}) {
    uses[c] = ByteUse::kReserved;
  }
  uses[0xEF] = ByteUse::kLeadOfLast;  // U+FFFE and U+FFFF
  return uses;
}();

std::string_view Reference(char c) {
  switch (c) {
    case '\t':
      return "&#9;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return "&quot;";
  }
}

void AppendCodePoint(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {  // HTML names no character beyond the first plane
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

bool IsXmlEntity(std::string_view name) {
  return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
}

/// Length of what stands at `at` and holds no entities: a comment, a CDATA section, or the one byte of a tag.
std::size_t OpaqueLength(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const std::string_view close = rest.starts_with("<!--") ? "-->" : (rest.starts_with("<![CDATA[") ? "]]>" : "");
  return close.empty() ? 1 : std::min(rest.find(close, 4), rest.size() - close.size()) + close.size();
}

}  // namespace

void AppendAttributeText(std::string& out, std::string_view text) {
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const ByteUse use = kUses[static_cast<unsigned char>(text[at])];
    if (use == ByteUse::kPlain) [[likely]] {
      continue;
    }
    std::size_t length = 1;
    std::string_view instead = kReplacement;
    if (use == ByteUse::kReserved) {
      instead = Reference(text[at]);
    } else if (use == ByteUse::kLeadOfLast) {
      if (text.substr(at, 3) != "\xEF\xBF\xBE" && text.substr(at, 3) != "\xEF\xBF\xBF") {
        continue;
      }
      length = 3;
    }
    out.append(text, start, at - start);
    out += instead;
    at += length - 1;
    start = at + 1;
  }
  out.append(text, start, text.size() - start);
}

void AppendNarrative(std::string& out, std::string_view div) {
  if (!XhtmlProblem(div, XhtmlRules::kSyntax).empty()) {
    out += R"(<div xmlns="http://www.w3.org/1999/xhtml">)";
    AppendAttributeText(out, div);
    out += "</div>";
    return;
  }
  std::size_t start = 0;
  std::size_t at = 0;
  while ((at = div.find_first_of("&<", at)) != std::string_view::npos) {
    if (div[at] == '<') {
      at += OpaqueLength(div, at);
      continue;
    }
    const std::size_t semicolon = div.find(';', at);
    const std::string_view name = div.substr(at + 1, semicolon - at - 1);
    const char32_t code = IsXmlEntity(name) ? 0 : HtmlEntity(name);
    if (code != 0) {
      out.append(div, start, at - start);
      AppendCodePoint(out, code);
      start = semicolon + 1;
    }
    at = semicolon + 1;
  }
  out.append(div, start, div.size() - start);
}

}  // namespace fhir::xml
