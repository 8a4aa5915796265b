// CodeSystem resource → rows.
#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/terminology/ascii.hpp"
#include "fhir/terminology/code_system.hpp"

namespace fhir::terminology {
namespace {

constexpr std::string_view kPropertyUriBase = "http://hl7.org/fhir/concept-properties#";

Content ContentOf(std::string_view code) {
  if (code == "complete") {
    return Content::kComplete;
  }
  if (code == "example") {
    return Content::kExample;
  }
  if (code == "fragment") {
    return Content::kFragment;
  }
  return code == "supplement" ? Content::kSupplement : Content::kNotPresent;
}

/// Calls visit(concept, levels above it), parents before their children. Depth is bounded by the reader of the
/// resource, but not when it was made in memory: so there is no recursion. Errors: kTooLarge past kConceptsMax.
template <typename Visit>
Result<void> ForEachConcept(const model::Node& resource, Visit&& visit) {
  std::size_t count = 0;
  std::vector<const model::Node*> levels{resource.first_child};
  while (!levels.empty()) {
    const model::Node* node = levels.back();
    if (node == nullptr) {
      levels.pop_back();
      continue;
    }
    levels.back() = node->next;
    if (node->name != "concept") {
      continue;
    }
    if (count++ == kConceptsMax) {
      return Fail(ErrorCode::kTooLarge, "the code system has too many concepts");
    }
    visit(*node, levels.size() - 1);
    levels.push_back(node->first_child);
  }
  return {};
}

}  // namespace

class CodeSystemBuilder {
 public:
  Result<CodeSystem> Build(const model::Node& resource, std::span<const model::Document> supplements) {
    made_.url_ = Keep(resource.ChildValue("url"));
    made_.version_ = Keep(resource.ChildValue("version"));
    made_.name_ = Keep(resource.ChildValue("name"));
    // What supplements another system has no codes of its own, whatever its content says.
    made_.content_ =
        resource.Child("supplements") != nullptr ? Content::kSupplement : ContentOf(resource.ChildValue("content"));
    const bool case_sensitive = resource.ChildValue("caseSensitive") != "false";
    Declared(resource);
    for (const model::Document& supplement : supplements) {
      Declared(supplement.root());
      GW_TRY(ReadSupplement(supplement.root(), case_sensitive));
    }
    case_sensitive_ = case_sensitive;
    GW_TRY(AddConcepts(resource));
    Finish(case_sensitive);
    return std::move(made_);
  }

  CodeSystem Build(std::string_view url, std::span<const CodeSystem::Listed> codes, Content content) {
    made_.content_ = content;
    made_.url_ = Keep(url);
    for (const auto& [code, display] : codes) {
      CodeSystem::Concept entry;
      entry.code = Keep(code);
      entry.display = Keep(display);
      AddEntry(entry);
    }
    nested_parent_.assign(page_.concepts.size(), CodeIndex::kNone);
    Finish(/*case_sensitive=*/true);
    return std::move(made_);
  }

 private:
  std::string_view Keep(std::string_view text) { return made_.texts_.Keep(text); }

  void AddEntry(CodeSystem::Concept& entry) {
    entry.position = static_cast<std::uint32_t>(page_.concepts.size());
    entry.page = &page_;
    page_.concepts.push_back(entry);
  }

  /// Names of the declared properties. One of the standard's meanings may go by another name: its uri tells.
  void Declared(const model::Node& resource) {
    for (const model::Node& child : resource.children()) {
      if (child.name == "property") {
        made_.declared_.push_back(Keep(child.ChildValue("code")));
        const std::string_view uri = child.ChildValue("uri");
        meanings_.push_back(uri.starts_with(kPropertyUriBase) ? Keep(uri.substr(kPropertyUriBase.size()))
                                                              : made_.declared_.back());
      }
    }
  }

  std::string_view MeaningOf(std::string_view property) const {
    for (std::size_t i = 0; i < meanings_.size(); ++i) {
      if (made_.declared_[i] == property) {
        return meanings_[i];
      }
    }
    return property;
  }

  Result<void> AddConcepts(const model::Node& resource) {
    std::vector<std::uint32_t> positions;  // of the open concepts, from the top
    return ForEachConcept(resource, [&](const model::Node& node, std::size_t depth) {
      positions.resize(depth);
      const auto position = static_cast<std::uint32_t>(page_.concepts.size());
      AddConcept(node, positions.empty() ? CodeIndex::kNone : positions.back(), static_cast<std::uint32_t>(depth));
      positions.push_back(position);
    });
  }

  Result<void> ReadSupplement(const model::Node& supplement, bool case_sensitive) {
    const std::string_view language = supplement.ChildValue("language");
    return ForEachConcept(supplement, [&](const model::Node& node, std::size_t) {
      const std::string_view code = node.ChildValue("code");
      additions_[case_sensitive ? std::string(code) : AsciiLower(code)].push_back({&node, language});
    });
  }

  void AddDesignation(const model::Node& node) {
    page_.designations.push_back({.language = Keep(node.ChildValue("language")),
                                  .use_system = Keep(node.FindValue("use.system")),
                                  .use = Keep(node.FindValue("use.code")),
                                  .value = Keep(node.ChildValue("value"))});
  }

