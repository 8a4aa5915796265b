// The bytes of a document as a message carries them: as they are stored, or inside a CDA of level 1.
#pragma once

#include <string>

#include "adapters/hospital/hl7v2/messages/message_writer.hpp"
#include "adapters/hospital/hl7v2/messages/resource_cache.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::hospital::hl7v2::messages {

struct DocumentContent {
  std::string base64;
  std::string type, subtype;  ///< OBX-5.2 and OBX-5.3
};

struct DocumentToSend {
  const fhir::model::Node* document = nullptr;
  const fhir::model::Node* before = nullptr;  ///< null when it is new
  const fhir::model::Node* patient = nullptr;
  const fhir::model::Node* encounter = nullptr;
  std::int64_t version = 1;
  bool pdf_in_cda = true;  ///< a PDF goes inside a CDA of level 1
  std::int64_t now_us = 0;
};

/// Empty base64 when the document has no content of ours. Errors: those of the store; kMalformed for broken base64.
fhir::Result<DocumentContent> ContentToSend(const DocumentToSend& what, const Receiver& receiver, ResourceCache& cache);

}  // namespace adapters::hospital::hl7v2::messages
