// The chunked body, decoded as its bytes arrive.
// Source: https://www.rfc-editor.org/rfc/rfc9112#section-7.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "gateway/http/wire/refusal.hpp"

namespace gateway::http::wire {

/// thread-compatible.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  /// Appends the decoded bytes to `body` and returns how many of `bytes` were used; the caller offers the rest again
  /// with what arrives later. Refuses a size that is not plain hexadecimal, a line without CRLF or over 1 KB, over 16
  /// KB of extensions and trailers together, a framing field among the trailers, and a body past its limit (413). NB:
  /// extensions are ignored as the RFC asks, but blanks before them are refused, as parsers disagree about those.
  std::expected<std::size_t, Refusal> Decode(std::string_view bytes, std::string& body);

  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : std::uint8_t { kSize, kData, kDataEnd, kTrailer, kDone };
  std::expected<std::size_t, Refusal> Line(std::string_view bytes);
  std::expected<void, Refusal> TakeSize(std::string_view line, std::size_t body_bytes);
  std::expected<void, Refusal> TakeTrailer(std::string_view line);

  std::size_t body_bytes_max_;
  State state_ = State::kSize;
  std::uint64_t left_ = 0;
  std::size_t extra_bytes_ = 0;
};

}  // namespace gateway::http::wire
