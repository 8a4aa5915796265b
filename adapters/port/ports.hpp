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
  /// A fresh FHIR id that nobody guesses. Those of one source ascend.
  virtual std::string NewId() = 0;
  /// A fresh UUID (RFC 9562), lower case, for what must be one: "urn:uuid:".
  virtual std::string NewUuid() = 0;
};

}  // namespace adapters::port
