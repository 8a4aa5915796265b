#include "adapters/hospital/hl7v2/partner.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace adapters::hospital::hl7v2 {
namespace {

constexpr std::string_view kStructureArc = "urn:oid:1.2.250.1.71.4.2.2.";
constexpr std::string_view kPartnerSystems = "https://passerelle.example/fhir/identifier/partner/";

std::string UriPart(std::string_view text) {
  std::string part;
  for (const char character : text) {
    const bool plain = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
                       (character >= '0' && character <= '9') || character == '-' || character == '_' ||
                       character == '.';
    part += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return part;
}

}  // namespace

std::string OwnSystem(const Partner& partner) {
  if (const auto own = partner.identifier_systems.find(partner.finess); own != partner.identifier_systems.end()) {
    return own->second;
  }
  return partner.finess.empty() ? fmt::format("{}{}", kPartnerSystems, UriPart(partner.name))
                                : fmt::format("{}{}", kStructureArc, partner.finess);
}

bool IsBound(const Partner& partner) {
  return !partner.finess.empty() || !partner.identifier_systems.empty();
}

bool IssuesSystem(const Partner& partner, std::string_view system) {
  const bool listed = std::any_of(partner.identifier_systems.begin(), partner.identifier_systems.end(),
                                  [&](const auto& entry) { return entry.second == system; });
  const std::string named = fmt::format("{}{}", kPartnerSystems, UriPart(partner.name));
  return listed || system == OwnSystem(partner) || system == named || system.starts_with(named + '/');
}

std::string AuthoritySystem(const Partner& partner, std::string_view name, std::string_view id, std::string_view type) {
  for (const auto key : {id, name}) {
    const auto own = key.empty() ? partner.identifier_systems.end() : partner.identifier_systems.find(key);
    if (own != partner.identifier_systems.end()) {
      return own->second;
    }
  }
  if (!id.empty() && type == "ISO") {
    return fmt::format("urn:oid:{}", id);
  }
  if (!id.empty() && (type == "M" || type == "N")) {
    return fmt::format("{}{}", kStructureArc, id);
  }
  if (id.empty() && name.empty()) {
    return OwnSystem(partner);
  }
  return fmt::format("{}{}/{}", kPartnerSystems, UriPart(partner.name), UriPart(id.empty() ? name : id));
}

}  // namespace adapters::hospital::hl7v2
