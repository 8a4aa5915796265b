#include "gateway/app/commands/import.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "gateway/app/commands/files.hpp"
#include "gateway/app/import/importer.hpp"
#include "gateway/app/validation/file_list.hpp"
#include "gateway/http/client.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {
namespace {

constexpr std::size_t kConnectionsMax = 64;
constexpr std::int64_t kAnswerTimeoutMs = 600'000;  // a large transaction is worked on for long before the first byte

std::optional<std::size_t> ReadCount(const std::string& text) {
  std::size_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = failed == std::errc() && end == text.data() + text.size();
  return whole && count >= 1 && count <= kConnectionsMax ? std::optional(count) : std::nullopt;
}

}  // namespace

ExitCode RunImport(const Arguments& arguments) {
  if (arguments.operands().empty()) {
    return Usage("import", "at least one file or directory is expected");
  }
  ImportOrder order;
  order.link.base_url = FhirBase(arguments.Value("--server").value_or("http://127.0.0.1:8080/fhir"));
  order.link.pause = [](std::int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  if (const auto connections = arguments.Value("--connections")) {
    const auto count = ReadCount(*connections);
    if (!count) {
      return Usage("import", fmt::format("--connections is a number from 1 to {}", kConnectionsMax));
    }
    order.connections = *count;
  }
  if (const auto file = arguments.Value("--token-file")) {
    auto token = settings::ReadSecret(*file, "--token-file");
    if (!token) {
      return Report(token.error());
    }
    order.link.token = *std::move(token);
  }
  order.connect = [&arguments]() -> Transport {
    http::ClientOptions options;
    options.read_timeout_ms = kAnswerTimeoutMs;
    options.total_timeout_ms = kAnswerTimeoutMs;
    options.response_bytes_max = 256u * 1024 * 1024;
    options.ca_file = arguments.Value("--tls-ca").value_or("");
    const auto client = std::make_shared<http::Client>(std::move(options));  // owned by the function alone
    return [client](const http::ClientRequest& request) { return client->Send(request); };
  };
  FileList list = ListFiles(arguments.operands(), IsLoadable);
  for (const std::string& problem : list.problems) {
    fmt::print(stderr, "passerelle import: {}\n", problem);
  }
  order.files = std::move(list.files);
  ImportReport report(stderr, order.files.size());
  const std::string stopped = Import(order, report);
  if (!stopped.empty()) {
    fmt::print(stderr, "passerelle import: stopped: {}\n", stopped);
  }
  if (const auto written = WriteOutput(report.Summary() + '\n'); !written) {
    return Report(written.error());
  }
  if (const auto flushed = FlushOutput(); !flushed) {
    return Report(flushed.error());
  }
  const bool failed = !stopped.empty() || report.totals().failed > 0 || !list.problems.empty();
  return failed ? ExitCode::kFailed : ExitCode::kDone;
}

}  // namespace gateway::app
