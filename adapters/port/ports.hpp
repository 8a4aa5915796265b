// Small ports: time and identity, so that adapters and tests never ask the machine.
#pragma once

#include <cstdint>
#include <string>

namespace adapters::port {

/// thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t NowUs() const = 0;
};

/// thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  /// A fresh, unguessable FHIR id: time-ordered UUID (RFC 9562, version 7), lower case.
  virtual std::string NewId() = 0;
};

}  // namespace adapters::port
