#include "fhir/terminology/concept_map.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fhir::terminology {
namespace {

std::string_view EitherOf(const model::Node& node, std::string_view first, std::string_view second) {
  const std::string_view value = node.ChildValue(first);
  return value.empty() ? node.ChildValue(second) : value;
}

}  // namespace

ConceptMap::ConceptMap(const model::Node& resource)
    : url_(Keep(resource, "url")),
      source_(texts_.Keep(EitherOf(resource, "sourceCanonical", "sourceUri"))),
      target_(texts_.Keep(EitherOf(resource, "targetCanonical", "targetUri"))) {
  for (const model::Node& child : resource.children()) {
    if (child.name == "group") {
      AddGroup(child);
    }
  }
  Index(by_source_, &Mapping::source_code);
  Index(by_target_, &Mapping::target_code);
}

void ConceptMap::AddGroup(const model::Node& node) {
  Group group{.source = Keep(node, "source"),
              .source_version = Keep(node, "sourceVersion"),
              .target = Keep(node, "target"),
              .target_version = Keep(node, "targetVersion")};
  if (const model::Node* unmapped = node.Child("unmapped")) {
    const std::string_view mode = unmapped->ChildValue("mode");
    group.unmapped = mode == "provided" ? Unmapped::kProvided
                     : mode == "fixed"  ? Unmapped::kFixed
                                        : Unmapped::kOtherMap;
    group.unmapped_code = Keep(*unmapped, "code");
    group.unmapped_display = Keep(*unmapped, "display");
    group.other_map = Keep(*unmapped, "url");
  }
  groups_.push_back(group);
  for (const model::Node& child : node.children()) {
    if (child.name == "element") {
      AddElement(child, static_cast<std::uint32_t>(groups_.size() - 1));
    }
  }
}

void ConceptMap::AddElement(const model::Node& node, std::uint32_t group) {
  const std::string_view code = Keep(node, "code");
  const std::string_view display = Keep(node, "display");
  for (const model::Node& target : node.children()) {
    if (target.name != "target") {
      continue;
    }
    Mapping mapping{.group = group,
                    .source_code = code,
                    .target_code = Keep(target, "code"),
                    .target_display = Keep(target, "display"),
                    .source_display = display,
                    .equivalence = Keep(target, "equivalence"),
                    .first_product = static_cast<std::uint32_t>(products_.size())};
    for (const model::Node& child : target.children()) {
      if (child.name == "product") {
        products_.push_back({.property = Keep(child, "property"),
                             .system = Keep(child, "system"),
                             .value = Keep(child, "value"),
                             .display = Keep(child, "display")});
      }
    }
    mapping.product_count = static_cast<std::uint32_t>(products_.size()) - mapping.first_product;
    mappings_.push_back(mapping);
  }
}

void ConceptMap::Index(Side& side, std::string_view Mapping::* code) {
  side.index.Reset(mappings_.size());
  side.next.assign(mappings_.size(), CodeIndex::kNone);
  std::vector<std::uint32_t> last(mappings_.size());  // by the first mapping of a code, its last so far
  for (std::uint32_t i = 0; i < mappings_.size(); ++i) {
    const std::uint32_t first =
        side.index.Insert(mappings_[i].*code, i, [&](std::uint32_t at) { return mappings_[at].*code; });
    if (first != i) {
      side.next[last[first]] = i;
    }
    last[first] = i;
  }
}

void ConceptMap::Visit(const Side& side, std::string_view Mapping::* code, std::string_view wanted,
                       const std::function<void(const Mapping&)>& visit) const {
  std::uint32_t at = side.index.Find(wanted, [&](std::uint32_t position) { return mappings_[position].*code; });
  for (; at != CodeIndex::kNone; at = side.next[at]) {
    visit(mappings_[at]);
  }
}

void ConceptMap::ForSource(std::string_view code, const std::function<void(const Mapping&)>& visit) const {
  Visit(by_source_, &Mapping::source_code, code, visit);
}

void ConceptMap::ForTarget(std::string_view code, const std::function<void(const Mapping&)>& visit) const {
  Visit(by_target_, &Mapping::target_code, code, visit);
}

std::vector<ConceptMap::Product> ConceptMap::Products(const Mapping& mapping) const {
  const auto first = products_.begin() + mapping.first_product;
  return {first, first + mapping.product_count};
}

std::size_t ConceptMap::bytes() const {
  return texts_.bytes() + mappings_.size() * (sizeof(Mapping) + 2 * sizeof(std::uint32_t)) +
         groups_.size() * sizeof(Group) + products_.size() * sizeof(Product) + by_source_.index.bytes() +
         by_target_.index.bytes();
}

std::string_view ReverseEquivalence(std::string_view equivalence) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPairs = {{
      {"wider", "narrower"},
      {"narrower", "wider"},
      {"subsumes", "specializes"},
      {"specializes", "subsumes"},
  }};
  const auto* found = std::ranges::find(kPairs, equivalence, &std::pair<std::string_view, std::string_view>::first);
  return found == kPairs.end() ? equivalence : found->second;
}

}  // namespace fhir::terminology
