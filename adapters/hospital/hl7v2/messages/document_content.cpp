#include "adapters/hospital/hl7v2/messages/document_content.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "adapters/hospital/cda/level_one.hpp"
#include "adapters/mapping/digest.hpp"
#include "fhir/base/base64.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using fhir::model::Node;

constexpr std::string_view kOidUri = "urn:oid:";

/// The number of a version: its master identifier where that is under an OID, else a UUID of its own.
std::pair<std::string, std::string> NumberOf(const Node& document, std::int64_t version) {
  const auto system = document.FindValue("masterIdentifier.system");
  const auto value = document.FindValue("masterIdentifier.value");
  if (system.starts_with(kOidUri) && !value.empty()) {
    return {std::string(system.substr(kOidUri.size())), std::string(value)};
  }
  return {mapping::DigestUuid(fmt::format("cda\x1f{}\x1f{}", document.ChildValue("id"), version)), ""};
}

/// The document that this one replaces: the one it names, else its own version before.
std::pair<std::string, std::string> ReplacedBy(const DocumentToSend& what, ResourceCache& cache) {
  for (const Node& child : what.document->children()) {
    if (child.name == "relatesTo" && child.ChildValue("code") == "replaces") {
      const Node* const other = cache.Find(child.FindValue("target.reference"));
      return other == nullptr ? std::pair<std::string, std::string>() : NumberOf(*other, 1);
    }
  }
  if (what.before != nullptr && what.before->ChildValue("status") == "current") {
    const auto own = NumberOf(*what.document, what.version);
    auto earlier = NumberOf(*what.before, what.version - 1);
    return earlier == own ? std::pair<std::string, std::string>() : earlier;
  }
  return {};
}

std::string Wrapped(const DocumentToSend& what, std::string_view base64, const Receiver& receiver,
                    ResourceCache& cache) {
  cda::LevelOneInput input;
  input.document = what.document;
  input.patient = what.patient;
  input.encounter = what.encounter;
  input.resolve = [&cache](std::string_view reference) { return cache.Find(reference); };
  std::tie(input.id_root, input.id_extension) = NumberOf(*what.document, what.version);
  input.set_root = mapping::DigestUuid(fmt::format("cda-set\x1f{}", what.document->ChildValue("id")));
  input.version = what.version;
  std::tie(input.replaced_root, input.replaced_extension) = ReplacedBy(what, cache);
  input.media_type = "application/pdf";
  input.content_base64 = base64;
  input.now_us = what.now_us;
  input.zone = receiver.zone;
  return cda::WrapLevelOne(input);
}

}  // namespace

fhir::Result<DocumentContent> ContentToSend(const DocumentToSend& what, const Receiver& receiver,
                                            ResourceCache& cache) {
  const Node* const attachment = what.document->Find("content.attachment");
  DocumentContent content;
  if (attachment == nullptr) {
    return content;
  }
  auto data = attachment->ChildValue("data");
  if (data.empty()) {
    const auto url = attachment->ChildValue("url");
    const Node* const binary = url.starts_with("Binary/") ? cache.Find(url) : nullptr;
    GW_TRY(cache.status());
    data = binary == nullptr ? std::string_view() : binary->ChildValue("data");
  }
  if (data.empty()) {
    return content;
  }
  // Read and written again: white space that FHIR allows in base64 is none in HL7 v2.
  GW_ASSIGN(const std::string bytes, fhir::DecodeBase64(data));
  std::string_view media = attachment->ChildValue("contentType");
  media = media.substr(0, media.find(';'));
  if (what.pdf_in_cda && (media == "application/pdf" || bytes.starts_with("%PDF-"))) {
    content.base64 = fhir::EncodeBase64(Wrapped(what, fhir::EncodeBase64(bytes), receiver, cache));
    GW_TRY(cache.status());
    content.type = "TEXT";
    content.subtype = "XML";
    return content;
  }
  const std::size_t slash = media.find('/');
  content.base64 = fhir::EncodeBase64(bytes);
  content.type = slash == std::string_view::npos ? "application" : media.substr(0, slash);
  content.subtype = slash == std::string_view::npos ? "octet-stream" : media.substr(slash + 1);
  return content;
}

}  // namespace adapters::hospital::hl7v2::messages
