// Which patients a message names, told from its bytes before anything is interpreted: by these its order is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/hospital/hl7v2/partner.hpp"

namespace adapters::hospital::hl7v2::messages {

constexpr std::size_t kPatientKeysMax = 2;

/// "system|value" of the patient numbers in PID-3 and MRG-1 of all segments, in the order of the message, each once, at
/// most kPatientKeysMax: of the repetition of type PI, else of the first. Merges, moves and links (A40, A43 to A45,
/// A24, A34 to A37) name two. Never fails: what cannot be read names nobody. Cost: one pass, without a conversion.
std::vector<std::string> PatientKeys(std::string_view raw, const Partner& partner);

}  // namespace adapters::hospital::hl7v2::messages
