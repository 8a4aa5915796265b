#include "gateway/store/terminology/stored_view.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/reader.hpp"
#include "fhir/packages/supplements.hpp"
#include "fhir/packages/version.hpp"
#include "fhir/terminology/skeleton_bytes.hpp"

namespace gateway::store {
namespace {

namespace port = adapters::port;
namespace terms = fhir::terminology;
using fhir::model::Document;

/// The URL of a given resource that has none, for the time of the call.
constexpr std::string_view kGivenUrl = "urn:passerelle:given";

/// URLs that the store is asked about at once. Each may have several resources, which together must be few.
constexpr std::size_t kUrlsPerStatement = 100;

fhir::metadata::TypeId TypeOf(TermKind kind) {
  return fhir::metadata::Definitions::R4().FindType(TypeNameOf(kind));
}

std::optional<TermKind> KindOf(fhir::metadata::TypeId type) {
  for (const TermKind kind : kTermKinds) {
    if (TypeOf(kind) == type) {
      return kind;
    }
  }
  return std::nullopt;
}

/// With its time: a resource that was erased and begun anew has version 1 again.
template <typename Stored>
std::string KeyOf(TermKind kind, const Stored& stored) {
  return fmt::format("{}/{}/{}@{}", TypeNameOf(kind), stored.id, stored.version, stored.last_updated_us);
}

std::string CanonicalOf(const StoredName& name) {
  return name.version.empty() ? name.url : name.url + "|" + name.version;
}

}  // namespace

/// What the compiler of a value set asks.
class StoredView::Loader final : public terms::Sources {
 public:
  explicit Loader(const StoredView& view) : view_(view) {}
  std::shared_ptr<const terms::CodeSystem> FindCodeSystem(std::string_view canonical) override {
    return view_.FindCodeSystem(canonical);
  }
  std::shared_ptr<const terms::ValueSet> FindValueSet(std::string_view canonical) override {
    return view_.FindSet(canonical);
  }

 private:
  const StoredView& view_;
};

StoredView::StoredView(StoredTerminology::Shared& shared, const port::Actor& actor)
    : Terminology(shared.packages.registry(), {.cache_bytes_max = 0}),
      shared_(shared),
      actor_(actor),
      failures_before_(shared.shelf == nullptr ? 0 : shared.shelf->failures.load()) {}

void StoredView::Fail(fhir::Error error) const {
  if (!failure_) {
    failure_ = std::move(error);
  }
}

StoredName StoredView::NameIn(const Document& document) const {
  return {std::string(document.root().ChildValue("url")), std::string(document.root().ChildValue("version"))};
}

const Document* StoredView::KeepDocument(const std::string& key, Document document) const {
  return &documents_.insert_or_assign(key, std::move(document)).first->second;
}

fhir::Result<std::string> StoredView::Take(const port::GivenTerminology& given) {
  if (given.type == fhir::metadata::kNoType) {
    return std::string();
  }
  const auto kind = KindOf(given.type);
  if (!kind) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "questions are about CodeSystem, ValueSet and ConceptMap");
  }
  Candidate candidate;
  StoredName name;
  if (given.resource != nullptr) {
    candidate.key = "given";
    candidate.passing = true;
    name = NameIn(*KeepDocument(candidate.key, Document::CloneResource(*given.resource)));
  } else {
    fhir::search::Query query;
    query.type = given.type;
    fhir::search::Criterion criterion;
    criterion.kind = fhir::search::CriterionKind::kId;
    criterion.values.push_back(fhir::search::TokenValue{.system = {}, .code = std::string(given.id)});
    query.criteria.push_back(std::move(criterion));
    GW_ASSIGN(const auto heads, shared_.views.FindHeads(actor_, std::span(&query, 1), 1));
    if (heads.empty()) {
      // Absent, deleted or not granted: the store has the words for it.
      GW_TRY(shared_.store.Read(actor_, given.type, given.id, std::nullopt));
      return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such resource.");
    }
    const auto names = NamesOf(heads);
    if (names.empty()) {
      return failure_ ? std::unexpected(*failure_)
                      : fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such resource.");
    }
    candidate.key = names.front().first;
    name = names.front().second;
  }
  if (name.url.empty()) {
    if (*kind == TermKind::kCodeSystem) {
      return fhir::Fail(fhir::ErrorCode::kInvalid, "the code system has no url, so that no code can name it");
    }
    const Document* document = DocumentOf(*kind, candidate);
    if (document == nullptr) {
      return failure_ ? std::unexpected(*failure_)
                      : fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such resource.");
    }
    Document named = Document::CloneResource(document->root());
    named.Add(named.root(), "url", kGivenUrl);
    KeepDocument(candidate.key, std::move(named));
    candidate.passing = true;
    name.url = kGivenUrl;
  }
  candidate.version = name.version;
  candidates_[{*kind, name.url}] = {std::move(candidate)};
  return CanonicalOf(name);
}

