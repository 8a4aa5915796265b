// The synthetic messages of tests/data/hl7v2 and the rules of config/mappings.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "adapters/hospital/hl7v2/messages/translate.hpp"

namespace tests::hl7v2 {

inline std::string DataPath(const std::string& name) {
  return std::string(GW_SOURCE_DIR) + "/tests/data/hl7v2/" + name;
}

inline std::string ReadData(const std::string& name) {
  std::ifstream file(DataPath(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Names of all messages that have an expected Bundle beside them, or are to get one.
inline std::vector<std::string> MessageNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(DataPath(""))) {
    if (entry.path().extension() == ".hl7") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
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
