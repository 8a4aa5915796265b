// Conformance resources by canonical URL: the R4 definitions that are built into the library, and what packages and
// single files add to them. What profiles, snapshots and terminology are looked up in.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::packages {

/// A canonical reference taken apart: "http://a|1.0#x" → url "http://a", version "1.0"; the fragment is dropped.
struct Canonical {
  std::string_view url;
  std::string_view version;  ///< empty when the reference names none
};
Canonical SplitCanonical(std::string_view canonical);

/// What a resource is known by. The views live as long as the registry they come from.
struct ResourceName {
  std::string_view type;
  std::string_view url;
  std::string_view version;
};

/// Texts of resources, by number. thread-safe.
class TextStore {
 public:
  virtual ~TextStore() = default;
  /// The resource as JSON. Errors: kInternal when what is stored is broken.
  virtual Result<std::string> Text(std::size_t number) const = 0;
};

/// Immutable once built, thread-safe. Nothing is parsed until it is asked for; what Find has parsed stays, and its
/// pointers are good for the registry's life.
class Registry {
 public:
  /// One resource of a registry: its name and the number of its text.
  struct Row {
    ResourceName name;
    std::size_t text = 0;
  };

  /// The R4 definitions built into the library: StructureDefinition (types, profiles, extensions), ValueSet with the
  /// published expansion, CodeSystem and ConceptMap, all without narrative and other text for people alone.
  /// Cost: the first call makes an index of some 3,000 rows, below a millisecond.
  static const Registry& Core();

  /// `base`, which may be null, is asked for what `rows` do not have, and must outlive this registry. The views in
  /// `rows` point into `texts`. Of equal names the one with the highest text number counts.
  Registry(const Registry* base, std::vector<Row> rows, std::unique_ptr<const TextStore> texts);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The resource, or nullptr when there is none or it cannot be read.
  /// Shape: canonical is "url" or "url|version". Without a version the highest one counts. A version that is not there
  ///        as such finds the highest one that begins with it and a dot ("4.0" finds 4.0.1).
  /// Cost:  a binary search; the first time also inflating (64 kB) and parsing, under a lock.
  const model::Node* Find(std::string_view resource_type, std::string_view canonical) const;

  /// The same, parsed for the caller alone and not kept: for what is compiled into another form anyway.
  std::optional<model::Document> Read(std::string_view resource_type, std::string_view canonical) const;

  /// Whether Find would find a resource, and under which name. Parses nothing.
  std::optional<ResourceName> Lookup(std::string_view resource_type, std::string_view canonical) const;

  /// All resources of a type, sorted by url and version; those of the base that are shadowed by the same url and
  /// version come once. Parses nothing.
  void ForEach(std::string_view resource_type, const std::function<void(const ResourceName&)>& visit) const;

 private:
  struct Place;
  std::optional<Place> PlaceOf(std::string_view resource_type, std::string_view canonical) const;
  const Row* Own(std::string_view resource_type, const Canonical& canonical) const;
  std::optional<model::Document> Parse(const Row& row) const;

  struct Parsed;
  const Registry* base_;
  std::vector<Row> rows_;  // sorted by type, url, version
  std::unique_ptr<const TextStore> texts_;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace fhir::packages