std::vector<std::pair<std::string, StoredName>> StoredView::NamesOf(
    const std::vector<port::ResourceHead>& heads) const {
  std::vector<std::pair<std::string, StoredName>> names;
  std::vector<port::ResourceKey> unknown;
  for (const auto& head : heads) {
    const auto kind = KindOf(head.type);
    if (!kind) {
      continue;
    }
    std::string key = KeyOf(*kind, head);
    if (const auto name = shared_.names.Find(key)) {
      names.emplace_back(std::move(key), *name);
    } else {
      unknown.push_back({head.type, head.id});
    }
  }
  if (unknown.empty()) {
    return names;
  }
  auto resources = shared_.views.ReadMany(actor_, unknown);
  if (!resources) {
    Fail(std::move(resources).error());
    return names;
  }
  for (const auto& resource : *resources) {
    fhir::IssueList ignored(1);
    auto document = fhir::json::ReadJson(resource.body, shared_.limits.resource, ignored);
    if (!document) {
      Fail(std::move(document).error());
      return names;
    }
    const std::string key = KeyOf(*KindOf(resource.type), resource);
    StoredName name = NameIn(*document);
    shared_.names.Keep(key, name);
    // It is about to be compiled.
    KeepDocument(key, *std::move(document));
    names.emplace_back(key, std::move(name));
  }
  return names;
}

void StoredView::Load(const std::set<Url>& urls) const {
  std::set<Url> some;
  for (const Url& url : urls) {
    some.insert(url);
    if (some.size() == kUrlsPerStatement || url == *urls.rbegin()) {
      LoadSome(some);
      some.clear();
    }
  }
}

void StoredView::LoadSome(const std::set<Url>& urls) const {
  std::vector<fhir::search::Query> queries;
  for (const TermKind kind : kTermKinds) {
    fhir::search::Criterion criterion;
    criterion.parameter = fhir::metadata::Definitions::R4().FindSearchParameter(TypeOf(kind), "url");
    for (const auto& [of_kind, url] : urls) {
      if (of_kind == kind && !candidates_.contains({kind, url})) {
        criterion.values.push_back(fhir::search::UriValue{url});
        candidates_[{kind, url}];  // asked about, whatever the answer is
      }
    }
    if (!criterion.values.empty()) {
      fhir::search::Query query;
      query.type = TypeOf(kind);
      query.criteria.push_back(std::move(criterion));
      queries.push_back(std::move(query));
    }
  }
  if (queries.empty() || failure_) {
    return;
  }
  auto heads = shared_.views.FindHeads(actor_, queries, shared_.limits.heads_max + 1);
  if (!heads) {
    Fail(std::move(heads).error());
    return;
  }
  if (heads->size() > shared_.limits.heads_max) {
    Fail({.code = fhir::ErrorCode::kTooCostly, .public_text = {"too many stored resources have the same url"}});
    return;
  }
  for (auto& [key, name] : NamesOf(*heads)) {
    for (const TermKind kind : kTermKinds) {
      if (key.starts_with(TypeNameOf(kind)) && key[TypeNameOf(kind).size()] == '/') {
        candidates_[{kind, name.url}].push_back({.key = key, .version = name.version});
      }
    }
  }
}

