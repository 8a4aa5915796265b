// Files of a TLS endpoint. Empty certificate_file: plain TCP on a listener, no client certificate on a client.
#pragma once

#include <string>

namespace adapters::hospital::hl7v2::mllp {

struct TlsFiles {
  bool enabled = false;
  std::string certificate_file;  ///< PEM, chain included
  std::string key_file;          ///< PEM
  std::string ca_file;           ///< PEM; of a listener: clients must show a certificate signed by it
};

}  // namespace adapters::hospital::hl7v2::mllp
