#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/bundle_entries.hpp"
#include "fhir/validation/families/bundle_references.hpp"
#include "fhir/validation/families/bundle_search.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/reference_form.hpp"

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
  if (!IsAbsoluteUri(entry.full_url)) {
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

constexpr std::string_view kPaging[] = {"first", "last", "next", "previous"};

/// Relations that mean one page each stand once; outside of searches and histories there are no pages.
void CheckLinks(const Node& bundle, std::string_view type, IssueList& issues) {
  const bool paged = type == "searchset" || type == "history";
  std::vector<std::string_view> seen;
  for (const Node& link : bundle.children()) {
    const Node* relation = link.name == "link" ? link.Child("relation") : nullptr;
    if (relation == nullptr) {
      continue;
    }
    const bool paging = std::find(std::begin(kPaging), std::end(kPaging), relation->value) != std::end(kPaging);
    if (paging && !paged) {
      Report(*relation, IssueType::kInvalid, "links between pages are expected in searches and histories alone",
             issues);
    } else if (paging || relation->value == "self") {
      if (std::find(seen.begin(), seen.end(), relation->value) != seen.end()) {
        Report(paged ? link : *relation, IssueType::kInvalid, "one link of this relation is expected", issues);
      }
      seen.push_back(relation->value);
    }
  }
}

/// A style sheet that is no absolute URL is an entry of the document.
void CheckStyleSheet(const Node& bundle, const BundleEntries& entries, IssueList& issues) {
  for (const Node& link : bundle.children()) {
    const Node* url = link.name == "link" && link.ChildValue("relation") == "stylesheet" ? link.Child("url") : nullptr;
    if (url != nullptr && url->HasValue() && !IsAbsoluteUri(url->value) && entries.OfTypeAndId(url->value).empty()) {
      Report(*url, IssueType::kNotFound, "the type and id of a resource of this document are expected", issues);
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
  CheckBundleReferences(entries, type, issues);
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
    CheckStyleSheet(bundle, entries, issues);
    CheckComposition(entries, issues);
    CheckConnected(bundle, entries, Severity::kError, issues);
  } else if (type == "message") {
    CheckMessageFocus(entries, issues);
    CheckConnected(bundle, entries, Severity::kWarning, issues);
  }
}

}  // namespace fhir::validation
