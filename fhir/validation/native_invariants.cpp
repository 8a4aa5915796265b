#include "fhir/validation/native_invariants.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"
#include "fhir/validation/narrative_links.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::TypeId;
using model::Node;

bool Has(const Node& node, std::string_view name) {
  return node.Child(name) != nullptr;
}
/// Whether the choice `name` has a value of any type.
bool HasChoice(const Node& node, std::string_view name) {
  for (const Node& child : node.children()) {
    if (child.name.starts_with(name) && child.row != nullptr && Definitions::R4().Text(child.row->base_name) == name) {
      return true;
    }
  }
  return false;
}
/// a.exists() or b.exists().
template <typename... Names>
bool HasAny(const Node& node, Names... names) {
  return (Has(node, names) || ...);
}
bool HasValue(const Node& node, std::string_view name) {
  const Node* child = node.Child(name);
  return child != nullptr && child->HasValue();
}

std::optional<bool> CodeNeedsSystem(const Node& focus) {
  return !Has(focus, "code") || Has(focus, "system");
}
std::optional<bool> ValueNeedsSystem(const Node& focus) {
  return !HasChoice(focus, "value") || Has(focus, "system");
}
std::optional<bool> DataNeedsContentType(const Node& focus) {
  return !Has(focus, "data") || Has(focus, "contentType");
}

std::optional<bool> ExtensionOrValue(const Node& focus) {
  return Has(focus, "extension") != HasChoice(focus, "value");
}

/// Whether no contained resource has what `wrong` looks for.
template <typename Wrong>
bool NoContained(const Node& focus, Wrong&& wrong) {
  for (const Node& child : focus.children()) {
    if (child.name == "contained" && wrong(child)) {
      return false;
    }
  }
  return true;
}

std::optional<bool> ContainedInContained(const Node& focus) {
  return NoContained(focus, [](const Node& contained) { return Has(contained, "contained"); });
}
std::optional<bool> ContainedVersion(const Node& focus) {
  return NoContained(focus, [](const Node& contained) {
    const Node* meta = contained.Child("meta");
    return meta != nullptr && HasAny(*meta, "versionId", "lastUpdated");
  });
}
std::optional<bool> ContainedSecurity(const Node& focus) {
  return NoContained(focus, [](const Node& contained) {
    const Node* meta = contained.Child("meta");
    return meta != nullptr && Has(*meta, "security");
  });
}

/// Calls sink with every local link ("#…") below the node: what a Reference or a uri says.
template <typename Sink>
void ForEachLocalLink(const Node& node, TypeId uri, Sink&& sink) {
  for (const Node& child : node.children()) {
    if (child.value.starts_with('#') && (child.name == "reference" || Definitions::R4().IsA(child.type, uri))) {
      sink(child.value);
    }
    if (child.first_child != nullptr) {
      ForEachLocalLink(child, uri, sink);
    }
  }
}

/// Every contained resource is referred to, or refers to its container.
/// NB: an image or link of a narrative counts too, which the expression does not see.
std::optional<bool> ContainedReferenced(const Node& focus) {
  if (!Has(focus, "contained")) {
    return true;
  }
  static const TypeId uri = Definitions::R4().FindType("uri");
  static const TypeId canonical = Definitions::R4().FindType("canonical");
  std::unordered_set<std::string_view> links;
  ForEachLocalLink(focus, uri, [&](std::string_view link) { links.insert(link); });
  return NoContained(focus, [&](const Node& contained) {
    const std::string_view id = contained.ChildValue("id");
    if (id.empty()) {
      return false;  // nothing can refer to it, which the expression leaves open
    }
    if (links.contains("#" + std::string(id))) {
      return false;
    }
    if (NarrativesName(focus, fmt::format("#{}", id))) {
      return false;
    }
    bool to_container = false;
    const auto look = [&](const auto& self, const Node& node) -> void {
      for (const Node& child : node.children()) {
        to_container = to_container || (child.value == "#" && (child.name == "reference" || child.type == canonical));
        self(self, child);
      }
    };
    look(look, contained);
    return !to_container;
  });
}

