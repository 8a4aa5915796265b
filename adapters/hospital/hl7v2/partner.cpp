#include "adapters/hospital/hl7v2/partner.hpp"

#include <fmt/format.h>

namespace adapters::hospital::hl7v2 {
namespace {

constexpr std::string_view kStructureArc = "urn:oid:1.2.250.1.71.4.2.2.";

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
  return partner.finess.empty()
             ? fmt::format("https://passerelle.example/fhir/identifier/partner/{}", UriPart(partner.name))
             : fmt::format("{}{}", kStructureArc, partner.finess);
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
  return fmt::format("https://passerelle.example/fhir/identifier/partner/{}/{}", UriPart(partner.name),
                     UriPart(id.empty() ? name : id));
}

}  // namespace adapters::hospital::hl7v2
