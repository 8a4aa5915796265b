// Compiled expressions by their text, for callers that meet the same expression again (invariants, subscriptions,
// patches).
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/expression.hpp"

namespace fhir::fhirpath {

/// Bounded: when full it starts again from empty, which costs compiling once more and never memory. thread-safe.
class CompileCache {
 public:
  explicit CompileCache(std::size_t entries_max = 4096) : entries_max_(entries_max) {}

  /// The compiled form of `text`. Failures are not kept. Errors: as Compile.
  Result<Expression> Get(std::string_view text);
  std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  const std::size_t entries_max_;
  mutable std::mutex mutex_;  // guards entries_
  std::unordered_map<std::string, Expression, Hash, std::equal_to<>> entries_;
};

}  // namespace fhir::fhirpath
