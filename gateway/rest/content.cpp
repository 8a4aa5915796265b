#include "gateway/rest/content.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace gateway::rest {
namespace {

struct FormatRow {
  std::string_view name;
  Format format;
  std::string_view answered_as;
};

/// The names of both formats. Those of FHIR itself come first.
constexpr FormatRow kFormatRows[] = {
    {"application/fhir+json", Format::kJson, kFhirJson},
    {"application/fhir+xml", Format::kXml, kFhirXml},
    {"application/json", Format::kJson, "application/json; charset=utf-8"},
    {"application/xml", Format::kXml, "application/xml; charset=utf-8"},
    {"text/json", Format::kJson, "text/json; charset=utf-8"},
    {"text/xml", Format::kXml, "text/xml; charset=utf-8"},
    // Of the drafts before the third release; still sent.
    {"application/json+fhir", Format::kJson, "application/json+fhir; charset=utf-8"},
    {"application/xml+fhir", Format::kXml, "application/xml+fhir; charset=utf-8"},
    {"json", Format::kJson, kFhirJson},
    {"xml", Format::kXml, kFhirXml},
};

constexpr std::string_view kExpectedTypes = "expected application/fhir+json or application/fhir+xml";
constexpr std::string_view kExpectedVersion = "the fhirVersion of this server is 4.0";

std::string_view TrimMedia(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

const FormatRow* FindFormat(std::string_view media_type) {
  const auto* row = std::find_if(std::begin(kFormatRows), std::end(kFormatRows), [&](const FormatRow& candidate) {
    return http::EqualsIgnoringCase(candidate.name, media_type);
  });
  return row == std::end(kFormatRows) ? nullptr : row;
}

/// A '+' of "application/fhir+json" arrives as a space when the client did not encode it.
const FormatRow* FindFormatOfQuery(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), ' ', '+');
  return FindFormat(plain);
}

