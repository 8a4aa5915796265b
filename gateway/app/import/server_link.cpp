#include "gateway/app/import/server_link.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/value.hpp"

namespace gateway::app {
namespace {

constexpr std::size_t kOutcomeBytesMax = 16u * 1024 * 1024;
constexpr int kReasonsMax = 3;

bool AsksToRepeat(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string ReasonOfIssue(const fhir::json::Value& issue) {
  std::string reason(issue.FindText("diagnostics"));
  if (const auto* details = issue.Find("details"); reason.empty() && details != nullptr) {
    reason = details->FindText("text");
  }
  const auto* places = issue.Find("expression");
  if (places != nullptr && !places->items().empty()) {
    reason = fmt::format("{}: {}", places->items().front().text(), reason);
  }
  return reason;
}

}  // namespace

ServerLink::ServerLink(LinkOptions options, Transport transport)
    : options_(std::move(options)), transport_(std::move(transport)) {}

std::int64_t ServerLink::PauseAfter(const http::ClientResponse* response, int attempt) const {
  std::int64_t pause_ms = options_.pause_first_ms << std::min(attempt, 16);
  if (response != nullptr) {
    if (const auto asked = response->headers.Get("Retry-After")) {
      std::int64_t seconds = 0;
      const auto [end, failed] = std::from_chars(asked->data(), asked->data() + asked->size(), seconds);
      if (failed == std::errc() && end == asked->data() + asked->size() && seconds >= 0) {
        pause_ms = std::min(seconds, options_.pause_max_ms) * 1000;
      }
    }
  }
  return std::min(pause_ms, options_.pause_max_ms);
}

fhir::Result<LinkAnswer> ServerLink::Post(std::string bundle, const std::string& key) {
  http::ClientRequest request{
      .method = http::Method::kPost, .url = options_.base_url, .headers = {}, .body = std::move(bundle)};
  request.headers.Add("Content-Type", "application/fhir+json");
  request.headers.Add("Accept", "application/fhir+json");
  request.headers.Add("Prefer", "return=minimal");
  request.headers.Add("Idempotency-Key", key);
  if (!options_.token.empty()) {
    request.headers.Add("Authorization", "Bearer " + options_.token);
  }
  for (int attempt = 0;; ++attempt) {
    auto response = transport_(request);
    const bool last = attempt + 1 >= options_.attempts_max;
    if (!response) {
      const bool later =
          response.error().code == fhir::ErrorCode::kUnavailable || response.error().code == fhir::ErrorCode::kTimeout;
      if (!later || last || !answered_) {
        return std::unexpected(std::move(response).error());
      }
      options_.pause(PauseAfter(nullptr, attempt));
      continue;
    }
    answered_ = true;
    if (!AsksToRepeat(response->status)) {
      return LinkAnswer{response->status, std::move(response->body)};
    }
    if (last) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable,
                        fmt::format("the server asked {} times to come later: {}", options_.attempts_max,
                                    ReasonOf(response->status, response->body)));
    }
    options_.pause(PauseAfter(&*response, attempt));
  }
}

std::string FhirBase(std::string url) {
  while (url.ends_with('/')) {
    url.pop_back();
  }
  const std::size_t host = url.find("://");
  const bool has_path = host != std::string::npos && url.find('/', host + 3) != std::string::npos;
  return has_path ? url : url + "/fhir";
}

std::string ReasonOf(int status, const std::string& body) {
  std::string reasons;
  int told = 0;
  if (const auto outcome = fhir::json::ReadValue(body, {.bytes_max = kOutcomeBytesMax})) {
    if (const auto* issues = outcome->Find("issue"); issues != nullptr) {
      for (const fhir::json::Value& issue : issues->items()) {
        const std::string_view severity = issue.FindText("severity");
        if ((severity == "error" || severity == "fatal") && told++ < kReasonsMax) {
          reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", ReasonOfIssue(issue));
        }
      }
    }
  }
  if (told > kReasonsMax) {
    reasons += fmt::format("; and {} more", told - kReasonsMax);
  }
  std::ranges::replace_if(reasons, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return reasons.empty() ? fmt::format("HTTP status {}", status) : fmt::format("{}: {}", status, reasons);
}

}  // namespace gateway::app
