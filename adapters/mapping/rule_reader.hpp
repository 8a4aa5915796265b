// Reads what rules are made of: addresses, conditions, targets and what fills them. Module-private.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/yaml_node.hpp"

namespace adapters::mapping {

/// Index of the resource of that name among those read so far, or -1.
std::int32_t FindResource(std::span<const ResourceRules> resources, std::string_view name);

/// All methods leave by Wrong at the first thing that does not hold.
class RuleReader {
 public:
  /// `tables` and `resources` are those read before the rules, and are borrowed: rules may name no later ones.
  RuleReader(std::string file_name, const Vocabulary& vocabulary, const std::vector<CodeTable>& tables,
             const std::vector<ResourceRules>& resources)
      : file_name_(std::move(file_name)), vocabulary_(vocabulary), tables_(tables), resources_(resources) {}

  const std::string& file_name() const { return file_name_; }
  /// Goes on in another file; returns the name of the one left.
  std::string EnterFile(std::string name) { return std::exchange(file_name_, std::move(name)); }
  /// "pam-fr.yaml:120".
  std::string Here(const YAML::Node& node) const;
  Address AddressOf(const YAML::Node& node) const;
  std::vector<Term> ConditionOf(const YAML::Node& node) const;
  /// `base` is the type that the rules' `to:` starts from.
  std::vector<Rule> ReadRules(const YAML::Node& list, fhir::metadata::TypeId base) const;

 private:
  void CheckGroup(const YAML::Node& node, const Address& address) const;
  Rule ReadRule(const YAML::Node& node, fhir::metadata::TypeId base) const;
  void ReadTarget(const YAML::Node& node, fhir::metadata::TypeId base, Rule& rule) const;
  void ReadFilling(const YAML::Node& node, Rule& rule) const;
  void CheckFilling(const YAML::Node& node, const Rule& rule) const;
  void ReadText(const YAML::Node& node, Rule& rule) const;

  std::string file_name_;
  const Vocabulary& vocabulary_;
  const std::vector<CodeTable>& tables_;
  const std::vector<ResourceRules>& resources_;
  const fhir::metadata::Definitions& definitions_ = fhir::metadata::Definitions::R4();
};

}  // namespace adapters::mapping
