// Index rows made anew out of what is stored: of one resource at once, of many as a job.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/metadata/definitions.hpp"

namespace adapters::port {

/// The kind of jobs that reindex.
inline constexpr std::string_view kReindexJob = "reindex";

struct ReindexOrder {
  std::vector<fhir::metadata::TypeId> types;  ///< empty: all
  std::vector<std::string> urls;              ///< canonicals of search parameters; empty: all
};

/// thread-safe.
class Reindexing {
 public:
  virtual ~Reindexing() = default;
  /// NewJob::parameters of the order. Errors: kNotFound for a search parameter that is none.
  virtual fhir::Result<std::string> ParametersOf(const ReindexOrder& order) = 0;
  /// Makes the rows of one resource right. Errors: as ParametersOf; kNotFound when there is no such resource; kConflict
  /// with Retry::kLater when it is being changed.
  virtual fhir::Result<void> ReindexOne(fhir::metadata::TypeId type, std::string_view id,
                                        std::span<const std::string> urls) = 0;
};

}  // namespace adapters::port
