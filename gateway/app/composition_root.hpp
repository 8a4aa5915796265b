// Where the program is put together: the only place that knows every part. Nothing else makes long-lived objects.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

/// A whole gateway: database, store, adapters, workers, listeners. thread-compatible.
class Gateway {
 public:
  /// Opens the database, loads the rules, binds the HTTP address. Nothing is served yet.
  /// Errors: kConfiguration (settings, rules, certificates), kUnavailable (database, address in use).
  static fhir::Result<std::unique_ptr<Gateway>> Create(settings::Settings settings);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Binds the MLLP listeners and serves. Errors: kUnavailable (address in use), kConfiguration (certificates).
  fhir::Result<void> Start();
  /// Accepts nothing more, finishes what was accepted within the configured grace, then ends the database.
  void Stop();
  /// Reads mappings and certificates again; what does not load leaves the running ones as they are.
  void Reload();

  std::uint16_t http_port() const;
  /// Name and bound port of each MLLP listener.
  std::vector<std::pair<std::string, std::uint16_t>> mllp_ports() const;

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gateway::app
