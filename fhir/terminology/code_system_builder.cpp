// CodeSystem resource → rows.
#include <algorithm>
#include <utility>

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

}  // namespace

class CodeSystemBuilder {
 public:
  Result<CodeSystem> Build(const model::Node& resource) {
    made_.url_ = Keep(resource.ChildValue("url"));
    made_.version_ = Keep(resource.ChildValue("version"));
    made_.name_ = Keep(resource.ChildValue("name"));
    // What supplements another system has no codes of its own, whatever its content says.
    made_.content_ =
        resource.Child("supplements") != nullptr ? Content::kSupplement : ContentOf(resource.ChildValue("content"));
    Declared(resource);
    GW_TRY(AddConcepts(resource));
    Finish(resource.ChildValue("caseSensitive") != "false");
    return std::move(made_);
  }

  CodeSystem Build(std::string_view url, std::span<const CodeSystem::Listed> codes, Content content) {
    made_.content_ = content;
    made_.url_ = Keep(url);
    for (const auto& [code, display] : codes) {
      CodeSystem::Concept entry;
      entry.code = Keep(code);
      entry.display = Keep(display);
      made_.concepts_.push_back(entry);
    }
    nested_parent_.assign(made_.concepts_.size(), CodeIndex::kNone);
    Finish(/*case_sensitive=*/true);
    return std::move(made_);
  }

 private:
  std::string_view Keep(std::string_view text) { return made_.texts_.Keep(text); }

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

  /// Depth is bounded by the reader of the resource, but not when it was made in memory: so there is no recursion.
  Result<void> AddConcepts(const model::Node& resource) {
    struct Level {
      const model::Node* next;
      std::uint32_t parent;
    };
    std::vector<Level> levels{{.next = resource.first_child, .parent = CodeIndex::kNone}};
    while (!levels.empty()) {
      const model::Node* node = levels.back().next;
      if (node == nullptr) {
        levels.pop_back();
        continue;
      }
      levels.back().next = node->next;
      if (node->name != "concept") {
        continue;
      }
      if (made_.concepts_.size() == kConceptsMax) {
        return Fail(ErrorCode::kTooLarge, "the code system has too many concepts");
      }
      const auto position = static_cast<std::uint32_t>(made_.concepts_.size());
      AddConcept(*node, levels.back().parent, static_cast<std::uint32_t>(levels.size() - 1));
      levels.push_back({.next = node->first_child, .parent = position});
    }
    return {};
  }

  void AddConcept(const model::Node& node, std::uint32_t parent, std::uint32_t depth) {
    CodeSystem::Concept entry;
    entry.depth = depth;
    entry.first_property = static_cast<std::uint32_t>(made_.properties_.size());
    entry.first_designation = static_cast<std::uint32_t>(made_.designations_.size());
    for (const model::Node& child : node.children()) {
      if (child.name == "code") {
        entry.code = Keep(child.value);
      } else if (child.name == "display") {
        entry.display = Keep(child.value);
      } else if (child.name == "definition") {
        entry.definition = Keep(child.value);
      } else if (child.name == "designation") {
        made_.designations_.push_back({.language = Keep(child.ChildValue("language")),
                                       .use_system = Keep(child.FindValue("use.system")),
                                       .use = Keep(child.FindValue("use.code")),
                                       .value = Keep(child.ChildValue("value"))});
      } else if (child.name == "property") {
        AddProperty(child, entry);
      }
    }
    entry.property_count = static_cast<std::uint32_t>(made_.properties_.size()) - entry.first_property;
    entry.designation_count = static_cast<std::uint32_t>(made_.designations_.size()) - entry.first_designation;
    made_.concepts_.push_back(entry);
    nested_parent_.push_back(parent);
  }

  void AddProperty(const model::Node& node, CodeSystem::Concept& entry) {
    const std::string_view name = node.ChildValue("code");
    CodeSystem::Property property{.name = Keep(name), .type = {}, .value = {}};
    for (const model::Node& child : node.children()) {
      if (child.name == "valueCoding") {
        property.value = Keep(child.ChildValue("code"));
      } else if (child.name.starts_with("value")) {
        property.type = Keep(child.name);
        property.value = Keep(child.value);
      }
    }
    made_.properties_.push_back(property);
    const std::string_view meaning = MeaningOf(name);
    if (meaning == "inactive" || meaning == "notSelectable" || meaning == "abstract") {
      (meaning == "inactive" ? entry.inactive : entry.abstract) |= property.value == "true";
    } else if (meaning == "status") {
      entry.inactive |= property.value == "inactive" || property.value == "retired";
    }
  }

  void Finish(bool case_sensitive) {
    auto& concepts = made_.concepts_;
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
    auto& concepts = made_.concepts_;
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
        if (const auto* other = made_.Find(property.value)) {
          const std::uint32_t position = made_.PositionOf(*other);
          links.emplace_back(up ? i : position, up ? position : i);
        }
      }
    }
    std::ranges::sort(links);
    links.erase(std::ranges::unique(links).begin(), links.end());
    for (const auto& [child, parent] : links) {
      auto& entry = concepts[child];
      if (entry.parent_count++ == 0) {
        entry.first_parent = static_cast<std::uint32_t>(made_.parents_.size());
      }
      made_.parents_.push_back(parent);
    }
  }

  CodeSystem made_;
  std::vector<std::string_view> meanings_;    // by position in declared_
  std::vector<std::uint32_t> nested_parent_;  // by position, kNone at the top
};

Result<CodeSystem> CodeSystem::Compile(const model::Node& resource) {
  return CodeSystemBuilder().Build(resource);
}

CodeSystem CodeSystem::FromList(std::string_view url, std::span<const Listed> codes, Content content) {
  return CodeSystemBuilder().Build(url, codes, content);
}

}  // namespace fhir::terminology
