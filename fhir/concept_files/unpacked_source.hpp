// Another source's bytes without their packing: gzip and bzip2 are told by the first bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "fhir/base/archive.hpp"
#include "fhir/concept_files/byte_source.hpp"

namespace fhir::concept_files {

/// Holds what a piece of the other source unpacks to. `packed` is borrowed.
class UnpackedSource final : public ByteSource {
 public:
  UnpackedSource(ByteSource& packed, std::size_t bytes_max) : packed_(packed), bytes_max_(bytes_max) {}
  /// Errors: those of the other source; kMalformed for broken data, kTooLarge past bytes_max.
  Result<std::string_view> Next() override;

 private:
  ByteSource& packed_;
  const std::size_t bytes_max_;
  std::unique_ptr<Decompressor> decompressor_;  // none before the first bytes
  std::string plain_;
  std::string_view waiting_;  // of the piece that is being unpacked
  bool ended_ = false;
};

}  // namespace fhir::concept_files
