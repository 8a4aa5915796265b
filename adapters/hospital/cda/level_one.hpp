// A document of another format as a CDA R2 of level 1: a header by the rules of CI-SIS around the bytes.
// Source: HL7 CDA R2, POCD_MT000040; CI-SIS, common header ("Structuration minimale des documents de santé").
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "fhir/base/time_zone.hpp"
#include "fhir/model/document.hpp"

namespace adapters::hospital::cda {

struct LevelOneInput {
  const fhir::model::Node* document = nullptr;  ///< the DocumentReference
  const fhir::model::Node* patient = nullptr;
  const fhir::model::Node* encounter = nullptr;  ///< null: the document belongs to no visit
  /// The resource behind a reference; null when it is not there. The node outlives the call.
  std::function<const fhir::model::Node*(std::string_view reference)> resolve;
  std::string id_root;       ///< OID or UUID that is this version's own
  std::string id_extension;  ///< "" when the root alone names it
  std::string set_root;      ///< UUID that all versions share
  std::int64_t version = 1;
  std::string replaced_root, replaced_extension;  ///< of the document that this one replaces; "" for none
  std::string_view media_type;                    ///< of the content, "application/pdf"
  std::string_view content_base64;
  std::int64_t now_us = 0;               ///< when it was made, for a document without a date
  const fhir::TimeZone* zone = nullptr;  ///< null: UTC
};

/// The whole document in UTF-8. What the resources do not say stands with a nullFlavor where CDA wants the element.
/// Shape: the patient's numbers are those under an OID; professionals are known by "8" and their RPPS.
/// Cost:  one copy of the content.
std::string WrapLevelOne(const LevelOneInput& input);

}  // namespace adapters::hospital::cda
