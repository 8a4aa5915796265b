// YAML → Policy. The only yaml-cpp code of this folder; its exceptions end here.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "gateway/access/policy.hpp"

namespace gateway::access {
namespace {

namespace port = adapters::port;

constexpr std::size_t kPolicyBytesMax = 1024 * 1024;
constexpr std::size_t kPolicyRulesMax = 1000;

constexpr std::array<std::pair<std::string_view, std::uint16_t>, 6> kInteractionNames{{
    {"read", port::kRead},
    {"search", port::kSearch},
    {"chain", port::kChain},
    {"create", port::kCreate},
    {"update", port::kUpdate},
    {"delete", port::kDelete},
}};

std::unexpected<fhir::Error> PolicyFailure(std::string_view file, int line, std::string_view text) {
  return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}:{}: {}", file, line, text));
}

int LineOf(const YAML::Node& node) {
  return node.Mark().line + 1;
}

/// A scalar, or a list of scalars, as texts.
fhir::Result<std::vector<std::string>> ReadTexts(const YAML::Node& node, std::string_view file, std::string_view what) {
  std::vector<std::string> texts;
  if (node.IsScalar()) {
    texts.push_back(node.Scalar());
  } else if (node.IsSequence()) {
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) {
        return PolicyFailure(file, LineOf(item), fmt::format("'{}' must be a list of texts", what));
      }
      texts.push_back(item.Scalar());
    }
  } else {
    return PolicyFailure(file, LineOf(node), fmt::format("'{}' must be a text or a list of texts", what));
  }
  if (texts.empty()) {
    return PolicyFailure(file, LineOf(node), fmt::format("'{}' is empty", what));
  }
  return texts;
}

fhir::Result<std::uint16_t> ReadInteractions(const YAML::Node& node, std::string_view file) {
  GW_ASSIGN(const std::vector<std::string> names, ReadTexts(node, file, "may"));
  std::uint16_t bits = 0;
  for (const std::string& name : names) {
    std::uint16_t bit = 0;
    for (const auto& [known, value] : kInteractionNames) {
      bit = known == name ? value : bit;
    }
    if (bit == 0) {
      return PolicyFailure(file, LineOf(node),
                           fmt::format("unknown interaction '{}': expected read, search, chain, create, update or "
                                       "delete",
                                       name));
    }
    bits |= bit;
  }
  return bits;
}

fhir::Result<PolicyRule> ReadRule(const YAML::Node& node, std::string_view file) {
  if (!node.IsMap()) {
    return PolicyFailure(file, LineOf(node), "a rule must be a map");
  }
  PolicyRule rule;
  rule.line = LineOf(node);
  for (const auto& member : node) {
    const std::string key = member.first.Scalar();
    if (key == "types") {
      GW_ASSIGN(rule.types, ReadTexts(member.second, file, key));
    } else if (key == "may") {
      GW_ASSIGN(rule.interactions, ReadInteractions(member.second, file));
    } else if (key == "where") {
      GW_ASSIGN(rule.where, ReadTexts(member.second, file, key));
    } else if (key == "hide_identifier_types") {
      GW_ASSIGN(rule.identifier_types_hidden, ReadTexts(member.second, file, key));
    } else if (key == "chain_by") {
      GW_ASSIGN(rule.chain_by, ReadTexts(member.second, file, key));
    } else {
      return PolicyFailure(file, LineOf(member.first),
                           fmt::format("unknown key '{}' in a rule: expected types, may, where, chain_by or "
                                       "hide_identifier_types",
                                       key));
    }
  }
  if (rule.types.empty() || rule.interactions == 0) {
    return PolicyFailure(file, rule.line, "a rule needs 'types' and 'may'");
  }
  if (!rule.chain_by.empty() && rule.interactions != port::kChain) {
    return PolicyFailure(file, rule.line, "'chain_by' needs a rule that grants chain alone");
  }
  return rule;
}

fhir::Result<Policy> ReadTree(const YAML::Node& root, std::string_view file) {
  if (!root.IsMap()) {
    return PolicyFailure(file, 1, "a policy must be a map with kind, attributes and rules");
  }
  Policy policy;
  policy.file = file;
  bool has_kind = false;
  for (const auto& member : root) {
    const std::string key = member.first.Scalar();
    if (key == "kind") {
      const auto kind = member.second.IsScalar() ? PartyKindOf(member.second.Scalar()) : std::nullopt;
      if (!kind) {
        return PolicyFailure(file, LineOf(member.second),
                             "unknown kind: expected hospital, platform, insurer, patient or operator");
      }
      policy.kind = *kind;
      has_kind = true;
    } else if (key == "attributes") {
      if (!member.second.IsMap()) {
        return PolicyFailure(file, LineOf(member.second), "'attributes' must be a map of name to meaning");
      }
      for (const auto& attribute : member.second) {
        policy.attributes[attribute.first.Scalar()] = attribute.second.IsScalar() ? attribute.second.Scalar() : "";
      }
    } else if (key == "rules") {
      if (!member.second.IsSequence() || member.second.size() > kPolicyRulesMax) {
        return PolicyFailure(file, LineOf(member.second),
                             fmt::format("'rules' must be a list of at most {} rules", kPolicyRulesMax));
      }
      for (const YAML::Node& item : member.second) {
        GW_ASSIGN(PolicyRule rule, ReadRule(item, file));
        policy.rules.push_back(std::move(rule));
      }
    } else if (key == "reserved_identifier_systems") {
      GW_ASSIGN(policy.reserved_identifier_systems, ReadTexts(member.second, file, key));
      for (const std::string& prefix : policy.reserved_identifier_systems) {
        if (prefix.empty()) {
          return PolicyFailure(file, LineOf(member.second), "'reserved_identifier_systems' has an empty text");
        }
      }
    } else {
      return PolicyFailure(
          file, LineOf(member.first),
          fmt::format("unknown key '{}': expected kind, attributes, rules or reserved_identifier_systems", key));
    }
  }
  if (!has_kind) {
    return PolicyFailure(file, 1, "'kind' is missing");
  }
  return policy;
}

}  // namespace

fhir::Result<Policy> ReadPolicy(std::string_view yaml, std::string_view file_name,
                                const fhir::metadata::Definitions& definitions) {
  if (yaml.size() > kPolicyBytesMax) {
    return PolicyFailure(file_name, 1, "larger than 1 MB");
  }
  Policy policy;
  try {
    GW_ASSIGN(policy, ReadTree(YAML::Load(std::string(yaml)), file_name));
  } catch (const YAML::Exception& exception) {
    return PolicyFailure(file_name, exception.mark.line + 1, exception.msg);
  }
  // A trial compile with stand-in attributes finds unknown types and parameters before any party uses the file.
  Attributes trial;
  for (const auto& [name, meaning] : policy.attributes) {
    trial[name] = "urn:oid:1|1";
  }
  GW_TRY(CompilePolicy(policy, "party", trial, definitions));
  return policy;
}

fhir::Result<Policy> ReadPolicyFile(const std::string& path, const fhir::metadata::Definitions& definitions) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: cannot read the policy file", path));
  }
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return ReadPolicy(text, path, definitions);
}

}  // namespace gateway::access
