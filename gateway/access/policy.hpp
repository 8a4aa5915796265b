// What a kind of party may do, as data: config/policies/*.yaml. A file is read and checked once; each party of that
// kind then gets its own grants, with the party's attributes put into the rules.
//
//   kind: insurer
//   attributes:                           # what a party of this kind must tell about itself
//     organization: identifier of its Organization, as system|value
//   rules:
//     - types: [Claim, ClaimResponse]     # "*": every resource type
//       may: [read, search]               # read search chain create update delete
//       where: insurer.identifier={organization}     # FHIR search text; a list: any one of them; none: all resources
//       hide_identifier_types: [INS]      # tokens whose identifier has such a type match nothing; "": one without type
//       chain_by: [identifier]            # for chain alone: the search parameters that a chain or _has may name here
//   reserved_identifier_systems: [urn:x:] # beginnings of systems that the party may not write as identifiers
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/metadata/definitions.hpp"

namespace gateway::access {

using Attributes = std::map<std::string, std::string, std::less<>>;

struct PolicyRule {
  std::vector<std::string> types;
  std::uint16_t interactions = 0;  ///< bits of adapters::port::Interaction
  std::vector<std::string> where;  ///< alternatives; empty: every resource
  std::vector<std::string> identifier_types_hidden;
  std::vector<std::string> chain_by;  ///< codes of search parameters; empty: any
  int line = 0;
};

struct Policy {
  std::string file;
  adapters::port::PartyKind kind = adapters::port::PartyKind::kSystem;
  Attributes attributes;  ///< name → what it means
  std::vector<PolicyRule> rules;
  std::vector<std::string> reserved_identifier_systems;
};

/// "hospital" and so on; nullopt for kinds that no file can give (system, open).
std::optional<adapters::port::PartyKind> PartyKindOf(std::string_view name);
std::string_view Name(adapters::port::PartyKind kind);

/// Reads and checks a policy: keys, kind, types, interactions, and every `where` against the search parameters.
/// Errors: kConfiguration, "FILE:LINE: rule N: …".
fhir::Result<Policy> ReadPolicy(std::string_view yaml, std::string_view file_name,
                                const fhir::metadata::Definitions& definitions);
/// Errors: as ReadPolicy, and kConfiguration when the file cannot be read or is larger than 1 MB.
fhir::Result<Policy> ReadPolicyFile(const std::string& path, const fhir::metadata::Definitions& definitions);

/// The grants of one party. {name} in a rule stands for the attribute's value, {party} for the party's name.
/// Errors: kConfiguration when an attribute is missing or makes a rule that does not parse.
fhir::Result<adapters::port::Grants> CompilePolicy(const Policy& policy, std::string_view party,
                                                   const Attributes& attributes,
                                                   const fhir::metadata::Definitions& definitions);

}  // namespace gateway::access
