#include "adapters/hospital/hl7v2/messages/patient_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/hospital/hl7v2/er7/message.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

/// Takes what stands before the next delimiter, and the delimiter, from the front of a text.
std::string_view TakePart(std::string_view& text, char delimiter) {
  const auto at = delimiter == 0 ? std::string_view::npos : text.find(delimiter);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

/// Part `number` (1-based); empty when there is none.
std::string_view PartAt(std::string_view text, char delimiter, int number) {
  while (--number > 0) {
    TakePart(text, delimiter);
  }
  return TakePart(text, delimiter);
}

/// The number of a CX list that is the sender's own for the patient.
std::string KeyOfNumbers(std::string_view numbers, const er7::Delimiters& by, const Partner& partner) {
  std::string_view chosen;
  while (!numbers.empty()) {
    const std::string_view number = TakePart(numbers, by.repetition);
    const std::string_view value = PartAt(number, by.component, 1);
    if (value.empty() || value == "\"\"") {
      continue;
    }
    if (PartAt(number, by.component, 5) == "PI") {
      chosen = number;
      break;
    }
    chosen = chosen.empty() ? number : chosen;
  }
  if (chosen.empty()) {
    return {};
  }
  const std::string_view authority = PartAt(chosen, by.component, 4);
  const auto part = [&](int number) { return PartAt(authority, by.subcomponent, number); };
  return fmt::format("{}|{}", AuthoritySystem(partner, part(1), part(2), part(3)), PartAt(chosen, by.component, 1));
}

}  // namespace

std::vector<std::string> PatientKeys(std::string_view raw, const Partner& partner) {
  constexpr int kPid3 = 4;  // parts, with the name of the segment
  constexpr int kMrg1 = 2;
  std::vector<std::string> keys;
  const auto header = er7::ReadHeader(raw);
  if (!header.readable) {
    return keys;
  }
  const er7::Delimiters& by = header.delimiters;
  const char end = raw.find('\r') != std::string_view::npos ? '\r' : '\n';
  while (!raw.empty() && keys.size() < kPatientKeysMax) {
    std::string_view line = TakePart(raw, end);
    line.remove_prefix(std::min(line.find_first_not_of('\n'), line.size()));
    const int place = line.starts_with("PID") ? kPid3 : line.starts_with("MRG") ? kMrg1 : 0;
    if (place == 0 || line.size() < 4 || line[3] != by.field) {
      continue;
    }
    std::string key = KeyOfNumbers(PartAt(line, by.field, place), by, partner);
    if (!key.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) {
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

}  // namespace adapters::hospital::hl7v2::messages
