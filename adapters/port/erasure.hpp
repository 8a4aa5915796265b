// Erasing for good: rows go, where a delete makes a version that says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/metadata/definitions.hpp"

namespace adapters::port {

enum class Erased : std::uint8_t {
  kPastVersions,      ///< versions that are not current
  kDeletedResources,  ///< resources whose current version says that they are deleted, whole
  kResources,         ///< whole, whatever their state
};

/// One batch of an erasure.
struct ErasureBatch {
  Erased what = Erased::kPastVersions;
  /// These resources; empty: all of `types`, or of the system when that is empty too.
  std::vector<std::pair<fhir::metadata::TypeId, std::string>> keys;
  std::vector<fhir::metadata::TypeId> types;
  std::optional<std::int64_t> version;  ///< kPastVersions: this one alone
  std::string mentioning;               ///< only resources an earlier version of which has this reference: "Patient/1"
  /// Not kPastVersions: with the Binaries that any version of them points to and that no other resource needs. No
  /// compartment has a letter's bytes. Where they fill a batch, they go first, in a batch of their own.
  bool with_bytes = false;
  std::size_t rows_max = 1000;  ///< versions (kPastVersions) or resources of the batch
};

struct ErasureOutcome {
  std::int64_t versions = 0;   ///< rows that went
  std::int64_t resources = 0;  ///< that they belonged to
  bool more = false;           ///< the batch was full: there may be others
};

/// thread-safe.
class Eraser {
 public:
  virtual ~Eraser() = default;
  /// Erases one batch in a transaction of its own, which the commit hooks see as deletes of the resources, so that the
  /// trail and the rows go together. It asks for no grant: the caller knows who may.
  /// Errors: kConflict with Retry::kLater after a deadlock.
  virtual fhir::Result<ErasureOutcome> Erase(const Actor& actor, const ErasureBatch& batch) = 0;
};

}  // namespace adapters::port
