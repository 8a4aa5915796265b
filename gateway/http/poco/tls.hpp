// TLS on accepted connections by OpenSSL, with certificate and key read again when their files change.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "fhir/base/error.hpp"
#include "gateway/http/poco/stream.hpp"
#include "gateway/settings/http.hpp"

namespace gateway::http::poco {

/// thread-safe.
class TlsContext {
 public:
  /// Errors: kConfiguration when a file cannot be used; texts name the setting, not the file's content.
  static fhir::Result<std::unique_ptr<TlsContext>> Create(const settings::Tls& tls,
                                                          std::chrono::milliseconds check_interval);
  virtual ~TlsContext() = default;

  /// Shakes hands on a connected descriptor until `deadline`; nullptr when that fails. Looks at the files' times at
  /// most once in check_interval; files that cannot be used leave the certificate in place, and count reload_failures.
  virtual std::unique_ptr<Stream> Accept(int descriptor, Deadline deadline) = 0;
  virtual std::uint64_t reload_failures() const = 0;
};

}  // namespace gateway::http::poco
