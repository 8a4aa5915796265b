// Codes that a sender puts under a code system which does not have them. Such a code stands without a system: what it
// means is the sender's word alone, and no reason to refuse the message.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "fhir/model/document.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Whether a code system has a code; unset when nobody knows the whole of the system. Must be thread-safe.
using CodeCheck = std::function<std::optional<bool>(std::string_view system, std::string_view code)>;

/// Takes the system away from every Coding whose code it does not have, and a currency that is none of ISO 4217 from
/// its amount. Cost: one question for each Coding.
void LeaveUnlistedCodesWithoutSystem(fhir::model::Document& document, const CodeCheck& check);

}  // namespace adapters::hospital::hl7v2::messages
