// Policy + attributes of one party → grants, as the store turns them into predicates.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/search/query_parser.hpp"
#include "gateway/access/policy.hpp"

namespace gateway::access {
namespace {

namespace port = adapters::port;
using fhir::metadata::Definitions;
using fhir::metadata::TypeId;

std::unexpected<fhir::Error> RuleFailure(const Policy& policy, std::size_t rule_index, std::string_view text) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}:{}: rule {}: {}", policy.file,
                                                                 policy.rules[rule_index].line, rule_index + 1, text));
}

/// Puts attribute values into {names}. The values are search text themselves ("system|value"); what would end a
/// parameter is percent-encoded, so that an attribute cannot widen its rule.
fhir::Result<std::string> FillIn(std::string_view text, std::string_view party, const Attributes& attributes) {
  std::string filled;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '{') {
      filled += text[i++];
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, "'{' without '}'");
    }
    const std::string_view name = text.substr(i + 1, end - i - 1);
    std::string_view value = party;
    if (name != "party") {
      const auto found = attributes.find(name);
      if (found == attributes.end() || found->second.empty()) {
        return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("the attribute '{}' has no value", name));
      }
      value = found->second;
    }
    for (const char c : value) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                         c == '_' || c == '.' || c == '~' || c == ':' || c == '/' || c == '|';
      if (plain) {
        filled += c;
      } else {
        filled +=
            fmt::format("{}%{:02X}", c == ',' || c == '$' || c == '\\' ? "%5C" : "", static_cast<unsigned char>(c));
      }
    }
    i = end + 1;
  }
  return filled;
}

fhir::Result<std::vector<TypeId>> TypesOf(const PolicyRule& rule, const Definitions& definitions) {
  std::vector<TypeId> types;
  for (const std::string& name : rule.types) {
    if (name == "*") {
      types.assign(definitions.ResourceTypes().begin(), definitions.ResourceTypes().end());
      return types;
    }
    const TypeId type = definitions.FindType(name);
    if (!definitions.IsResource(type)) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("'{}' is not a resource type", name));
    }
    types.push_back(type);
  }
  return types;
}

void AddAll(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& text : from) {
    if (std::find(to.begin(), to.end(), text) == to.end()) {
      to.push_back(text);
    }
  }
}

}  // namespace

fhir::Result<port::Grants> CompilePolicy(const Policy& policy, std::string_view party, const Attributes& attributes,
                                         const Definitions& definitions) {
  port::Grants grants;
  grants.reserved_identifier_systems = policy.reserved_identifier_systems;
  for (const auto& [name, value] : attributes) {
    if (!policy.attributes.contains(name)) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("party '{}': its policy {} has no attribute '{}'", party, policy.file, name));
    }
  }
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    auto types = TypesOf(rule, definitions);
    if (!types) {
      return RuleFailure(policy, i, types.error().public_text.text);
    }
    std::vector<std::string> alternatives;
    for (const std::string& where : rule.where) {
      auto filled = FillIn(where, party, attributes);
      if (!filled) {
        return RuleFailure(policy, i, filled.error().public_text.text);
      }
      alternatives.push_back(*std::move(filled));
    }
    for (const TypeId type : *types) {
      port::TypeGrants& type_grants = grants.by_type[type];
      for (const std::string& code : rule.chain_by) {
        if (definitions.FindSearchParameter(type, code) == nullptr) {
          return RuleFailure(
              policy, i, fmt::format("'chain_by' for {}: no search parameter '{}'", definitions.TypeName(type), code));
        }
      }
      AddAll(type_grants.identifier_types_hidden, rule.identifier_types_hidden);
      if (alternatives.empty()) {
        type_grants.grants.push_back({rule.interactions, {}, rule.chain_by});
      }
      for (const std::string& where : alternatives) {
        auto query = fhir::search::ParseConditional(type, where, {});
        if (!query) {
          return RuleFailure(
              policy, i, fmt::format("'where' for {}: {}", definitions.TypeName(type), query.error().public_text.text));
        }
        type_grants.grants.push_back({rule.interactions, std::move(query->criteria), rule.chain_by});
      }
    }
  }
  return grants;
}

}  // namespace gateway::access
