#include "fhir/terminology/value_set_compiler.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fhir/terminology/computed_system.hpp"
#include "fhir/terminology/filter.hpp"

namespace fhir::terminology {
namespace {

constexpr std::string_view kTooCostly = "http://hl7.org/fhir/StructureDefinition/valueset-toocostly";
constexpr std::string_view kSupplement = "http://hl7.org/fhir/StructureDefinition/valueset-supplement";
constexpr std::string_view kUnclosed = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed";

/// Whether an expansion holds every member: not cut, not a page of it, not marked as open.
bool IsComplete(const model::Node& expansion, std::size_t codes) {
  for (const model::Node& child : expansion.children()) {
    if (child.name == "extension" && child.ChildValue("valueBoolean") == "true" &&
        (child.ChildValue("url") == kTooCostly || child.ChildValue("url") == kUnclosed)) {
      return false;
    }
    if (child.name == "parameter" && child.ChildValue("name") == "limitedExpansion" &&
        child.ChildValue("valueBoolean") == "true") {
      return false;
    }
    if (child.name == "offset" && child.value != "0") {
      return false;
    }
    if (child.name == "total" && child.value != std::to_string(codes)) {
      return false;
    }
  }
  return true;
}

}  // namespace

class ValueSetCompiler {
 public:
  explicit ValueSetCompiler(Sources& sources) : sources_(sources) {}

  std::shared_ptr<const ValueSet> Compile(const model::Node& resource) {
    made_->url_ = Keep(resource.ChildValue("url"));
    made_->version_ = Keep(resource.ChildValue("version"));
    if (const model::Node* compose = resource.Child("compose")) {
      made_->active_only_ = compose->ChildValue("inactive") == "false";
      if (HasTooManyParts(*compose)) {
        made_->includes_.push_back(UnknownPart({}, Gap::kCost, made_->url_));
      } else {
        CompileParts(*compose);
      }
    }
    const model::Node* expansion = resource.Child("expansion");
    if (const std::string_view supplement = MissingSupplement(resource); !supplement.empty()) {
      made_->includes_.clear();
      made_->excludes_.clear();
      made_->includes_.push_back(UnknownPart({}, Gap::kCodeSystem, Keep(supplement)));
    }
    if (made_->includes_.empty()) {
      // Nothing says what is in it, but for an expansion.
      made_->includes_.push_back(UnknownPart({}, Gap::kValueSet, made_->url_));
    }
    if (expansion != nullptr && !made_->CanList().holds) {
      TakeExpansion(*expansion);
    }
    return std::move(made_);
  }

 private:
  using Part = ValueSet::Part;

  std::string_view Keep(std::string_view text) { return made_->texts_.Keep(text); }

  static Part UnknownPart(std::string_view system, Gap gap, std::string_view missing) {
    Part part;
    part.kind = Part::Kind::kUnknown;
    part.system = system;
    part.gap = gap;
    part.missing = missing;
    return part;
  }

  static bool HasTooManyParts(const model::Node& compose) {
    std::size_t parts = 0;
    for (const model::Node& child : compose.children()) {
      parts += child.name == "include" || child.name == "exclude" ? 1 : 0;
    }
    return parts > kPartsMax;
  }

  void CompileParts(const model::Node& compose) {
    for (const model::Node& child : compose.children()) {
      if (child.name == "include") {
        made_->includes_.push_back(CompilePart(child));
      } else if (child.name == "exclude") {
        made_->excludes_.push_back(CompilePart(child));
      }
    }
  }

  /// A supplement that the value set needs and that is not loaded; empty when there is none. Those that are loaded are
  /// part of their code systems already.
  std::string_view MissingSupplement(const model::Node& resource) {
    for (const model::Node& child : resource.children()) {
      const std::string_view canonical = child.name == "extension" && child.ChildValue("url") == kSupplement
                                             ? child.ChildValue("valueCanonical")
                                             : std::string_view{};
      if (!canonical.empty() && sources_.FindCodeSystem(canonical) == nullptr) {
        return canonical;
      }
    }
    return {};
  }

