#include "fhir/fhirpath/compile_cache.hpp"

namespace fhir::fhirpath {

Result<Expression> CompileCache::Get(std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(text); found != entries_.end()) return found->second;
  }
  // Compiled outside the lock: two threads may compile the same text, one result stays.
  GW_ASSIGN(Expression compiled, Compile(text));
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= entries_max_) entries_.clear();
  entries_.emplace(std::string(text), compiled);
  return compiled;
}

std::size_t CompileCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace fhir::fhirpath
