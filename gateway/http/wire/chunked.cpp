#include "gateway/http/wire/chunked.hpp"

#include <algorithm>

#include "gateway/http/message.hpp"
#include "gateway/http/wire/characters.hpp"
#include "gateway/http/wire/head.hpp"

namespace gateway::http::wire {
namespace {

constexpr std::size_t kChunkLineBytesMax = 1'024;
constexpr std::size_t kChunkExtraBytesMax = 16 * 1'024;

std::unexpected<Refusal> BadChunk(std::string_view text) {
  return std::unexpected(Refusal{400, fhir::ErrorCode::kMalformed, text});
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

/// Size of the line at the front with its CRLF; 0 while it is incomplete.
std::expected<std::size_t, Refusal> ChunkedDecoder::Line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kChunkLineBytesMax + 1).find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() > kChunkLineBytesMax) {
      return BadChunk("A chunk's first line or a trailer is too long.");
    }
    return 0;
  }
  if (end == 0 || bytes[end - 1] != '\r') {
    return BadChunk("Every line must end with CR LF.");
  }
  return end + 1;
}

std::expected<void, Refusal> ChunkedDecoder::TakeSize(std::string_view line, std::size_t body_bytes) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line.size() && HexDigit(line[digits]) >= 0; ++digits) {
    if (digits == 15) {
      return BadChunk("A chunk's size has too many digits.");
    }
    size = size * 16 + static_cast<std::uint64_t>(HexDigit(line[digits]));
  }
  const std::string_view extension = line.substr(digits);
  if (digits == 0 || (!extension.empty() && extension.front() != ';') || !All(extension, kValueCharacter)) {
    return BadChunk("A chunk's size is not plain hexadecimal.");
  }
  extra_bytes_ += extension.size();
  if (extra_bytes_ > kChunkExtraBytesMax) {
    return BadChunk("The chunk extensions are too large.");
  }
  if (size > body_bytes_max_ || body_bytes > body_bytes_max_ - size) {
    return std::unexpected(Refusal{413, fhir::ErrorCode::kTooLarge, "The body is larger than this server accepts."});
  }
  left_ = size;
  state_ = size == 0 ? State::kTrailer : State::kData;
  return {};
}

std::expected<void, Refusal> ChunkedDecoder::TakeTrailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::kDone;
    return {};
  }
  extra_bytes_ += line.size();
  const auto field = ParseFieldLine(line);
  if (!field || extra_bytes_ > kChunkExtraBytesMax || EqualsIgnoringCase(field->first, "Content-Length") ||
      EqualsIgnoringCase(field->first, "Transfer-Encoding") || EqualsIgnoringCase(field->first, "Host")) {
    return BadChunk("The trailers are malformed, too large, or name a field of the framing.");
  }
  return {};
}

std::expected<std::size_t, Refusal> ChunkedDecoder::Decode(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (state_ != State::kDone) {
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::kData) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      body.append(rest.substr(0, taken));
      used += taken;
      left_ -= taken;
      if (left_ > 0) {
        return used;
      }
      state_ = State::kDataEnd;
      continue;
    }
    const auto line_bytes = Line(rest);
    if (!line_bytes) {
      return std::unexpected(line_bytes.error());
    }
    if (state_ == State::kDataEnd &&
        (*line_bytes > 2 || (*line_bytes == 0 && (rest.size() > 1 || (!rest.empty() && rest[0] != '\r'))))) {
      return BadChunk("A chunk is longer than its size says.");
    }
    if (*line_bytes == 0) {
      return used;
    }
    used += *line_bytes;
    const std::string_view line = rest.substr(0, *line_bytes - 2);
    std::expected<void, Refusal> step;
    switch (state_) {
      case State::kSize:
        step = TakeSize(line, body.size());
        break;
      case State::kTrailer:
        step = TakeTrailer(line);
        break;
      default:
        state_ = State::kSize;
        break;
    }
    if (!step) {
      return std::unexpected(step.error());
    }
  }
  return used;
}

}  // namespace gateway::http::wire
