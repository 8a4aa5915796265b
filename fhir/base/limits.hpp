// Limits on outside input that the fhir library itself must respect. gateway/settings fills them from the
// configuration.
#pragma once

#include <cstddef>

namespace fhir {

struct Limits {
  std::size_t body_bytes_max = 64u * 1024 * 1024;  ///< one resource or Bundle as text
  std::size_t depth_max = 100;                     ///< nested objects and arrays
  std::size_t string_bytes_max = 1024u * 1024;     ///< one string; base64Binary and xhtml may go up to body_bytes_max
  std::size_t issues_max = 100;                    ///< issues kept per operation
  std::size_t entries_max = 25'000;                ///< entries of one Bundle
};

}  // namespace fhir
