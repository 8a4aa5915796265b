// Folding of text for comparison. Source: Unicode Standard Annex 15 (NFKD) and Default Caseless Matching.
#include <algorithm>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "fhir/base/text.hpp"

namespace fhir {
namespace {

bool IsAsciiSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Letters and signs that Unicode does not decompose, but readers take for one another; nullptr for all others.
const char16_t* Substitute(UChar32 c) {
  switch (c) {
    case 0x00E6:
      return u"ae";
    case 0x0153:
      return u"oe";
    case 0x00F8:
      return u"o";
    case 0x0142:
      return u"l";
    case 0x0111:
    case 0x00F0:
      return u"d";
    case 0x0127:
      return u"h";
    case 0x0131:
      return u"i";
    case 0x00FE:
      return u"th";
    case 0x2018:
    case 0x2019:
    case 0x02BC:
      return u"'";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return u"-";
    default:
      return nullptr;
  }
}

bool IsDropped(UChar32 c) {
  const auto category = u_charType(c);
  return category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK || category == U_COMBINING_SPACING_MARK ||
         u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

std::string FoldAscii(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  bool space_due = false;
  for (const char c : text) {
    if (IsAsciiSpace(c)) {
      space_due = !folded.empty();
      continue;
    }
    if (space_due) {
      folded += ' ';
      space_due = false;
    }
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return folded;
}

}  // namespace

std::string Fold(std::string_view utf8) {
  if (std::all_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    return FoldAscii(utf8);
  }
  if (!ValidUtf8(utf8)) {
    return {};
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status) != 0) {
    return {};
  }
  const icu::UnicodeString source =
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
  icu::UnicodeString decomposed = nfkd->normalize(source, status);
  if (U_FAILURE(status) != 0) {
    return {};
  }
  decomposed.foldCase();
  icu::UnicodeString kept;
  bool space_due = false;
  for (std::int32_t at = 0; at < decomposed.length(); at = decomposed.moveIndex32(at, 1)) {
    const UChar32 c = decomposed.char32At(at);
    if (u_isUWhiteSpace(c) != 0) {
      space_due = !kept.isEmpty();
      continue;
    }
    if (IsDropped(c)) {
      continue;
    }
    if (space_due) {
      kept.append(static_cast<char16_t>(' '));
      space_due = false;
    }
    if (const char16_t* text = Substitute(c)) {
      kept.append(icu::UnicodeString(text));
    } else {
      kept.append(c);
    }
  }
  std::string folded;
  kept.toUTF8String(folded);
  return folded;
}

}  // namespace fhir