void StoredView::LoadPartsOf(const Document& value_set) const {
  const fhir::model::Node* compose = value_set.root().Child("compose");
  if (compose == nullptr) {
    return;
  }
  std::set<Url> urls;
  const auto add = [&](TermKind kind, std::string_view canonical) {
    if (const auto url = fhir::packages::SplitCanonical(canonical).url; !url.empty()) {
      urls.emplace(kind, std::string(url));
    }
  };
  std::size_t parts = 0;
  for (const fhir::model::Node& part : compose->children()) {
    if (part.name != "include" && part.name != "exclude") {
      continue;
    }
    if (++parts > terms::kPartsMax) {
      return;  // it is not compiled
    }
    add(TermKind::kCodeSystem, part.ChildValue("system"));
    for (const fhir::model::Node& child : part.children()) {
      if (child.name == "valueSet") {
        add(TermKind::kValueSet, child.value);
      }
    }
  }
  Load(urls);
}

const StoredView::Candidate* StoredView::Find(TermKind kind, std::string_view canonical) const {
  const auto wanted = fhir::packages::SplitCanonical(canonical);
  const Url url{kind, std::string(wanted.url)};
  if (wanted.url.empty()) {
    return nullptr;
  }
  if (!candidates_.contains(url)) {
    Load({url});
  }
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates_[url]) {
    if (!fhir::packages::VersionMatches(candidate.version, wanted.version)) {
      continue;
    }
    const int newer = best == nullptr ? 1 : fhir::packages::CompareVersions(candidate.version, best->version);
    // Of two with one version, either would do: the same one always.
    if (newer > 0 || (newer == 0 && candidate.key > best->key)) {
      best = &candidate;
    }
  }
  return best;
}

const Document* StoredView::DocumentOf(TermKind kind, const Candidate& candidate) const {
  if (const auto found = documents_.find(candidate.key); found != documents_.end()) {
    return &found->second;
  }
  const std::string_view key = candidate.key;
  const std::size_t id_at = key.find('/') + 1;
  const std::size_t version_at = key.rfind('/') + 1;  // until the '@'
  const std::string_view id = key.substr(id_at, version_at - 1 - id_at);
  auto resource = shared_.store.Read(actor_, TypeOf(kind), id, std::stoll(std::string(key.substr(version_at))));
  if (!resource) {
    Fail(std::move(resource).error());
    return nullptr;
  }
  fhir::IssueList ignored(1);
  auto document = fhir::json::ReadJson(resource->body, shared_.limits.resource, ignored);
  if (!document) {
    Fail(std::move(document).error());
    return nullptr;
  }
  return KeepDocument(candidate.key, *std::move(document));
}

void StoredView::Note(TermKind kind, std::string_view canonical) const {
  const AskedFor asked{kind, std::string(canonical)};
  for (auto* recorder : recorders_) {
    recorder->insert(asked);
  }
}

std::shared_ptr<const terms::CodeSystem> StoredView::FindCodeSystem(std::string_view canonical) const {
  Note(TermKind::kCodeSystem, canonical);
  const Candidate* candidate = Find(TermKind::kCodeSystem, canonical);
  if (candidate == nullptr) {
    return shared_.packages.FindCodeSystem(canonical);
  }
  if (const auto passing = passing_systems_.find(candidate->key); passing != passing_systems_.end()) {
    return passing->second;
  }
  if (auto cached = candidate->passing ? nullptr : shared_.code_systems.Find(candidate->key)) {
    return cached;
  }
  const Document* document = DocumentOf(TermKind::kCodeSystem, *candidate);
  if (document == nullptr) {
    return nullptr;
  }
  // What came with a question names no load: only who may read a stored resource gets at its concepts.
  if (auto large = candidate->passing ? nullptr : FindLarge(*document)) {
    passing_systems_[candidate->key] = large;
    return shared_.code_systems.Keep(candidate->key, std::move(large));
  }
  const auto supplements = fhir::packages::ReadSupplements(registry(), CanonicalOf(NameIn(*document)));
  auto compiled = terms::CodeSystem::Compile(document->root(), supplements);
  if (!compiled) {
    Fail(std::move(compiled).error());
    return nullptr;
  }
  auto made = std::make_shared<const terms::CodeSystem>(*std::move(compiled));
  // One that is larger than the whole cache is at least not compiled twice for one question.
  passing_systems_[candidate->key] = made;
  return candidate->passing ? made : shared_.code_systems.Keep(candidate->key, std::move(made));
}