std::optional<bool> HasNarrative(const Node& focus) {
  const Node* text = focus.Child("text");
  return text != nullptr && Has(*text, "div");
}

/// NB: without a reference the expression is empty, which would count as broken. It holds: there is nothing local.
std::optional<bool> LocalReference(const Node& focus) {
  const Node* reference = focus.Child("reference");
  if (reference == nullptr || !reference->HasValue()) {
    return true;
  }
  if (!reference->value.starts_with('#')) {
    return true;
  }
  const std::string_view id = reference->value.substr(1);
  if (id.empty()) {
    return true;  // NB: "#" is the container itself, which the expression does not know
  }
  for (const Node& child : fhirpath::OutermostResource(focus).children()) {
    if (child.name == "contained" && child.ChildValue("id") == id) {
      return true;
    }
  }
  return false;
}

/// Two times of one form and one zone have the order of their texts.
std::optional<bool> StartBeforeEnd(const Node& focus) {
  const std::string_view start = focus.ChildValue("start");
  const std::string_view end = focus.ChildValue("end");
  if (!HasValue(focus, "start") || !HasValue(focus, "end")) {
    return true;
  }
  const auto zone = [](std::string_view text) {
    const std::size_t at = text.find_first_of("Z+", 10);
    return text.substr(at != std::string_view::npos ? at : std::min(text.rfind('-'), text.size()));
  };
  if (start.size() == end.size() && start.size() > 10 && zone(start) == zone(end)) {
    return start <= end;
  }
  return start == end && start.size() == 10 ? std::optional<bool>(true) : std::nullopt;
}

std::optional<bool> NoValueOrReason(const Node& focus) {
  return !Has(focus, "dataAbsentReason") || !HasChoice(focus, "value");
}
std::optional<bool> ValueOrComponentOfCode(const Node& focus) {
  if (!Has(focus, "component") || !HasChoice(focus, "value")) {
    return true;
  }
  return std::nullopt;
}
std::optional<bool> ReferenceRange(const Node& focus) {
  return HasAny(focus, "low", "high", "text");
}
std::optional<bool> ClinicalStatusOrReason(const Node& focus) {
  return Has(focus, "clinicalStatus") ? std::optional<bool>(true) : std::nullopt;
}
std::optional<bool> AbatementNeedsStatus(const Node& focus) {
  return HasChoice(focus, "abatement") ? std::nullopt : std::optional<bool>(true);
}

/// verificationStatus does not say entered-in-error; nothing when it may.
bool MayBeEnteredInError(const Node& focus) {
  const Node* status = focus.Child("verificationStatus");
  if (status == nullptr) {
    return false;
  }
  for (const Node& coding : status->children()) {
    if (coding.name == "coding" && coding.ChildValue("code") == "entered-in-error") {
      return true;
    }
  }
  return false;
}
std::optional<bool> NoStatusWhenEnteredInError(const Node& focus) {
  return MayBeEnteredInError(focus) ? std::nullopt : std::optional<bool>(true);
}

std::optional<bool> NotAtHome(const Node& focus) {
  return focus.ChildValue("use") != "home";
}
std::optional<bool> IdentifierOrName(const Node& focus) {
  return HasAny(focus, "identifier", "name");
}
std::optional<bool> ContactDetails(const Node& focus) {
  return HasAny(focus, "name", "telecom", "address", "organization");
}
std::optional<bool> DetailOrReference(const Node& focus) {
  return !Has(focus, "detail") || !Has(focus, "reference");
}
std::optional<bool> OnBehalfOf(const Node& focus) {
  return Has(focus, "onBehalfOf") ? std::nullopt : std::optional<bool>(true);
}

