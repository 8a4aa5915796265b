// gzip and bzip2, piece by piece and with a limit on what comes out: for imports, packages and HTTP content coding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir {

enum class Compression : std::uint8_t { kNone, kGzip, kBzip2 };

/// By the magic number at the start of a file; kNone for anything else.
Compression DetectCompression(std::string_view first_bytes);

/// Receives decompressed pieces in order; an error ends the work and is handed on.
using ByteSink = std::function<Result<void>(std::string_view piece)>;

/// Decompresses a stream of pieces; several gzip members or bzip2 streams in a row count as one.
/// Memory is bounded: pieces of 64 kB go to the sink. Not thread-safe; after an error only destruction is allowed.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// kNone passes bytes through under the same limit.
  static std::unique_ptr<Decompressor> Create(Compression compression, std::size_t output_bytes_max);
  /// Errors: kMalformed for broken data, kTooLarge past output_bytes_max, and those of the sink.
  virtual Result<void> Feed(std::string_view input, const ByteSink& sink) = 0;
  /// Errors: kMalformed when the data ended in the middle.
  virtual Result<void> Finish() = 0;
};

/// Decompresses bytes held in memory. Errors: kMalformed, kTooLarge.
Result<std::string> Decompress(std::string_view bytes, Compression compression, std::size_t output_bytes_max);

/// Compresses to one gzip member; the same input gives the same bytes (no time stamp). `level` from 1 to 9.
/// Errors: kInternal when memory is short.
Result<std::string> GzipCompress(std::string_view bytes, int level = 6);

}  // namespace fhir
