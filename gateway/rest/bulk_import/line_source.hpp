// Lines of a file at a URL, a bounded piece at a time: by ranges, so that work can go on in the middle of the file.
// Source: https://www.rfc-editor.org/rfc/rfc9110#section-14
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/http/client.hpp"

namespace gateway::rest::bulk_import {

/// Sends one request; a server is never asked for what no setting allows. thread-safe.
using Fetch = std::function<fhir::Result<http::ClientResponse>(const http::ClientRequest&)>;

/// Where a reader stands.
struct SourcePlace {
  std::int64_t offset = 0;  ///< of the next byte
  std::string etag;         ///< of the file, once it was seen; empty: the server gives none
};

/// Whole lines, without their ends; the last one of a file may have none.
struct Piece {
  std::vector<std::string> lines;
  SourcePlace next;
  bool last = false;  ///< the file ends with it
};

struct PieceLimits {
  std::int64_t piece_bytes = 1024 * 1024;
  std::int64_t line_bytes_max = 64LL * 1024 * 1024;
};

/// Whether the URL is http(s), begins with one of the prefixes, and leads to nothing else: no user, no fragment, no dot
/// segments, plain or encoded.
bool IsAllowedSource(std::string_view url, const std::vector<std::string>& prefixes);

/// Errors: kPeerRefused (another status, or a file that changed between pieces), kTooLarge (a line, or a file whose
///         server sends no ranges); kUnavailable and kTimeout with Retry::kLater. No text names more than the host.
fhir::Result<Piece> ReadPiece(const Fetch& fetch, const std::string& url, const SourcePlace& place,
                              const PieceLimits& limits);

}  // namespace gateway::rest::bulk_import
