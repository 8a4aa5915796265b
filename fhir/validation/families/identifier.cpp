#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

constexpr std::string_view kUriSystem = "urn:ietf:rfc:3986";

constexpr std::string_view kSystemSchemes[] = {"http:", "https:", "urn:", "ldap:"};

/// A scheme and a colon, as https://www.rfc-editor.org/rfc/rfc3986#section-3.1 has them.
bool BeginsWithScheme(std::string_view value) {
  const std::size_t colon = value.find(':');
  if (colon == std::string_view::npos || colon == 0 || std::isalpha(static_cast<unsigned char>(value.front())) == 0) {
    return false;
  }
  return std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(colon), [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '+' || byte == '-' || byte == '.';
  });
}

}  // namespace

void CheckIdentifier(const model::Node& identifier, const FamilyContext& context, IssueList& issues) {
  const std::string_view value = identifier.ChildValue("value");
  const std::string_view system = identifier.ChildValue("system");
  if (!system.empty() && std::none_of(std::begin(kSystemSchemes), std::end(kSystemSchemes),
                                      [system](std::string_view scheme) { return system.starts_with(scheme); })) {
    Report(identifier, IssueType::kCodeInvalid, "an absolute URI is expected as system", issues);
  }
  if (system == kUriSystem && !value.empty() && !BeginsWithScheme(value)) {
    Report(identifier, IssueType::kCodeInvalid,
           "a whole URI is expected as value, such as urn:oid:… or urn:uuid:…, since the system is that of URIs",
           issues);
  }
  CheckNationalIdentifier(identifier, context.national_identifiers, issues);
}

void CheckCodingNumber(const model::Node& coding, const FamilyContext& context, IssueList& issues) {
  CheckNationalIdentifier(coding, context.national_identifiers, issues);
}

}  // namespace fhir::validation
