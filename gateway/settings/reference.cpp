// Addresses and secret references: small texts with a form of their own.
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

constexpr std::size_t kSecretBytesMax = 64 * 1024;

bool IsZone(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.find("..") != std::string_view::npos) {
    return false;
  }
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                       c == '_' || c == '-' || c == '+';
    if (!plain) {
      return false;
    }
  }
  return true;
}

bool IsChoice(std::string_view choices, std::string_view text) {
  for (;;) {
    const std::size_t end = choices.find('|');
    if (choices.substr(0, end) == text) {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    choices.remove_prefix(end + 1);
  }
}

}  // namespace

fhir::Result<HostPort> ParseHostPort(std::string_view text) {
  const auto fail = [] {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, "an address is HOST:PORT or [IPV6]:PORT");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return fail();
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail();
  }
  HostPort address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (host.empty() || error != std::errc() || end != port.data() + port.size() || port.empty()) {
    return fail();
  }
  return address;
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1") {
    return true;
  }
  if (!host.starts_with("127.")) {
    return false;
  }
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

fhir::Result<std::string> ReadSecret(std::string_view reference, std::string_view setting) {
  const auto fail = [setting](std::string_view why) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: {}", setting, why));
  };
  std::string secret;
  if (reference.starts_with("env:")) {
    const char* value = std::getenv(std::string(reference.substr(4)).c_str());
    if (value == nullptr) {
      return fail("the environment variable is not set");
    }
    secret = value;
  } else {
    std::ifstream file{std::string(reference), std::ios::binary};
    if (!file) {
      return fail("the file cannot be read");
    }
    secret.resize(kSecretBytesMax + 1);
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    secret.resize(static_cast<std::size_t>(file.gcount()));
    if (secret.size() > kSecretBytesMax) {
      return fail("the file is larger than 64 KB");
    }
    if (secret.ends_with('\n')) {
      secret.pop_back();
    }
    if (secret.ends_with('\r')) {
      secret.pop_back();
    }
  }
  if (secret.empty()) {
    return fail("the secret is empty");
  }
  return secret;
}

std::string CheckForm(const Facts& facts, std::string_view text) {
  switch (facts.form) {
    case Form::kPlain:
    case Form::kPath:
    case Form::kSecret:
      return {};
    case Form::kAddress:
      if (!text.empty() && !ParseHostPort(text)) {
        return "must be HOST:PORT or [IPV6]:PORT";
      }
      return {};
    case Form::kZone:
      return IsZone(text) ? std::string() : "must be a time zone such as Europe/Paris";
    case Form::kChoice: {
      if (IsChoice(facts.choices, text)) {
        return {};
      }
      std::string expected = "must be one of: ";
      for (char c : facts.choices.starts_with('|') ? facts.choices.substr(1) : facts.choices) {
        expected += c == '|' ? std::string(", ") : std::string(1, c);
      }
      return expected;
    }
  }
  return {};
}

}  // namespace gateway::settings
