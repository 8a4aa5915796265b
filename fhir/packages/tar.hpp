// Reads the files of a gzip-compressed tar archive, such as FHIR and npm packages are.
// Source: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir::packages {

/// Bounds on what a package may hold. Packages come from outside.
struct PackageLimits {
  std::size_t packed_bytes_max = 256u * 1024 * 1024;  ///< the archive as it comes
  std::size_t plain_bytes_max = 1024u * 1024 * 1024;  ///< everything in it
  std::size_t plain_bytes_free = 1024 * 1024;         ///< up to here the ratio does not count
  std::size_t ratio_max = 100;                        ///< plain bytes for a packed one
  std::size_t file_bytes_max = 64u * 1024 * 1024;     ///< one file that is read
  std::size_t files_max = 50'000;
  std::size_t path_bytes_max = 1024;
};

/// Whether the file of that path is to be read. Others are passed over, and cost no memory.
using WantsFile = std::function<bool(std::string_view path)>;
/// Receives a file; an error ends the work and is handed on. The views are good for the call alone.
using FileSink = std::function<Result<void>(std::string_view path, std::string_view content)>;

/// Gives every wanted file to `sink`, in the archive's order. A leading "./" is taken off paths.
/// Cost:   one pass; holds one file at a time.
/// Errors: kTooLarge past a limit; kMalformed for what is no archive or a damaged one; kInvalid for what no package
///         has: a path that is absolute or leaves the package, a link, a device. The text names the file. Nothing is
///         ever written to disk.
Result<void> ReadTarGzip(std::string_view packed, const PackageLimits& limits, const WantsFile& wants,
                         const FileSink& sink);

}  // namespace fhir::packages
