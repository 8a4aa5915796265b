#include "fhir/validation/reference_form.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "fhir/metadata/definitions.hpp"

namespace fhir::validation {
namespace {

constexpr std::string_view kUuidScheme = "urn:uuid:";
constexpr std::string_view kOidScheme = "urn:oid:";

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool IsIdText(std::string_view text) {
  constexpr std::size_t kIdBytesMax = 64;
  return !text.empty() && text.size() <= kIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsWordByte(c) || c == '-' || c == '.'; });
}

bool IsResourceName(std::string_view name) {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  return definitions.IsResource(definitions.FindType(name));
}

/// name=value, any number of them with & between.
bool IsQuery(std::string_view query) {
  while (true) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    const std::size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos || part.find('=', equals + 1) != std::string_view::npos) {
      return false;
    }
    if (end == std::string_view::npos) {
      return true;
    }
    query.remove_prefix(end + 1);
  }
}

/// The first arcs belong to countries and standards bodies: nobody's names stand so far up, but below 1.3.
bool NamesMore(std::string_view oid) {
  constexpr std::size_t kRootBytes = 4;
  return oid.rfind('.') >= kRootBytes || oid.starts_with("1.3");
}

ReferenceForm FormOfRelative(std::string_view text) {
  constexpr std::size_t kPartsMax = 4;
  text = text.substr(0, text.find('#'));  // a fragment leads to a place inside the resource
  const bool ends_open = text.ends_with('/');
  std::array<std::string_view, kPartsMax> parts;
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty();) {
    if (count == kPartsMax) {
      return ReferenceForm::kPathParts;
    }
    const std::size_t slash = rest.find('/');
    parts[count++] = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  if (count != 2 && count != 4) {
    return ReferenceForm::kPathParts;
  }
  if (ends_open || !IsIdText(parts[1]) || (count == 4 && (parts[2] != "_history" || !IsIdText(parts[3])))) {
    return ReferenceForm::kPath;
  }
  return IsResourceName(parts[0]) ? ReferenceForm::kGood : ReferenceForm::kUnknownType;
}

}  // namespace

bool IsAbsoluteUri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() ||
      std::isalpha(static_cast<unsigned char>(text.front())) == 0) {
    return false;
  }
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return IsWordByte(c) || c == '+' || c == '-' || c == '.'; });
}

bool IsUuidText(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c == '-';
         });
}

bool IsOidText(std::string_view text) {
  if (text.size() < 3 || text[0] < '0' || text[0] > '2' || text[1] != '.') {
    return false;
  }
  text.remove_prefix(2);
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view arc = text.substr(0, dot);
    if (arc.empty() || (arc.front() == '0' && arc.size() > 1) ||
        !std::all_of(arc.begin(), arc.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

std::string_view UriProblem(std::string_view text, UriKind kind) {
  if (text.starts_with("oid:") || text.starts_with("uuid:")) {
    return "expected urn: before the kind of name";
  }
  if (kind == UriKind::kCanonical && !text.starts_with('#') && !IsAbsoluteUri(text)) {
    return "expected an absolute URL, or # and the id of a contained resource";
  }
  if (text.starts_with(kUuidScheme)) {
    std::string_view uuid = text.substr(kUuidScheme.size());
    uuid = uuid.substr(0, uuid.find('#'));
    uuid = kind == UriKind::kCanonical ? uuid.substr(0, uuid.rfind('|')) : uuid;
    return IsUuidText(uuid) ? std::string_view{} : "expected a UUID behind urn:uuid:";
  }
  if (text.starts_with(kOidScheme)) {
    std::string_view oid = text.substr(kOidScheme.size());
    oid = kind == UriKind::kCanonical ? oid.substr(0, oid.rfind('|')) : oid;
    return IsOidText(oid) && NamesMore(oid) ? std::string_view{} : "expected an OID behind urn:oid:";
  }
  return {};
}

ReferenceForm FormOfReference(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; })) {
    return ReferenceForm::kSpace;
  }
  if (text.empty() || text.starts_with('#')) {
    return ReferenceForm::kGood;
  }
  const std::size_t mark = text.find_first_of(":/?#");
  if (mark != std::string_view::npos && text[mark] == ':') {
    return UriProblem(text, UriKind::kUri).empty() ? ReferenceForm::kGood : ReferenceForm::kUrn;
  }
  if (mark != std::string_view::npos && text[mark] == '?' && IsResourceName(text.substr(0, mark))) {
    return IsQuery(text.substr(mark + 1)) ? ReferenceForm::kGood : ReferenceForm::kQuery;
  }
  return FormOfRelative(text);
}

std::string_view ExpectedForm(ReferenceForm form) {
  switch (form) {
    case ReferenceForm::kGood:
      return {};
    case ReferenceForm::kSpace:
      return "expected a reference without white space";
    case ReferenceForm::kQuery:
      return "expected name=value behind the '?', with '&' between them";
    case ReferenceForm::kPath:
    case ReferenceForm::kPathParts:
      return "expected a relative reference as type/id or type/id/_history/version";
    case ReferenceForm::kUrn:
      return "expected a UUID behind urn:uuid:, or an OID behind urn:oid:";
    case ReferenceForm::kUnknownType:
      return "expected the name of a resource type before '/'";
  }
  return {};
}

}  // namespace fhir::validation