/// A parameter of a media type, without quotes: "utf-8" for charset of `text/x; charset="utf-8"`.
std::optional<std::string_view> MediaParameter(std::string_view field, std::string_view name) {
  for (std::size_t semicolon = field.find(';'); semicolon != std::string_view::npos; semicolon = field.find(';')) {
    field = field.substr(semicolon + 1);
    const std::string_view item = TrimMedia(field.substr(0, field.find(';')));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || !http::EqualsIgnoringCase(TrimMedia(item.substr(0, equals)), name)) {
      continue;
    }
    std::string_view value = TrimMedia(item.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

/// Source: https://hl7.org/fhir/R4/http.html#version-parameter
bool IsOurVersion(std::string_view field) {
  const auto version = MediaParameter(field, "fhirVersion");
  return !version || *version == "4.0" || *version == "4.0.1";
}

/// Thousandths of RFC 9110 §12.4.2: 0 to 1000; what is no number counts as 1000.
int QualityOf(std::string_view item) {
  const auto text = MediaParameter(item, "q");
  if (!text || text->empty() || (text->front() != '0' && text->front() != '1')) {
    return 1000;
  }
  if (text->front() == '1') {
    return 1000;
  }
  int quality = 0;
  int digit_worth = 100;
  for (std::size_t i = 2; i < text->size() && digit_worth > 0; ++i, digit_worth /= 10) {
    const char c = (*text)[i];
    quality += c >= '0' && c <= '9' ? (c - '0') * digit_worth : 0;
  }
  return quality;
}

/// Calls `use(type, item)` for each comma-separated item.
template <typename Use>
void ForEachItem(std::string_view field, Use&& use) {
  while (!field.empty()) {
    const std::size_t comma = field.find(',');
    const std::string_view item = field.substr(0, comma);
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    const std::string_view type = MediaType(item);
    if (!type.empty()) {
      use(type, item);
    }
  }
}

/// Calls `use(type)` for each item whose quality is not zero.
template <typename Use>
void ForEachAccepted(std::string_view field, Use&& use) {
  ForEachItem(field, [&](std::string_view type, std::string_view item) {
    if (QualityOf(item) > 0) {
      use(type);
    }
  });
}

bool IsAnything(std::string_view type) {
  return type == "*/*" || type == "*";
}

/// How an Accept field takes one format.
struct Wish {
  int quality = -1;  ///< -1: not spoken of
  const FormatRow* row = nullptr;
};

/// By exact names; of several names of one format the best liked, of equals the first.
struct Wishes {
  Wish json;
  Wish xml;
  Format first = Format::kJson;  ///< of equals
  bool other_version = false;
};

Wishes WishesByName(std::string_view accept) {
  Wishes wishes;
  bool any = false;
  ForEachItem(accept, [&](std::string_view type, std::string_view item) {
    const FormatRow* row = FindFormat(type);
    if (row == nullptr) {
      return;
    }
    if (!IsOurVersion(item)) {
      wishes.other_version = true;
      return;
    }
    wishes.first = any ? wishes.first : row->format;
    any = true;
    Wish& wish = row->format == Format::kJson ? wishes.json : wishes.xml;
    if (const int quality = QualityOf(item); quality > wish.quality) {
      wish = {quality, row};
    }
  });
  return wishes;
}

/// Quality that wildcards give to what no item names; the more specific wildcard counts.
int WildcardQuality(std::string_view accept) {
  int quality = -1;
  bool specific = false;
  ForEachItem(accept, [&](std::string_view type, std::string_view item) {
    const bool of_application = http::EqualsIgnoringCase(type, "application/*");
    if (of_application || (IsAnything(type) && !specific)) {
      quality = QualityOf(item);
      specific = specific || of_application;
    }
  });
  return quality;
}

/// Browsers ask for HTML; a page of JSON serves them better than a refusal.
int HtmlQuality(std::string_view accept) {
  int quality = -1;
  ForEachItem(accept, [&](std::string_view type, std::string_view item) {
    quality = http::EqualsIgnoringCase(type, "text/html") ? QualityOf(item) : quality;
  });
  return quality;
}

fhir::Result<Representation> ByAccept(std::string_view accept) {
  Wishes wishes = WishesByName(accept);
  const int wildcard = WildcardQuality(accept);
  if (wishes.json.quality < 0) {
    wishes.json.quality = std::max(wildcard, HtmlQuality(accept));
  }
  if (wishes.xml.quality < 0) {
    // A wildcard is no wish for XML; it is what is left when JSON is refused.
    wishes.xml.quality = wishes.json.quality == 0 ? wildcard : std::min(wildcard, wishes.json.quality - 1);
  }
  if (wishes.json.quality <= 0 && wishes.xml.quality <= 0) {
    return fhir::Fail(fhir::ErrorCode::kNotAcceptable,
                      std::string(wishes.other_version ? kExpectedVersion : kExpectedTypes));
  }
  const bool xml = wishes.xml.quality > wishes.json.quality ||
                   (wishes.xml.quality == wishes.json.quality && wishes.first == Format::kXml);
  const Wish& chosen = xml ? wishes.xml : wishes.json;
  return Representation{.format = xml ? Format::kXml : Format::kJson,
                        .content_type = chosen.row != nullptr ? chosen.row->answered_as
                                        : xml                 ? kFhirXml
                                                              : kFhirJson};
}

}  // namespace

std::string_view MediaType(std::string_view field) {
  return TrimMedia(field.substr(0, field.find(';')));
}

bool IsFhirJson(std::string_view media_type) {
  const FormatRow* row = FindFormat(media_type);
  return row != nullptr && row->format == Format::kJson;
}

bool IsFhirXml(std::string_view media_type) {
  const FormatRow* row = FindFormat(media_type);
  return row != nullptr && row->format == Format::kXml;
}

fhir::Result<Representation> ChooseRepresentation(const http::Request& request) {
  Representation representation;
  if (const auto format = request.QueryValue("_format"); format && !format->empty()) {
    const FormatRow* row = FindFormatOfQuery(MediaType(*format));
    if (row == nullptr || !IsOurVersion(*format)) {
      return fhir::Fail(
          fhir::ErrorCode::kNotAcceptable,
          std::string(row == nullptr ? "this _format is not supported: expected json or xml" : kExpectedVersion));
    }
    representation = {.format = row->format, .content_type = row->answered_as};
  } else if (const auto accept = request.headers.Get("Accept"); accept && !accept->empty()) {
    GW_ASSIGN(representation, ByAccept(*accept));
  }
  representation.pretty = request.QueryValue("_pretty").value_or("") == "true";
  return representation;
}

Representation RepresentationOfError(const http::Request& request) {
  return ChooseRepresentation(request).value_or(Representation{});
}

fhir::Result<Format> BodyFormat(const http::Request& request) {
  const auto type = request.headers.Get("Content-Type");
  const FormatRow* row = type ? FindFormat(MediaType(*type)) : nullptr;
  if (row == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia,
                      "expected Content-Type application/fhir+json or application/fhir+xml");
  }
  if (const auto charset = MediaParameter(*type, "charset"); charset && !http::EqualsIgnoringCase(*charset, "utf-8")) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia, "expected charset utf-8");
  }
  if (!IsOurVersion(*type)) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia, std::string(kExpectedVersion));
  }
  return row->format;
}

bool IsNativeBinary(std::string_view content_type) {
  const std::string_view type = MediaType(content_type);
  const bool generic_xml =
      http::EqualsIgnoringCase(type, "application/xml") || http::EqualsIgnoringCase(type, "text/xml");
  return !type.empty() && (generic_xml || FindFormat(type) == nullptr);
}

Wanted ChooseForBinary(const http::Request& request, std::string_view native_type) {
  const auto format = request.QueryValue("_format");
  const auto accept = request.headers.Get("Accept");
  if (format || !accept || accept->empty() || native_type.empty()) {
    return Wanted::kFhir;
  }
  const std::string_view native = MediaType(native_type);
  const std::string_view main_type = native.substr(0, native.find('/') + 1);
  bool fhir_named = false;
  bool native_named = false;
  bool wildcard = false;
  ForEachAccepted(*accept, [&](std::string_view type) {
    fhir_named = fhir_named || FindFormat(type) != nullptr;
    native_named = native_named || http::EqualsIgnoringCase(type, native);
    wildcard = wildcard || (type.size() > 2 && type.ends_with("/*") && !IsAnything(type) &&
                            http::EqualsIgnoringCase(type.substr(0, type.size() - 1), main_type));
  });
  if (native_named && IsNativeBinary(native)) {
    return Wanted::kNative;
  }
  return wildcard && !fhir_named ? Wanted::kNative : Wanted::kFhir;
}

}  // namespace gateway::rest
