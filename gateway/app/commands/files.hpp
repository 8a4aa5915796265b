// Files named on the command line.
#pragma once

#include <string>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::app {

/// The file's bytes, or standard input's for "-". Errors: kNotFound, naming the path.
fhir::Result<std::string> ReadWholeFile(const std::string& path);

/// The messages of a file: the contents of its MLLP frames, or the whole file when it has none.
std::vector<std::string> SplitMessages(std::string bytes);

}  // namespace gateway::app
