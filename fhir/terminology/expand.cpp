// $expand.
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/text.hpp"
#include "fhir/terminology/gap.hpp"
#include "fhir/terminology/operations.hpp"

namespace fhir::terminology {
namespace {

/// Words of a text filter: each must begin a word of the display, or the code.
class TextFilter {
 public:
  explicit TextFilter(std::string_view filter) {
    const std::string folded = Fold(filter);
    std::size_t from = 0;
    while (from < folded.size()) {
      const std::size_t end = std::min(folded.find(' ', from), folded.size());
      if (end > from) {
        words_.push_back(folded.substr(from, end - from));
      }
      from = end + 1;
    }
  }
  bool empty() const { return words_.empty(); }
  bool Matches(const Found& found) const {
    if (words_.empty()) {
      return true;
    }
    const std::string text = " " + Fold(found.code) + " " + Fold(found.display);
    return std::ranges::all_of(words_, [&](const std::string& word) { return BeginsWord(text, word); });
  }

 private:
  static bool BeginsWord(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
      const char before = text[at - 1];  // the text begins with a space
      if (before == ' ' || before == '-' || before == '(' || before == '/') {
        return true;
      }
    }
    return false;
  }
  std::vector<std::string> words_;
};

/// The display in the language wanted ("fr" takes "fr-FR"), else the usual one.
std::string_view DisplayIn(const Found& found, std::string_view language) {
  if (!language.empty() && found.entry != nullptr) {
    for (const auto& designation : found.code_system->Designations(*found.entry)) {
      if (designation.language.starts_with(language) &&
          (designation.language.size() == language.size() || designation.language[language.size()] == '-')) {
        return designation.value;
      }
    }
  }
  return found.display;
}

class Expander {
 public:
  Expander(const ValueSet& value_set, model::Document document, const ExpandOptions& options)
      : value_set_(value_set), options_(options), filter_(options.filter), document_(std::move(document)) {}

  Result<model::Document> Run() {
    if (const auto listable = value_set_.CanList(); !listable.holds) {
      return Fail(listable.gap == Gap::kCost ? ErrorCode::kTooCostly : ErrorCode::kUnsupported,
                  "the value set cannot be expanded: " + Describe(listable.gap, listable.missing));
    }
    model::Node& root = document_.root();
    document_.RemoveAll(root, "expansion");
    document_.RemoveAll(root, "text");
    if (!options_.include_definition) {
      document_.RemoveAll(root, "compose");
    }
    expansion_ = &document_.Add(root, "expansion");
    if (!options_.timestamp.empty()) {
      document_.Add(*expansion_, "timestamp", options_.timestamp);
    }
    const bool paged = options_.offset > 0 || options_.count.has_value();
    const auto* tree = options_.exclude_nested || paged || !filter_.empty() ? nullptr : value_set_.OnlyWholeSystem();
    if (!(tree != nullptr ? AddTree(*tree) : AddList())) {
      return Fail(ErrorCode::kTooCostly,
                  fmt::format("the value set has more than {} codes, or its parts repeat too many; narrow it",
                              options_.codes_max));
    }
    document_.Add(*expansion_, "total", std::to_string(matches_));
    if (paged) {
      document_.Add(*expansion_, "offset", std::to_string(options_.offset));
    }
    AddParameters(paged);
    return std::move(document_);
  }

 private:
  bool Wanted(const Found& found) const { return !(options_.active_only && found.inactive) && filter_.Matches(found); }

  bool AddList() {
    std::size_t seen = 0;
    const std::size_t end = options_.count ? options_.offset + *options_.count : options_.codes_max;
    const bool walked = value_set_.ForEach([&](const Found& found) {
      if (++seen > options_.codes_max) {
        return false;
      }
      if (Wanted(found)) {
        if (matches_ >= options_.offset && matches_ < end) {
          AddCode(*expansion_, found);
        }
        ++matches_;
      }
      return true;
    });
    return walked && seen <= options_.codes_max;
  }

