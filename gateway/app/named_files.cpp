#include "gateway/app/named_files.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string>
#include <utility>

#include "gateway/app/senders.hpp"
#include "gateway/http/server.hpp"

namespace gateway::app {
namespace {

class FileProblems {
 public:
  void Add(std::string_view text) {
    text_ += text_.empty() ? "" : "\n";
    text_ += text;
  }

  void CheckServer(const settings::Tls& tls, std::string_view path) {
    if (tls.enabled()) {
      if (const auto usable = http::CheckTls(tls); !usable) {
        Add(fmt::format("{}.{}", path, usable.error().public_text.text));
      }
    }
  }

  void CheckReadable(const std::string& file, std::string_view path) {
    if (!file.empty() && !std::ifstream(file)) {
      Add(fmt::format("{}: the file cannot be read", path));
    }
  }

  fhir::Result<void> Result() && {
    return text_.empty() ? fhir::Result<void>() : fhir::Fail(fhir::ErrorCode::kConfiguration, std::move(text_));
  }

 private:
  std::string text_;
};

}  // namespace

fhir::Result<void> CheckNamedFiles(const settings::Settings& settings) {
  FileProblems problems;
  problems.CheckServer(settings.http.tls, "http");
  for (const settings::MllpListener& listener : settings.mllp.listeners) {
    problems.CheckServer(listener.tls, fmt::format("mllp.listeners[{}]", listener.name));
  }
  for (const settings::Destination& destination : settings.destinations) {
    const std::string path = fmt::format("destinations[{}]", destination.name);
    problems.CheckReadable(destination.ca_file, path + ".ca_file");
    problems.CheckReadable(destination.certificate_file, path + ".certificate_file");
    problems.CheckReadable(destination.key_file, path + ".key_file");
  }
  if (const auto destinations = ReadDestinations(settings); !destinations) {
    problems.Add(destinations.error().public_text.text);
  }
  return std::move(problems).Result();
}

}  // namespace gateway::app