  Part CompilePart(const model::Node& node) {
    Part part;
    part.system = Keep(node.ChildValue("system"));
    part.version = Keep(node.ChildValue("version"));
    std::vector<Filter> filters;
    bool listed = false;
    for (const model::Node& child : node.children()) {
      if (child.name == "filter") {
        filters.push_back({.property = child.ChildValue("property"),
                           .op = child.ChildValue("op"),
                           .value = child.ChildValue("value")});
      } else if (child.name == "valueSet") {
        auto import = sources_.FindValueSet(child.value);
        if (import == nullptr) {
          return UnknownPart(part.system, Gap::kValueSet, Keep(child.value));
        }
        part.imports.push_back(std::move(import));
      } else if (child.name == "concept") {
        listed = true;
      }
    }
    if (part.system.empty()) {
      return part;
    }
    part.code_system = FindCodeSystem(part);
    if (listed) {
      return List(std::move(part), node);
    }
    return filters.empty() ? Whole(std::move(part)) : Select(std::move(part), filters);
  }

  std::shared_ptr<const CodeSystem> FindCodeSystem(const Part& part) {
    if (!part.version.empty()) {
      // A version that is not there does not make the system unknown: what is there serves.
      if (auto exact = sources_.FindCodeSystem(std::string(part.system) + "|" + std::string(part.version))) {
        return exact;
      }
    }
    return sources_.FindCodeSystem(part.system);
  }

  Part List(Part part, const model::Node& node) {
    std::vector<CodeList::Entry> entries;
    for (const model::Node& child : node.children()) {
      if (child.name != "concept") {
        continue;
      }
      if (++listed_ > kListedCodesMax) {
        return UnknownPart(part.system, Gap::kCost, part.system);
      }
      entries.push_back({.system = part.system,
                         .version = part.version,
                         .code = Keep(child.ChildValue("code")),
                         .display = Keep(child.ChildValue("display"))});
    }
    part.kind = Part::Kind::kListed;
    part.listed = CodeList(std::move(entries));
    return part;
  }

  Part Whole(Part part) {
    if (part.code_system != nullptr) {
      part.kind = Part::Kind::kWhole;
    } else if (IsComputedSystem(part.system)) {
      part.kind = Part::Kind::kComputed;
    } else {
      part.kind = Part::Kind::kUnknown;
      part.gap = Gap::kCodeSystem;
      part.missing = part.system;
    }
    return part;
  }

  Part Select(Part part, const std::vector<Filter>& filters) {
    if (part.code_system == nullptr) {
      return UnknownPart(part.system, Gap::kCodeSystem, part.system);
    }
    part.kind = Part::Kind::kSelected;
    part.selected.assign(part.code_system->size(), true);
    for (const Filter& filter : filters) {
      const Gap gap = ApplyFilter(*part.code_system, filter, part.selected);
      if (gap == Gap::kFilter && !part.code_system->complete()) {
        // What the filter is about may be in the part that is not loaded.
        return UnknownPart(part.system, Gap::kCodeSystem, part.system);
      }
      if (gap != Gap::kNone) {
        std::string text(filter.property);
        text.append(" ").append(filter.op).append(" ").append(filter.value);
        return UnknownPart(part.system, gap, Keep(text));
      }
    }
    return part;
  }

  /// Nested contains become one list. Depth is not trusted, so there is no recursion.
  void TakeExpansion(const model::Node& expansion) {
    std::vector<CodeList::Entry> entries;
    std::vector<const model::Node*> levels{expansion.first_child};
    while (!levels.empty()) {
      const model::Node* node = levels.back();
      if (node == nullptr) {
        levels.pop_back();
        continue;
      }
      levels.back() = node->next;
      if (node->name != "contains") {
        continue;
      }
      if (++listed_ > kListedCodesMax) {
        return;
      }
      if (const std::string_view code = node->ChildValue("code"); !code.empty()) {
        const std::string_view system = node->ChildValue("system");
        const bool same = !entries.empty() && entries.back().system == system;
        entries.push_back({.system = same ? entries.back().system : Keep(system),
                           .version = Keep(node->ChildValue("version")),
                           .code = Keep(code),
                           .display = Keep(node->ChildValue("display")),
                           .inactive = node->ChildValue("inactive") == "true",
                           .abstract = node->ChildValue("abstract") == "true"});
      }
      levels.push_back(node->first_child);
    }
    made_->has_stored_ = true;
    made_->stored_complete_ = IsComplete(expansion, entries.size());
    made_->stored_ = CodeList(std::move(entries));
  }

  Sources& sources_;
  std::shared_ptr<ValueSet> made_{new ValueSet()};
  std::size_t listed_ = 0;
};

std::shared_ptr<const ValueSet> CompileValueSet(const model::Node& resource, Sources& sources) {
  return ValueSetCompiler(sources).Compile(resource);
}

}  // namespace fhir::terminology
