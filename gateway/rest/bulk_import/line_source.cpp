#include "gateway/rest/bulk_import/line_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace gateway::rest::bulk_import {
namespace {

std::unexpected<fhir::Error> SourceRefused(std::string text) {
  return fhir::Fail(fhir::ErrorCode::kPeerRefused, std::move(text));
}

/// N of "bytes 0-9/N".
std::optional<std::int64_t> WholeLength(std::string_view content_range) {
  const std::size_t slash = content_range.find('/');
  if (!content_range.starts_with("bytes ") || slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = content_range.substr(slash + 1);
  std::int64_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(length) : std::nullopt;
}

/// Bytes from the place on, and whether they reach to the end of the file.
struct Bytes {
  std::string text;
  bool to_end = false;
  std::string etag;
};

fhir::Result<Bytes> ReadBytes(const Fetch& fetch, const std::string& url, const SourcePlace& place,
                              std::int64_t length) {
  http::ClientRequest request;
  request.url = url;
  request.headers.Add("Accept", "application/fhir+ndjson, application/ndjson, */*;q=0.1");
  request.headers.Add("Accept-Encoding", "identity");
  request.headers.Add("Range", fmt::format("bytes={}-{}", place.offset, place.offset + length - 1));
  GW_ASSIGN(http::ClientResponse response, fetch(request));
  Bytes bytes;
  bytes.etag = response.headers.Get("ETag").value_or("");
  if (!place.etag.empty() && bytes.etag != place.etag && response.status != 416) {
    return SourceRefused("the file changed while it was read");
  }
  if (response.headers.Get("Content-Encoding").value_or("identity") != "identity") {
    return SourceRefused("the source sends the file compressed, which it was not asked for");
  }
  if (response.status == 416) {  // the file ended with the piece before
    bytes.to_end = true;
    return bytes;
  }
  if (response.status == 206) {
    const auto whole = WholeLength(response.headers.Get("Content-Range").value_or(""));
    if (!whole) {
      return SourceRefused("the source sends a part without telling the length of the whole");
    }
    bytes.text = std::move(response.body);
    bytes.to_end = place.offset + static_cast<std::int64_t>(bytes.text.size()) >= *whole;
    return bytes;
  }
  if (response.status == 200) {  // no ranges: the whole file, which the client bounds
    bytes.text = std::move(response.body);
    bytes.text.erase(0, std::min(bytes.text.size(), static_cast<std::size_t>(place.offset)));
    bytes.to_end = static_cast<std::int64_t>(bytes.text.size()) <= length;
    bytes.text.resize(std::min(bytes.text.size(), static_cast<std::size_t>(length)));
    return bytes;
  }
  if (response.status == 429 || response.status == 503) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the source is not available"}, {}, fhir::Retry::kLater);
  }
  return SourceRefused(fmt::format("the source answers {}", response.status));
}

bool HasDotSegment(std::string_view path) {
  std::string plain(path);
  std::ranges::transform(plain, plain.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (std::size_t at = plain.find("%2e"); at != std::string::npos; at = plain.find("%2e", at)) {
    plain.replace(at, 3, ".");
  }
  return plain.find("/../") != std::string::npos || plain.find("/./") != std::string::npos || plain.ends_with("/..") ||
         plain.ends_with("/.") || plain.find("%2f") != std::string::npos || plain.find("%5c") != std::string::npos;
}

}  // namespace

bool IsAllowedSource(std::string_view url, const std::vector<std::string>& prefixes) {
  const std::size_t scheme = url.find("://");
  if ((!url.starts_with("http://") && !url.starts_with("https://")) || url.size() > 2'000 ||
      std::ranges::any_of(url, [](char c) { return c <= ' ' || c > '~' || c == '\\' || c == '#'; })) {
    return false;
  }
  const std::string_view rest = url.substr(scheme + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(slash, rest.find('?', slash) - slash);
  if (rest.substr(0, slash).find('@') != std::string_view::npos || HasDotSegment(path)) {
    return false;
  }
  return std::ranges::any_of(prefixes, [&](const std::string& prefix) { return url.starts_with(prefix); });
}

fhir::Result<Piece> ReadPiece(const Fetch& fetch, const std::string& url, const SourcePlace& place,
                              const PieceLimits& limits) {
  for (std::int64_t length = limits.piece_bytes;; length *= 4) {
    GW_ASSIGN(const Bytes bytes, ReadBytes(fetch, url, place, std::min(length, limits.line_bytes_max)));
    const std::size_t end = bytes.to_end ? bytes.text.size() : bytes.text.rfind('\n') + 1;  // npos + 1 is 0
    if (end == 0 && !bytes.to_end) {
      if (length >= limits.line_bytes_max) {
        return fhir::Fail(fhir::ErrorCode::kTooLarge, "a line of the file is larger than this server takes");
      }
      continue;  // a line longer than the piece
    }
    Piece piece;
    for (std::string_view rest(bytes.text.data(), end); !rest.empty();) {
      const std::size_t line_end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, line_end);
      line.remove_suffix(line.ends_with('\r') ? 1 : 0);
      piece.lines.emplace_back(line);
      rest.remove_prefix(std::min(line_end + 1, rest.size()));
    }
    piece.next = {place.offset + static_cast<std::int64_t>(end), bytes.etag};
    piece.last = bytes.to_end;
    return piece;
  }
}

}  // namespace gateway::rest::bulk_import