  void AddSupplemented(const CodeSystem::Concept& entry) {
    const auto found = additions_.empty()
                           ? additions_.end()
                           : additions_.find(case_sensitive_ ? std::string(entry.code) : AsciiLower(entry.code));
    if (found == additions_.end()) {
      return;
    }
    for (const auto& [node, language] : found->second) {
      for (const model::Node& child : node->children()) {
        if (child.name == "designation") {
          AddDesignation(child);
        } else if (child.name == "display" && child.value != entry.display) {
          page_.designations.push_back(
              {.language = Keep(language), .use_system = {}, .use = {}, .value = Keep(child.value)});
        } else if (child.name == "property" && !ChangesMeaning(MeaningOf(child.ChildValue("code")))) {
          page_.properties.push_back(ReadProperty(child));
        }
      }
    }
  }

  /// Properties that say where a concept stands and whether it may be used: a supplement may not say that.
  static bool ChangesMeaning(std::string_view meaning) {
    constexpr std::string_view kMeanings[] = {"parent",   "child",         "subsumedBy", "partOf",
                                              "inactive", "notSelectable", "abstract",   "status"};
    return std::ranges::find(kMeanings, meaning) != std::end(kMeanings);
  }

  void AddConcept(const model::Node& node, std::uint32_t parent, std::uint32_t depth) {
    CodeSystem::Concept entry;
    entry.depth = depth;
    entry.first_property = static_cast<std::uint32_t>(page_.properties.size());
    entry.first_designation = static_cast<std::uint32_t>(page_.designations.size());
    for (const model::Node& child : node.children()) {
      if (child.name == "code") {
        entry.code = Keep(child.value);
      } else if (child.name == "display") {
        entry.display = Keep(child.value);
      } else if (child.name == "definition") {
        entry.definition = Keep(child.value);
      } else if (child.name == "designation") {
        AddDesignation(child);
      } else if (child.name == "property") {
        AddProperty(child, entry);
      }
    }
    AddSupplemented(entry);
    entry.property_count = static_cast<std::uint32_t>(page_.properties.size()) - entry.first_property;
    entry.designation_count = static_cast<std::uint32_t>(page_.designations.size()) - entry.first_designation;
    AddEntry(entry);
    nested_parent_.push_back(parent);
  }

  CodeSystem::Property ReadProperty(const model::Node& node) {
    CodeSystem::Property property{.name = Keep(node.ChildValue("code")), .type = {}, .value = {}};
    for (const model::Node& child : node.children()) {
      if (child.name == "valueCoding") {
        property.value = Keep(child.ChildValue("code"));
      } else if (child.name.starts_with("value")) {
        property.type = Keep(child.name);
        property.value = Keep(child.value);
      }
    }
    return property;
  }

  void AddProperty(const model::Node& node, CodeSystem::Concept& entry) {
    const CodeSystem::Property property = ReadProperty(node);
    page_.properties.push_back(property);
    const std::string_view meaning = MeaningOf(property.name);
    if (meaning == "inactive" || meaning == "notSelectable" || meaning == "abstract") {
      (meaning == "inactive" ? entry.inactive : entry.abstract) |= property.value == "true";
    } else if (meaning == "status") {
      entry.inactive |= property.value == "inactive" || property.value == "retired";
    }
  }

  void Finish(bool case_sensitive) {
    auto& concepts = page_.concepts;
    if (!case_sensitive) {
      for (const auto& entry : concepts) {
        made_.folded_.push_back(Keep(AsciiLower(entry.code)));
      }
    }
    made_.index_.Reset(concepts.size());
    for (std::uint32_t i = 0; i < concepts.size(); ++i) {
      made_.index_.Insert(made_.CodeAt(i), i, [this](std::uint32_t at) { return made_.CodeAt(at); });
    }
    LinkParents();
  }

  /// Parents by nesting, by property parent (or subsumedBy) and by property child of another concept.
  void LinkParents() {
    auto& concepts = page_.concepts;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> links;  // child, parent
    for (std::uint32_t i = 0; i < concepts.size(); ++i) {
      if (nested_parent_[i] != CodeIndex::kNone) {
        links.emplace_back(i, nested_parent_[i]);
      }
      for (const auto& property : made_.Properties(concepts[i])) {
        const std::string_view meaning = MeaningOf(property.name);
        const bool up = meaning == "parent" || meaning == "subsumedBy";
        if (!up && meaning != "child") {
          continue;
        }
        if (const auto other = made_.Find(property.value)) {
          const std::uint32_t position = other->position;
          links.emplace_back(up ? i : position, up ? position : i);
        }
      }
    }
    std::ranges::sort(links);
    links.erase(std::ranges::unique(links).begin(), links.end());
    auto& [hashes, first_parent, parents] = made_.skeleton_;
    first_parent.assign(concepts.size() + 1, 0);
    for (const auto& [child, parent] : links) {
      ++first_parent[child + 1];
      parents.push_back(parent);
    }
    for (std::size_t i = 1; i < first_parent.size(); ++i) {
      first_parent[i] += first_parent[i - 1];
    }
  }

  struct Addition {
    const model::Node* node;  // the concept of a supplement
    std::string_view language;
  };

  CodeSystem made_;
  ConceptPage& page_ = *made_.resident_;
  std::unordered_map<std::string, std::vector<Addition>> additions_;  // by code, in lower case where case is nothing
  bool case_sensitive_ = true;
  std::vector<std::string_view> meanings_;    // by position in declared_
  std::vector<std::uint32_t> nested_parent_;  // by position, kNone at the top
};

Result<CodeSystem> CodeSystem::Compile(const model::Node& resource, std::span<const model::Document> supplements) {
  return CodeSystemBuilder().Build(resource, supplements);
}

CodeSystem CodeSystem::FromList(std::string_view url, std::span<const Listed> codes, Content content) {
  return CodeSystemBuilder().Build(url, codes, content);
}

}  // namespace fhir::terminology
