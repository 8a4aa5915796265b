#include "gateway/rest/content.hpp"

#include <optional>

namespace gateway::rest {
namespace {

std::string_view TrimMedia(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

/// Calls `use(item)` for each comma-separated item whose quality is not zero.
template <typename Use>
void ForEachAccepted(std::string_view field, Use&& use) {
  while (!field.empty()) {
    const std::size_t comma = field.find(',');
    std::string_view item = field.substr(0, comma);
    field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
    const std::size_t quality = item.find("q=");
    const bool refused = quality != std::string_view::npos && item.substr(quality + 2).starts_with('0') &&
                         item.substr(quality).find_first_of("123456789") == std::string_view::npos;
    const std::string_view type = MediaType(item);
    if (!refused && !type.empty()) {
      use(type);
    }
  }
}

bool IsAnything(std::string_view type) {
  return type == "*/*" || type == "*";
}

}  // namespace

std::string_view MediaType(std::string_view field) {
  return TrimMedia(field.substr(0, field.find(';')));
}

bool IsFhirJson(std::string_view media_type) {
  for (const std::string_view known :
       {"application/fhir+json", "application/json", "application/json+fhir", "text/json", "json"}) {
    if (http::EqualsIgnoringCase(media_type, known)) {
      return true;
    }
  }
  return false;
}

fhir::Result<void> CheckAcceptsJson(const http::Request& request) {
  const auto format = request.QueryValue("_format");
  if (format && !format->empty()) {
    // A '+' of "application/fhir+json" arrives as a space when the client did not encode it.
    const std::string_view type = MediaType(*format);
    if (IsFhirJson(type) || http::EqualsIgnoringCase(type, "application/fhir json") ||
        http::EqualsIgnoringCase(type, "application/json fhir")) {
      return {};
    }
    return fhir::Fail(fhir::ErrorCode::kNotAcceptable,
                      "this _format is not supported: expected application/fhir+json; XML is not supported yet");
  }
  const auto accept = request.headers.Get("Accept");
  if (!accept || accept->empty()) {
    return {};
  }
  bool accepted = false;
  ForEachAccepted(*accept, [&](std::string_view type) {
    accepted = accepted || IsFhirJson(type) || IsAnything(type) || type == "application/*" ||
               // Browsers ask for HTML; a page of JSON serves them better than a refusal.
               type == "text/html";
  });
  if (!accepted) {
    return fhir::Fail(fhir::ErrorCode::kNotAcceptable,
                      "expected Accept to allow application/fhir+json; XML is not supported yet");
  }
  return {};
}

fhir::Result<void> CheckBodyIsJson(const http::Request& request) {
  const auto type = request.headers.Get("Content-Type");
  if (!type || !IsFhirJson(MediaType(*type))) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia,
                      "expected Content-Type application/fhir+json; XML is not supported yet");
  }
  const std::size_t charset = type->find("charset=");
  if (charset != std::string_view::npos) {
    std::string_view name = TrimMedia(type->substr(charset + 8));
    name = TrimMedia(name.substr(0, name.find(';')));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    if (!http::EqualsIgnoringCase(name, "utf-8")) {
      return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia, "expected charset utf-8");
    }
  }
  return {};
}

Wanted ChooseForBinary(const http::Request& request, std::string_view native_type) {
  const auto format = request.QueryValue("_format");
  const auto accept = request.headers.Get("Accept");
  if (format || !accept || accept->empty() || native_type.empty()) {
    return Wanted::kFhir;
  }
  const std::string_view native = MediaType(native_type);
  bool fhir_named = false;
  bool native_named = false;
  bool wildcard = false;
  ForEachAccepted(*accept, [&](std::string_view type) {
    fhir_named = fhir_named || IsFhirJson(type);
    native_named = native_named || http::EqualsIgnoringCase(type, native);
    const std::size_t slash = native.find('/');
    wildcard = wildcard || (type.size() > 2 && type.ends_with("/*") && !IsAnything(type) &&
                            http::EqualsIgnoringCase(type.substr(0, type.size() - 1), native.substr(0, slash + 1)));
  });
  if (native_named && !(fhir_named && IsFhirJson(native))) {
    return Wanted::kNative;
  }
  return wildcard && !fhir_named ? Wanted::kNative : Wanted::kFhir;
}

bool WantsPretty(const http::Request& request) {
  return request.QueryValue("_pretty").value_or("") == "true";
}

}  // namespace gateway::rest
