// Checks that need more than one setting.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fhir/base/text.hpp"
#include "fhir/base/time_zone.hpp"
#include "gateway/settings/table.hpp"

namespace gateway::settings {
namespace {

using Problems = std::vector<Problem>;

constexpr std::int64_t kDayMillis = 86'400'000;

bool IsLoopbackAddress(std::string_view address) {
  const auto parsed = ParseHostPort(address);
  return parsed && IsLoopback(parsed->host);
}

/// Host of an http(s) URL; empty when it is none.
std::string_view UrlHost(std::string_view url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0) {
    return {};
  }
  url.remove_prefix(scheme);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) {
    return {};
  }
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

/// A password inside the connection string: key=value form or user:password@ of a URI.
bool HoldsPassword(std::string_view connection) {
  std::string packed;
  for (char c : connection) {
    if (c != ' ') {
      packed += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
  }
  const std::size_t scheme = packed.find("://");
  if (scheme != std::string::npos) {
    const std::string_view authority =
        std::string_view(packed).substr(scheme + 3, packed.find('/', scheme + 3) - scheme - 3);
    const std::size_t at = authority.find('@');
    if (at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos) {
      return true;
    }
  }
  return packed.find("password=") != std::string::npos;
}

void CheckTls(const Tls& tls, const std::string& path, Problems& problems) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    problems.push_back({path + (tls.key_file.empty() ? ".key_file" : ".certificate_file"),
                        "certificate_file and key_file go together"});
  }
  if (!tls.client_ca_file.empty() && !tls.enabled()) {
    problems.push_back({path + ".client_ca_file", "needs certificate_file and key_file"});
  }
}

template <typename T>
void CheckUnique(const std::vector<T>& items, std::string_view path, Problems& problems) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!names.insert(items[i].name).second) {
      problems.push_back({fmt::format("{}[{}].name", path, i), "this name is listed before"});
    }
  }
}

template <typename T>
bool Lists(const std::vector<T>& items, std::string_view name) {
  return std::any_of(items.begin(), items.end(), [name](const T& item) { return item.name == name; });
}

void CheckZone(const std::string& zone, const std::string& path, Problems& problems) {
  if (!fhir::TimeZone::Find(zone)) {
    problems.push_back({path, "no time zone has this name"});
  }
}

void CheckCharset(const std::string& charset, const std::string& path, Problems& problems) {
  if (!charset.empty() && !fhir::FindCharset(charset)) {
    problems.push_back({path, "no character set has this name"});
  }
}

void CheckOpenAccess(const Settings& settings, Problems& problems) {
  if (settings.access.mode != "open") {
    return;
  }
  if (!IsLoopbackAddress(settings.http.address)) {
    problems.push_back({"access.mode", "open access is for loopback alone, and http.address is not loopback"});
  }
  for (const MllpListener& listener : settings.mllp.listeners) {
    if (!IsLoopbackAddress(listener.address)) {
      problems.push_back({"access.mode", "open access is for loopback alone, and an MLLP listener is not on loopback"});
    }
  }
}

