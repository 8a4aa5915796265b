#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "fhir/base/base64.hpp"
#include "fhir/base/sha1.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

bool IsBase64Space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/// Bytes behind a base64 text, counted without decoding it.
std::uint64_t DecodedBytes(std::string_view base64) {
  const auto characters = static_cast<std::uint64_t>(
      std::count_if(base64.begin(), base64.end(), [](char byte) { return !IsBase64Space(byte) && byte != '='; }));
  return characters * 6 / 8;
}

}  // namespace

void CheckAttachment(const model::Node& attachment, const FamilyContext& context, IssueList& issues) {
  (void)context;
  const model::Node* data = attachment.Child("data");
  if (data == nullptr || !data->HasValue()) {
    return;
  }
  if (!DecodeBase64(data->value)) {
    Report(attachment, IssueType::kStructure, "an attachment whose data is base64 is expected", issues);
    return;
  }
  if (const std::string_view text = attachment.ChildValue("size"); !text.empty()) {
    std::uint64_t stated = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), stated);
    const std::uint64_t found = DecodedBytes(data->value);
    if (parsed.ec != std::errc{} || stated != found) {
      Report(attachment, IssueType::kStructure, fmt::format("a size of {} is expected, which the data has", found),
             issues);
    }
  }
  if (const std::string_view hash = attachment.ChildValue("hash"); !hash.empty()) {
    const auto bytes = DecodeBase64(data->value);
    const auto stated = DecodeBase64(hash);
    if (!bytes || !stated) {
      return;  // the rules of base64Binary say so
    }
    const Sha1Digest digest = Sha1(*bytes);
    if (!std::equal(stated->begin(), stated->end(), digest.begin(), digest.end(),
                    [](char left, std::uint8_t right) { return static_cast<std::uint8_t>(left) == right; })) {
      Report(attachment, IssueType::kValue, "the SHA-1 of the data is expected as hash", issues);
    }
  }
}

}  // namespace fhir::validation
