#include "fhir/terminology/value_set.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "fhir/terminology/computed_system.hpp"

namespace fhir::terminology {
namespace {

using Part = ValueSet::Part;

Found Unknown(Gap gap, std::string_view missing) {
  return {.membership = Membership::kUnknown, .gap = gap, .missing = missing};
}

Found OfList(const CodeList::Entry& listed, const CodeSystem* code_system) {
  Found found{.membership = Membership::kYes,
              .system = listed.system,
              .version = listed.version,
              .code = listed.code,
              .display = listed.display,
              .inactive = listed.inactive,
              .abstract = listed.abstract};
  if (code_system != nullptr) {
    found.code_system = code_system;
    found.entry = code_system->Find(listed.code);
    if (found.entry != nullptr) {
      found.version = code_system->version();
      found.inactive |= found.entry->inactive;
      found.abstract |= found.entry->abstract;
      found.display = found.display.empty() ? found.entry->display : found.display;
    }
  }
  return found;
}

/// The entry of a list for a code: as written, or as the code system writes it where case does not matter. A code that
/// the system does not have is in no value set, whoever lists it; only the whole system in the version that the list is
/// of can tell. Source: https://hl7.org/fhir/R4/valueset.html#expansion ("check that they are valid")
Found FindInList(const Part& part, std::string_view code) {
  const CodeSystem* system = part.code_system.get();
  const ConceptRef entry = system == nullptr ? ConceptRef() : system->Find(code);
  const auto* listed = part.listed.Find(part.system, code);
  if (listed == nullptr && entry != nullptr) {
    listed = part.listed.Find(part.system, entry->code);
  }
  const bool told = system != nullptr && system->complete() &&
                    (part.version.empty() || system->version().empty() || part.version == system->version());
  return listed == nullptr || (told && entry == nullptr) ? Found{} : OfList(*listed, system);
}

/// The system's part of an include; the imports are the caller's.
Found FindInSystem(const Part& part, std::string_view code) {
  switch (part.kind) {
    case Part::Kind::kListed:
      return FindInList(part, code);
    case Part::Kind::kWhole:
    case Part::Kind::kSelected: {
      const ConceptRef entry = part.code_system->Find(code);
      if (entry == nullptr) {
        return part.code_system->complete() ? Found{} : Unknown(Gap::kCodeSystem, part.system);
      }
      const bool in = part.kind == Part::Kind::kWhole || part.selected[entry->position];
      return in ? FoundIn(*part.code_system, entry) : Found{};
    }
    case Part::Kind::kComputed:
      return {.membership = InComputedSystem(part.system, code).value_or(false) ? Membership::kYes : Membership::kNo,
              .system = part.system,
              .code = code};
    case Part::Kind::kUnknown:
      return Unknown(part.gap, part.missing);
    case Part::Kind::kImports:
      break;
  }
  return Found{};
}

/// Every import must have the code; one that cannot tell leaves the whole unknown, one that has it not settles it.
Found AndImports(const Part& part, Found found, std::string_view system, std::string_view code) {
  bool first = part.kind == Part::Kind::kImports;
  for (const auto& import : part.imports) {
    const Found there = import->Find(system, code);
    if (there.membership == Membership::kNo) {
      return Found{};
    }
    if (first || (there.membership == Membership::kUnknown && found.membership == Membership::kYes)) {
      found = there;
      first = false;
    }
  }
  return found;
}

Found FindInPart(const Part& part, std::string_view system, std::string_view code) {
  if (part.kind == Part::Kind::kUnknown && part.system.empty()) {
    return Unknown(part.gap, part.missing);
  }
  if (part.kind == Part::Kind::kImports) {
    return AndImports(part, {}, system, code);
  }
  if (part.system != system) {
    return Found{};
  }
  const Found found = FindInSystem(part, code);
  return part.imports.empty() || found.membership == Membership::kNo ? found : AndImports(part, found, system, code);
}

/// The first of the parts that has the code, else the first that cannot tell.
Found FindInAny(const std::vector<Part>& parts, std::string_view system, std::string_view code) {
  Found result;
  for (const Part& part : parts) {
    const Found found = FindInPart(part, system, code);
    if (found.membership == Membership::kYes) {
      return found;
    }
    if (found.membership == Membership::kUnknown && result.membership == Membership::kNo) {
      result = found;
    }
  }
  return result;
}

}  // namespace

Found FoundIn(const CodeSystem& system, const ConceptRef& entry) {
  return {.membership = Membership::kYes,
          .system = system.url(),
          .version = system.version(),
          .code = entry->code,
          .display = entry->display,
          .code_system = &system,
          .entry = entry,
          .inactive = entry->inactive,
          .abstract = entry->abstract};
}

CodeList::CodeList(std::vector<Entry> entries) : entries_(std::move(entries)) {
  next_.assign(entries_.size(), CodeIndex::kNone);
  index_.Reset(entries_.size());
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::uint32_t at =
        index_.Insert(entries_[i].code, i, [this](std::uint32_t position) { return entries_[position].code; });
    while (at != i && next_[at] != CodeIndex::kNone) {
      at = next_[at];
    }
    if (at != i) {
      next_[at] = i;
    }
  }
}