  /// Concepts come parents first; each goes below the nearest one above it that is in.
  bool AddTree(const ValueSet::Part& part) {
    struct Open {
      std::uint32_t depth;
      model::Node* node;
    };
    std::vector<Open> open;
    for (CodeSystem::Position i = 0; i < part.code_system->size(); ++i) {
      const ConceptRef entry = part.code_system->At(i);
      while (!open.empty() && open.back().depth >= entry->depth) {
        open.pop_back();
      }
      const Found found = FoundIn(*part.code_system, entry);
      if ((part.kind == ValueSet::Part::Kind::kSelected && !part.selected[i]) || !Wanted(found)) {
        continue;
      }
      if (++matches_ > options_.codes_max) {
        return false;
      }
      open.push_back({.depth = entry->depth, .node = &AddCode(open.empty() ? *expansion_ : *open.back().node, found)});
    }
    return true;
  }

  model::Node& AddCode(model::Node& parent, const Found& found) {
    model::Node& contains = document_.Add(parent, "contains");
    document_.Add(contains, "system", found.system);
    if (found.abstract) {
      document_.Add(contains, "abstract", "true");
    }
    if (found.inactive) {
      document_.Add(contains, "inactive", "true");
    }
    document_.Add(contains, "code", found.code);
    if (const std::string_view display = DisplayIn(found, options_.display_language); !display.empty()) {
      document_.Add(contains, "display", display);
    }
    if (!found.version.empty()) {
      versions_.try_emplace(found.system, found.version);
    }
    if (options_.include_designations && found.entry != nullptr) {
      for (const auto& designation : found.code_system->Designations(*found.entry)) {
        AddDesignation(contains, designation);
      }
    }
    return contains;
  }

  void AddDesignation(model::Node& contains, const CodeSystem::Designation& designation) {
    model::Node& node = document_.Add(contains, "designation");
    if (!designation.language.empty()) {
      document_.Add(node, "language", designation.language);
    }
    if (!designation.use.empty()) {
      model::Node& use = document_.Add(node, "use");
      if (!designation.use_system.empty()) {
        document_.Add(use, "system", designation.use_system);
      }
      document_.Add(use, "code", designation.use);
    }
    document_.Add(node, "value", designation.value);
  }

  void AddParameter(std::string_view name, std::string_view element, std::string_view value) {
    model::Node& parameter = document_.Add(*expansion_, "parameter");
    document_.Add(parameter, "name", name);
    document_.Add(parameter, element, value);
  }

  /// What shaped the result, as the operation asks for.
  void AddParameters(bool paged) {
    if (!options_.filter.empty()) {
      AddParameter("filter", "valueString", options_.filter);
    }
    for (const auto& [name, set] :
         {std::pair("activeOnly", options_.active_only), std::pair("excludeNested", options_.exclude_nested),
          std::pair("includeDesignations", options_.include_designations)}) {
      if (set) {
        AddParameter(name, "valueBoolean", "true");
      }
    }
    if (!options_.display_language.empty()) {
      AddParameter("displayLanguage", "valueCode", options_.display_language);
    }
    if (paged) {
      AddParameter("offset", "valueInteger", std::to_string(options_.offset));
      if (options_.count) {
        AddParameter("count", "valueInteger", std::to_string(*options_.count));
      }
    }
    for (const auto& [system, version] : versions_) {
      AddParameter("version", "valueUri", fmt::format("{}|{}", system, version));
    }
  }

  const ValueSet& value_set_;
  const ExpandOptions& options_;
  TextFilter filter_;
  model::Document document_;
  model::Node* expansion_ = nullptr;
  std::size_t matches_ = 0;
  std::map<std::string_view, std::string_view> versions_;  // by system
};

}  // namespace

Result<model::Document> Expand(const Terminology& terminology, std::string_view value_set,
                               const ExpandOptions& options) {
  const auto compiled = terminology.FindValueSet(value_set);
  auto document = terminology.ReadValueSet(value_set);
  if (compiled == nullptr || !document) {
    return Fail(ErrorCode::kNotFound, fmt::format("the value set {} is not loaded", value_set));
  }
  return Expander(*compiled, *std::move(document), options).Run();
}

Result<model::Document> Expand(const Terminology& terminology, const model::Node& value_set,
                               const ExpandOptions& options) {
  const auto compiled = terminology.Compile(value_set);
  return Expander(*compiled, model::Document::CloneResource(value_set), options).Run();
}

}  // namespace fhir::terminology
