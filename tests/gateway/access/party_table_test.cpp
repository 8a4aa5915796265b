#include <gtest/gtest.h>

#include "gateway/access/party_table.hpp"

namespace gateway::access {
namespace {

using fhir::metadata::Definitions;

PartyOptions SomePatient(std::string name, std::string token) {
  PartyOptions party;
  party.name = std::move(name);
  party.kind = "patient";
  party.token = std::move(token);
  party.attributes = {{"identifier", "urn:oid:1.2|1"}};
  return party;
}

PartyTableOptions WithParties(std::vector<PartyOptions> parties) {
  return {.policies_directory = GW_SOURCE_DIR "/config/policies", .parties = std::move(parties)};
}

TEST(PartyTable, Find_KnownTokenGivesItsPartyOnly) {
  const auto table = PartyTable::Create(
      WithParties({SomePatient("one", "token-of-number-1"), SomePatient("two", "token-of-number-2")}),
      Definitions::R4());
  ASSERT_TRUE(table) << table.error().public_text.text;
  ASSERT_NE(table->Find("token-of-number-2"), nullptr);
  EXPECT_EQ(table->Find("token-of-number-2")->party, "two");
  EXPECT_EQ(table->Find("token-of-number-2")->kind, adapters::port::PartyKind::kPatient);
  EXPECT_EQ(table->Find("token-of-number-3"), nullptr);
  EXPECT_EQ(table->Find(""), nullptr);
  EXPECT_EQ(table->FindByName("one")->party, "one");
  EXPECT_EQ(table->FindByName("three"), nullptr);
}

TEST(PartyTable, Create_RefusesWhatWouldConfuseParties) {
  const auto& r4 = Definitions::R4();
  EXPECT_FALSE(PartyTable::Create(WithParties({SomePatient("a", "short")}), r4));
  EXPECT_FALSE(PartyTable::Create(
      WithParties({SomePatient("a", "same-token-000001"), SomePatient("b", "same-token-000001")}), r4));
  EXPECT_FALSE(PartyTable::Create(
      WithParties({SomePatient("a", "token-of-number-1"), SomePatient("a", "token-of-number-2")}), r4));
  PartyOptions wrong_kind = SomePatient("a", "token-of-number-1");
  wrong_kind.kind = "emperor";
  EXPECT_FALSE(PartyTable::Create(WithParties({wrong_kind}), r4));
  PartyOptions other_policy = SomePatient("a", "token-of-number-1");
  other_policy.policy_file = GW_SOURCE_DIR "/config/policies/operator.yaml";
  EXPECT_FALSE(PartyTable::Create(WithParties({other_policy}), r4));
  PartyOptions no_file = SomePatient("a", "token-of-number-1");
  no_file.policy_file = GW_SOURCE_DIR "/config/policies/nobody.yaml";
  EXPECT_FALSE(PartyTable::Create(WithParties({no_file}), r4));
}

TEST(PartyTable, Create_ErrorNeverHoldsTheToken) {
  const auto table = PartyTable::Create(
      WithParties({SomePatient("a", "secret-token-0001"), SomePatient("b", "secret-token-0001")}), Definitions::R4());
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().public_text.text.find("secret"), std::string::npos);
  EXPECT_EQ(table.error().internal_text.text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace gateway::access
