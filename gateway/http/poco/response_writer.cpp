#include "gateway/http/poco/response_writer.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "fhir/base/archive.hpp"
#include "gateway/http/wire/characters.hpp"

namespace gateway::http::poco {
namespace {

/// IMF-fixdate of the current second, made once a second by each thread.
std::string_view DateText() {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local time_t second = -1;
  thread_local std::string text;
  timespec at{};
  clock_gettime(CLOCK_REALTIME_COARSE, &at);
  if (at.tv_sec != second) {
    second = at.tv_sec;
    tm utc{};
    gmtime_r(&second, &utc);
    text = fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(utc.tm_wday)],
                       utc.tm_mday, kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                       utc.tm_min, utc.tm_sec);
  }
  return text;
}

bool IsFraming(std::string_view name) {
  return EqualsIgnoringCase(name, "Content-Length") || EqualsIgnoringCase(name, "Transfer-Encoding") ||
         EqualsIgnoringCase(name, "Connection") || EqualsIgnoringCase(name, "Date");
}

bool Shrinks(std::string_view media_type) {
  return media_type.starts_with("text/") || media_type.find("json") != std::string_view::npos ||
         media_type.find("xml") != std::string_view::npos || media_type.find("javascript") != std::string_view::npos;
}

bool IsZeroQuality(std::string_view parameters) {
  const std::size_t equals = parameters.find('=');
  if (equals == std::string_view::npos) {
    return false;
  }
  const std::string_view value = wire::TrimBlanks(parameters.substr(equals + 1));
  return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool SendsBody(int status, const ResponseFraming& framing) {
  return !framing.head_only && status != 204 && status != 304;
}

void WriteHead(const Response& response, const ResponseFraming& framing, std::string& out) {
  out.clear();
  auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, ReasonPhrase(response.status), DateText());
  for (const auto& [name, value] : response.headers.fields()) {
    if (!IsFraming(name) && wire::All(name, wire::kTokenCharacter) && wire::All(value, wire::kValueCharacter)) {
      out.append(name).append(": ").append(value).append("\r\n");
    }
  }
  if (response.status != 204 && response.status != 304) {
    fmt::format_to(to, "Content-Length: {}\r\n", response.body.size());
  }
  out.append(framing.keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
}

bool AcceptsGzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view item = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = wire::TrimBlanks(item.substr(0, semicolon));
    const bool wanted = !IsZeroQuality(item.substr(semicolon));
    if (EqualsIgnoringCase(coding, "gzip") || EqualsIgnoringCase(coding, "x-gzip")) {
      return wanted;
    }
    any = any || (coding == "*" && wanted);
  }
  return any;
}

void CompressResponse(Response& response, bool accepted, std::size_t from_bytes) {
  if (response.body.size() < from_bytes || response.headers.Get("Content-Encoding") ||
      !Shrinks(response.headers.Get("Content-Type").value_or(""))) {
    return;
  }
  const auto vary = response.headers.Get("Vary");
  response.headers.Set("Vary", vary ? std::string(*vary) + ", Accept-Encoding" : std::string("Accept-Encoding"));
  if (!accepted) {
    return;
  }
  // Level 1: on FHIR JSON it is several times faster than 6 and gives up a few percent of the gain.
  auto compressed = fhir::GzipCompress(response.body, 1);
  if (compressed && compressed->size() < response.body.size()) {
    response.body = *std::move(compressed);
    response.headers.Add("Content-Encoding", "gzip");
  }
}

}  // namespace gateway::http::poco
