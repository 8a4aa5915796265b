#include "gateway/app/commands/hl7.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "adapters/hospital/hl7v2/mllp/client.hpp"
#include "gateway/app/commands/files.hpp"
#include "gateway/app/commands/options.hpp"
#include "gateway/app/rules.hpp"

namespace gateway::app {
namespace {

constexpr std::size_t kMessageFileBytesMax = 1024u * 1024 * 1024;  // a file may hold many messages

namespace hl7v2 = adapters::hospital::hl7v2;

/// "MSA|AA" or "MSA|CA", whatever the field separator.
bool IsPositive(std::string_view acknowledgement) {
  const auto msa = acknowledgement.find("\rMSA");
  if (msa == std::string_view::npos || msa + 7 > acknowledgement.size()) {
    return false;
  }
  const std::string_view code = acknowledgement.substr(msa + 5, 2);
  return code == "AA" || code == "CA";
}

/// Segments on lines of their own, as people read them.
std::string Readable(std::string message) {
  std::replace(message.begin(), message.end(), '\r', '\n');
  return message;
}

}  // namespace

ExitCode RunHl7Send(const Arguments& arguments) {
  if (arguments.operands().size() < 2) {
    return Usage("hl7 send", "an address and at least one file are expected");
  }
  auto options = hl7v2::mllp::ParseAddressOptions(arguments.operands().front());
  if (!options) {
    return Usage("hl7 send", options.error().public_text.text);
  }
  if (arguments.Has("--tls-ca")) {
    options->tls.enabled = true;
    options->tls.ca_file = *arguments.Value("--tls-ca");
  }
  hl7v2::mllp::Client client(*std::move(options));
  bool all_positive = true;
  for (std::size_t i = 1; i < arguments.operands().size(); ++i) {
    auto bytes = ReadWholeFile(arguments.operands()[i], kMessageFileBytesMax);
    if (!bytes) {
      return Report(bytes.error());
    }
    for (const std::string& message : SplitMessages(*std::move(bytes))) {
      const auto acknowledgement = client.Exchange(message);
      if (!acknowledgement) {
        fmt::print(stderr, "{}: ", arguments.operands()[i]);
        Report(acknowledgement.error());
        all_positive = false;
        continue;
      }
      fmt::print("{}\n", Readable(*acknowledgement));
      all_positive = all_positive && IsPositive(*acknowledgement);
    }
  }
  return all_positive ? ExitCode::kDone : ExitCode::kFailed;
}

ExitCode RunHl7Translate(const Arguments& arguments) {
  if (arguments.operands().empty()) {
    return Usage("hl7 translate", "at least one file is expected");
  }
  auto settings = LoadSettings(arguments);
  if (!settings) {
    return Report(settings.error());
  }
  const auto maps = LoadMaps(*settings);
  if (!maps) {
    return Report(maps.error());
  }
  // Without a named partner: the configuration's first hospital, else one that knows nothing beforehand.
  fhir::Result<hl7v2::Partner> partner = hl7v2::Partner{.name = "hospital"};
  if (const auto name = arguments.Value("--partner")) {
    partner = HospitalPartner(*settings, *name);
  } else if (!settings->partners.empty()) {
    partner = HospitalPartner(*settings, settings->partners.front().name);
  }
  if (!partner) {
    return Report(partner.error());
  }
  const fhir::terminology::Terminology terminology(fhir::packages::Registry::Core());
  const hl7v2::messages::TranslateOptions options{.list_unmapped = true, .knows_code = KnowsCodesOf(terminology)};
  bool all_good = true;
  for (const std::string& path : arguments.operands()) {
    auto bytes = ReadWholeFile(path, kMessageFileBytesMax);
    if (!bytes) {
      return Report(bytes.error());
    }
    for (const std::string& message : SplitMessages(*std::move(bytes))) {
      const hl7v2::messages::Translation translation = hl7v2::messages::Translate(message, *partner, **maps, options);
      for (const auto& fault : translation.faults) {
        fmt::print(stderr, "{}: {} {}: {}\n", path, fault.reject ? "AR" : "AE", hl7v2::er7::ToPlace(fault.location),
                   fault.text);
        all_good = false;
      }
      if (translation.faults.empty()) {
        fmt::print("{}\n", hl7v2::messages::ToTransactionBundle(translation.changes));
      }
      for (const auto& note : translation.notes) {
        fmt::print(stderr, "{}: left out: {}: {}\n", path, hl7v2::er7::ToPlace(note.location), note.text);
      }
      for (const std::string& field : translation.unmapped) {
        fmt::print(stderr, "{}: not mapped: {}\n", path, field);
      }
    }
  }
  return all_good ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace gateway::app
