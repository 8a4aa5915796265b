#include "tests/fuzz/mapping_fuzz.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "adapters/hospital/hl7v2/messages/translate.hpp"

namespace fuzz {
namespace {

namespace messages = adapters::hospital::hl7v2::messages;

constexpr std::string_view kMappedMessage =
    "MSH|^~\\&|A|B|C|D|20250112101500||ADT^A01|1|P|2.5\rPID|1||1^^^X&1.2&ISO^PI~2||DOE^JANE^^^^^L||19800101|F\r"
    "PV1|1|I|||||1^DOC|||||||||||||V1\rZBE|1^A|20250112|||||U^^^^^^^^^1||HMS\r";

void RequireMapping(bool holds, const char* what) {
  if (!holds) {
    std::fputs(what, stderr);
    std::abort();
  }
}

}  // namespace

void TryMapping(std::string_view bytes) {
  const auto include = [&](const std::string&,
                           const std::string& path) -> fhir::Result<adapters::mapping::IncludedFile> {
    return adapters::mapping::IncludedFile{path, std::string(bytes)};
  };
  const auto maps = messages::MapSet::LoadTexts({{"fuzz.yaml", std::string(bytes)}}, include);
  if (!maps) {
    const std::string& text = maps.error().public_text.text;
    const auto colon = text.find(':');
    RequireMapping(colon != std::string::npos && colon > 0 && colon + 1 < text.size() && text[colon + 1] >= '0' &&
                       text[colon + 1] <= '9',
                   "a refusal without file and line\n");
    return;
  }
  adapters::hospital::hl7v2::Partner partner;
  partner.name = "fuzz";
  const auto translated = messages::Translate(kMappedMessage, partner, **maps, {.list_unmapped = true});
  RequireMapping(translated.changes.size() <= 200u * 1000u, "more changes than rules can make\n");
}

}  // namespace fuzz
