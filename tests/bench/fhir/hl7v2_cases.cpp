#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "adapters/hospital/hl7v2/er7/writer.hpp"
#include "adapters/hospital/hl7v2/messages/translate.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "tests/bench/fhir/bench_case.hpp"

namespace bench {
namespace {

namespace hl7 = adapters::hospital::hl7v2;

/// A segment as its writer gets it: the fields in ER7, from 1.
struct Written {
  std::string name;
  std::vector<std::string> fields;
};

std::vector<Written> Split(std::string_view raw) {
  std::vector<Written> segments;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find('\r', at), raw.size());
    const std::string_view line = raw.substr(at, end - at);
    at = end + 1;
    Written segment{std::string(line.substr(0, 3)), {}};
    for (std::size_t field = 4; field <= line.size();) {
      const std::size_t next = std::min(line.find('|', field), line.size());
      segment.fields.emplace_back(line.substr(field, next - field));
      field = next + 1;
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

/// The ADT messages of the tests that become something, the rules, and what checks what they become.
struct Messages {
  Messages() : terminology(fhir::packages::Registry::Core()), validator(fhir::packages::Registry::Core(), terminology) {
    const std::filesystem::path root = GW_SOURCE_DIR;
    auto loaded = hl7::messages::MapSet::LoadFolder((root / "config/mappings/hl7v2").string());
    if (!loaded) {
      std::abort();
    }
    maps = *std::move(loaded);
    partner.name = "chu";
    partner.finess = "990000010";
    partner.zone = *fhir::TimeZone::Find("Europe/Paris");
    for (const auto& entry : std::filesystem::directory_iterator(root / "tests/data/hl7v2")) {
      if (entry.path().extension() != ".hl7") {
        continue;
      }
      std::ifstream file(entry.path(), std::ios::binary);
      std::string raw{std::istreambuf_iterator<char>(file), {}};
      const auto translated = hl7::messages::Translate(raw, partner, *maps);
      if (translated.message_type.starts_with("ADT") && translated.faults.empty() && !translated.changes.empty()) {
        bytes += raw.size();
        written.push_back(Split(raw));
        raws.push_back(std::move(raw));
      }
    }
    if (raws.empty()) {
      std::abort();
    }
  }

  std::string Name() const { return fmt::format("{} ADT messages of {} bytes", raws.size(), bytes / raws.size()); }

  fhir::terminology::Terminology terminology;
  fhir::validation::Validator validator;
  std::shared_ptr<const hl7::messages::MapSet> maps;
  hl7::Partner partner;
  std::vector<std::string> raws;
  std::vector<std::vector<Written>> written;
  std::size_t bytes = 0;
};

double Parse(const Messages& messages) {
  for (const std::string& raw : messages.raws) {
    if (!hl7::er7::Message::Parse(raw, "UTF-8")) {
      std::abort();
    }
  }
  return static_cast<double>(messages.bytes) / kMegabyte;
}

double Serialise(const Messages& messages) {
  std::size_t bytes = 0;
  std::string text;
  for (const auto& message : messages.written) {
    text.clear();
    for (const Written& segment : message) {
      hl7::er7::SegmentWriter writer(segment.name);
      int number = 0;
      for (const std::string& field : segment.fields) {
        ++number;
        // What has no delimiter goes the way of values, which are searched for what is to be escaped.
        if (field.find_first_of("^~\\&") == std::string::npos) {
          writer.Set(number, field);
        } else {
          writer.SetRaw(number, field);
        }
      }
      text += writer.Finish();
    }
    bytes += text.size();
  }
  return static_cast<double>(bytes) / kMegabyte;
}

double Map(const Messages& messages, bool validate) {
  for (const std::string& raw : messages.raws) {
    const auto translated = hl7::messages::Translate(raw, messages.partner, *messages.maps);
    if (!translated.faults.empty()) {
      std::abort();
    }
    for (const auto& change : translated.changes) {
      if (validate && change.resource) {
        fhir::IssueList issues;
        messages.validator.Validate(change.resource->root(), {}, issues);
      }
    }
  }
  return static_cast<double>(messages.raws.size());
}

}  // namespace

std::vector<BenchCase> Hl7v2Cases(const Corpus& /*corpus*/) {
  const auto messages = std::make_shared<Messages>();
  const std::string name = messages->Name();
  return {
      {.name = "HL7 v2: parse ER7",
       .unit = "MB/s",
       .input = name,
       .work = [messages] { return Parse(*messages); },
       .floor = {},
       .rate_min = 200},
      {.name = "HL7 v2: serialise ER7",
       .unit = "MB/s",
       .input = name,
       .work = [messages] { return Serialise(*messages); },
       .floor = {},
       .rate_min = 200},
      {.name = "HL7 v2: parse and map",
       .unit = "messages/s",
       .input = name,
       .work = [messages] { return Map(*messages, false); },
       .floor = {},
       .rate_min = 10'000},
      {.name = "HL7 v2: parse, map and validate",
       .unit = "messages/s",
       .input = name,
       .work = [messages] { return Map(*messages, true); },
       .floor = {},
       .rate_min = 1'500},
  };
}

}  // namespace bench
