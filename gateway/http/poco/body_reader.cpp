#include "gateway/http/poco/body_reader.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "fhir/base/archive.hpp"
#include "gateway/http/wire/chunked.hpp"

namespace gateway::http::poco {
namespace {

using fhir::ErrorCode;
using std::chrono::milliseconds;

constexpr wire::Refusal kBodyTooLarge{413, ErrorCode::kTooLarge, "The body is larger than this server accepts."};
constexpr wire::Refusal kBodySlow{408, ErrorCode::kTimeout, "The body arrived too slowly."};
constexpr wire::Refusal kBodyCut{400, ErrorCode::kMalformed, "The body is shorter than announced."};
constexpr wire::Refusal kBodyBusy{503, ErrorCode::kUnavailable, "Other large requests are under way; try again later."};

}  // namespace

Trouble BodyReader::TakeShare(std::size_t bytes) {
  const auto deadline = std::min(
      request_deadline_, std::chrono::steady_clock::now() + milliseconds(core_.options.http.body_budget_timeout_ms));
  if (share_.Take(bytes, deadline) != Budget::Outcome::kGranted) {
    return kBodyBusy;
  }
  return std::nullopt;
}

Trouble BodyReader::ReadSome(char* buffer, std::size_t size, std::size_t& count) {
  const settings::Http& http = core_.options.http;
  const auto at = std::chrono::steady_clock::now();
  const auto elapsed = at - started_;
  const auto milliseconds_taken = std::chrono::duration_cast<milliseconds>(elapsed).count();
  if (milliseconds_taken > http.body_stall_timeout_ms &&
      received_ < http.body_bytes_per_second_min * static_cast<std::size_t>(milliseconds_taken) / 1'000) {
    return kBodySlow;
  }
  const IoResult read =
      stream_.Read(buffer, size, std::min(request_deadline_, at + milliseconds(http.body_stall_timeout_ms)), true);
  count = read.bytes;
  received_ += read.bytes;
  switch (read.status) {
    case IoStatus::kOk:
      return std::nullopt;
    case IoStatus::kTimeout:
      return kBodySlow;
    case IoStatus::kClosed:
      return kBodyCut;
    case IoStatus::kError:
      break;
  }
  return wire::Refusal{0, ErrorCode::kUnavailable, {}};
}

Trouble BodyReader::ReadCounted(std::size_t length, std::string& body) {
  const std::size_t buffered = std::min(length, input_.size());
  body.resize_and_overwrite(length, [&](char* to, std::size_t) {
    std::copy_n(input_.data(), buffered, to);
    return length;
  });
  input_.erase(0, buffered);
  for (std::size_t filled = buffered; filled < length;) {
    std::size_t count = 0;
    if (Trouble trouble = ReadSome(body.data() + filled, length - filled, count)) {
      return trouble;
    }
    filled += count;
  }
  return std::nullopt;
}

Trouble BodyReader::ReadChunked(std::size_t share_bytes, std::string& body) {
  wire::ChunkedDecoder decoder(core_.options.http.body_bytes_max);
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const auto used = decoder.Decode(input_, body);
    if (!used) {
      return used.error();
    }
    input_.erase(0, *used);
    if (decoder.done()) {
      return std::nullopt;
    }
    if (body.size() > core_.options.http.body_budget_from_bytes && !share_.held()) {
      if (Trouble trouble = TakeShare(share_bytes)) {
        return trouble;
      }
    }
    std::size_t count = 0;
    if (Trouble trouble = ReadSome(buffer.data(), buffer.size(), count)) {
      return trouble;
    }
    input_.append(buffer.data(), count);
  }
}

Trouble BodyReader::Inflate(std::string& body) {
  const settings::Http& http = core_.options.http;
  std::string inflated;
  const auto sink = [&](std::string_view piece) -> fhir::Result<void> {
    if (inflated.size() + piece.size() > http.body_budget_from_bytes && !share_.held() &&
        TakeShare(http.body_bytes_max)) {
      return fhir::Fail(ErrorCode::kUnavailable, std::string(kBodyBusy.text));
    }
    inflated.append(piece);
    return {};
  };
  const auto inflater = fhir::Decompressor::Create(fhir::Compression::kGzip, http.body_bytes_max);
  auto result = inflater->Feed(body, sink);
  if (result) {
    result = inflater->Finish();
  }
  if (!result) {
    switch (result.error().code) {
      case ErrorCode::kTooLarge:
        return kBodyTooLarge;
      case ErrorCode::kUnavailable:
        return kBodyBusy;
      default:
        return wire::Refusal{400, ErrorCode::kMalformed, "The body is not valid gzip."};
    }
  }
  body = std::move(inflated);
  return std::nullopt;
}

Trouble BodyReader::Read(const wire::Head& head, std::string& body) {
  body.clear();
  const settings::Http& http = core_.options.http;
  const bool gzip =
      EqualsIgnoringCase(head.content_encoding, "gzip") || EqualsIgnoringCase(head.content_encoding, "x-gzip");
  if (!gzip && !head.content_encoding.empty() && !EqualsIgnoringCase(head.content_encoding, "identity")) {
    return wire::Refusal{415, ErrorCode::kUnsupportedMedia, "The only content coding understood is gzip."};
  }
  if (head.content_length.value_or(0) > http.body_bytes_max) {
    return kBodyTooLarge;
  }
  const auto length = static_cast<std::size_t>(head.content_length.value_or(0));
  if (length == 0 && !head.chunked) {
    return std::nullopt;
  }
  if (length > http.body_budget_from_bytes) {
    if (Trouble trouble = TakeShare(gzip ? length + http.body_bytes_max : length)) {
      return trouble;
    }
  }
  if (head.expect_continue && input_.empty() &&
      stream_.Write("HTTP/1.1 100 Continue\r\n\r\n", {}, milliseconds(http.write_timeout_ms)) != IoStatus::kOk) {
    return wire::Refusal{0, ErrorCode::kUnavailable, {}};
  }
  started_ = std::chrono::steady_clock::now();
  Trouble trouble = head.chunked ? ReadChunked(gzip ? 2 * http.body_bytes_max : http.body_bytes_max, body)
                                 : ReadCounted(length, body);
  if (!trouble && gzip) {
    trouble = Inflate(body);
  }
  share_.Shrink(body.size());
  return trouble;
}

}  // namespace gateway::http::poco
