#include "gateway/app/commands/serve.hpp"

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/app/commands/options.hpp"
#include "gateway/app/composition_root.hpp"
#include "gateway/app/database.hpp"

namespace gateway::app {
namespace {

/// The signals that end or reload the gateway, kept from every thread so that sigwait alone sees them.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

std::string HostOf(const std::string& address) {
  return address.substr(0, address.rfind(':'));
}

}  // namespace

ExitCode RunServe(const Arguments& arguments) {
  if (!arguments.operands().empty()) {
    return Usage("serve", "no operands are expected");
  }
  auto settings = LoadSettings(arguments);
  if (!settings) {
    return Report(settings.error());
  }
  if (settings->database.connection.empty() && settings->database.embedded.directory.empty()) {
    return Report({.code = fhir::ErrorCode::kConfiguration,
                   .public_text = {"no database: set database.connection, or use --embedded DIR"}});
  }
  const sigset_t signals = BlockSignals();
  const std::string http_host = HostOf(settings->http.address);
  std::vector<std::string> mllp_hosts;
  for (const settings::MllpListener& listener : settings->mllp.listeners) {
    mllp_hosts.push_back(HostOf(listener.address));
  }
  auto gateway = Gateway::Create(*std::move(settings));
  if (!gateway) {
    return Report(gateway.error());
  }
  if (const auto started = (*gateway)->Start(); !started) {
    return Report(started.error());
  }
  fmt::print("http {}:{}\n", http_host, (*gateway)->http_port());
  const auto ports = (*gateway)->mllp_ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    fmt::print("mllp {} {}:{}\n", ports[i].first, mllp_hosts[i], ports[i].second);
  }
  fmt::print("ready\n");
  std::fflush(stdout);
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      (*gateway)->Reload();
    }
  }
  (*gateway)->Stop();
  return ExitCode::kDone;
}

ExitCode RunMigrate(const Arguments& arguments) {
  const auto settings = LoadSettings(arguments);
  if (!settings) {
    return Report(settings.error());
  }
  const auto database = Database::Open(settings->database, nullptr, nullptr);
  if (!database) {
    return Report(database.error());
  }
  fmt::print("the database is at this program's schema\n");
  return ExitCode::kDone;
}

}  // namespace gateway::app
