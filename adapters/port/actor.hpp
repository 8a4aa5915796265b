// On whose behalf something is read or written, and what that party may see. gateway/access makes it from the token and
// the policy files; gateway/store turns the grants into SQL predicates in every branch. Nothing filters afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query.hpp"

namespace adapters::port {

enum class PartyKind : std::uint8_t { kSystem, kOpen, kHospital, kPlatform, kInsurer, kPatient, kOperator };

/// What may be done to a type, as bits.
enum Interaction : std::uint16_t {
  kRead = 1,    ///< read, vread, history, and as a search result or include
  kSearch = 2,  ///< as the type searched for
  kChain = 4,   ///< named inside a chain, _has or reference of somebody's search, never returned
  kCreate = 8,
  kUpdate = 16,
  kDelete = 32,
};

/// One row of a policy for one type: the interactions, and which resources they extend to.
struct Grant {
  std::uint16_t interactions = 0;
  std::vector<fhir::search::Criterion> where;  ///< ANDed; empty: every resource of the type
  std::vector<std::string> chain_by = {};      ///< search parameters a chain or _has may name here; empty: any
};

struct TypeGrants {
  std::vector<Grant> grants;                         ///< ORed per interaction; none: denied
  std::vector<std::string> identifier_types_hidden;  ///< tokens with these identifier types match nothing
};

/// The whole of what a party may do. Immutable after loading; shared by all requests of the party.
struct Grants {
  bool unrestricted = false;  ///< system, open mode
  std::unordered_map<fhir::metadata::TypeId, TypeGrants> by_type;
  /// Beginnings of identifier systems that the party may not write into identifier or masterIdentifier.
  std::vector<std::string> reserved_identifier_systems = {};
};

struct Actor {
  PartyKind kind = PartyKind::kSystem;
  std::string party;                     ///< name in the configuration, e.g. "chu-nantes"; goes to logs and AuditEvents
  std::string agent_reference;           ///< FHIR reference of the party, e.g. "Organization/123"; may be empty
  std::shared_ptr<const Grants> grants;  ///< shared: every request of the party and the policy table own it
  std::string request_id;
};

}  // namespace adapters::port
