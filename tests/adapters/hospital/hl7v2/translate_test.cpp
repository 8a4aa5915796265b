#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "adapters/hospital/hl7v2/ack/error_ack.hpp"
#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

namespace hl7 = adapters::hospital::hl7v2;
using tests::hl7v2::ReadData;

class Translating : public testing::TestWithParam<const char*> {};

/// GW_UPDATE_GOLDEN=1 rewrites the expected Bundles; read the difference before committing it.
TEST_P(Translating, Message_GivesItsExpectedBundle) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  const std::string name = GetParam();
  const auto result =
      hl7::messages::Translate(ReadData(name + ".hl7"), tests::hl7v2::TestPartner(), *maps, {.list_unmapped = true});
  for (const auto& fault : result.faults) {
    ADD_FAILURE() << hl7::er7::ToPlace(fault.location) << ": " << fault.text;
  }
  std::string text = hl7::messages::ToTransactionBundle(result.changes);
  for (std::size_t at = 0; (at = text.find("},{\"fullUrl\"", at)) != std::string::npos; at += 3) {
    text.insert(at + 2, "\n");
  }
  text += "\n";
  for (const auto& place : result.unmapped) {
    text += "unmapped " + place + "\n";
  }
  if (std::getenv("GW_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(tests::hl7v2::DataPath(name + ".bundle.txt"), std::ios::binary) << text;
  }
  EXPECT_EQ(text, ReadData(name + ".bundle.txt"));
}

INSTANTIATE_TEST_SUITE_P(Files, Translating,
                         testing::Values("adult_admission", "adult_discharge", "ald_corsica_admission",
                                         "ald_corsica_discharge", "minor_admission", "minor_discharge",
                                         "accents_admission", "accents_discharge", "provisional_admission",
                                         "provisional_discharge", "outpatient_admission", "outpatient_discharge",
                                         "adult_letter", "accents_letter"),
                         [](const auto& file) { return std::string(file.param); });

TEST(Translate, Refusals_NameTheirPlace) {
  const auto maps = tests::hl7v2::ShippedMaps();
  ASSERT_TRUE(maps);
  std::istringstream expected(ReadData("refusals/expected.txt"));
  std::string name, code, place;
  int condition = 0;
  int cases = 0;
  while (expected >> name >> code >> condition >> place) {
    ++cases;
    const auto result =
        hl7::messages::Translate(ReadData("refusals/" + name + ".hl7"), tests::hl7v2::TestPartner(), *maps);
    if (result.faults.empty()) {
      ADD_FAILURE() << name << ": was accepted";
      continue;
    }
    const auto& fault = result.faults.front();
    EXPECT_EQ(hl7::ack::Name(hl7::ack::CodeOf(result.faults)), code) << name;
    EXPECT_EQ(static_cast<int>(fault.condition), condition) << name << ": " << fault.text;
    EXPECT_EQ(hl7::er7::ToPlace(fault.location), place) << name << ": " << fault.text;
  }
  EXPECT_EQ(cases, 25);
}

TEST(Translate, UnknownTriggerOfPamFr_IsIgnored) {
  const auto maps = tests::hl7v2::ShippedMaps();
  const auto result = hl7::messages::Translate(ReadData("unknown_trigger.hl7"), tests::hl7v2::TestPartner(), *maps);
  EXPECT_TRUE(result.ignored);
  EXPECT_TRUE(result.faults.empty());
  EXPECT_TRUE(result.changes.empty());
}

TEST(Translate, DroppedSegment_TakesItsFactsAloneAway) {
  const auto maps = tests::hl7v2::ShippedMaps();
  std::string raw = ReadData("adult_admission.hl7");
  const auto with = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps).changes.size();
  raw.erase(raw.find("IN1|2"));
  const auto without = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps);
  EXPECT_TRUE(without.faults.empty());
  EXPECT_EQ(without.changes.size() + 2, with) << "the AMC's Organization and Coverage go with their IN1";
}

TEST(Translate, NullPhone_BecomesARemoval) {
  const auto maps = tests::hl7v2::ShippedMaps();
  std::string raw = ReadData("adult_admission.hl7");
  const auto at = raw.find("51454") + 5;
  raw.replace(at, 2, "||\"\"");
  const auto result = hl7::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps);
  bool removed = false;
  for (const auto& change : result.changes) {
    removed = removed || change.removals == std::vector<std::string>{"telecom"};
  }
  EXPECT_TRUE(removed);
}

}  // namespace
