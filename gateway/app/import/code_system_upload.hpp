// Sends a file of concepts to a server piece by piece, and waits for what comes of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/app/import/server_link.hpp"

namespace gateway::app {

struct CodeSystemUpload {
  std::vector<std::pair<std::string, std::string>> parameters;  ///< of the operation
  std::string upload;                                           ///< a name that no other upload of the party has
  std::size_t piece_bytes = 4u * 1024 * 1024;
  std::int64_t poll_ms = 500;
};

/// The final answer, whatever its status. What is told to come later, or breaks, is tried again as the options say:
/// a piece that is sent twice is one piece. Memory: two pieces. Errors: kUnavailable or kTimeout when all attempts
/// ended so; kInvalid for a file without a byte.
fhir::Result<LinkAnswer> UploadCodeSystem(std::istream& file, const CodeSystemUpload& upload, const LinkOptions& link,
                                          const Transport& transport);

}  // namespace gateway::app
