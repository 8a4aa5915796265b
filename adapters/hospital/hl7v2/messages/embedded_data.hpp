// Documents inside OBX-5 (data type ED): source ^ type ^ subtype ^ encoding ^ data.
// Source: HL7 v2.5.1, section 2.A.24.
#pragma once

#include "adapters/mapping/functions.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Attachment.contentType, size and hash (SHA-1, base64) of the decoded bytes. The table may correct the media type.
bool EdToAttachment(const mapping::Input& input, mapping::Output& output);
bool EdToContentType(const mapping::Input& input, mapping::Output& output);
/// The bytes, in base64 without line ends. Faults: an encoding other than Base64 and A, or broken base64.
bool EdToBase64(const mapping::Input& input, mapping::Output& output);

}  // namespace adapters::hospital::hl7v2::messages
