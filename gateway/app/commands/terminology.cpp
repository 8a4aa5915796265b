#include "gateway/app/commands/terminology.hpp"

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "fhir/concept_files/concept_file.hpp"
#include "fhir/json/value.hpp"
#include "gateway/app/clock_and_ids.hpp"
#include "gateway/app/commands/command.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/import/code_system_upload.hpp"
#include "gateway/http/client.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {
namespace {

constexpr std::int64_t kPieceTimeoutMs = 120'000;

/// "1000000 concepts: CodeSystem/123" of the operation's answer.
std::string SummaryOf(const std::string& body) {
  const auto answer = fhir::json::ReadValue(body);
  std::string count;
  std::string target;
  if (const auto* parameters = answer ? answer->Find("parameter") : nullptr) {
    for (const auto& each : parameters->items()) {
      if (const auto* number = each.Find("valueInteger")) {
        count = number->text();
      } else if (const auto* reference = each.Find("valueReference")) {
        target = reference->FindText("reference");
      }
    }
  }
  return count.empty() ? body : fmt::format("{} concepts: {}", count, target);
}

}  // namespace

ExitCode RunTerminologyLoad(const Arguments& arguments) {
  constexpr std::string_view kName = "terminology load";
  if (arguments.operands().size() != 1) {
    return Usage(kName, "one file is expected");
  }
  const std::string& path = arguments.operands().front();
  if (!arguments.Has("--system")) {
    return Usage(kName, "--system URI is expected: the url of the code system");
  }
  const std::string file_name = path.substr(path.rfind('/') + 1);
  if (!arguments.Has("--format") && !fhir::concept_files::FormatOfName(file_name)) {
    return Usage(kName, "the name of the file does not tell its format: --format csv, claml or ndjson is expected");
  }
  CodeSystemUpload upload;
  upload.upload = TimeOrderedIds().NewUuid();
  upload.parameters.emplace_back("fileName", file_name);
  constexpr std::pair<std::string_view, std::string_view> kPassedOn[] = {
      {"--system", "system"},     {"--version", "version"},
      {"--name", "name"},         {"--title", "title"},
      {"--format", "format"},     {"--delimiter", "delimiter"},
      {"--encoding", "encoding"}, {"--parent-lengths", "parentLengths"}};
  for (const auto& [option, parameter] : kPassedOn) {
    if (const auto value = arguments.Value(option)) {
      upload.parameters.emplace_back(parameter, *value);
    }
  }
  for (const std::string& column : arguments.Values("--column")) {
    upload.parameters.emplace_back("column", column);
  }
  if (arguments.Has("--merge-rows")) {
    upload.parameters.emplace_back("mergeRows", "true");
  }
  LinkOptions link;
  link.base_url = FhirBase(arguments.Value("--server").value_or("http://127.0.0.1:8080/fhir"));
  link.pause = [](std::int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  if (const auto file = arguments.Value("--token-file")) {
    auto token = settings::ReadSecret(*file, "--token-file");
    if (!token) {
      return Report(token.error());
    }
    link.token = *std::move(token);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Report({.code = fhir::ErrorCode::kNotFound, .public_text = {fmt::format("{} cannot be read", path)}});
  }
  http::Client client({.read_timeout_ms = kPieceTimeoutMs,
                       .total_timeout_ms = kPieceTimeoutMs,
                       .ca_file = arguments.Value("--tls-ca").value_or("")});
  const auto answer = UploadCodeSystem(file, upload, link,
                                       [&client](const http::ClientRequest& request) { return client.Send(request); });
  if (!answer) {
    return Report(answer.error());
  }
  if (!answer->accepted()) {
    fmt::print(stderr, "passerelle {}: {}\n", kName, ReasonOf(answer->status, answer->body));
    return ExitCode::kFailed;
  }
  if (const auto written = WriteOutput(SummaryOf(answer->body) + '\n'); !written) {
    return Report(written.error());
  }
  const auto flushed = FlushOutput();
  return flushed ? ExitCode::kDone : Report(flushed.error());
}

}  // namespace gateway::app
