// HL7 v2 time stamps, with the precision as sent: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ].
// Source: HL7 v2.5.1, section 2.A.22 (DTM).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/date_time.hpp"

namespace adapters::hospital::hl7v2::er7 {

/// Where a value without an offset gets it: from MSH-7 if that has one, else from the partner's zone.
struct ZoneRule {
  std::optional<std::int16_t> header_offset_minutes;
  const fhir::TimeZone* zone = nullptr;  ///< may be null: then a time without an offset becomes a date
};

/// Errors: kInvalid; the text never quotes the value.
fhir::Result<fhir::DateTime> ParseTimestamp(std::string_view text);

/// The FHIR dateTime of a time stamp. FHIR wants seconds and a zone beside a time: missing seconds become 00, and a
/// time that is known to the hour only, or has no zone by `rule`, becomes its date.
std::string ToFhirDateTime(fhir::DateTime value, const ZoneRule& rule);
/// Its date part: "1979-03-28", "1979-03", "1979".
std::string ToFhirDate(fhir::DateTime value);

/// YYYYMMDDHHMMSS+ZZZZ of an instant in a zone.
std::string FormatTimestamp(std::int64_t us, const fhir::TimeZone& zone);
/// The time stamp of a FHIR date or dateTime, at its precision; "" for an unreadable one.
std::string FormatTimestamp(std::string_view fhir_date_time);

}  // namespace adapters::hospital::hl7v2::er7