const CodeList::Entry* CodeList::FindCode(std::string_view code) const {
  const std::uint32_t at = index_.Find(code, [this](std::uint32_t position) { return entries_[position].code; });
  return at == CodeIndex::kNone ? nullptr : &entries_[at];
}

const CodeList::Entry* CodeList::Find(std::string_view system, std::string_view code) const {
  const Entry* entry = FindCode(code);
  while (entry != nullptr && entry->system != system) {
    const std::uint32_t next = next_[static_cast<std::size_t>(entry - entries_.data())];
    entry = next == CodeIndex::kNone ? nullptr : &entries_[next];
  }
  return entry;
}

Found ValueSet::FindComposed(std::string_view system, std::string_view code) const {
  const Found found = FindInAny(includes_, system, code);
  if (found.membership == Membership::kNo || (active_only_ && found.inactive)) {
    return Found{};
  }
  const Found excluded = FindInAny(excludes_, system, code);
  switch (excluded.membership) {
    case Membership::kYes:
      return Found{};
    case Membership::kUnknown:
      return excluded;
    case Membership::kNo:
      break;
  }
  return found;
}

Found ValueSet::Stored(std::string_view system, std::string_view code, const Found& composed) const {
  if (!has_stored_) {
    return composed;
  }
  if (const auto* listed = stored_.Find(system, code)) {
    return OfList(*listed, nullptr);
  }
  return stored_complete_ ? Found{} : composed;
}

Found ValueSet::Find(std::string_view system, std::string_view code) const {
  const Found found = FindComposed(system, code);
  return found.membership == Membership::kUnknown ? Stored(system, code, found) : found;
}

Found ValueSet::FindCode(std::string_view code) const {
  Found unknown;
  const auto settle = [&](std::string_view system) {
    const Found found = Find(system, code);
    if (found.membership == Membership::kUnknown && unknown.membership == Membership::kNo) {
      unknown = found;
    }
    return found;
  };
  for (const Part& part : includes_) {
    if (!part.system.empty()) {
      if (const Found found = settle(part.system); found.membership == Membership::kYes) {
        return found;
      }
      continue;
    }
    for (const auto& import : part.imports) {
      const Found there = import->FindCode(code);
      if (there.membership == Membership::kYes) {
        if (const Found found = settle(there.system); found.membership == Membership::kYes) {
          return found;
        }
      } else if (there.membership == Membership::kUnknown && unknown.membership == Membership::kNo) {
        unknown = there;
      }
    }
    if (part.kind == Part::Kind::kUnknown && unknown.membership == Membership::kNo) {
      unknown = Unknown(part.gap, part.missing);
    }
  }
  if (has_stored_) {
    if (const auto* listed = stored_.FindCode(code)) {
      return OfList(*listed, nullptr);
    }
  }
  return unknown;
}

