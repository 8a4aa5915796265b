// Values of OBX segments: what OBX-5 becomes by its type (OBX-2) with the unit of OBX-6, and the range of OBX-7.
// Source: HL7 v2.5.1, chapters 2.A and 7.4.2; HL7 v2-to-FHIR, segment map OBX[Observation].
#pragma once

#include "adapters/mapping/functions.hpp"

namespace adapters::hospital::hl7v2::messages {

/// NM, also with a comparator in front ("<5") → Quantity. False for a text that is no number.
/// With `table:`, OBX-6.3 → system of the unit; a unit of an unknown system is kept as text alone (qty-3).
bool ObxToQuantity(const mapping::Input& input, mapping::Output& output);
/// What ObxToQuantity leaves: "negative" under type NM.
bool NmToText(const mapping::Input& input, mapping::Output& output);
/// NM → decimal, in FHIR's spelling. Faults where it is no number.
bool NmToDecimal(const mapping::Input& input, mapping::Output& output);
/// NM and the unit in the field that the rule names by `with:` → Quantity. With `table:`, component 3 of the unit → its
/// system; a unit of an unknown system is kept as text alone (qty-3). Faults where it is no number.
bool NmToQuantity(const mapping::Input& input, mapping::Output& output);
/// SN: .1 comparator, .2 number, .3 separator, .4 second number. Each is false where the parts do not fit.
bool SnToQuantity(const mapping::Input& input, mapping::Output& output);
bool SnToRange(const mapping::Input& input, mapping::Output& output);
bool SnToRatio(const mapping::Input& input, mapping::Output& output);
/// What those three leave, as people read it, with the unit: "2 + 3 mg".
bool SnToText(const mapping::Input& input, mapping::Output& output);
/// All repetitions of the field, a line each.
bool ToLines(const mapping::Input& input, mapping::Output& output);
/// OBX-7 → Observation.referenceRange: `text` as sent, `low` and `high` where it reads "1.5-3", "<3" or ">= 1.5".
bool ToReferenceRange(const mapping::Input& input, mapping::Output& output);
/// TM → time. Faults where it is not a time of day to the minute.
bool TmToTime(const mapping::Input& input, mapping::Output& output);

}  // namespace adapters::hospital::hl7v2::messages
