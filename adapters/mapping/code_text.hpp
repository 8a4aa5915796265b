// Codes as FHIR spells them. Source: https://hl7.org/fhir/R4/datatypes.html#code
#pragma once

#include <string>
#include <string_view>

namespace adapters::mapping {

/// Without white space at the ends, and with one blank for each run of it inside: senders pad codes to a width.
inline std::string ToCode(std::string_view text) {
  std::string code;
  code.reserve(text.size());
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      gap = !code.empty();
      continue;
    }
    if (gap) {
      code += ' ';
      gap = false;
    }
    code += c;
  }
  return code;
}

}  // namespace adapters::mapping
