#include "gateway/access/policy.hpp"

#include <array>
#include <utility>

namespace gateway::access {
namespace {

using adapters::port::PartyKind;

constexpr std::array<std::pair<std::string_view, PartyKind>, 7> kPartyKinds{{
    {"system", PartyKind::kSystem},
    {"open", PartyKind::kOpen},
    {"hospital", PartyKind::kHospital},
    {"platform", PartyKind::kPlatform},
    {"insurer", PartyKind::kInsurer},
    {"patient", PartyKind::kPatient},
    {"operator", PartyKind::kOperator},
}};

}  // namespace

std::optional<PartyKind> PartyKindOf(std::string_view name) {
  for (const auto& [kind_name, kind] : kPartyKinds) {
    if (kind_name == name && kind != PartyKind::kSystem && kind != PartyKind::kOpen) {
      return kind;
    }
  }
  return std::nullopt;
}

std::string_view Name(PartyKind kind) {
  for (const auto& [kind_name, value] : kPartyKinds) {
    if (value == kind) {
      return kind_name;
    }
  }
  return "unknown";
}

}  // namespace gateway::access
