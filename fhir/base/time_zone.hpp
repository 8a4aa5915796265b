// IANA time zones as tables of offsets, so that callers never see the library that knows them (ICU).
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir {

/// The offsets of one zone. Immutable, thread-safe.
class TimeZone {
 public:
  /// The zone of an IANA name ("Europe/Paris", "UTC"). The pointer stays valid for the life of the process: zones are
  /// constant data, loaded once each on first use and at most as many as IANA names.
  /// Cost:   first use of a name ~1 ms, then a map lookup.
  /// Errors: kInvalid for a name that does not exist.
  static Result<const TimeZone*> Find(std::string_view name);
  static const TimeZone& Utc();

  /// Seconds to add to UTC at an instant.
  std::int32_t OffsetSeconds(std::int64_t utc_us) const;

  /// The instants that a wall-clock reading (µs since 1970 as if it were UTC) may mean. Equal but in the hour repeated
  /// when clocks go back; a reading that is skipped is taken with the offset before the change.
  std::int64_t EarliestUtc(std::int64_t local_us) const;
  std::int64_t LatestUtc(std::int64_t local_us) const;

 private:
  friend struct TimeZoneLoader;
  struct Transition {
    std::int64_t utc_us;  // first instant of the offset
    std::int32_t offset_s;
  };
  std::pair<std::int64_t, std::int64_t> CandidatesUtc(std::int64_t local_us) const;

  std::int32_t first_offset_s_ = 0;
  std::vector<Transition> transitions_;  // ascending
};

}  // namespace fhir
