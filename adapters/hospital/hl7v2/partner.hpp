// What is known of the hospital on the other side, besides its messages. Filled from the configuration.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "adapters/mapping/functions.hpp"
#include "fhir/base/time_zone.hpp"

namespace adapters::hospital::hl7v2 {

struct Partner {
  std::string name;                      ///< in the configuration
  std::string charset = "UTF-8";         ///< of messages without MSH-18
  const fhir::TimeZone* zone = nullptr;  ///< of times without an offset; null: such times keep their date alone
  std::string profile;                   ///< name of the rule file for its messages; empty: what they say themselves
  std::string finess;                    ///< of its own authority, for identifiers that name none
  /// Assigning authority (OID, FINESS or name, as in CX-4) → system URI of its identifiers.
  std::map<std::string, std::string, std::less<>> identifier_systems;
};

/// The identifier system of an assigning authority (HD: namespace, universal id, type): the partner's own entry by id
/// or name; else `urn:oid:` of an ISO id; else of a French structure (type M legal entity, N site) its arc under
/// 1.2.250.1.71.4.2.2; else a URI out of partner and name. An empty authority is the partner's own.
std::string AuthoritySystem(const Partner& partner, std::string_view name, std::string_view id, std::string_view type);

/// The system under which the partner issues its patients' numbers when it names no authority.
std::string OwnSystem(const Partner& partner);

/// Whether anything is known of the partner's authorities. A partner without FINESS and identifier_systems is a trial
/// set-up, and may name every authority.
bool IsBound(const Partner& partner);

/// Whether identifiers of the system are the partner's to give: its own system, those of its identifier_systems, and
/// those made out of its own name.
bool IssuesSystem(const Partner& partner, std::string_view system);

}  // namespace adapters::hospital::hl7v2
