#include "adapters/hospital/hl7v2/messages/patient_keys.hpp"

#include <gtest/gtest.h>

#include "tests/adapters/hospital/hl7v2/message_files.hpp"

namespace {

using adapters::hospital::hl7v2::messages::PatientKeys;
using Keys = std::vector<std::string>;

std::string Message(const std::string& segments) {
  return "MSH|^~\\&|GAM|CHU|GW|GW|20250110||ADT^A40^ADT_A39|42|D|2.5\rEVN||20250110\r" + segments;
}

Keys KeysOf(const std::string& raw) {
  return PatientKeys(raw, tests::hl7v2::TestPartner());
}

TEST(PatientKeys, NumberOfTypePi_IsChosenAmongRepetitions) {
  EXPECT_EQ(KeysOf(Message("PID|||1^^^INS&1.2.3&ISO^INS~A7^^^X&1.2.9&ISO^PI\r")), Keys{"urn:oid:1.2.9|A7"});
  EXPECT_EQ(KeysOf(Message("PID|||A7^^^X&1.2.9&ISO\r")), Keys{"urn:oid:1.2.9|A7"});
}

TEST(PatientKeys, MergeAndLink_NameTwo) {
  const Keys both{"urn:oid:1.2.9|A7", "urn:oid:1.2.9|B8"};
  EXPECT_EQ(KeysOf(Message("PID|||A7^^^X&1.2.9&ISO^PI\rMRG|B8^^^X&1.2.9&ISO^PI\r")), both);
  EXPECT_EQ(KeysOf(Message("PID|||A7^^^X&1.2.9&ISO^PI\rPV1||I\rPID|||B8^^^X&1.2.9&ISO^PI\r")), both);
  EXPECT_EQ(KeysOf(Message("PID|||A7^^^X&1.2.9&ISO^PI\rMRG|A7^^^X&1.2.9&ISO^PI\r")), Keys{both[0]});
}

TEST(PatientKeys, LineEndsAndDelimitersAsSent) {
  EXPECT_EQ(KeysOf("MSH#*~\\&#A#B#C#D#1##ADT*A01#1#P#2.5\nPID###A7***X&1.2.9&ISO*PI\n"), Keys{"urn:oid:1.2.9|A7"});
  EXPECT_EQ(KeysOf("MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\r\nPID|||A7^^^X&1.2.9&ISO^PI\r\n"), Keys{"urn:oid:1.2.9|A7"});
}

TEST(PatientKeys, WhatCannotBeRead_NamesNobody) {
  for (const std::string& raw :
       {std::string(), std::string("garbage\rPID|||A7\r"), Message("PID\r"), Message("PID|||\r"),
        Message("PID|||\"\"^^^X&1.2.9&ISO^PI\r"), Message("PIDX||A7\r"), Message("PID|||~~^^\r")}) {
    EXPECT_EQ(KeysOf(raw), Keys{}) << raw;
  }
}

TEST(PatientKeys, AgreeWithTheRules) {
  const auto maps = tests::hl7v2::ShippedMaps();
  for (const auto* name : {"adult_admission.hl7", "accents_discharge.hl7", "adult_letter.hl7", "lab_results.hl7",
                           "appointment_new.hl7", "minor_admission.hl7"}) {
    const std::string raw = tests::hl7v2::ReadData(name);
    const auto translated = adapters::hospital::hl7v2::messages::Translate(raw, tests::hl7v2::TestPartner(), *maps);
    ASSERT_FALSE(translated.patient_keys.empty()) << name;
    EXPECT_EQ(KeysOf(raw), translated.patient_keys) << name;
  }
}

}  // namespace