// Timing.repeat
std::optional<bool> DurationNeedsUnit(const Node& focus) {
  return !Has(focus, "duration") || Has(focus, "durationUnit");
}
std::optional<bool> PeriodNeedsUnit(const Node& focus) {
  return !Has(focus, "period") || Has(focus, "periodUnit");
}
std::optional<bool> NoNegativeDuration(const Node& focus) {
  return Has(focus, "duration") ? std::nullopt : std::optional<bool>(true);
}
std::optional<bool> NoNegativePeriod(const Node& focus) {
  const std::string_view period = focus.ChildValue("period");
  if (!Has(focus, "period") || (!period.empty() && period.front() != '-')) {
    return true;
  }
  return std::nullopt;
}
std::optional<bool> PeriodMaxNeedsPeriod(const Node& focus) {
  return !Has(focus, "periodMax") || Has(focus, "period");
}
std::optional<bool> DurationMaxNeedsDuration(const Node& focus) {
  return !Has(focus, "durationMax") || Has(focus, "duration");
}
std::optional<bool> CountMaxNeedsCount(const Node& focus) {
  return !Has(focus, "countMax") || Has(focus, "count");
}
std::optional<bool> OffsetNeedsWhen(const Node& focus) {
  return Has(focus, "offset") ? std::nullopt : std::optional<bool>(true);
}
std::optional<bool> TimeOfDayOrWhen(const Node& focus) {
  return !Has(focus, "timeOfDay") || !Has(focus, "when");
}

// Bundle: its invariants look at every entry, of which there may be thousands.
std::optional<bool> DistinctFullUrls(const Node& focus) {
  if (focus.ChildValue("type") == "history") {
    return true;
  }
  std::unordered_set<std::string> seen;
  for (const Node& entry : focus.children()) {
    const Node* url = entry.name == "entry" ? entry.Child("fullUrl") : nullptr;
    if (url == nullptr) {
      continue;
    }
    const Node* resource = entry.Child("resource");
    std::string key(url->value);
    key += resource == nullptr ? std::string_view{} : resource->FindValue("meta.versionId");
    if (!seen.insert(std::move(key)).second) {
      return false;
    }
  }
  return true;
}

template <typename Good>
bool AllEntries(const Node& focus, Good&& good) {
  for (const Node& entry : focus.children()) {
    if (entry.name == "entry" && !good(entry)) {
      return false;
    }
  }
  return true;
}
std::optional<bool> RequestsByType(const Node& focus) {
  const std::string_view type = focus.ChildValue("type");
  if (type.empty()) {
    return std::nullopt;
  }
  const bool wanted = type == "batch" || type == "transaction" || type == "history";
  return AllEntries(focus, [&](const Node& entry) { return Has(entry, "request") == wanted; });
}
std::optional<bool> ResponsesByType(const Node& focus) {
  const std::string_view type = focus.ChildValue("type");
  if (type.empty()) {
    return std::nullopt;
  }
  const bool wanted = type == "batch-response" || type == "transaction-response" || type == "history";
  return AllEntries(focus, [&](const Node& entry) { return Has(entry, "response") == wanted; });
}
std::optional<bool> SearchOnlyInSearchset(const Node& focus) {
  const std::string_view type = focus.ChildValue("type");
  if (type.empty()) {
    return std::nullopt;
  }
  return type == "searchset" || AllEntries(focus, [](const Node& entry) { return !Has(entry, "search"); });
}
std::optional<bool> EntryHasContent(const Node& focus) {
  return HasAny(focus, "resource", "request", "response");
}
/// NB: without a fullUrl the expression is empty, which would count as broken. It holds.
std::optional<bool> UnversionedFullUrl(const Node& focus) {
  const Node* url = focus.Child("fullUrl");
  return url == nullptr || url->value.find("/_history/") == std::string_view::npos;
}

