// What the check of writes knows of codes, as the composition root gives it to the messages of hospitals.
#pragma once

#include <optional>
#include <string_view>

#include "adapters/hospital/hl7v2/messages/unlisted_codes.hpp"
#include "fhir/terminology/terminology.hpp"

namespace tests {

/// `terminology` is borrowed.
inline adapters::hospital::hl7v2::messages::CodeCheck KnownCodes(const fhir::terminology::Terminology& terminology) {
  return [&terminology](std::string_view system, std::string_view code) -> std::optional<bool> {
    using fhir::terminology::Verdict;
    const auto verdict =
        terminology.ValidateInCodeSystem({.system = system, .version = {}, .code = code, .display = {}}).verdict;
    return verdict == Verdict::kMember      ? std::optional(true)
           : verdict == Verdict::kNotMember ? std::optional(false)
                                            : std::nullopt;
  };
}

}  // namespace tests
