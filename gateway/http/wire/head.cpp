#include "gateway/http/wire/head.hpp"

#include <cstring>

#include "gateway/http/wire/characters.hpp"

namespace gateway::http::wire {
namespace {

using fhir::ErrorCode;

Refusal Bad(std::string_view text) {
  return {400, ErrorCode::kMalformed, text};
}

/// What the fields say about framing and host, gathered while they are read.
struct Seen {
  std::size_t hosts = 0;
  std::size_t content_lengths = 0;
  std::size_t transfer_encodings = 0;
  std::string_view host;
  bool close = false;
};

std::optional<Refusal> ParseVersion(std::string_view version, Head& head) {
  if (version == "HTTP/1.1" || version == "HTTP/1.0") {
    head.http_1_0 = version.back() == '0';
    head.keep_alive = !head.http_1_0;
    return std::nullopt;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
      is_digit(version[7])) {
    return Refusal{505, ErrorCode::kUnsupported, "This server speaks HTTP/1.1."};
  }
  return Bad("The request line has no valid HTTP version.");
}

/// RFC 9112 §3. `authority` receives the host of an absolute-form target.
std::optional<Refusal> ParseRequestLine(std::string_view line, Head& head, std::string_view& authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || first == 0) {
    return Bad("The request line is not: method, space, target, space, version.");
  }
  const std::string_view method = line.substr(0, first);
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (!All(method, kTokenCharacter)) {
    return Bad("The method is not a token.");
  }
  if (auto refusal = ParseVersion(line.substr(last + 1), head)) {
    return refusal;
  }
  const auto known = MethodOf(method);
  if (!known) {
    return Refusal{501, ErrorCode::kUnsupported, "The method is not implemented."};
  }
  head.method = *known;
  if (target.empty() || !All(target, kTargetCharacter)) {
    return Bad("The request target holds a character that must be percent-encoded.");
  }
  if (target.front() != '/') {
    // RFC 9112 §3.2.2: a server accepts the absolute form; the authority must then be the Host field's.
    const std::size_t scheme = target.find("://");
    const bool is_http = scheme != std::string_view::npos && (EqualsIgnoringCase(target.substr(0, scheme), "http") ||
                                                              EqualsIgnoringCase(target.substr(0, scheme), "https"));
    if (!is_http) {
      return Bad("The request target must begin with a slash.");
    }
    target.remove_prefix(scheme + 3);
    const std::size_t path = target.find('/');
    if (path == 0 || path == std::string_view::npos) {
      return Bad("The absolute request target has no host or no path.");
    }
    authority = target.substr(0, path);
    target.remove_prefix(path);
  }
  head.target = target;
  return std::nullopt;
}

std::optional<Refusal> ReadContentLength(std::string_view value, Head& head) {
  if (value.empty()) {
    return Bad("Content-Length is not a number.");
  }
  std::uint64_t length = 0;
  for (char c : value) {
    if (c < '0' || c > '9') {
      return Bad("Content-Length is not a number.");
    }
    if (length > (UINT64_MAX - 9) / 10) {
      return Refusal{413, ErrorCode::kTooLarge, "Content-Length is beyond every limit."};
    }
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  head.content_length = length;
  return std::nullopt;
}

void ReadConnection(std::string_view value, Seen& seen) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (EqualsIgnoringCase(TrimBlanks(value.substr(0, comma)), "close")) {
      seen.close = true;
    }
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
}

std::optional<Refusal> ReadField(std::string_view name, std::string_view value, Head& head, Seen& seen) {
  // The length selects the candidates, so that most fields cost one comparison of sizes.
  switch (name.size()) {
    case 4:
      if (EqualsIgnoringCase(name, "Host")) {
        ++seen.hosts;
        seen.host = value;
      }
      break;
    case 6:
      if (EqualsIgnoringCase(name, "Expect") && !head.http_1_0) {
        if (!EqualsIgnoringCase(value, "100-continue")) {
          return Refusal{417, ErrorCode::kUnsupported, "The only expectation that can be met is 100-continue."};
        }
        head.expect_continue = true;
      }
      break;
    case 10:
      if (EqualsIgnoringCase(name, "Connection")) {
        ReadConnection(value, seen);
      }
      break;
    case 14:
      if (EqualsIgnoringCase(name, "Content-Length")) {
        ++seen.content_lengths;
        return ReadContentLength(value, head);
      }
      break;
    case 16:
      if (EqualsIgnoringCase(name, "Content-Encoding")) {
        head.content_encoding = value;
      }
      break;
    case 17:
      if (EqualsIgnoringCase(name, "Transfer-Encoding")) {
        ++seen.transfer_encodings;
        if (!EqualsIgnoringCase(value, "chunked")) {
          return Refusal{501, ErrorCode::kUnsupported, "The only transfer coding understood is chunked, once."};
        }
        head.chunked = true;
      }
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> CheckFraming(const Head& head, const Seen& seen, std::string_view authority) {
  if (seen.hosts > 1 || (seen.hosts == 0 && !head.http_1_0)) {
    return Bad("There must be exactly one Host header.");
  }
  if (seen.hosts == 1 && (seen.host.empty() || !All(seen.host, kHostCharacter))) {
    return Bad("The Host header is not a host with an optional port.");
  }
  if (!authority.empty() && !EqualsIgnoringCase(authority, seen.host)) {
    return Bad("The host of the request target differs from the Host header.");
  }
  if (seen.content_lengths > 1 || seen.transfer_encodings > 1) {
    return Bad("The length of the body is given more than once.");
  }
  if (seen.content_lengths + seen.transfer_encodings > 1) {
    return Bad("Content-Length and Transfer-Encoding must not stand together.");
  }
  if (head.chunked && head.http_1_0) {
    return Bad("HTTP/1.0 has no transfer codings.");
  }
  return std::nullopt;
}

}  // namespace

std::expected<std::size_t, Refusal> HeadScanner::Scan(std::string_view bytes) {
  const auto too_long = [] {
    return std::unexpected(Refusal{414, ErrorCode::kTooLarge, "The request line is too long."});
  };
  const auto too_large = [] {
    return std::unexpected(Refusal{431, ErrorCode::kTooLarge, "The header fields are too many or too large."});
  };
  while (scanned_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
      scanned_ = bytes.size();
      break;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    scanned_ = end + 1;
    if (end == line_begin_ || bytes[end - 1] != '\r') {
      return std::unexpected(Bad("Every line must end with CR LF."));
    }
    const std::size_t line_bytes = end + 1 - line_begin_;
    if (request_line_bytes_ == 0) {
      if (line_bytes > limits_.request_line_bytes_max + 2) {
        return too_long();
      }
      request_line_bytes_ = line_bytes;
    } else if (line_bytes == 2) {
      return end + 1 - request_line_bytes_ - 2 > limits_.header_bytes_max
                 ? std::expected<std::size_t, Refusal>(too_large())
                 : std::expected<std::size_t, Refusal>(end + 1);
    } else if (++fields_ > limits_.header_count_max) {
      return too_large();
    }
    line_begin_ = end + 1;
  }
  if (request_line_bytes_ == 0) {
    if (bytes.size() > limits_.request_line_bytes_max + 2) {
      return too_long();
    }
  } else if (bytes.size() > request_line_bytes_ + limits_.header_bytes_max + 2) {
    return too_large();
  }
  return 0;
}

void HeadScanner::Reset() {
  *this = HeadScanner(limits_);
}

std::optional<std::pair<std::string_view, std::string_view>> ParseFieldLine(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return std::nullopt;
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = line.substr(colon + 1);
  // A folded line begins with a blank, which is no token character, so it is refused here as well.
  if (!All(name, kTokenCharacter) || !All(value, kValueCharacter)) {
    return std::nullopt;
  }
  return std::pair{name, TrimBlanks(value)};
}

std::optional<Refusal> ParseHead(std::string_view bytes, Head& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  head = Head{};
  head.fields = std::move(fields);

  std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) {
    return Bad("The request is cut short.");
  }
  std::string_view authority;
  if (auto refusal = ParseRequestLine(bytes.substr(0, end), head, authority)) {
    return refusal;
  }
  Seen seen;
  for (bytes.remove_prefix(end + 2); (end = bytes.find("\r\n")) != 0; bytes.remove_prefix(end + 2)) {
    if (end == std::string_view::npos) {
      return Bad("The request is cut short.");
    }
    const auto field = ParseFieldLine(bytes.substr(0, end));
    if (!field) {
      return Bad("A header line is folded, has a space before its colon, or holds a control character.");
    }
    if (auto refusal = ReadField(field->first, field->second, head, seen)) {
      return refusal;
    }
    head.fields.push_back(*field);
  }
  if (seen.close) {
    head.keep_alive = false;
  }
  return CheckFraming(head, seen, authority);
}

}  // namespace gateway::http::wire
