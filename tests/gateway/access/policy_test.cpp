#include <gtest/gtest.h>

#include <string>

#include "gateway/access/policy.hpp"

namespace gateway::access {
namespace {

namespace port = adapters::port;
using fhir::metadata::Definitions;

const Definitions& R4() {
  return Definitions::R4();
}

std::string ErrorOfPolicy(std::string_view yaml) {
  const auto policy = ReadPolicy(yaml, "p.yaml", R4());
  if (policy) {
    return "no error";
  }
  EXPECT_EQ(policy.error().code, fhir::ErrorCode::kConfiguration);
  return policy.error().public_text.text;
}

TEST(ReadPolicy, UnknownType_NamesFileLineAndRule) {
  const std::string text =
      ErrorOfPolicy("kind: hospital\nrules:\n  - types: [Slot]\n    may: read\n  - types: [Slott]\n    may: read\n");
  EXPECT_TRUE(text.starts_with("p.yaml:5: rule 2:")) << text;
  EXPECT_NE(text.find("Slott"), std::string::npos) << text;
}

TEST(ReadPolicy, UnknownSearchParameter_NamesFileLineAndRule) {
  const std::string text = ErrorOfPolicy(
      "kind: insurer\nattributes: {a: x}\nrules:\n  - types: [Claim]\n    may: [read]\n    where: "
      "insured.identifier={a}\n");
  EXPECT_TRUE(text.starts_with("p.yaml:4: rule 1: 'where' for Claim")) << text;
}

TEST(ReadPolicy, WrongShape_IsRefusedWithItsLine) {
  EXPECT_TRUE(ErrorOfPolicy("kind: king\n").starts_with("p.yaml:1: unknown kind"));
  EXPECT_TRUE(ErrorOfPolicy("kind: system\n").starts_with("p.yaml:1: unknown kind"));
  EXPECT_TRUE(ErrorOfPolicy("rules: []\n").starts_with("p.yaml:1: 'kind' is missing"));
  EXPECT_TRUE(ErrorOfPolicy("kind: patient\nrule: []\n").starts_with("p.yaml:2: unknown key 'rule'"));
  EXPECT_TRUE(ErrorOfPolicy("kind: patient\nrules:\n  - types: [Task]\n    may: [write]\n")
                  .starts_with("p.yaml:4: unknown interaction 'write'"));
  EXPECT_TRUE(ErrorOfPolicy("kind: patient\nrules:\n  - types: [Task]\n    when: x\n")
                  .starts_with("p.yaml:4: unknown key 'when'"));
  EXPECT_TRUE(ErrorOfPolicy("kind: patient\nrules:\n  - types: [Task]\n").starts_with("p.yaml:3: a rule needs"));
  EXPECT_TRUE(ErrorOfPolicy("kind: [\n").starts_with("p.yaml:"));
}

TEST(ReadPolicy, ChainBy_NeedsChainAloneAndASearchParameterOfTheType) {
  EXPECT_EQ(ErrorOfPolicy("kind: insurer\nrules:\n  - types: [Patient]\n    may: chain\n    chain_by: [identifier]\n"),
            "no error");
  EXPECT_TRUE(
      ErrorOfPolicy("kind: insurer\nrules:\n  - types: [Patient]\n    may: [chain, read]\n    chain_by: [identifier]\n")
          .starts_with("p.yaml:3: 'chain_by' needs"));
  EXPECT_TRUE(
      ErrorOfPolicy("kind: insurer\nrules:\n  - types: [Patient]\n    may: chain\n    chain_by: [identifiant]\n")
          .starts_with("p.yaml:3: rule 1: 'chain_by' for Patient"));
}

TEST(CompilePolicy, ReservedSystemsAndChainBy_ReachTheGrants) {
  const auto policy = ReadPolicy(
      "kind: insurer\nreserved_identifier_systems: [\"urn:a:\", \"urn:b:\"]\nrules:\n  - types: [Patient]\n    may: "
      "chain\n    chain_by: [identifier]\n",
      "p.yaml", R4());
  ASSERT_TRUE(policy) << policy.error().public_text.text;
  const auto grants = CompilePolicy(*policy, "me", {}, R4());
  ASSERT_TRUE(grants);
  EXPECT_EQ(grants->reserved_identifier_systems, (std::vector<std::string>{"urn:a:", "urn:b:"}));
  EXPECT_EQ(grants->by_type.at(R4().FindType("Patient")).grants.at(0).chain_by, std::vector<std::string>{"identifier"});
  EXPECT_TRUE(ErrorOfPolicy("kind: insurer\nreserved_identifier_systems: [\"\"]\n").starts_with("p.yaml:2:"));
}

TEST(ReadPolicy, PlaceholderWithoutAttribute_IsRefused) {
  const std::string text =
      ErrorOfPolicy("kind: patient\nrules:\n  - types: [Task]\n    may: read\n    where: \"patient={who}\"\n");
  EXPECT_NE(text.find("'who' has no value"), std::string::npos) << text;
}

TEST(CompilePolicy, Star_MeansEveryResourceType) {
  const auto policy = ReadPolicy("kind: operator\nrules:\n  - types: \"*\"\n    may: [read]\n", "p.yaml", R4());
  ASSERT_TRUE(policy);
  const auto grants = CompilePolicy(*policy, "me", {}, R4());
  ASSERT_TRUE(grants);
  EXPECT_FALSE(grants->unrestricted);
  EXPECT_EQ(grants->by_type.size(), R4().ResourceTypes().size());
}

TEST(CompilePolicy, Attribute_BecomesTokenOfTheLastChainStep) {
  const auto policy = ReadPolicy(
      "kind: insurer\nattributes: {organization: x}\nrules:\n  - types: [Claim]\n    may: [read]\n    where: "
      "insurer.identifier={organization}\n",
      "p.yaml", R4());
  ASSERT_TRUE(policy);
  const auto grants = CompilePolicy(*policy, "me", {{"organization", "urn:oid:1.2|9"}}, R4());
  ASSERT_TRUE(grants);
  const auto& claim = grants->by_type.at(R4().FindType("Claim"));
  ASSERT_EQ(claim.grants.size(), 1u);
  ASSERT_EQ(claim.grants[0].where.size(), 1u);
  ASSERT_TRUE(claim.grants[0].where[0].chain);
  const auto& nested = claim.grants[0].where[0].chain->nested.at(0);
  const auto& token = std::get<fhir::search::TokenValue>(nested.values.at(0));
  EXPECT_EQ(token.system, "urn:oid:1.2");
  EXPECT_EQ(token.code, "9");
}

// An attribute is one value: it can neither add alternatives nor parameters of its own.
TEST(CompilePolicy, AttributeWithSeparators_DoesNotWidenTheRule) {
  const auto policy = ReadPolicy(
      "kind: insurer\nattributes: {organization: x}\nrules:\n  - types: [Claim]\n    may: [read]\n    where: "
      "insurer.identifier={organization}\n",
      "p.yaml", R4());
  ASSERT_TRUE(policy);
  const auto grants = CompilePolicy(*policy, "me", {{"organization", "s|9,t|8&status=active"}}, R4());
  ASSERT_TRUE(grants);
  const auto& where = grants->by_type.at(R4().FindType("Claim")).grants.at(0).where;
  ASSERT_EQ(where.size(), 1u);
  EXPECT_EQ(where[0].chain->nested.at(0).values.size(), 1u);
}

TEST(CompilePolicy, MissingOrUnknownAttribute_IsRefused) {
  const auto policy = ReadPolicy(
      "kind: patient\nattributes: {identifier: x}\nrules:\n  - types: [Patient]\n    may: [read]\n    where: "
      "identifier={identifier}\n",
      "p.yaml", R4());
  ASSERT_TRUE(policy);
  EXPECT_FALSE(CompilePolicy(*policy, "me", {}, R4()));
  EXPECT_FALSE(CompilePolicy(*policy, "me", {{"identifier", ""}}, R4()));
  EXPECT_FALSE(CompilePolicy(*policy, "me", {{"identifier", "s|1"}, {"organisation", "s|2"}}, R4()));
}

}  // namespace
}  // namespace gateway::access
