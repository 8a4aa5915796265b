// The compiled definitions of a registry: made on first use, then shared.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/profile.hpp"

namespace fhir::validation {

/// thread-safe; pointers are good for the life of the store. The registry must outlive it.
class ProfileStore {
 public:
  explicit ProfileStore(const packages::Registry& registry);
  ProfileStore(const ProfileStore&) = delete;
  ProfileStore& operator=(const ProfileStore&) = delete;
  ~ProfileStore();

  /// Rows of a type's own definition; null for inner structures, which are part of their type's rows.
  /// Cost: an atomic load; the first time reading and compiling, some milliseconds for the largest.
  const Profile* Base(metadata::TypeId type) const;
  /// Rows of the definition with this canonical ("url" or "url|version"); null when unknown or not usable.
  const Profile* Find(std::string_view canonical) const;
  /// Why Find gave null, for people: the definition is not loaded, or it is and has a fault, which is said.
  struct Missing {
    bool faulty = false;
    std::string text;
  };
  Missing WhyMissing(std::string_view canonical) const;

 private:
  struct State;
  Result<std::unique_ptr<const Profile>> Compile(std::string_view canonical) const;
  const packages::Registry& registry_;
  std::unique_ptr<State> state_;
};

}  // namespace fhir::validation
