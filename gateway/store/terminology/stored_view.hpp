// The terminology as one party sees it during one call of StoredTerminology::With.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/resource_views.hpp"
#include "adapters/port/terminology_source.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/cache.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/terminology/value_set_compiler.hpp"
#include "gateway/store/terminology/stored_names.hpp"
#include "gateway/store/terminology/stored_pages.hpp"
#include "gateway/store/terminology/stored_terminology.hpp"

namespace gateway::store {

/// What all views share.
struct StoredTerminology::Shared {
  Shared(const fhir::terminology::Terminology& from_packages, adapters::port::ResourceStore& from_store,
         adapters::port::ResourceViews& from_views, const StoredTerminologyLimits& with_limits,
         adapters::port::ConceptLoads* from_loads)
      : packages(from_packages),
        store(from_store),
        views(from_views),
        limits(with_limits),
        code_systems(with_limits.cache_bytes_max * 3 / 8),
        value_sets(with_limits.cache_bytes_max / 4),
        concept_maps(with_limits.cache_bytes_max / 4),
        names(with_limits.names_max),
        asked(with_limits.names_max / 10),
        shelf(from_loads == nullptr ? nullptr
                                    : std::make_shared<PageShelf>(*from_loads, with_limits.cache_bytes_max / 8)) {}

  const fhir::terminology::Terminology& packages;
  adapters::port::ResourceStore& store;
  adapters::port::ResourceViews& views;
  const StoredTerminologyLimits limits;
  fhir::terminology::Cache<fhir::terminology::CodeSystem> code_systems;
  fhir::terminology::Cache<fhir::terminology::ValueSet> value_sets;
  fhir::terminology::Cache<fhir::terminology::ConceptMap> concept_maps;
  BoundedTable<StoredName> names;          // by "type/id/version"
  BoundedTable<std::set<AskedFor>> asked;  // by canonical: what it was made of when it was compiled last
  std::shared_ptr<PageShelf> shelf;        // with the large code systems; null: there are none
};

/// For one thread, and the time of one call. Questions that need the store remember its first failure.
class StoredView final : public fhir::terminology::Terminology {
 public:
  StoredView(StoredTerminology::Shared& shared, const adapters::port::Actor& actor);

  /// Puts what is given before all others of its URL. The result is its canonical.
  fhir::Result<std::string> Take(const adapters::port::GivenTerminology& given);

  std::shared_ptr<const fhir::terminology::ValueSet> FindValueSet(std::string_view canonical) const override;
  std::shared_ptr<const fhir::terminology::CodeSystem> FindCodeSystem(std::string_view canonical) const override;
  std::shared_ptr<const fhir::terminology::ValueSet> Compile(const fhir::model::Node& value_set) const override;
  std::shared_ptr<const fhir::terminology::ConceptMap> FindConceptMap(std::string_view canonical) const override;
  std::optional<fhir::model::Document> ReadValueSet(std::string_view canonical) const override;
  void ForEachConceptMap(const std::function<void(std::string_view canonical)>& visit) const override;

  /// Set when the store failed: answers are then not to be relied on.
  const std::optional<fhir::Error>& failure() const { return failure_; }
  /// Whether a page of a large code system could not be read in the time of this view, for whomever.
  bool pages_failed() const { return shared_.shelf != nullptr && shared_.shelf->failures.load() != failures_before_; }

 private:
  /// A resource that may stand for a URL. The key names its version for ever, or is of this view alone.
  struct Candidate {
    std::string key;
    std::string version;   ///< business version
    bool passing = false;  ///< came with the question: nothing made of it is kept
  };
  using Url = std::pair<TermKind, std::string>;
  class Loader;

  /// The candidate for a canonical: of the version wanted, else the highest; nullptr when there is none.
  const Candidate* Find(TermKind kind, std::string_view canonical) const;
  /// Asks the store about URLs that it has not been asked about yet, in one statement for a hundred of them.
  void Load(const std::set<Url>& urls) const;
  void LoadSome(const std::set<Url>& urls) const;
  /// Asks about all that the parts of a value set refer to.
  void LoadPartsOf(const fhir::model::Document& value_set) const;
  /// Names of heads; those not known are read, in one more statement.
  std::vector<std::pair<std::string, StoredName>> NamesOf(const std::vector<adapters::port::ResourceHead>& heads) const;
  /// Reads a resource that has no document in this view yet.
  const fhir::model::Document* DocumentOf(TermKind kind, const Candidate& candidate) const;
  const fhir::model::Document* KeepDocument(const std::string& key, fhir::model::Document document) const;
  StoredName NameIn(const fhir::model::Document& document) const;

  std::shared_ptr<const fhir::terminology::ValueSet> FindSet(std::string_view canonical) const;
  /// Where the value set comes from: the key of a candidate, or "package:url|version"; empty when there is none.
  std::string OriginOf(std::string_view canonical, const Candidate*& candidate) const;
  /// Notes a look-up for the value sets that are being compiled.
  void Note(TermKind kind, std::string_view canonical) const;
  /// The name under which a compiled value set is kept; nullopt when it may not be.
  std::optional<std::string> CacheName(const std::string& origin, const std::set<AskedFor>& asked) const;
  void Fail(fhir::Error error) const;
  /// The code system of the load that the resource names; null when it names none, or one that is not its own.
  std::shared_ptr<const fhir::terminology::CodeSystem> FindLarge(const fhir::model::Document& document) const;

  StoredTerminology::Shared& shared_;
  const adapters::port::Actor& actor_;
  const std::uint64_t failures_before_;
  mutable std::map<Url, std::vector<Candidate>> candidates_;
  mutable std::map<std::string, fhir::model::Document> documents_;  // by key
  mutable std::map<std::string, std::shared_ptr<const fhir::terminology::CodeSystem>> passing_systems_;
  mutable std::map<std::string, std::pair<std::shared_ptr<const fhir::terminology::ValueSet>, std::set<AskedFor>>,
                   std::less<>>
      sets_;                                            // by canonical
  mutable std::vector<std::string> open_;               // origins of the value sets that are being compiled
  mutable std::vector<std::set<AskedFor>*> recorders_;  // one per value set that is being compiled
  mutable bool cut_ = false;                            // a circle or too deep an import was met
  mutable std::optional<fhir::Error> failure_;
};

}  // namespace gateway::store
