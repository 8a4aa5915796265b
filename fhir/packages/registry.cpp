#include "fhir/packages/registry.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "fhir/base/limits.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/packages/version.hpp"

namespace fhir::packages {
namespace {

auto Key(const ResourceName& name) {
  return std::tie(name.type, name.url, name.version);
}

bool Before(const Registry::Row& a, const Registry::Row& b) {
  return Key(a.name) < Key(b.name);
}

}  // namespace

Canonical SplitCanonical(std::string_view canonical) {
  canonical = canonical.substr(0, canonical.find('#'));
  const std::size_t bar = canonical.rfind('|');
  if (bar == std::string_view::npos) {
    return {.url = canonical, .version = {}};
  }
  return {.url = canonical.substr(0, bar), .version = canonical.substr(bar + 1)};
}

struct Registry::Place {
  const Registry* registry;
  const Row* row;
};

/// What has been parsed, by row. A pointer, once set, never changes.
struct Registry::Parsed {
  explicit Parsed(std::size_t rows) : by_row(rows) {}
  std::vector<std::atomic<const model::Node*>> by_row;
  std::mutex mutex;
  std::deque<model::Document> documents;  // guarded by mutex
};

Registry::Registry(const Registry* base, std::vector<Row> rows, std::unique_ptr<const TextStore> texts)
    : base_(base), rows_(std::move(rows)), texts_(std::move(texts)) {
  std::ranges::sort(rows_, [](const Row& a, const Row& b) {
    return std::tuple(Key(a.name), a.text) < std::tuple(Key(b.name), b.text);
  });
  // Of equal names the last one stays: unique keeps the first, so it goes from behind.
  const auto kept =
      std::unique(rows_.rbegin(), rows_.rend(), [](const Row& a, const Row& b) { return Key(a.name) == Key(b.name); });
  rows_.erase(rows_.begin(), kept.base());
  parsed_ = std::make_unique<Parsed>(rows_.size());
}

Registry::~Registry() = default;

const Registry::Row* Registry::Own(std::string_view resource_type, const Canonical& canonical) const {
  const Row first{.name = {.type = resource_type, .url = canonical.url, .version = {}}};
  const Row* exact = nullptr;
  const Row* highest = nullptr;
  for (auto row = std::ranges::lower_bound(rows_, first, Before);
       row != rows_.end() && row->name.type == resource_type && row->name.url == canonical.url; ++row) {
    const std::string_view version = row->name.version;
    if (version == canonical.version) {
      exact = &*row;
    }
    if (VersionMatches(version, canonical.version) &&
        (highest == nullptr || CompareVersions(highest->name.version, version) < 0)) {
      highest = &*row;
    }
  }
  return exact != nullptr && !canonical.version.empty() ? exact : highest;
}

std::optional<Registry::Place> Registry::PlaceOf(std::string_view resource_type, std::string_view canonical) const {
  const Canonical parts = SplitCanonical(canonical);
  for (const Registry* registry = this; registry != nullptr; registry = registry->base_) {
    if (const Row* row = registry->Own(resource_type, parts)) {
      return Place{.registry = registry, .row = row};
    }
  }
  return std::nullopt;
}

std::optional<model::Document> Registry::Parse(const Row& row) const {
  const auto text = texts_->Text(row.text);
  if (!text) {
    return std::nullopt;
  }
  IssueList issues;
  auto document = json::ReadJson(*text, Limits{}, issues);
  if (!document) {
    return std::nullopt;
  }
  return *std::move(document);
}

const model::Node* Registry::Find(std::string_view resource_type, std::string_view canonical) const {
  const auto place = PlaceOf(resource_type, canonical);
  if (!place) {
    return nullptr;
  }
  const Registry& owner = *place->registry;
  auto& slot = owner.parsed_->by_row[static_cast<std::size_t>(place->row - owner.rows_.data())];
  if (const model::Node* found = slot.load(std::memory_order_acquire)) {
    return found;
  }
  auto document = owner.Parse(*place->row);
  if (!document) {
    return nullptr;
  }
  // Two threads may have parsed the same text; the first to come here decides.
  const std::scoped_lock lock(owner.parsed_->mutex);
  if (const model::Node* found = slot.load(std::memory_order_relaxed)) {
    return found;
  }
  const model::Node* root = &owner.parsed_->documents.emplace_back(*std::move(document)).root();
  slot.store(root, std::memory_order_release);
  return root;
}

std::optional<model::Document> Registry::Read(std::string_view resource_type, std::string_view canonical) const {
  const auto place = PlaceOf(resource_type, canonical);
  return place ? place->registry->Parse(*place->row) : std::nullopt;
}

std::optional<ResourceName> Registry::Lookup(std::string_view resource_type, std::string_view canonical) const {
  const auto place = PlaceOf(resource_type, canonical);
  return place ? std::optional(place->row->name) : std::nullopt;
}

void Registry::ForEach(std::string_view resource_type, const std::function<void(const ResourceName&)>& visit) const {
  std::vector<ResourceName> names;
  for (const Registry* registry = this; registry != nullptr; registry = registry->base_) {
    const Row first{.name = {.type = resource_type, .url = {}, .version = {}}};
    for (auto row = std::ranges::lower_bound(registry->rows_, first, Before);
         row != registry->rows_.end() && row->name.type == resource_type; ++row) {
      names.push_back(row->name);
    }
  }
  if (base_ != nullptr) {
    std::ranges::sort(names, [](const ResourceName& a, const ResourceName& b) { return Key(a) < Key(b); });
    const auto repeated =
        std::ranges::unique(names, [](const ResourceName& a, const ResourceName& b) { return Key(a) == Key(b); });
    names.erase(repeated.begin(), repeated.end());
  }
  std::ranges::for_each(names, visit);
}

}  // namespace fhir::packages
