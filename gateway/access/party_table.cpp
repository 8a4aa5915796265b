#include "gateway/access/party_table.hpp"

#include <fmt/format.h>

#include <utility>

#include "gateway/access/crypto/constant_time.hpp"

namespace gateway::access {
namespace {

constexpr std::size_t kTokenCharactersMin = 16;
constexpr std::size_t kTokenCharactersMax = 4096;
constexpr std::size_t kPartiesMax = 10'000;

std::string_view Bytes(const crypto::Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::unexpected<fhir::Error> PartyFailure(std::string_view party, std::string_view text) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("party '{}': {}", party, text));
}

}  // namespace

fhir::Result<PartyTable> PartyTable::Create(const PartyTableOptions& options,
                                            const fhir::metadata::Definitions& definitions) {
  if (options.parties.size() > kPartiesMax) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("more than {} parties", kPartiesMax));
  }
  PartyTable table;
  std::map<std::string, Policy> policies;
  for (const PartyOptions& party : options.parties) {
    if (party.name.empty() || table.FindByName(party.name) != nullptr) {
      return PartyFailure(party.name, "the name is empty or used twice");
    }
    const auto kind = PartyKindOf(party.kind);
    if (!kind) {
      return PartyFailure(party.name, fmt::format("unknown kind '{}'", party.kind));
    }
    if (party.token.size() < kTokenCharactersMin || party.token.size() > kTokenCharactersMax) {
      return PartyFailure(
          party.name, fmt::format("the token must have {} to {} characters", kTokenCharactersMin, kTokenCharactersMax));
    }
    if (table.Find(party.token) != nullptr) {
      return PartyFailure(party.name, "another party has the same token");
    }
    const std::string file = party.policy_file.empty()
                                 ? fmt::format("{}/{}.yaml", options.policies_directory, party.kind)
                                 : party.policy_file;
    auto policy = policies.find(file);
    if (policy == policies.end()) {
      GW_ASSIGN(Policy read, ReadPolicyFile(file, definitions));
      policy = policies.emplace(file, std::move(read)).first;
    }
    if (policy->second.kind != *kind) {
      return PartyFailure(party.name, fmt::format("{} is a policy for another kind of party", file));
    }
    GW_ASSIGN(adapters::port::Grants port_grants,
              CompilePolicy(policy->second, party.name, party.attributes, definitions));
    Entry entry;
    GW_ASSIGN(entry.token_digest, crypto::Sha256(party.token));
    entry.actor.kind = *kind;
    entry.actor.party = party.name;
    entry.actor.agent_reference = party.agent_reference;
    entry.actor.grants = std::make_shared<const adapters::port::Grants>(std::move(port_grants));
    table.entries_.push_back(std::move(entry));
  }
  return table;
}

const adapters::port::Actor* PartyTable::Find(std::string_view token) const {
  const auto digest = crypto::Sha256(token);
  if (!digest) {
    return nullptr;
  }
  const adapters::port::Actor* found = nullptr;
  for (const Entry& entry : entries_) {
    if (crypto::ConstantTimeEqual(Bytes(entry.token_digest), Bytes(*digest))) {
      found = &entry.actor;
    }
  }
  return found;
}

const adapters::port::Actor* PartyTable::FindByName(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.actor.party == name) {
      return &entry.actor;
    }
  }
  return nullptr;
}

}  // namespace gateway::access
