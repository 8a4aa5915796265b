#include "adapters/hospital/hl7v2/messages/identifiers.hpp"

#include <algorithm>

namespace adapters::hospital::hl7v2::messages {
namespace {

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

PractitionerNumber ReadPractitionerNumber(std::string_view value, std::string_view authority_oid,
                                          std::string_view type) {
  const bool national = authority_oid == kIdNatPsOid || type == "IDNPS";
  if (national && value.size() == 12 && value.front() == '8' && AllDigits(value)) {
    return {std::string(value.substr(1)), kRppsSystem, "RPPS"};
  }
  if (type == "RPPS" && value.size() == 11 && AllDigits(value)) {
    return {std::string(value), kRppsSystem, "RPPS"};
  }
  if (national) {
    return {std::string(value), kIdNatPsSystem, "IDNPS"};
  }
  return {std::string(value), {}, {}};
}

bool LooksLikeFiness(std::string_view text) {
  if (text.size() != 9 || !AllDigits(text.substr(0, 1)) || !AllDigits(text.substr(2))) {
    return false;
  }
  return AllDigits(text.substr(1, 1)) || (text[0] == '2' && (text[1] == 'A' || text[1] == 'B'));
}

}  // namespace adapters::hospital::hl7v2::messages
