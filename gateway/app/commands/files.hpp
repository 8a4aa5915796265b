// Files named on the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::app {

/// The file's bytes, or standard input's for "-". Errors: kNotFound, naming the path.
fhir::Result<std::string> ReadWholeFile(const std::string& path);

/// Puts bytes on standard output, which may keep them back until FlushOutput. Errors: kUnavailable.
fhir::Result<void> WriteOutput(std::string_view bytes);

/// Must end a command that writes: a full disk or a closed pipe often shows here only. Errors: kUnavailable.
fhir::Result<void> FlushOutput();

/// The messages of a file: the contents of its MLLP frames, or the whole file when it has none.
std::vector<std::string> SplitMessages(std::string bytes);

}  // namespace gateway::app
