// The conversion functions that mapping rules of HL7 v2 may name, and the segments they may read.
#pragma once

#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/partner.hpp"
#include "adapters/mapping/functions.hpp"

namespace adapters::hospital::hl7v2::messages {

/// What the functions get as mapping::Context.
struct MessageContext : mapping::Context {
  const Partner* partner = nullptr;
  er7::ZoneRule zone;
};

/// cx_to_identifier, ei_to_identifier, xon_to_identifier, pl_to_identifier, pl_to_text, xcn_to_identifier,
/// xcn_to_idnatps, xcn_to_human_name, xpn_to_human_name, xad_to_address, xtn_to_contact_point, ts_to_datetime,
/// ts_to_date, ts_to_instant, hd_to_finess, cwe_to_concept, ed_to_attachment, ed_to_content_type, ed_to_base64. Each
/// says in functions.cpp what it reads.
const mapping::Vocabulary& Hl7Vocabulary();

}  // namespace adapters::hospital::hl7v2::messages
