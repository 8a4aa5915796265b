#include "fhir/validation/families/bundle_references.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

constexpr std::string_view kUrn = "urn:";
constexpr std::string_view kUuid = "urn:uuid:";

/// The types of URI that lead to a resource; a canonical is looked up elsewhere.
bool IsLink(const Node& node) {
  static const metadata::TypeId kUri = Definitions::R4().FindType("uri");
  static const metadata::TypeId kUrl = Definitions::R4().FindType("url");
  return (node.type == kUri || node.type == kUrl) && node.name != "system" && node.HasValue();
}

void CollectLinks(const Node& within, std::vector<std::string_view>& links) {
  for (const Node& child : within.children()) {
    if (IsLink(child)) {
      links.push_back(child.value);
    } else if (!IsBundle(child)) {
      CollectLinks(child, links);
    }
  }
}

/// "Practitioner/c757873d-…" beside entries called urn:uuid:… means the entry with that UUID, which is then of that
/// type.
void CheckNamedType(const BundleEntries& entries, const Node& reference, IssueList& issues) {
  const RestUrl relative = SplitRestUrl(reference.value);
  if (relative.type.empty() || !relative.base.empty()) {
    return;
  }
  for (const std::size_t target : entries.Called(std::string(kUuid) + std::string(relative.id))) {
    const Node* resource = entries.all()[target].resource;
    if (resource != nullptr && Definitions::R4().TypeName(resource->type) != relative.type) {
      Report(*reference.parent, IssueType::kRequired,
             "a resource of the type in the reference is expected: the entry with that UUID is of another", issues);
    }
  }
}

/// The first resource's references that hold a document or message together have checks of their own.
bool IsHeldTogether(std::string_view bundle_type, std::size_t entry, const Node& reference) {
  return entry == 0 && (bundle_type == "document" || (bundle_type == "message" && reference.parent->name == "focus"));
}

void CheckMeansOne(const BundleEntries& entries, const BundleEntry& from, const Node& reference, IssueList& issues) {
  if (reference.value.starts_with(kUrn) && entries.Called(reference.value).empty()) {
    Report(*reference.parent, IssueType::kRequired, "an entry of this Bundle is expected to have the fullUrl", issues,
           Severity::kWarning);
  } else if (const std::size_t matches = entries.Resolve(from, reference.value).size(); matches > 1) {
    Report(*reference.parent, IssueType::kForbidden,
           fmt::format("one entry is expected to be meant: {} have this fullUrl", matches), issues);
  }
}

void CheckHeld(const BundleEntries& entries, const Node& reference, std::string_view whole, IssueList& issues) {
  const std::string_view text = reference.value;
  if (text.starts_with('#') || text.empty()) {
    return;
  }
  const std::size_t matches = entries.Resolve(entries.all().front(), text).size();
  if (matches == 0) {
    Report(
        *reference.parent, IssueType::kInvalid,
        fmt::format("a resource of this {} is expected: no entry has the fullUrl that the reference stands for", whole),
        issues);
  } else if (matches > 1) {
    Report(*reference.parent, IssueType::kInvalid,
           fmt::format("one resource of this {} is expected: {} entries have this fullUrl", whole, matches), issues);
  }
}

void CheckSections(const BundleEntries& entries, const Node& parent, IssueList& issues) {
  for (const Node& section : parent.children()) {
    if (section.name != "section") {
      continue;
    }
    for (const Node& part : section.children()) {
      const Node* reference = part.Child("reference");
      if ((part.name == "author" || part.name == "focus" || part.name == "entry") && reference != nullptr) {
        CheckHeld(entries, *reference, "document", issues);
      }
    }
    CheckSections(entries, section, issues);
  }
}

}  // namespace

void CheckBundleReferences(const BundleEntries& entries, std::string_view bundle_type, IssueList& issues) {
  std::vector<const Node*> references;
  for (std::size_t at = 0; at < entries.all().size(); ++at) {
    const BundleEntry& entry = entries.all()[at];
    references.clear();
    if (entry.resource != nullptr) {
      CollectReferenceNodes(*entry.resource, references);
    }
    for (const Node* reference : references) {
      if (entry.full_url.starts_with(kUuid)) {
        CheckNamedType(entries, *reference, issues);
      }
      // Versions of one resource share their fullUrl in a history.
      if (bundle_type != "history" && !IsHeldTogether(bundle_type, at, *reference)) {
        CheckMeansOne(entries, entry, *reference, issues);
      }
    }
  }
}

void CheckComposition(const BundleEntries& entries, IssueList& issues) {
  const Node& composition = *entries.all().front().resource;
  for (const Node& part : composition.children()) {
    const Node* reference = nullptr;
    if (part.name == "subject" || part.name == "encounter" || part.name == "author" || part.name == "custodian") {
      reference = part.Child("reference");
    } else if (part.name == "attester" && part.Child("party") != nullptr) {
      reference = part.Child("party")->Child("reference");
    } else if (part.name == "event") {
      for (const Node& detail : part.children()) {
        const Node* text = detail.name == "detail" ? detail.Child("reference") : nullptr;
        if (text != nullptr) {
          CheckHeld(entries, *text, "document", issues);
        }
      }
    }
    if (reference != nullptr) {
      CheckHeld(entries, *reference, "document", issues);
    }
  }
  CheckSections(entries, composition, issues);
}

void CheckMessageFocus(const BundleEntries& entries, IssueList& issues) {
  for (const Node& part : entries.all().front().resource->children()) {
    const Node* reference = part.name == "focus" ? part.Child("reference") : nullptr;
    if (reference != nullptr) {
      CheckHeld(entries, *reference, "message", issues);
    }
  }
}

void CheckConnected(const Node& bundle, const BundleEntries& entries, Severity severity, IssueList& issues) {
  const std::vector<BundleEntry>& all = entries.all();
  std::vector<std::vector<std::size_t>> neighbours(all.size());
  const auto join = [&](std::size_t at, const std::vector<std::size_t>& targets) {
    for (const std::size_t target : targets) {
      neighbours[at].push_back(target);
      neighbours[target].push_back(at);
    }
  };
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (all[at].resource == nullptr) {
      continue;
    }
    std::vector<const Node*> references;
    CollectReferenceNodes(*all[at].resource, references);
    for (const Node* reference : references) {
      join(at, entries.Resolve(all[at], reference->value));
    }
    std::vector<std::string_view> links;
    CollectLinks(*all[at].resource, links);
    for (const std::string_view link : links) {
      join(at, entries.Resolve(all[at], link));
    }
  }
  for (const Node& link : bundle.children()) {
    if (link.name == "link" && link.ChildValue("relation") == "stylesheet") {
      join(0, entries.OfTypeAndId(link.ChildValue("url")));
    }
  }
  std::vector<bool> reached(all.size());
  std::vector<std::size_t> waiting{0};
  reached[0] = true;
  while (!waiting.empty()) {
    const std::size_t at = waiting.back();
    waiting.pop_back();
    for (const std::size_t next : neighbours[at]) {
      if (!reached[next]) {
        reached[next] = true;
        waiting.push_back(next);
      }
    }
  }
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!reached[at] && all[at].resource != nullptr) {
      Report(*all[at].node, IssueType::kInformational,
             "an entry that the first one leads to is expected: no reference links this one to it", issues, severity);
    }
  }
}

}  // namespace fhir::validation
