#include "gateway/store/terminology/stored_names.hpp"

namespace gateway::store {

std::string_view TypeNameOf(TermKind kind) {
  switch (kind) {
    case TermKind::kCodeSystem:
      return "CodeSystem";
    case TermKind::kValueSet:
      return "ValueSet";
    case TermKind::kConceptMap:
      return "ConceptMap";
  }
  return {};
}

}  // namespace gateway::store