std::shared_ptr<const terms::CodeSystem> StoredView::FindLarge(const Document& document) const {
  std::string_view load;
  std::vector<std::string_view> properties;
  for (const fhir::model::Node& child : document.root().children()) {
    if (child.name == "extension" && child.ChildValue("url") == port::kConceptsExtension) {
      load = child.ChildValue("valueString");
    } else if (child.name == "property") {
      properties.push_back(child.ChildValue("code"));
    }
  }
  if (load.empty() || shared_.shelf == nullptr) {
    return nullptr;
  }
  const StoredName name = NameIn(document);
  const auto read = shared_.shelf->loads.ReadLoad(load);
  if (!read || read->url != name.url) {
    if (!read && read.error().code != fhir::ErrorCode::kNotFound) {
      Fail(read.error());
    }
    return nullptr;
  }
  auto skeleton = terms::ReadSkeleton(read->skeleton);
  if (!skeleton) {
    Fail(std::move(skeleton).error());
    return nullptr;
  }
  auto made = terms::CodeSystem::Large({.url = name.url,
                                        .version = name.version,
                                        .name = document.root().ChildValue("name"),
                                        .properties = std::move(properties)},
                                       *std::move(skeleton),
                                       std::make_shared<const StoredPages>(shared_.shelf, std::string(load)));
  if (!made) {
    Fail(std::move(made).error());
    return nullptr;
  }
  return std::make_shared<const terms::CodeSystem>(*std::move(made));
}

std::string StoredView::OriginOf(std::string_view canonical, const Candidate*& candidate) const {
  candidate = Find(TermKind::kValueSet, canonical);
  if (candidate != nullptr) {
    return candidate->key;
  }
  // As packages do among themselves: what there is serves where the version asked for is not.
  const std::string_view url = fhir::packages::SplitCanonical(canonical).url;
  auto name = registry().Lookup("ValueSet", canonical);
  if (!name) {
    name = registry().Lookup("ValueSet", url);
  }
  return name ? fmt::format("package:{}|{}", name->url, name->version) : std::string();
}

std::optional<std::string> StoredView::CacheName(const std::string& origin, const std::set<AskedFor>& asked) const {
  std::string name = origin;
  for (const AskedFor& each : asked) {
    const Candidate* candidate = nullptr;
    std::string from;
    if (each.kind == TermKind::kValueSet) {
      from = OriginOf(each.canonical, candidate);
    } else {
      candidate = Find(each.kind, each.canonical);
      from = candidate != nullptr ? candidate->key : std::string();
    }
    if (candidate != nullptr && candidate->passing) {
      return std::nullopt;
    }
    name.append("\n").append(each.canonical).append("=").append(from);
  }
  return name;
}

std::shared_ptr<const terms::ValueSet> StoredView::FindValueSet(std::string_view canonical) const {
  // What it was made of last time is asked about together.
  std::set<Url> urls{{TermKind::kValueSet, std::string(fhir::packages::SplitCanonical(canonical).url)}};
  if (const auto asked = shared_.asked.Find(canonical)) {
    for (const AskedFor& each : *asked) {
      urls.emplace(each.kind, std::string(fhir::packages::SplitCanonical(each.canonical).url));
    }
  }
  Load(urls);
  return FindSet(canonical);
}

