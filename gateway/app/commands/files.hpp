// Files named on the command line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"

namespace gateway::app {

/// The most that is read of one file: what fhir::Limits allows a resource or Bundle.
inline constexpr std::size_t kFileBytesMax = fhir::Limits{}.body_bytes_max;

/// The file's bytes, or standard input's for "-". Errors: kNotFound and, past `bytes_max`, kTooLarge, naming the path;
/// no more than that is read, whatever the file.
fhir::Result<std::string> ReadWholeFile(const std::string& path, std::size_t bytes_max = kFileBytesMax);

/// Puts bytes on standard output, which may keep them back until FlushOutput. Errors: kUnavailable.
fhir::Result<void> WriteOutput(std::string_view bytes);

/// Must end a command that writes: a full disk or a closed pipe often shows here only. Errors: kUnavailable.
fhir::Result<void> FlushOutput();

/// The messages of a file: the contents of its MLLP frames, or the whole file when it has none.
std::vector<std::string> SplitMessages(std::string bytes);

}  // namespace gateway::app
