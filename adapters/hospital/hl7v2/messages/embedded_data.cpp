#include "adapters/hospital/hl7v2/messages/embedded_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "fhir/base/base64.hpp"
#include "fhir/base/sha1.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// The decoded bytes; a fault goes to the output when `report`, so that one field is complained of once.
std::optional<std::string> Bytes(const mapping::Input& input, mapping::Output& output, bool report) {
  const auto encoding = Lower(input.Text(4));
  const auto data = input.Text(5);
  if (data.empty()) {
    return std::nullopt;
  }
  if (encoding == "a") {
    return std::string(data);
  }
  if (encoding != "base64") {
    if (report) {
      output.Fault(fhir::IssueType::kCodeInvalid, "encoding Base64 or A is expected", 4);
    }
    return std::nullopt;
  }
  // Line ends of long base64 travel as \.br\ and come out as "\n", which the decoder skips.
  auto bytes = fhir::DecodeBase64(data);
  if (!bytes) {
    if (report) {
      output.Fault(fhir::IssueType::kValue, "this is not base64", 5);
    }
    return std::nullopt;
  }
  return *std::move(bytes);
}

std::string MediaType(const mapping::Input& input) {
  std::string type = Lower(input.Text(2));
  std::string subtype = Lower(input.Text(3));
  std::string media =
      subtype.empty() || type.find('/') != std::string::npos ? type : fmt::format("{}/{}", type, subtype);
  const auto entry = input.table == nullptr ? std::nullopt : input.table->Find(media);
  return entry ? entry->code : media;
}

}  // namespace

bool EdToContentType(const mapping::Input& input, mapping::Output& output) {
  const auto media = MediaType(input);
  if (media.empty()) {
    return false;
  }
  output.document.SetValue(output.node, media);
  return true;
}

bool EdToBase64(const mapping::Input& input, mapping::Output& output) {
  const auto bytes = Bytes(input, output, true);
  if (!bytes) {
    return false;
  }
  output.document.SetValue(output.node, fhir::EncodeBase64(*bytes));
  return true;
}

bool EdToAttachment(const mapping::Input& input, mapping::Output& output) {
  const auto bytes = Bytes(input, output, false);
  if (!bytes) {
    return false;
  }
  if (const auto media = MediaType(input); !media.empty()) {
    output.document.Add(output.node, "contentType", media);
  }
  output.document.Add(output.node, "size", std::to_string(bytes->size()));
  const auto digest = fhir::Sha1(*bytes);
  output.document.Add(output.node, "hash",
                      fhir::EncodeBase64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  return true;
}

}  // namespace adapters::hospital::hl7v2::messages
