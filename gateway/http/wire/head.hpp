// The strict HTTP/1.1 request head: first found in the bytes as they arrive, then read in one pass.
// Why not a library's: docs/adr/0003-http-parser.md.
// Source: https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/message.hpp"
#include "gateway/http/wire/refusal.hpp"

namespace gateway::http::wire {

struct HeadLimits {
  std::size_t request_line_bytes_max = 16 * 1024;
  std::size_t header_bytes_max = 32 * 1024;  ///< all field lines with their line ends
  std::size_t header_count_max = 100;
};

/// Finds the end of the head. Looks at every byte once, however the bytes arrive. thread-compatible.
class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

  /// `bytes` is everything received of this request so far. The size of the head with its empty line once it is
  /// complete, 0 while bytes are missing. Refuses a line that does not end in CRLF, and a head past its limits (414,
  /// 431).
  std::expected<std::size_t, Refusal> Scan(std::string_view bytes);
  void Reset();

 private:
  HeadLimits limits_;
  std::size_t scanned_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t request_line_bytes_ = 0;  // 0: not complete
  std::size_t fields_ = 0;
};

/// Borrows from the bytes it was read from.
struct Head {
  Method method = Method::kGet;
  std::string_view target;  ///< origin form
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
  std::optional<std::uint64_t> content_length;
  std::string_view content_encoding;
  std::vector<std::pair<std::string_view, std::string_view>> fields;
};

/// Reads a complete head into `head`, reusing its vector.
/// Refuses (400 unless said): anything but token SP target SP version; an unknown method (501); a version other
/// than 1.1 and 1.0 (505); a folded line; a space before the colon; control characters; Host missing, repeated or
/// unlike the target's; Content-Length repeated, not plain digits, or next to Transfer-Encoding; a transfer coding
/// other than a single "chunked" (501), or any with 1.0; an Expect other than 100-continue (417).
std::optional<Refusal> ParseHead(std::string_view bytes, Head& head);

/// Splits one field line without its CRLF; nullopt when it is not strictly `token ":" OWS value OWS`.
std::optional<std::pair<std::string_view, std::string_view>> ParseFieldLine(std::string_view line);

}  // namespace gateway::http::wire
