#include "adapters/hospital/hl7v2/messages/outbound_documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "adapters/mapping/digest.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/base/base64.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using fhir::model::Document;
using fhir::model::Node;

constexpr std::size_t kControlIdCharacters = 20;  // MSH-10 holds 20 in HL7 v2.5

/// The resource a local reference names; unset when there is none of that type.
fhir::Result<std::optional<Document>> ReadReferenced(std::string_view reference, std::string_view type,
                                                     port::UnitOfWork& work) {
  const auto local = port::SplitReference(reference);
  if (local.empty() || local.type != type) {
    return std::optional<Document>();
  }
  GW_ASSIGN(auto stored, work.Read(fhir::metadata::Definitions::R4().FindType(type), local.id));
  if (!stored || stored->deleted) {
    return std::optional<Document>();
  }
  fhir::IssueList issues;
  GW_ASSIGN(auto document, fhir::json::ReadJson(stored->body, {}, issues));
  return std::optional<Document>(std::move(document));
}

fhir::Result<std::string> ContentOf(const Node& document, port::UnitOfWork& work) {
  const Node* attachment = document.Find("content.attachment");
  if (attachment == nullptr) {
    return std::string();
  }
  if (const auto data = attachment->ChildValue("data"); !data.empty()) {
    return fhir::DecodeBase64(data);
  }
  GW_ASSIGN(const auto binary, ReadReferenced(attachment->ChildValue("url"), "Binary", work));
  return binary ? fhir::DecodeBase64(binary->root().ChildValue("data")) : fhir::Result<std::string>(std::string());
}

bool Concerns(const DocumentRoute& route, const port::Applied& applied) {
  const port::Actor* actor = applied.actor;
  if (actor == nullptr || actor->party == route.partner) {
    return false;
  }
  if (!route.from_any_kind && actor->kind != route.from_kind) {
    return false;
  }
  if (route.loinc.empty()) {
    return true;
  }
  const Node* type = applied.after->Child("type");
  if (type == nullptr) {
    return false;
  }
  const auto codings = type->children();
  return std::any_of(codings.begin(), codings.end(), [&](const Node& coding) {
    return coding.ChildValue("system") == "http://loinc.org" &&
           std::find(route.loinc.begin(), route.loinc.end(), coding.ChildValue("code")) != route.loinc.end();
  });
}

}  // namespace

fhir::Result<void> OutboundDocuments::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.after == nullptr || applied.effect == port::Effect::kUnchanged ||
      applied.after->ChildValue("status") != "current") {
    return {};
  }
  const Node& document = *applied.after;
  for (const auto& route : routes_) {
    if (!Concerns(route, applied)) {
      continue;
    }
    GW_ASSIGN(const auto patient, ReadReferenced(document.FindValue("subject.reference"), "Patient", work));
    if (!patient || IdentifierOf(patient->root(), route.message.patient_system).empty()) {
      continue;
    }
    GW_ASSIGN(const auto encounter,
              ReadReferenced(document.FindValue("context.encounter.reference"), "Encounter", work));
    GW_ASSIGN(const auto content, ContentOf(document, work));
    if (content.empty()) {
      continue;
    }
    const std::string cause = fmt::format("DocumentReference/{}/_history/{}", applied.id, applied.version);
    MdmOptions options = route.message;
    options.now_us = work.now_us();
    options.control_id = mapping::DigestUuid(route.destination + cause);
    std::erase(options.control_id, '-');
    options.control_id.resize(kControlIdCharacters);
    GW_ASSIGN(auto message,
              BuildMdmT02(document, patient->root(), encounter ? &encounter->root() : nullptr, content, options));
    GW_TRY(work.Enqueue({.destination = route.destination,
                         .kind = "mllp",
                         .order_key = std::string(document.FindValue("subject.reference")),
                         .payload = std::move(message),
                         .cause = cause}));
  }
  return {};
}

}  // namespace adapters::hospital::hl7v2::messages
