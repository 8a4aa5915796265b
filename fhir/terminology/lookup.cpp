// $lookup and $subsumes.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/terminology/operations.hpp"
#include "fhir/terminology/parameters.hpp"

namespace fhir::terminology {
namespace {

struct Place {
  std::shared_ptr<const CodeSystem> system;
  ConceptRef entry;
};

/// The code system of that version when it is loaded, else the one there is.
std::shared_ptr<const CodeSystem> SystemOf(const Terminology& terminology, std::string_view system,
                                           std::string_view version) {
  std::shared_ptr<const CodeSystem> found;
  if (!version.empty()) {
    found = terminology.FindCodeSystem(fmt::format("{}|{}", system, version));
  }
  return found != nullptr ? found : terminology.FindCodeSystem(system);
}

Result<Place> PlaceOf(const Terminology& terminology, const Coding& coding) {
  auto system = SystemOf(terminology, coding.system, coding.version);
  if (system == nullptr) {
    return Fail(ErrorCode::kNotFound, fmt::format("the code system {} is not loaded", coding.system));
  }
  ConceptRef entry = system->Find(coding.code);
  if (entry == nullptr) {
    return Fail(ErrorCode::kNotFound, fmt::format("the code is not in {}", coding.system));
  }
  return Place{.system = std::move(system), .entry = std::move(entry)};
}

class LookupAnswer {
 public:
  LookupAnswer(const Place& place, const LookupOptions& options)
      : system_(*place.system), entry_(*place.entry), options_(options) {}

  model::Document Build() {
    parameters_.Add("name", "valueString", system_.name().empty() ? system_.url() : system_.name());
    if (!system_.version().empty()) {
      parameters_.Add("version", "valueString", system_.version());
    }
    parameters_.Add("display", "valueString", Display());
    if (Wanted("designation")) {
      for (const auto& designation : system_.Designations(entry_)) {
        AddDesignation(designation);
      }
    }
    AddProperty("definition", "valueString", entry_.definition);
    AddProperty("inactive", "valueBoolean", entry_.inactive ? "true" : "false");
    AddProperty("abstract", "valueBoolean", entry_.abstract ? "true" : "");
    AddFamily();
    for (const auto& property : system_.Properties(entry_)) {
      AddProperty(property.name, property.type.empty() ? "valueCode" : property.type, property.value);
    }
    return parameters_.Take();
  }

 private:
  bool Wanted(std::string_view property) const {
    return options_.properties.empty() || std::ranges::find(options_.properties, property) != options_.properties.end();
  }

  std::string_view Display() const {
    for (const auto& designation : system_.Designations(entry_)) {
      if (!options_.display_language.empty() && designation.language == options_.display_language) {
        return designation.value;
      }
    }
    return entry_.display.empty() ? entry_.code : entry_.display;
  }

  void AddDesignation(const CodeSystem::Designation& designation) {
    model::Node& node = parameters_.Add("designation");
    if (!designation.language.empty()) {
      parameters_.AddPart(node, "language", "valueCode", designation.language);
    }
    if (!designation.use.empty()) {
      parameters_.AddCodingPart(
          node, "use", {.system = designation.use_system, .version = {}, .code = designation.use, .display = {}});
    }
    parameters_.AddPart(node, "value", "valueString", designation.value);
  }

  void AddProperty(std::string_view code, std::string_view element, std::string_view value,
                   std::string_view description = {}) {
    if (value.empty() || !Wanted(code)) {
      return;
    }
    model::Node& node = parameters_.Add("property");
    parameters_.AddPart(node, "code", "valueCode", code);
    parameters_.AddPart(node, "value", element, value);
    if (!description.empty()) {
      parameters_.AddPart(node, "description", "valueString", description);
    }
  }

  /// Parents and children, unless the concept names them itself.
  void AddFamily() {
    const auto names = [this](std::string_view property) {
      return std::ranges::any_of(system_.Properties(entry_), [&](const auto& own) { return own.name == property; });
    };
    if (Wanted("parent") && !names("parent")) {
      for (const auto parent : system_.Parents(entry_)) {
        const ConceptRef other = system_.At(parent);
        AddProperty("parent", "valueCode", other->code, other->display);
      }
    }
    if (Wanted("child") && !names("child")) {
      for (CodeSystem::Position at = 0; at < system_.size(); ++at) {
        const auto parents = system_.ParentsAt(at);
        if (std::ranges::find(parents, entry_.position) != parents.end()) {
          const ConceptRef other = system_.At(at);
          AddProperty("child", "valueCode", other->code, other->display);
        }
      }
    }
  }

  const CodeSystem& system_;
  const CodeSystem::Concept& entry_;
  const LookupOptions& options_;
  ParametersBuilder parameters_;
};

}  // namespace

Result<model::Document> Lookup(const Terminology& terminology, const Coding& coding, const LookupOptions& options) {
  GW_ASSIGN(const Place place, PlaceOf(terminology, coding));
  return LookupAnswer(place, options).Build();
}

std::string_view Code(Subsumption subsumption) {
  switch (subsumption) {
    case Subsumption::kEquivalent:
      return "equivalent";
    case Subsumption::kSubsumes:
      return "subsumes";
    case Subsumption::kSubsumedBy:
      return "subsumed-by";
    case Subsumption::kNotSubsumed:
      break;
  }
  return "not-subsumed";
}

Result<Subsumption> Subsumes(const Terminology& terminology, const Coding& a, const Coding& b) {
  const std::string_view system = a.system.empty() ? b.system : a.system;
  if (!b.system.empty() && b.system != system) {
    return Fail(ErrorCode::kInvalid, "expected two codes of one code system");
  }
  Coding first = a;
  Coding second = b;
  first.system = second.system = system;
  second.version = first.version = a.version.empty() ? b.version : a.version;
  GW_ASSIGN(const Place above, PlaceOf(terminology, first));
  const CodeSystem& loaded = *above.system;
  const ConceptRef other = loaded.Find(second.code);
  if (other == nullptr) {
    return Fail(ErrorCode::kNotFound, fmt::format("the code is not in {}", system));
  }
  if (other->position == above.entry->position) {
    return Subsumption::kEquivalent;
  }
  if (loaded.IsA(*other, *above.entry)) {
    return Subsumption::kSubsumes;
  }
  return loaded.IsA(*above.entry, *other) ? Subsumption::kSubsumedBy : Subsumption::kNotSubsumed;
}

Result<model::Document> SubsumesParameters(const Terminology& terminology, const Coding& a, const Coding& b) {
  GW_ASSIGN(const Subsumption outcome, Subsumes(terminology, a, b));
  ParametersBuilder parameters;
  parameters.Add("outcome", "valueCode", Code(outcome));
  return parameters.Take();
}

}  // namespace fhir::terminology
