// The parties of the configuration, found by their bearer token.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/access/crypto/digest.hpp"
#include "gateway/access/policy.hpp"

namespace gateway::access {

struct PartyOptions {
  std::string name;
  std::string kind;             ///< "hospital", "platform", "insurer", "patient", "operator"
  std::string token;            ///< the bearer token itself, read from its file; at least 16 characters
  std::string policy_file;      ///< path; empty: policies_directory + "/" + kind + ".yaml"
  std::string agent_reference;  ///< FHIR reference of the party for AuditEvents; may be empty
  Attributes attributes;
};

struct PartyTableOptions {
  std::string policies_directory = "config/policies";
  std::vector<PartyOptions> parties;
};

/// thread-safe once made. Keeps digests, never tokens.
class PartyTable {
 public:
  /// Reads the policies and compiles each party's grants.
  /// Errors: kConfiguration (unknown kind, name or token used twice, short token, policy of another kind, and those of
  ///         CompilePolicy).
  static fhir::Result<PartyTable> Create(const PartyTableOptions& options,
                                         const fhir::metadata::Definitions& definitions);

  /// The party with that token, or nullptr. Cost: one SHA-256 and a comparison with every party, whatever matches.
  const adapters::port::Actor* Find(std::string_view token) const;
  /// The party of that name, or nullptr: for channels that authenticate otherwise.
  const adapters::port::Actor* FindByName(std::string_view name) const;

 private:
  struct Entry {
    crypto::Sha256Digest token_digest{};
    adapters::port::Actor actor;
  };
  std::vector<Entry> entries_;
};

}  // namespace gateway::access
