// Every kind of party × every resource type, as the policies of config/ decide. A change of policy shows as a change of
// tests/data/access/matrix.golden, to be read by a person; GW_UPDATE_GOLDEN=1 writes it anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gateway/access/policy.hpp"

namespace gateway::access {
namespace {

namespace port = adapters::port;
using fhir::metadata::Definitions;

struct MatrixLetter {
  std::uint16_t bit;
  char letter;
};

constexpr MatrixLetter kMatrixLetters[] = {{port::kRead, 'r'},   {port::kSearch, 's'}, {port::kChain, 'h'},
                                           {port::kCreate, 'c'}, {port::kUpdate, 'u'}, {port::kDelete, 'd'}};

/// Capital: every resource of the type; small: those of a predicate; '.': none.
std::string MatrixCell(const port::Grants& grants, fhir::metadata::TypeId type) {
  std::string cell;
  const auto found = grants.by_type.find(type);
  for (const auto& [bit, letter] : kMatrixLetters) {
    char shown = '.';
    if (found != grants.by_type.end()) {
      for (const port::Grant& grant : found->second.grants) {
        if ((grant.interactions & bit) != 0) {
          shown =
              grant.where.empty() || shown == static_cast<char>(letter - 32) ? static_cast<char>(letter - 32) : letter;
        }
      }
    }
    cell += shown;
  }
  return cell;
}

std::string MakeMatrix() {
  const Definitions& definitions = Definitions::R4();
  const std::vector<std::string> kinds = {"hospital", "platform", "insurer", "patient", "operator"};
  std::vector<port::Grants> all;
  std::string text =
      "# r read, s search, h chain, c create, u update, d delete; capital: all, small: by predicate, '.': denied\n";
  text += fmt::format("{:36}", "# type");
  for (const std::string& kind : kinds) {
    text += fmt::format("{:10}", kind);
    const auto policy = ReadPolicyFile(fmt::format("{}/config/policies/{}.yaml", GW_SOURCE_DIR, kind), definitions);
    EXPECT_TRUE(policy) << policy.error().public_text.text;
    Attributes attributes;
    for (const auto& [name, meaning] : policy->attributes) {
      attributes[name] = name == "namespace" ? "https://platform.example/agenda" : "urn:oid:1.2.3|42";
    }
    auto grants = CompilePolicy(*policy, "party", attributes, definitions);
    EXPECT_TRUE(grants) << grants.error().public_text.text;
    EXPECT_FALSE(grants->unrestricted);
    all.push_back(*std::move(grants));
  }
  text += '\n';
  for (const auto type : definitions.ResourceTypes()) {
    std::string line = fmt::format("{:36}", definitions.TypeName(type));
    for (const port::Grants& grants : all) {
      line += fmt::format("{:10}", MatrixCell(grants, type));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

TEST(PolicyMatrix, AllKindsAndTypes_MatchGolden) {
  const std::string path = GW_SOURCE_DIR "/tests/data/access/matrix.golden";
  const std::string matrix = MakeMatrix();
  if (std::getenv("GW_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << matrix;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(matrix, golden);
}

// What must stay true whatever else a policy says.
TEST(PolicyMatrix, Insurer_HasNoClinicalTypeAndNoPatient) {
  const Definitions& definitions = Definitions::R4();
  const auto policy = ReadPolicyFile(GW_SOURCE_DIR "/config/policies/insurer.yaml", definitions);
  ASSERT_TRUE(policy) << policy.error().public_text.text;
  const auto grants = CompilePolicy(*policy, "amc", {{"organization", "s|1"}}, definitions);
  ASSERT_TRUE(grants);
  for (const char* type : {"Encounter", "Observation", "Condition", "MedicationRequest", "DocumentReference", "Binary",
                           "Composition", "CarePlan", "Task", "Appointment"}) {
    EXPECT_FALSE(grants->by_type.contains(definitions.FindType(type))) << type;
  }
  const auto& patient = grants->by_type.at(definitions.FindType("Patient"));
  for (const port::Grant& grant : patient.grants) {
    EXPECT_EQ(grant.interactions, port::kChain);
    EXPECT_FALSE(grant.where.empty());
    EXPECT_EQ(grant.chain_by, std::vector<std::string>{"identifier"});
  }
  for (const char* hidden : {"INS", "INS-NIR", "INS-NIA", "INS-C", "INS-NIR-TEST", "INS-NIR-DEMO", "PI", "VN", ""}) {
    EXPECT_NE(std::find(patient.identifier_types_hidden.begin(), patient.identifier_types_hidden.end(), hidden),
              patient.identifier_types_hidden.end())
        << hidden;
  }
}

TEST(PolicyMatrix, EveryWriter_LeavesIdentifiersOfOthersAlone) {
  for (const char* kind : {"hospital", "platform", "insurer", "patient"}) {
    const auto policy =
        ReadPolicyFile(fmt::format("{}/config/policies/{}.yaml", GW_SOURCE_DIR, kind), Definitions::R4());
    ASSERT_TRUE(policy) << policy.error().public_text.text;
    EXPECT_EQ(policy->reserved_identifier_systems,
              (std::vector<std::string>{"urn:oid:1.2.250.1.71.4.2.2.", "https://passerelle.example/fhir/identifier/"}))
        << kind;
  }
}

TEST(PolicyMatrix, Patient_WritesNothing) {
  const Definitions& definitions = Definitions::R4();
  const auto policy = ReadPolicyFile(GW_SOURCE_DIR "/config/policies/patient.yaml", definitions);
  ASSERT_TRUE(policy) << policy.error().public_text.text;
  const auto grants = CompilePolicy(*policy, "p", {{"identifier", "s|1"}}, definitions);
  ASSERT_TRUE(grants);
  for (const auto& [type, type_grants] : grants->by_type) {
    for (const port::Grant& grant : type_grants.grants) {
      EXPECT_EQ(grant.interactions & (port::kCreate | port::kUpdate | port::kDelete), 0) << definitions.TypeName(type);
    }
  }
}

}  // namespace
}  // namespace gateway::access
