// Reads the body of one request: whole or not at all, inside its limits, its budget and its deadlines.
#pragma once

#include <optional>
#include <string>

#include "gateway/http/poco/core.hpp"
#include "gateway/http/poco/stream.hpp"
#include "gateway/http/wire/head.hpp"
#include "gateway/http/wire/refusal.hpp"

namespace gateway::http::poco {

/// Outcome of a step: nothing wrong; or an answer to give before closing; or the peer is gone (status 0).
using Trouble = std::optional<wire::Refusal>;

/// thread-compatible; for one request.
class BodyReader {
 public:
  /// `input` holds what arrived behind the head, and keeps what arrives behind the body.
  BodyReader(Core& core, Stream& stream, std::string& input, Share& share, Deadline request_deadline)
      : core_(core), stream_(stream), input_(input), share_(share), request_deadline_(request_deadline) {}

  /// Fills `body`, decompressed.
  /// Trouble: 413, 415, 408, 400 for a body cut short or broken, 503 when no share of the budget came free.
  Trouble Read(const wire::Head& head, std::string& body);

 private:
  Trouble ReadCounted(std::size_t length, std::string& body);
  Trouble ReadChunked(std::size_t share_bytes, std::string& body);
  Trouble Inflate(std::string& body);
  Trouble TakeShare(std::size_t bytes);
  /// Reads some bytes to `buffer`, under all three deadlines.
  Trouble ReadSome(char* buffer, std::size_t size, std::size_t& count);

  Core& core_;
  Stream& stream_;
  std::string& input_;
  Share& share_;
  Deadline request_deadline_;
  Deadline started_ = {};
  std::size_t received_ = 0;
};

}  // namespace gateway::http::poco
