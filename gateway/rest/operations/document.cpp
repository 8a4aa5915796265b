// Composition/$document: a document Bundle of a composition and what it refers to.
// Source: https://hl7.org/fhir/R4/composition-operation-document.html, https://hl7.org/fhir/R4/documents.html
//
// A document is attested as a whole. So none is made with a part missing: a reference to this server that cannot be
// resolved, because what it names is not there or not the party's to read, is refused with its place.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/bundle/writer.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/model/path.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::model::Document;
using fhir::model::Node;

constexpr ParameterRow kDocumentParameters[] = {
    {.name = "persist", .kind = ParameterKind::kBoolean},
    {.name = "graph", .kind = ParameterKind::kRefused},
};

constexpr std::size_t kDocumentResourcesMax = 5'000;

/// The references of the composition to resources of this server, each once, with the place of the first.
class LocalReferences {
 public:
  explicit LocalReferences(const Call& call) : call_(call), reference_type_(call.definitions().FindType("Reference")) {}

  void Collect(const Node& node) {
    for (const Node& child : node.children()) {
      if (child.type == reference_type_) {
        Note(child);
      }
      if (child.name != "contained") {
        Collect(child);
      }
    }
  }

  const std::vector<port::ResourceKey>& keys() const { return keys_; }
  std::string PlaceOf(const port::ResourceKey& key) const { return fhir::model::PathOf(*places_.at(key)); }

 private:
  void Note(const Node& reference) {
    std::string_view text = reference.ChildValue("reference");
    if (text.starts_with(call_.options().base_url + "/")) {
      text.remove_prefix(call_.options().base_url.size() + 1);
    }
    const port::LocalReference local = port::SplitReference(text);
    port::ResourceKey key{call_.definitions().FindType(local.type), std::string(local.id)};
    const bool own = key.type == call_.type && key.id == call_.id;
    if (!local.empty() && call_.definitions().IsResource(key.type) && !own &&
        places_.try_emplace(key, &reference).second) {
      keys_.push_back(std::move(key));
    }
  }

  const Call& call_;
  const fhir::metadata::TypeId reference_type_;
  std::vector<port::ResourceKey> keys_;
  std::map<port::ResourceKey, const Node*> places_;
};

std::string WriteDocument(const Call& call, const port::StoredResource& composition,
                          const std::vector<port::StoredResource>& others, std::string_view timestamp,
                          std::string_view identifier) {
  fhir::bundle::BundleHead head;
  head.type = fhir::bundle::BundleType::kDocument;
  head.timestamp = timestamp;
  head.identifier = identifier;
  std::size_t bytes = 1024 + composition.body.size();
  for (const port::StoredResource& other : others) {
    bytes += other.body.size() + 256;
  }
  fhir::bundle::BundleWriter writer(head, bytes);
  const auto add = [&](const port::StoredResource& resource) {
    const std::string full_url = FullUrl(call.options(), call.definitions().TypeName(resource.type), resource.id);
    fhir::bundle::EntryOut entry;
    entry.full_url = full_url;
    entry.resource = resource.body;
    writer.Add(entry);
  };
  add(composition);
  for (const port::StoredResource& other : others) {
    add(other);
  }
  return std::move(writer).Finish();
}

}  // namespace

fhir::Result<http::Response> DocumentOfComposition(Call& call) {
  const OperationPorts& ports = call.service.ports().operations;
  if (ports.views == nullptr || call.service.ports().clock == nullptr || ports.ids == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kDocumentParameters));
  const bool persist = parameters.Flag("persist");
  if (persist && call.request.method != http::Method::kPost) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "a document is stored by POST alone");
  }
  GW_ASSIGN(const port::StoredResource composition,
            call.service.ports().store.Read(call.actor, call.type, call.id, std::nullopt));
  fhir::IssueList ignored(1);
  GW_ASSIGN(const Document parsed, fhir::json::ReadJson(composition.body, call.options().limits, ignored));
  LocalReferences references(call);
  references.Collect(parsed.root());
  if (references.keys().size() > kDocumentResourcesMax) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly,
                      fmt::format("a document has at most {} resources", kDocumentResourcesMax));
  }
  GW_ASSIGN(const std::vector<port::StoredResource> others, ports.views->ReadMany(call.actor, references.keys()));
  if (others.size() != references.keys().size()) {
    // What is found comes in the order asked for: the first gap is the first that is missing.
    std::size_t at = 0;
    while (at < others.size() && others[at].type == references.keys()[at].type &&
           others[at].id == references.keys()[at].id) {
      ++at;
    }
    auto failure =
        fhir::Fail(fhir::ErrorCode::kInvalid, "the reference cannot be resolved: the document would lack it");
    failure.error().expression = references.PlaceOf(references.keys()[at]);
    return failure;
  }
  // Stored or not, the document shows what is in it.
  call.audit_after = true;
  call.audit.entities.push_back({composition.type, composition.id, composition.version});
  for (const port::StoredResource& other : others) {
    call.audit.entities.push_back({other.type, other.id, other.version});
  }
  const std::string body =
      WriteDocument(call, composition, others, fhir::FormatInstant(call.service.ports().clock->NowUs()),
                    "urn:uuid:" + ports.ids->NewUuid());
  if (!persist) {
    return JsonResponse(call, 200, body);
  }
  GW_ASSIGN(port::Outcome outcome, CommitOne(call, [&]() -> fhir::Result<port::Change> {
              fhir::IssueList unread(1);
              GW_ASSIGN(Document bundle, fhir::json::ReadJson(body, call.options().limits, unread));
              port::Change change;
              change.verb = port::Verb::kCreate;
              change.type = call.definitions().FindType("Bundle");
              change.resource.emplace(std::move(bundle));
              return change;
            }));
  if (!outcome.replayed) {  // Commit has named what a repeat shows
    call.audit.entities.push_back({outcome.resource.type, outcome.resource.id, outcome.resource.version});
  }
  return WriteResponse(call, std::move(outcome));
}

}  // namespace gateway::rest::operations
