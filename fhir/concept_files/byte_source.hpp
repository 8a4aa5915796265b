// Where the bytes of a file come from, a piece at a time.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir::concept_files {

/// thread-compatible.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The next bytes, good until the next call; empty at the end.
  virtual Result<std::string_view> Next() = 0;
};

}  // namespace fhir::concept_files
