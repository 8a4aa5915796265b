#include "adapters/hospital/hl7v2/messages/resource_cache.hpp"

#include <utility>

#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::hl7v2::messages {

const fhir::model::Node* ResourceCache::Find(std::string_view reference) {
  const auto local = port::SplitReference(reference);
  if (local.empty() || failure_) {
    return nullptr;
  }
  const std::string key = port::MakeReference(local.type, local.id);
  auto& slot = read_[key];
  if (slot == nullptr) {
    const auto stored = work_.Read(fhir::metadata::Definitions::R4().FindType(local.type), local.id);
    if (!stored) {
      failure_ = stored.error();
      return nullptr;
    }
    if (!*stored || (*stored)->deleted) {
      return nullptr;
    }
    fhir::IssueList issues;
    auto document = fhir::json::ReadJson((*stored)->body, {}, issues);
    if (!document) {
      failure_ = document.error();
      return nullptr;
    }
    slot = std::make_unique<fhir::model::Document>(*std::move(document));
  }
  return &slot->root();
}

fhir::Result<void> ResourceCache::status() const {
  return failure_ ? fhir::Result<void>(std::unexpected(*failure_)) : fhir::Result<void>();
}

}  // namespace adapters::hospital::hl7v2::messages
