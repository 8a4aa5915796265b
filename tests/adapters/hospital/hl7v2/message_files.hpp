// The synthetic messages of tests/data/hl7v2 and the rules of config/mappings.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "adapters/hospital/hl7v2/messages/translate.hpp"

namespace tests::hl7v2 {

inline std::string DataPath(const std::string& name) {
  return std::string(GW_SOURCE_DIR) + "/tests/data/hl7v2/" + name;
}

inline std::string ReadData(const std::string& name) {
  std::ifstream file(DataPath(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::shared_ptr<const adapters::hospital::hl7v2::messages::MapSet> ShippedMaps() {
  auto maps =
      adapters::hospital::hl7v2::messages::MapSet::LoadFolder(std::string(GW_SOURCE_DIR) + "/config/mappings/hl7v2");
  return maps ? *maps : nullptr;
}

inline adapters::hospital::hl7v2::Partner TestPartner() {
  adapters::hospital::hl7v2::Partner partner;
  partner.name = "chu";
  partner.finess = "990000010";
  partner.zone = *fhir::TimeZone::Find("Europe/Paris");
  return partner;
}

}  // namespace tests::hl7v2
