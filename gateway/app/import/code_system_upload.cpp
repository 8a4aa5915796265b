#include "gateway/app/import/code_system_upload.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/http/target.hpp"

namespace gateway::app {
namespace {

bool ComesLater(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// `answered` tells whether the server ever did: one that is not there is not waited for.
fhir::Result<http::ClientResponse> SendUntilAnswered(http::ClientRequest request, const LinkOptions& link,
                                                     const Transport& transport, bool& answered) {
  request.headers.Add("Accept", "application/fhir+json");
  if (!link.token.empty()) {
    request.headers.Add("Authorization", "Bearer " + link.token);
  }
  std::int64_t pause_ms = link.pause_first_ms;
  for (int attempt = 1;; ++attempt) {
    auto answer = transport(request);
    answered = answered || answer.has_value();
    const bool again = answer ? ComesLater(answer->status) : answered && answer.error().retry == fhir::Retry::kLater;
    if (!again || attempt == link.attempts_max) {
      return answer;
    }
    link.pause(pause_ms);
    pause_ms = std::min(2 * pause_ms, link.pause_max_ms);
  }
}

std::string ReadPieceOf(std::istream& file, std::size_t bytes) {
  std::string piece(bytes, '\0');
  file.read(piece.data(), static_cast<std::streamsize>(bytes));
  piece.resize(static_cast<std::size_t>(file.gcount()));
  return piece;
}

}  // namespace

fhir::Result<LinkAnswer> UploadCodeSystem(std::istream& file, const CodeSystemUpload& upload, const LinkOptions& link,
                                          const Transport& transport) {
  std::string common = link.base_url + "/CodeSystem/$upload-external-code-system?upload=" + upload.upload;
  for (const auto& [name, value] : upload.parameters) {
    common += fmt::format("&{}={}", http::PercentEncode(name), http::PercentEncode(value));
  }
  std::string piece = ReadPieceOf(file, upload.piece_bytes);
  if (piece.empty()) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "the file is empty");
  }
  std::string job;
  bool answered = false;
  for (int number = 0; job.empty(); ++number) {
    std::string next = piece.size() < upload.piece_bytes ? std::string() : ReadPieceOf(file, upload.piece_bytes);
    const bool last = next.empty();
    http::ClientRequest request{.method = http::Method::kPost,
                                .url = fmt::format("{}&piece={}{}", common, number, last ? "&last=true" : ""),
                                .headers = {},
                                .body = std::move(piece)};
    request.headers.Add("Content-Type", "application/octet-stream");
    GW_ASSIGN(const http::ClientResponse answer, SendUntilAnswered(std::move(request), link, transport, answered));
    if (answer.status != (last ? 202 : 200)) {
      return LinkAnswer{.status = answer.status, .body = answer.body};
    }
    job = last ? std::string(answer.headers.Get("Content-Location").value_or("")) : std::string();
    if (last && job.empty()) {
      return LinkAnswer{.status = answer.status, .body = answer.body};
    }
    piece = std::move(next);
  }
  // The server's own idea of its address may not be the one it is reached at.
  const std::size_t place = job.rfind("/_job/");
  const std::string url = place == std::string::npos ? job : link.base_url + job.substr(place);
  while (true) {
    GW_ASSIGN(const http::ClientResponse answer,
              SendUntilAnswered({.method = http::Method::kGet, .url = url, .headers = {}, .body = {}}, link, transport,
                                answered));
    if (answer.status != 202) {
      return LinkAnswer{.status = answer.status, .body = answer.body};
    }
    link.pause(upload.poll_ms);
  }
}

}  // namespace gateway::app
