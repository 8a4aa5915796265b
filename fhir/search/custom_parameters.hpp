// Search parameters beside those of the standard: of SearchParameter resources and of packages. Each has a number of
// its own beyond those of the standard, by which its index rows are known; another definition is another number.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/metadata/definitions.hpp"
#include "fhir/search/query.hpp"

namespace fhir::search {

/// The numbers of parameters that are not of the standard; the standard's own stay below.
inline constexpr std::uint16_t kCustomNumberFirst = 16'384;
inline constexpr std::uint16_t kCustomNumberLast = 32'767;

/// One component of a composite.
struct ComponentDefinition {
  std::string code;  ///< of the standard's parameter that defines it
  std::string expression;
  metadata::SearchType type = metadata::SearchType::kToken;

  bool operator==(const ComponentDefinition&) const = default;
};

/// What a SearchParameter says, as far as an index needs it.
struct ParameterDefinition {
  std::string url;
  std::string code;
  std::string name;
  metadata::SearchType type = metadata::SearchType::kString;
  std::string expression;
  std::vector<metadata::TypeId> bases;               ///< resource types, Resource or DomainResource; ascending
  std::vector<metadata::TypeId> targets;             ///< of a reference, ascending; empty: any
  std::vector<ComponentDefinition> components = {};  ///< of a composite, in the order of their values in a query

  bool operator==(const ParameterDefinition&) const = default;
};

struct CustomParameter {
  std::uint16_t number = 0;
  ParameterDefinition definition;
  std::string origin;   ///< id of the SearchParameter resource; empty for one of a package
  bool usable = false;  ///< else it is being indexed: written with every resource, not searched by
  int percent = 0;      ///< of the resources that were there before it, while it is being indexed
};

/// All of them at one moment. Immutable, shared by all that hold pointers into it. thread-safe.
class CustomParameters {
 public:
  CustomParameters() = default;
  CustomParameters(const metadata::Definitions& definitions, std::vector<CustomParameter> parameters,
                   std::int64_t version, std::int64_t changed_us);
  CustomParameters(const CustomParameters&) = delete;
  CustomParameters& operator=(const CustomParameters&) = delete;

  /// Grows with each change of the set or of what is usable.
  std::int64_t version() const { return version_; }
  /// When the version came about, microseconds since 1970 UTC.
  std::int64_t changed_us() const { return changed_us_; }
  std::span<const CustomParameter> all() const { return parameters_; }
  bool HasUnusable() const;

  /// Those of a type, of Resource or of DomainResource, inherited ones included, sorted by code; usable or not.
  std::span<const metadata::SearchParameter> Of(metadata::TypeId type) const;
  /// Usable or not; null when there is none.
  const metadata::SearchParameter* Find(metadata::TypeId type, std::string_view code) const;
  /// Null for numbers that are none of these.
  const CustomParameter* ByNumber(std::uint16_t number) const;
  const CustomParameter* ByUrl(std::string_view url) const;

 private:
  std::vector<CustomParameter> parameters_;
  std::vector<std::vector<metadata::SearchComponent>> components_;  // of each parameter; views into parameters_
  std::map<metadata::TypeId, std::vector<metadata::SearchParameter>> by_type_;  // views into parameters_
  std::int64_t version_ = 0;
  std::int64_t changed_us_ = 0;
};

/// Whether both have one name, and some resource type has both.
bool Collide(const ParameterDefinition& left, const ParameterDefinition& right,
             const metadata::Definitions& definitions = metadata::Definitions::R4());

/// Whether anything of the query asks for a parameter that is not of the standard: as criterion at any depth, as sort
/// key or as include.
bool UsesCustomParameters(const Query& query);

}  // namespace fhir::search
