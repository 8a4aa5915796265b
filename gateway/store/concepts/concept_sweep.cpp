#include "gateway/store/concepts/concept_sweep.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query.hpp"

namespace gateway::store::concepts {
namespace {

namespace port = adapters::port;

constexpr std::size_t kSystemsOfUrlMax = 1'000;

port::Actor SystemActor() {
  port::Actor actor;
  auto grants = std::make_shared<port::Grants>();
  grants->unrestricted = true;
  actor.grants = std::move(grants);
  return actor;
}

/// Whether a current CodeSystem of that url names the load. So many of one url that not all are looked at keep it.
fhir::Result<bool> IsUsed(port::ResourceViews& views, const LoadOfUrl& load) {
  const fhir::metadata::Definitions& r4 = fhir::metadata::Definitions::R4();
  fhir::search::Query query;
  query.type = r4.FindType("CodeSystem");
  fhir::search::Criterion criterion;
  criterion.parameter = r4.FindSearchParameter(query.type, "url");
  criterion.values.push_back(fhir::search::UriValue{load.url});
  query.criteria.push_back(std::move(criterion));
  const port::Actor system = SystemActor();
  GW_ASSIGN(const auto heads, views.FindHeads(system, std::span(&query, 1), kSystemsOfUrlMax));
  if (heads.size() == kSystemsOfUrlMax) {
    return true;
  }
  std::vector<port::ResourceKey> keys;
  keys.reserve(heads.size());
  for (const auto& head : heads) {
    keys.push_back({head.type, head.id});
  }
  if (keys.empty()) {
    return false;
  }
  GW_ASSIGN(const auto resources, views.ReadMany(system, keys));
  // A load's name is a UUID: it stands nowhere by chance.
  return std::ranges::any_of(resources,
                             [&](const auto& resource) { return resource.body.find(load.load) != std::string::npos; });
}

}  // namespace

fhir::Result<void> SweepConcepts(ConceptStore& store, port::ResourceViews& views, const SweepOfConcepts& options) {
  GW_ASSIGN(const auto loads, store.Loads(options.unused_ms));
  for (const LoadOfUrl& load : loads) {
    GW_ASSIGN(const bool used, IsUsed(views, load));
    GW_TRY(store.NoteUse(load.load, used));
  }
  GW_ASSIGN(const auto unused, store.Unused(options.unused_ms));
  for (const std::string& load : unused) {
    GW_TRY(store.Drop(load));
  }
  return store.DropLeftOver(options.left_over_ms);
}

}  // namespace gateway::store::concepts