void CheckExchange(const Settings& settings, Problems& problems) {
  CheckUnique(settings.partners, "partners", problems);
  CheckUnique(settings.destinations, "destinations", problems);
  CheckUnique(settings.mllp.listeners, "mllp.listeners", problems);
  for (std::size_t i = 0; i < settings.partners.size(); ++i) {
    const PartnerOrganization& organization = settings.partners[i].organization;
    const std::string path = fmt::format("partners[{}].organization", i);
    if (!organization.finess.empty() && organization.finess.size() != 9) {
      problems.push_back({path + ".finess", "a FINESS number has nine characters"});
    }
    CheckCharset(settings.partners[i].charset, fmt::format("partners[{}].charset", i), problems);
    CheckZone(settings.partners[i].zone, fmt::format("partners[{}].zone", i), problems);
  }
  for (std::size_t i = 0; i < settings.mllp.listeners.size(); ++i) {
    const MllpListener& listener = settings.mllp.listeners[i];
    const std::string path = fmt::format("mllp.listeners[{}]", i);
    CheckTls(listener.tls, path + ".tls", problems);
    CheckCharset(listener.charset, path + ".charset", problems);
    const auto partner = std::find_if(settings.partners.begin(), settings.partners.end(),
                                      [&](const Partner& one) { return one.name == listener.partner; });
    if (partner == settings.partners.end()) {
      problems.push_back({path + ".partner", "no partner has this name"});
    } else if (partner->kind != "hospital") {
      problems.push_back({path + ".partner", "HL7 v2 is received from a partner of kind hospital"});
    }
  }
  for (std::size_t i = 0; i < settings.destinations.size(); ++i) {
    const Destination& destination = settings.destinations[i];
    const std::string path = fmt::format("destinations[{}]", i);
    if (!Lists(settings.partners, destination.partner)) {
      problems.push_back({path + ".partner", "no partner has this name"});
    }
    if (destination.kind == "mllp" && destination.address.empty()) {
      problems.push_back({path, "an mllp destination needs an address"});
    }
    const std::string_view host = UrlHost(destination.url);
    if (destination.kind == "rest-hook" && host.empty()) {
      problems.push_back({path, "a rest-hook destination needs an http:// or https:// url without credentials"});
    } else if (!destination.token_file.empty() && destination.url.starts_with("http://") && !IsLoopback(host)) {
      problems.push_back({path + ".url", "a token is sent over https:// alone, except to loopback"});
    }
  }
  const auto check_mllp = [&](const std::string& name, std::string path) {
    const bool found = std::any_of(settings.destinations.begin(), settings.destinations.end(),
                                   [&name](const Destination& d) { return d.name == name && d.kind == "mllp"; });
    if (!found) {
      problems.push_back({std::move(path), "no mllp destination has this name"});
    }
  };
  for (std::size_t i = 0; i < settings.routing.documents.size(); ++i) {
    check_mllp(settings.routing.documents[i].destination, fmt::format("routing.documents[{}].destination", i));
  }
  for (std::size_t i = 0; i < settings.routing.messages.size(); ++i) {
    check_mllp(settings.routing.messages[i].destination, fmt::format("routing.messages[{}].destination", i));
  }
  for (std::size_t i = 0; i < settings.routing.forwarding.size(); ++i) {
    const std::string& name = settings.routing.forwarding[i].destination;
    const bool found = std::any_of(settings.destinations.begin(), settings.destinations.end(),
                                   [&name](const Destination& d) { return d.name == name && d.kind == "rest-hook"; });
    if (!found) {
      problems.push_back(
          {fmt::format("routing.forwarding[{}].destination", i), "no rest-hook destination has this name"});
    }
  }
}

}  // namespace

std::vector<Problem> FindProblems(const Settings& settings) {
  Problems problems;
  CheckTls(settings.http.tls, "http.tls", problems);
  CheckOpenAccess(settings, problems);
  CheckExchange(settings, problems);
  CheckZone(settings.search.zone, "search.zone", problems);
  CheckUnique(settings.access.parties, "access.parties", problems);
  for (std::size_t i = 0; i < settings.access.parties.size(); ++i) {
    if (settings.access.mode == "deny" && settings.access.parties[i].token_file.empty()) {
      problems.push_back({fmt::format("access.parties[{}]", i), "a party needs a token_file"});
    }
  }
  if (settings.http.body_budget_bytes / 2 < settings.http.body_bytes_max) {
    problems.push_back({"http.body_budget_bytes", "must be at least twice http.body_bytes_max"});
  }
  if (!settings.database.connection.empty() && !settings.database.embedded.directory.empty()) {
    problems.push_back({"database.connection", "either connection or embedded.directory, not both"});
  }
  if (HoldsPassword(settings.database.connection)) {
    problems.push_back({"database.connection", "a password does not belong here: use passfile= or env:NAME"});
  }
  if (settings.search.page_size_default > settings.search.page_size_max) {
    problems.push_back({"search.page_size_default", "must not exceed search.page_size_max"});
  }
  if (settings.history.lifetime_ms != 0 && settings.history.lifetime_ms < kDayMillis) {
    problems.push_back({"history.lifetime_ms", "must be 0 or at least a day, 86400000"});
  }
  if (settings.journal.retry_first_ms > settings.journal.retry_max_ms) {
    problems.push_back({"journal.retry_first_ms", "must not exceed journal.retry_max_ms"});
  }
  for (std::size_t i = 0; i < settings.jobs.import_sources.size(); ++i) {
    // Without the slash "https://files.example" would allow "https://files.example.elsewhere/" too.
    const std::string& source = settings.jobs.import_sources[i];
    if ((!source.starts_with("https://") && !source.starts_with("http://")) || !source.ends_with('/') ||
        source.ends_with("//")) {
      problems.push_back(
          {fmt::format("jobs.import_sources[{}]", i), "must be the beginning of a URL: https://host/path/"});
    }
  }
  return problems;
}

fhir::Result<void> Check(const Settings& settings) {
  std::string text;
  for (const Problem& problem : FindProblems(settings)) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", problem.path, problem.text);
  }
  if (!text.empty()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, std::move(text));
  }
  return {};
}

}  // namespace gateway::settings
