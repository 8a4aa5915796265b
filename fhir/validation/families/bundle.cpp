#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/bundle_entries.hpp"
#include "fhir/validation/families/bundle_search.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

/// What the kinds of Bundle ask for. Source: https://hl7.org/fhir/R4/bundle.html#bundle-unique and the chapters after
/// it
struct BundleKind {
  std::string_view type;
  std::string_view first;  ///< type of the first entry's resource; empty for any
  bool full_urls;          ///< every entry with a resource has a fullUrl
};

constexpr BundleKind kKinds[] = {
    {"document", "Composition", true},
    {"message", "MessageHeader", true},
    {"collection", "", true},
    {"searchset", "", true},
    {"history", "", true},
};

const BundleKind* KindOfBundle(std::string_view type) {
  const auto* const found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [type](const BundleKind& kind) { return kind.type == type; });
  return found == std::end(kKinds) ? nullptr : found;
}

bool IsAbsolute(std::string_view url) {
  const std::size_t colon = url.find(':');
  return colon != std::string_view::npos && colon > 0 && url.find_first_of("/?#") > colon;
}

void CheckFullUrl(const BundleEntry& entry, const BundleKind* kind, IssueList& issues) {
  if (entry.full_url.empty()) {
    const bool outcome = entry.node->FindValue("search.mode") == "outcome";
    if (kind != nullptr && kind->full_urls && entry.resource != nullptr && !outcome &&
        entry.node->Child("fullUrl") == nullptr) {
      Report(*entry.node, IssueType::kRequired, "a fullUrl is expected on every entry, but in transactions and batches",
             issues);
    }
    return;
  }
  if (!IsAbsolute(entry.full_url)) {
    Report(*entry.node, IssueType::kInvalid, "an absolute URL is expected, such as https://… or urn:uuid:…", issues);
    return;
  }
  const RestUrl rest = entry.full_url.starts_with("http") ? SplitRestUrl(entry.full_url) : RestUrl{};
  if (rest.type.empty() || entry.resource == nullptr) {
    return;
  }
  const std::string_view id = entry.resource->ChildValue("id");
  if (id.empty()) {
    Report(*entry.node, IssueType::kInvalid, "an id in the resource is expected, since the fullUrl is that of a server",
           issues);
  } else if (rest.id != id || rest.type != Definitions::R4().TypeName(entry.resource->type)) {
    Report(*entry.node, IssueType::kInvalid,
           "a fullUrl that ends with the type and id of the resource is expected, since it is that of a server",
           issues);
  }
}

void CheckLinks(const Node& bundle, std::string_view type, IssueList& issues) {
  for (const Node& link : bundle.children()) {
    const Node* relation = link.name == "link" ? link.Child("relation") : nullptr;
    if (relation == nullptr || type == "searchset" || type == "history") {
      continue;
    }
    for (const std::string_view paging : {"first", "last", "next", "previous", "prev"}) {
      if (relation->value == paging) {
        Report(*relation, IssueType::kInvalid, "links between pages are expected in searches and histories alone",
               issues);
      }
    }
  }
}

/// The references by which the Composition holds its document together: each means one entry.
/// Source: https://hl7.org/fhir/R4/documents.html#content
void CheckCompositionReference(const BundleEntries& entries, const Node& reference, IssueList& issues) {
  const std::string_view text = reference.value;
  if (text.starts_with('#') || text.empty()) {
    return;
  }
  const std::size_t matches = entries.Resolve(entries.all().front(), text).size();
  if (matches == 0) {
    Report(*reference.parent, IssueType::kInvalid,
           "a resource of this document is expected: no entry has the fullUrl that the reference stands for", issues);
  } else if (matches > 1) {
    Report(*reference.parent, IssueType::kInvalid,
           fmt::format("one resource of this document is expected: {} entries have this fullUrl", matches), issues);
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
        CheckCompositionReference(entries, *reference, issues);
      }
    }
    CheckSections(entries, section, issues);
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
          CheckCompositionReference(entries, *text, issues);
        }
      }
    }
    if (reference != nullptr) {
      CheckCompositionReference(entries, *reference, issues);
    }
  }
  CheckSections(entries, composition, issues);
}

/// Every entry is reached from the first one by references, followed in either direction.
void CheckConnected(const BundleEntries& entries, IssueList& issues) {
  const std::vector<BundleEntry>& all = entries.all();
  std::vector<std::vector<std::size_t>> neighbours(all.size());
  for (std::size_t at = 0; at < all.size(); ++at) {
    std::vector<const Node*> references;
    if (all[at].resource != nullptr) {
      CollectReferenceNodes(*all[at].resource, references);
    }
    for (const Node* reference : references) {
      for (const std::size_t target : entries.Resolve(all[at], reference->value)) {
        neighbours[at].push_back(target);
        neighbours[target].push_back(at);
      }
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
             "an entry that the Composition leads to is expected: no reference links this one to it", issues);
    }
  }
}

/// "Practitioner/c757873d-…" beside entries called urn:uuid:… means the entry with that UUID, which is then of that
/// type.
void CheckReferencedTypes(const BundleEntries& entries, IssueList& issues) {
  constexpr std::string_view kUuid = "urn:uuid:";
  for (const BundleEntry& entry : entries.all()) {
    std::vector<const Node*> references;
    if (entry.resource != nullptr && entry.full_url.starts_with(kUuid)) {
      CollectReferenceNodes(*entry.resource, references);
    }
    for (const Node* reference : references) {
      const RestUrl relative = SplitRestUrl(reference->value);
      if (relative.type.empty() || !relative.base.empty()) {
        continue;
      }
      for (const std::size_t target : entries.Resolve(entry, std::string(kUuid) + std::string(relative.id))) {
        const Node* resource = entries.all()[target].resource;
        if (resource != nullptr && Definitions::R4().TypeName(resource->type) != relative.type) {
          Report(*reference->parent, IssueType::kRequired,
                 "a resource of the type in the reference is expected: the entry with that UUID is of another", issues);
        }
      }
    }
  }
}

}  // namespace

void CheckBundle(const Node& bundle, const FamilyContext& context, IssueList& issues) {
  (void)context;
  const std::string_view type = bundle.ChildValue("type");
  const BundleKind* kind = KindOfBundle(type);
  const BundleEntries entries(bundle);
  CheckLinks(bundle, type, issues);
  for (const BundleEntry& entry : entries.all()) {
    CheckFullUrl(entry, kind, issues);
  }
  CheckReferencedTypes(entries, issues);
  if (type == "searchset") {
    CheckSearchSet(bundle, entries, issues);
  }
  if (kind == nullptr || kind->first.empty()) {
    return;
  }
  if (entries.all().empty()) {
    Report(bundle, IssueType::kInvalid, fmt::format("an entry with a {} is expected", kind->first), issues);
    return;
  }
  const BundleEntry& first = entries.all().front();
  if (first.resource == nullptr || Definitions::R4().TypeName(first.resource->type) != kind->first) {
    Report(first.resource != nullptr ? *first.resource : *first.node, IssueType::kInvalid,
           fmt::format("a {} is expected as the first resource of a {}", kind->first, type), issues);
    return;
  }
  if (type == "document") {
    CheckComposition(entries, issues);
    CheckConnected(entries, issues);
  }
}

}  // namespace fhir::validation