std::shared_ptr<const terms::ValueSet> StoredView::FindSet(std::string_view canonical) const {
  Note(TermKind::kValueSet, canonical);
  const auto replay = [this](const std::set<AskedFor>& asked) {
    for (const AskedFor& each : asked) {
      Note(each.kind, each.canonical);
    }
  };
  if (const auto known = sets_.find(canonical); known != sets_.end()) {
    replay(known->second.second);
    return known->second.first;
  }
  const Candidate* candidate = nullptr;
  const std::string origin = OriginOf(canonical, candidate);
  if (origin.empty() || failure_) {
    return nullptr;
  }
  const bool passing = candidate != nullptr && candidate->passing;
  if (const auto asked = passing ? nullptr : shared_.asked.Find(canonical)) {
    if (const auto name = CacheName(origin, *asked)) {
      if (auto cached = shared_.value_sets.Find(*name)) {
        replay(*asked);
        return cached;
      }
    }
  }
  if (open_.size() >= shared_.limits.imports_depth_max || std::ranges::find(open_, origin) != open_.end()) {
    cut_ = true;
    return nullptr;
  }
  std::optional<Document> packaged;
  const Document* document = nullptr;
  if (candidate != nullptr) {
    document = DocumentOf(TermKind::kValueSet, *candidate);
  } else {
    packaged = registry().Read("ValueSet", origin.substr(std::string_view("package:").size()));
    document = packaged ? &*packaged : nullptr;
  }
  if (document == nullptr) {
    return nullptr;
  }
  LoadPartsOf(*document);
  std::set<AskedFor> asked;
  open_.push_back(origin);
  recorders_.push_back(&asked);
  Loader loader(*this);
  auto compiled = terms::CompileValueSet(document->root(), loader);
  recorders_.pop_back();
  open_.pop_back();
  if (!cut_ && !failure_ && !pages_failed()) {
    // What was compiled inside a circle lacks a part for this way in alone.
    const auto name = passing ? std::nullopt : CacheName(origin, asked);
    if (name) {
      compiled = shared_.value_sets.Keep(*name, std::move(compiled));
      shared_.asked.Keep(canonical, asked);
    }
    sets_.insert_or_assign(std::string(canonical), std::pair(compiled, std::move(asked)));
  }
  return compiled;
}

std::shared_ptr<const terms::ValueSet> StoredView::Compile(const fhir::model::Node& value_set) const {
  Loader loader(*this);
  return terms::CompileValueSet(value_set, loader);
}

std::optional<Document> StoredView::ReadValueSet(std::string_view canonical) const {
  const Candidate* candidate = nullptr;
  const std::string origin = OriginOf(canonical, candidate);
  if (origin.empty()) {
    return std::nullopt;
  }
  if (candidate == nullptr) {
    return registry().Read("ValueSet", origin.substr(std::string_view("package:").size()));
  }
  const Document* document = DocumentOf(TermKind::kValueSet, *candidate);
  return document == nullptr ? std::nullopt : std::optional(Document::CloneResource(document->root()));
}

std::shared_ptr<const terms::ConceptMap> StoredView::FindConceptMap(std::string_view canonical) const {
  const Candidate* candidate = Find(TermKind::kConceptMap, canonical);
  if (candidate == nullptr) {
    return shared_.packages.FindConceptMap(canonical);
  }
  if (auto cached = candidate->passing ? nullptr : shared_.concept_maps.Find(candidate->key)) {
    return cached;
  }
  const Document* document = DocumentOf(TermKind::kConceptMap, *candidate);
  if (document == nullptr) {
    return nullptr;
  }
  auto made = std::make_shared<const terms::ConceptMap>(document->root());
  return candidate->passing ? made : shared_.concept_maps.Keep(candidate->key, std::move(made));
}

void StoredView::ForEachConceptMap(const std::function<void(std::string_view canonical)>& visit) const {
  std::set<std::string, std::less<>> seen;
  const auto once = [&](std::string_view canonical) {
    if (seen.emplace(canonical).second) {
      visit(canonical);
    }
  };
  fhir::search::Query query;
  query.type = TypeOf(TermKind::kConceptMap);
  auto heads = shared_.views.FindHeads(actor_, std::span(&query, 1), shared_.limits.heads_max + 1);
  if (!heads) {
    Fail(std::move(heads).error());
    return;
  }
  if (heads->size() > shared_.limits.heads_max) {
    Fail({.code = fhir::ErrorCode::kTooCostly,
          .public_text = {"there are too many concept maps to try them all: name one by its url"}});
    return;
  }
  for (const auto& [key, name] : NamesOf(*heads)) {
    if (!name.url.empty()) {
      const Url url{TermKind::kConceptMap, name.url};
      auto& known = candidates_[url];
      if (std::ranges::find(known, key, &Candidate::key) == known.end() && !(known.size() == 1 && known[0].passing)) {
        known.push_back({.key = key, .version = name.version});
      }
      once(CanonicalOf(name));
    }
  }
  shared_.packages.ForEachConceptMap(once);
}

}  // namespace gateway::store