constexpr NativeInvariantRow kRows[] = {
    {"extension.exists() != value.exists()", ExtensionOrValue},
    {"contained.contained.empty()", ContainedInContained},
    {"contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | "
     "%resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = "
     "'#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = "
     "'#').exists()).not()).trace('unmatched', id).empty()",
     ContainedReferenced},
    {"contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()", ContainedVersion},
    {"contained.meta.security.empty()", ContainedSecurity},
    {"text.`div`.exists()", HasNarrative},
    {"reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
     "%rootResource.contained.id.trace('ids'))",
     LocalReference},
    {"start.hasValue().not() or end.hasValue().not() or (start <= end)", StartBeforeEnd},
    {"code.empty() or system.exists()", CodeNeedsSystem},
    {"value.empty() or system.exists()", ValueNeedsSystem},
    {"data.empty() or contentType.exists()", DataNeedsContentType},
    {"dataAbsentReason.empty() or value.empty()", NoValueOrReason},
    {"value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
     ValueOrComponentOfCode},
    {"low.exists() or high.exists() or text.exists()", ReferenceRange},
    {"clinicalStatus.exists() or "
     "verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = "
     "'entered-in-error').exists() or category.select($this='problem-list-item').empty()",
     ClinicalStatusOrReason},
    {"abatement.empty() or "
     "clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and "
     "(code='resolved' or code='remission' or code='inactive')).exists()",
     AbatementNeedsStatus},
    {"verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and "
     "code='entered-in-error').empty() or clinicalStatus.empty()",
     NoStatusWhenEnteredInError},
    {"verificationStatus.coding.where(system = "
     "'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = "
     "'entered-in-error').exists() or clinicalStatus.exists()",
     ClinicalStatusOrReason},
    {"verificationStatus.coding.where(system = "
     "'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = "
     "'entered-in-error').empty() or clinicalStatus.empty()",
     NoStatusWhenEnteredInError},
    {"where(use = 'home').empty()", NotAtHome},
    {"(identifier.count() + name.count()) > 0", IdentifierOrName},
    {"name.exists() or telecom.exists() or address.exists() or organization.exists()", ContactDetails},
    {"detail.empty() or reference.empty()", DetailOrReference},
    {"onBehalfOf.exists() implies (member.resolve().iif(empty(), true, ofType(Practitioner).exists()))", OnBehalfOf},
    {"duration.empty() or durationUnit.exists()", DurationNeedsUnit},
    {"period.empty() or periodUnit.exists()", PeriodNeedsUnit},
    {"duration.exists() implies duration >= 0", NoNegativeDuration},
    {"period.exists() implies period >= 0", NoNegativePeriod},
    {"periodMax.empty() or period.exists()", PeriodMaxNeedsPeriod},
    {"durationMax.empty() or duration.exists()", DurationMaxNeedsDuration},
    {"countMax.empty() or count.exists()", CountMaxNeedsCount},
    {"offset.empty() or (when.exists() and when.all(($this in ('C' | 'CM' | 'CD' | 'CV')).not()))", OffsetNeedsWhen},
    {"timeOfDay.empty() or when.empty()", TimeOfDayOrWhen},
    {"(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()",
     DistinctFullUrls},
    {"entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = "
     "'history'))",
     RequestsByType},
    {"entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = 'transaction-response' or "
     "%resource.type = 'history'))",
     ResponsesByType},
    {"entry.search.empty() or (type = 'searchset')", SearchOnlyInSearchset},
    {"resource.exists() or request.exists() or response.exists()", EntryHasContent},
    {"fullUrl.contains('/_history/').not()", UnversionedFullUrl},
};

}  // namespace

std::span<const NativeInvariantRow> NativeInvariants() {
  return kRows;
}

NativeInvariant FindNativeInvariant(std::string_view expression) {
  for (const NativeInvariantRow& row : kRows) {
    if (row.expression == expression) {
      return row.holds;
    }
  }
  return nullptr;
}

}  // namespace fhir::validation
