// Rules that make a message of segments out of a FHIR resource and what became of it: the way out of the mapping
// engine. A rule file names a resource type, the events that its changes are, and the segments, field by field as
// FHIRPath:
//
//   name: appointments
//   resource: Appointment
//   message: {type: SIU, version: "2.5"}
//   patient: "participant.actor.reference.where(startsWith('Patient/')).first()"
//   tables: {filler-status: {booked: Booked, cancelled: Cancelled}}
//   events:                                   # the first that holds; none: the change is no news
//     - {event: S15, structure: SIU_S12, when: "status = 'cancelled' and %before.status != 'cancelled'"}
//   segments:
//     - patient                               # a part of an included file
//     - segment: SCH
//       fields:
//         2: {each: identifier, components: [value, "", "", ""]}      # a repetition for each item
//         11: ["", "", "", {from: start, as: timestamp}]              # components; a list in it: subcomponents
//         25: {from: status, table: filler-status}
//
// A text is a FHIRPath expression on the item of `each`, else on the segment's, else on the resource; its first value
// is taken. %before is the resource as it was (without elements when it is new), %patient and %encounter those it
// names, %partner an Organization with the name, FINESS and identifier system of the receiver, and %message a
// MessageHeader whose event.code is the event that was chosen.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/mapping/compiled_map.hpp"
#include "fhir/fhirpath/expression.hpp"

namespace adapters::mapping::outbound {

enum class ValueForm : std::uint8_t { kText, kTimestamp };

/// What fills a component or subcomponent; the first of these that is set.
struct ValueRule {
  std::string place;  ///< "appointments.yaml:40", for error texts
  std::optional<fhir::fhirpath::Expression> from;
  std::string literal;
  std::string fact;     ///< name of something that the caller knows, e.g. "content"
  bool counts = false;  ///< the number of the segment among those of its name, from 1
  ValueForm form = ValueForm::kText;
  std::int32_t table = -1;
};

using ComponentRule = std::vector<ValueRule>;  ///< its subcomponents

struct RepetitionRule {
  std::optional<fhir::fhirpath::Expression> each;
  std::optional<fhir::fhirpath::Expression> when;
  std::vector<ComponentRule> components;
};

struct FieldRule {
  int number = 0;
  std::vector<RepetitionRule> repetitions;
};

struct SegmentRule {
  std::string name;
  std::optional<fhir::fhirpath::Expression> each;
  std::optional<fhir::fhirpath::Expression> when;
  std::vector<FieldRule> fields;
};

struct EventRule {
  std::string event;      ///< MSH-9.2
  std::string structure;  ///< MSH-9.3
  std::optional<fhir::fhirpath::Expression> when;
  bool on_delete = false;  ///< of a deleted resource: it is then as it was before
};

/// Codes of a FHIR element to codes of a message; a code that is not listed gives nothing, unless `otherwise` is set.
struct OutboundTable {
  std::string name;
  std::map<std::string, std::string, std::less<>> codes;
  std::string otherwise;
};

using Subcomponents = std::vector<std::string>;
using Components = std::vector<Subcomponents>;
using Repetitions = std::vector<Components>;

/// Values as they are: nothing is escaped.
struct Segment {
  std::string name;
  std::map<int, Repetitions> fields;
};

struct OutboundInput {
  const fhir::model::Node* resource = nullptr;  ///< as it is; of a deleted one as it was
  const fhir::model::Node* before = nullptr;    ///< null when it is new
  bool deleted = false;
  std::map<std::string, const fhir::model::Node*, std::less<>> variables;  ///< "patient", "encounter", "partner"
  std::function<const fhir::model::Node*(std::string_view reference)> resolve;
  std::map<std::string, std::string_view, std::less<>> facts;
  std::string now;  ///< FHIR instant
  /// The text of a dateTime or instant as the message writes times.
  std::function<std::string(std::string_view date_time)> timestamp;
};

/// Immutable after loading. thread-safe.
class OutboundMap {
 public:
  /// Shape:  `yaml` is one rule file; `file_name` goes into error texts. `includes` reads the files of its `include:`.
  /// Errors: kConfiguration with file, line and rule.
  static fhir::Result<OutboundMap> Load(std::string_view yaml, std::string file_name,
                                        const IncludeReader& includes = {});

  const std::string& name() const { return name_; }
  const std::string& resource_type() const { return resource_type_; }
  const std::string& message_type() const { return message_type_; }  ///< MSH-9.1
  const std::string& version() const { return version_; }            ///< MSH-12
  const std::string& profile() const { return profile_; }            ///< MSH-21.1^.2, "" for none

  /// The event that a change is; null when it is none that the partner hears of.
  /// Errors: kInvalid when an expression cannot be evaluated.
  fhir::Result<const EventRule*> EventOf(const OutboundInput& input) const;
  /// Reference to the patient that the resource is about, "" when it names none; the encounter likewise.
  fhir::Result<std::string> PatientOf(const OutboundInput& input) const;
  fhir::Result<std::string> EncounterOf(const OutboundInput& input) const;
  /// The segments after the header, in the order of the rules. Errors: as EventOf, with the rule's place.
  fhir::Result<std::vector<Segment>> Run(const OutboundInput& input, const EventRule& event) const;

 private:
  friend class OutboundLoader;
  std::string name_, resource_type_, message_type_, version_, profile_;
  std::optional<fhir::fhirpath::Expression> patient_, encounter_;
  std::vector<OutboundTable> tables_;
  std::vector<EventRule> events_;
  std::vector<SegmentRule> segments_;
};

}  // namespace adapters::mapping::outbound