ValueSet::Listable ValueSet::CanList() const {
  if (has_stored_ && stored_complete_) {
    return {};
  }
  const auto check = [](const Part& part, bool include) -> Listable {
    if (part.kind == Part::Kind::kUnknown) {
      return {.holds = false, .gap = part.gap, .missing = part.missing};
    }
    if (include && part.kind == Part::Kind::kComputed) {
      return {.holds = false, .gap = Gap::kCost, .missing = part.system};
    }
    if ((part.kind == Part::Kind::kWhole || part.kind == Part::Kind::kSelected) && !part.code_system->complete()) {
      return {.holds = false, .gap = Gap::kCodeSystem, .missing = part.system};
    }
    for (const auto& import : part.imports) {
      const Listable there = import->CanList();
      // What only narrows a list need not be a list itself.
      const bool narrows = !include || part.kind != Part::Kind::kImports || import != part.imports.front();
      if (!there.holds && !(narrows && there.gap == Gap::kCost)) {
        return there;
      }
    }
    return {};
  };
  for (const bool include : {true, false}) {
    for (const Part& part : include ? includes_ : excludes_) {
      if (const Listable result = check(part, include); !result.holds) {
        return result;
      }
    }
  }
  return {};
}

bool ValueSet::ForEach(const std::function<bool(const Found&)>& visit, std::size_t offers_max) const {
  return Walk(visit, offers_max);
}

bool ValueSet::Walk(const std::function<bool(const Found&)>& visit, std::size_t& offers_left) const {
  // The systems in the set point into the parts' own texts and code systems, which live as long as this; the codes of a
  // large code system do not.
  struct Hash {
    std::size_t operator()(const std::pair<std::string_view, std::string>& pair) const {
      return std::hash<std::string_view>{}(pair.first) * 31 + std::hash<std::string_view>{}(pair.second);
    }
  };
  std::unordered_set<std::pair<std::string_view, std::string>, Hash> seen;
  const bool repeats_possible = includes_.size() > 1 || includes_.front().kind == Part::Kind::kListed;
  bool enough = true;
  const auto offer = [&](std::string_view system, std::string_view code) {
    if (offers_left == 0) {
      enough = false;
      return false;
    }
    --offers_left;
    const Found found = Find(system, code);
    if (found.membership != Membership::kYes || (repeats_possible && !seen.emplace(found.system, found.code).second)) {
      return true;
    }
    return visit(found);
  };
  if (has_stored_ && stored_complete_) {
    for (const auto& listed : stored_.entries()) {
      if (offers_left == 0) {
        return false;
      }
      --offers_left;
      if (!visit(OfList(listed, nullptr))) {
        return true;
      }
    }
    return true;
  }
  for (const Part& part : includes_) {
    bool go_on = true;
    if (part.kind == Part::Kind::kListed) {
      go_on = std::ranges::all_of(part.listed.entries(), [&](const auto& e) { return offer(part.system, e.code); });
    } else if (part.kind == Part::Kind::kWhole || part.kind == Part::Kind::kSelected) {
      for (CodeSystem::Position i = 0; go_on && i < part.code_system->size(); ++i) {
        if (part.kind == Part::Kind::kWhole || part.selected[i]) {
          go_on = offer(part.system, part.code_system->At(i)->code);
        }
      }
    } else if (part.kind == Part::Kind::kImports && !part.imports.empty()) {
      const bool whole = part.imports.front()->Walk(
          [&](const Found& found) {
            go_on = offer(found.system, found.code);
            return go_on;
          },
          offers_left);
      enough = enough && whole;
      go_on = go_on && whole;
    }
    if (!go_on) {
      return enough;
    }
  }
  return true;
}

const ValueSet::Part* ValueSet::OnlyWholeSystem() const {
  const bool simple = includes_.size() == 1 && excludes_.empty() && includes_.front().imports.empty() &&
                      !active_only_ &&
                      (includes_.front().kind == Part::Kind::kWhole || includes_.front().kind == Part::Kind::kSelected);
  return simple ? &includes_.front() : nullptr;
}

std::size_t ValueSet::bytes() const {
  std::size_t total = sizeof(*this) + texts_.bytes() + stored_.bytes();
  for (const auto* parts : {&includes_, &excludes_}) {
    for (const Part& part : *parts) {
      total += sizeof(Part) + part.selected.size() / 8 + part.listed.bytes();
    }
  }
  return total;
}

}  // namespace fhir::terminology
