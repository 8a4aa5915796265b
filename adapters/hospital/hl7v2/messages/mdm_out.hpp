// A document of ours as MDM^T02 for a hospital.
// Source: HL7 v2.5.1, sections 9.5 and 9.6 (MDM, TXA); CI-SIS for the ED form of OBX-5.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/text.hpp"
#include "fhir/base/time_zone.hpp"
#include "fhir/model/document.hpp"

namespace adapters::hospital::hl7v2::messages {

struct MdmOptions {
  std::string control_id;  ///< MSH-10: the same at every attempt
  std::string receiving_application = "GAM";
  std::string receiving_facility;
  std::string patient_system;  ///< whose identifier of the patient goes into PID-3
  std::string authority_name;  ///< CX-4: name, id and type of that authority
  std::string authority_id;
  std::string authority_type = "M";
  fhir::Charset charset = fhir::Charset::kLatin9;
  const fhir::TimeZone* zone = nullptr;  ///< of MSH-7; null: UTC
  std::int64_t now_us = 0;
};

/// The complete message in the partner's character set, without frame bytes.
/// Shape:  `encounter` may be null: then there is no PV1-19. `content` are the document's bytes; they travel as base64.
/// Cost:   one base64 of the content.
/// Errors: kInvalid when the patient has no identifier of patient_system.
fhir::Result<std::string> BuildMdmT02(const fhir::model::Node& document, const fhir::model::Node& patient,
                                      const fhir::model::Node* encounter, std::string_view content,
                                      const MdmOptions& options);

/// The value of the patient's (or any resource's) identifier of a system; empty when there is none.
std::string_view IdentifierOf(const fhir::model::Node& resource, std::string_view system);

}  // namespace adapters::hospital::hl7v2::messages
