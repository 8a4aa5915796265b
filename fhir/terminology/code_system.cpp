#include "fhir/terminology/code_system.hpp"

#include <algorithm>

#include "fhir/base/text.hpp"
#include "fhir/terminology/ascii.hpp"

namespace fhir::terminology {

const CodeSystem::Concept* CodeSystem::Find(std::string_view code) const {
  const auto code_at = [this](std::uint32_t position) { return CodeAt(position); };
  const Position found = folded_.empty() ? index_.Find(code, code_at) : index_.Find(AsciiLower(code), code_at);
  return found == CodeIndex::kNone ? nullptr : &concepts_[found];
}

bool CodeSystem::HasProperty(std::string_view name) const {
  return std::ranges::find(declared_, name) != declared_.end() ||
         std::ranges::any_of(properties_, [&](const Property& property) { return property.name == name; });
}

std::vector<bool> CodeSystem::Ancestors(const Concept& entry) const {
  std::vector<bool> seen(concepts_.size());
  std::vector<Position> open{PositionOf(entry)};
  seen[open.front()] = true;
  while (!open.empty()) {
    const Concept& at = concepts_[open.back()];
    open.pop_back();
    for (const Position parent : Parents(at)) {
      if (!seen[parent]) {
        seen[parent] = true;
        open.push_back(parent);
      }
    }
  }
  return seen;
}

std::vector<bool> CodeSystem::Descendants(const Concept& entry) const {
  // Children in rows by parent: counted, then filled in.
  std::vector<std::uint32_t> first(concepts_.size() + 1);
  for (const Position parent : parents_) {
    ++first[parent + 1];
  }
  for (std::size_t i = 1; i < first.size(); ++i) {
    first[i] += first[i - 1];
  }
  std::vector<Position> children(parents_.size());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (const Concept& child : concepts_) {
    for (const Position parent : Parents(child)) {
      children[next[parent]++] = PositionOf(child);
    }
  }
  std::vector<bool> seen(concepts_.size());
  std::vector<Position> open{PositionOf(entry)};
  seen[open.front()] = true;
  while (!open.empty()) {
    const Position at = open.back();
    open.pop_back();
    for (std::uint32_t i = first[at]; i < first[at + 1]; ++i) {
      if (!seen[children[i]]) {
        seen[children[i]] = true;
        open.push_back(children[i]);
      }
    }
  }
  return seen;
}

bool CodeSystem::IsA(const Concept& entry, const Concept& ancestor) const {
  return &entry == &ancestor || Ancestors(entry)[PositionOf(ancestor)];
}

bool SameDisplay(std::string_view a, std::string_view b) {
  return a == b || Fold(a) == Fold(b);
}

bool CodeSystem::IsDisplay(const Concept& entry, std::string_view text) const {
  return SameDisplay(text, entry.display) ||
         std::ranges::any_of(Designations(entry), [&](const Designation& d) { return SameDisplay(text, d.value); });
}

std::size_t CodeSystem::bytes() const {
  return texts_.bytes() + index_.bytes() + concepts_.size() * sizeof(Concept) + parents_.size() * sizeof(Position) +
         folded_.size() * sizeof(std::string_view) + properties_.size() * sizeof(Property) +
         designations_.size() * sizeof(Designation);
}

}  // namespace fhir::terminology
