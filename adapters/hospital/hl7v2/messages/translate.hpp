// From a message to the transaction it asks for. Pure: no clock, no store.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/messages/unlisted_codes.hpp"
#include "adapters/hospital/hl7v2/partner.hpp"
#include "adapters/mapping/compiled_map.hpp"

namespace adapters::hospital::hl7v2::messages {

/// The rule files of HL7 v2, compiled. Immutable, thread-safe; a reload makes another.
class MapSet {
 public:
  /// Loads every *.yaml of a folder in name order; what they include is looked for beside them and below. Errors:
  /// kConfiguration naming file and line; kConfiguration when the folder holds none.
  static fhir::Result<std::shared_ptr<const MapSet>> LoadFolder(const std::string& folder);
  static fhir::Result<std::shared_ptr<const MapSet>> LoadTexts(
      const std::vector<std::pair<std::string, std::string>>& name_and_yaml,
      const mapping::IncludeReader& includes = {});

  /// The map for a message type such as "ADT": the one called `profile`; else the first that follows the profile of one
  /// of the message's `countries` (MSH-17, MSH-12.2); else the first that follows none. Null when there is none.
  const mapping::CompiledMap* Find(std::string_view message_type, std::span<const std::string_view> countries,
                                   std::string_view profile) const;
  const std::vector<mapping::CompiledMap>& maps() const { return maps_; }

 private:
  std::vector<mapping::CompiledMap> maps_;
};

struct Translation {
  bool ignored = false;            ///< a trigger that PAM.fr says to accept and leave alone
  std::vector<er7::Fault> faults;  ///< not empty: nothing may be committed
  std::vector<er7::Fault> notes;   ///< what the rules leave out without refusing the message
  std::vector<port::Change> changes;
  std::vector<std::string> unmapped;                  ///< with list_unmapped
  std::vector<std::vector<mapping::Origin>> origins;  ///< with list_origins: for each change
  /// system|value of the patients that the message is about: the one of PID first, then those of MRG and further PIDs.
  std::vector<std::string> patient_keys;
  std::string message_type;  ///< "ADT^A03"
};

struct TranslateOptions {
  bool list_unmapped = false;
  bool list_origins = false;
  er7::ParseLimits limits;
  CodeCheck knows_code = {};  ///< empty: every code keeps the system that it was sent or mapped with
};

/// What the header alone says against a message: a type, trigger, version or processing id that no map takes, or no
/// usable control id. Empty for a header that cannot be read: that is for Translate to say.
std::vector<er7::Fault> HeaderFaults(const er7::Header& header, const Partner& partner, const MapSet& maps);

/// Parses, checks the header as HeaderFaults does, and maps.
Translation Translate(std::string_view raw, const Partner& partner, const MapSet& maps,
                      const TranslateOptions& options = {});

/// The changes as a FHIR transaction Bundle, as the command line shows it: PUT with a search for a merge or update
/// under a condition, POST with ifNoneExist for a conditional create.
std::string ToTransactionBundle(const std::vector<port::Change>& changes);

}  // namespace adapters::hospital::hl7v2::messages
