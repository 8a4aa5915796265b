#include "fhir/terminology/code_system.hpp"

#include <algorithm>
#include <utility>

#include "fhir/base/text.hpp"
#include "fhir/terminology/ascii.hpp"

namespace fhir::terminology {

std::uint32_t CodeHash(std::string_view code) {
  // FNV-1a of 64 bits, folded. Source: https://www.rfc-editor.org/rfc/rfc9923
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : code) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

Result<CodeSystem> CodeSystem::Large(const LargeSystemName& name, ConceptSkeleton skeleton,
                                     std::shared_ptr<const ConceptPages> pages) {
  const std::size_t count = skeleton.hashes.size();
  if (count > kConceptsMax) {
    return Fail(ErrorCode::kTooLarge, "the code system has too many concepts");
  }
  if (skeleton.first_parent.size() != count + 1 || skeleton.first_parent.front() != 0 ||
      skeleton.first_parent.back() != skeleton.parents.size() || !std::ranges::is_sorted(skeleton.first_parent) ||
      std::ranges::any_of(skeleton.parents, [&](Position parent) { return parent >= count; })) {
    return Fail(ErrorCode::kInternal, {"the concepts of a code system cannot be read"}, {"a skeleton of no system"});
  }
  CodeSystem made;
  made.url_ = made.texts_.Keep(name.url);
  made.version_ = made.texts_.Keep(name.version);
  made.name_ = made.texts_.Keep(name.name);
  for (const std::string_view property : name.properties) {
    made.declared_.push_back(made.texts_.Keep(property));
  }
  made.resident_ = nullptr;
  made.pages_ = std::move(pages);
  made.skeleton_ = std::move(skeleton);
  made.index_.Build(made.skeleton_.hashes);
  return made;
}

ConceptRef CodeSystem::At(Position position) const {
  if (resident_ != nullptr) {
    return ConceptRef(&resident_->concepts[position]);
  }
  const Position number = position / kPageConcepts;
  const Position first = number * kPageConcepts;
  auto page = pages_->Page(number, std::min(kPageConcepts, static_cast<Position>(size()) - first));
  const Concept* entry = &page->concepts[position - first];
  return {entry, std::move(page)};
}

ConceptRef CodeSystem::Find(std::string_view code) const {
  if (resident_ == nullptr) {
    ConceptRef found;
    index_.ForHash(CodeHash(code), skeleton_.hashes, [&](Position position) {
      ConceptRef entry = At(position);
      const bool same = entry->code == code;
      found = same ? std::move(entry) : ConceptRef();
      return !same;
    });
    return found;
  }
  const auto code_at = [this](std::uint32_t position) { return CodeAt(position); };
  const Position found = folded_.empty() ? index_.Find(code, code_at) : index_.Find(AsciiLower(code), code_at);
  return found == CodeIndex::kNone ? ConceptRef() : At(found);
}

bool CodeSystem::HasProperty(std::string_view name) const {
  return std::ranges::find(declared_, name) != declared_.end() ||
         (resident_ != nullptr &&
          std::ranges::any_of(resident_->properties, [&](const Property& property) { return property.name == name; }));
}

std::vector<bool> CodeSystem::Ancestors(const Concept& entry) const {
  std::vector<bool> seen(size());
  std::vector<Position> open{entry.position};
  seen[open.front()] = true;
  while (!open.empty()) {
    const Position at = open.back();
    open.pop_back();
    for (const Position parent : ParentsAt(at)) {
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
  std::vector<std::uint32_t> first(size() + 1);
  for (const Position parent : skeleton_.parents) {
    ++first[parent + 1];
  }
  for (std::size_t i = 1; i < first.size(); ++i) {
    first[i] += first[i - 1];
  }
  std::vector<Position> children(skeleton_.parents.size());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (Position child = 0; child < size(); ++child) {
    for (const Position parent : ParentsAt(child)) {
      children[next[parent]++] = child;
    }
  }
  std::vector<bool> seen(size());
  std::vector<Position> open{entry.position};
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
  return entry.position == ancestor.position || Ancestors(entry)[ancestor.position];
}

bool SameDisplay(std::string_view a, std::string_view b) {
  return a == b || Fold(a) == Fold(b);
}

bool CodeSystem::IsDisplay(const Concept& entry, std::string_view text) const {
  return SameDisplay(text, entry.display) ||
         std::ranges::any_of(Designations(entry), [&](const Designation& d) { return SameDisplay(text, d.value); });
}

std::size_t CodeSystem::bytes() const {
  const auto words = skeleton_.hashes.size() + skeleton_.first_parent.size() + skeleton_.parents.size();
  return texts_.bytes() + index_.bytes() + (resident_ != nullptr ? resident_->bytes() : 0) +
         words * sizeof(std::uint32_t) + folded_.size() * sizeof(std::string_view);
}

}  // namespace fhir::terminology
