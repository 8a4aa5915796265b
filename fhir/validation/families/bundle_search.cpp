#include "fhir/validation/families/bundle_search.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

/// The resource types that a search URL asks for; empty for any.
std::vector<std::string_view> SearchedTypes(std::string_view url) {
  const Definitions& definitions = Definitions::R4();
  const std::size_t question = url.find('?');
  const std::string_view path = url.substr(0, question);
  const std::string_view last = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  if (definitions.IsResource(definitions.FindType(last))) {
    return {last};
  }
  std::vector<std::string_view> types;
  constexpr std::string_view kType = "_type=";
  std::string_view query = question == std::string_view::npos ? std::string_view{} : url.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    std::string_view parameter = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (!parameter.starts_with(kType)) {
      continue;
    }
    parameter.remove_prefix(kType.size());
    while (!parameter.empty()) {
      const std::size_t comma = parameter.find(',');
      types.push_back(parameter.substr(0, comma));
      parameter.remove_prefix(comma == std::string_view::npos ? parameter.size() : comma + 1);
    }
  }
  return types;
}

std::string_view SelfLink(const Node& bundle) {
  for (const Node& link : bundle.children()) {
    if (link.name == "link" && link.ChildValue("relation") == "self") {
      return link.ChildValue("url");
    }
  }
  return {};
}

}  // namespace

void CheckSearchSet(const Node& bundle, const BundleEntries& entries, IssueList& issues) {
  const std::string_view self = SelfLink(bundle);
  if (self.empty()) {
    Report(bundle, IssueType::kInformational, "a self link is expected, which says what was searched for", issues,
           Severity::kWarning);
  }
  const std::vector<std::string_view> types = SearchedTypes(self);
  for (const BundleEntry& entry : entries.all()) {
    if (entry.resource == nullptr) {
      continue;
    }
    const std::string_view mode = entry.node->FindValue("search.mode");
    const std::string_view type = Definitions::R4().TypeName(entry.resource->type);
    if (mode == "outcome") {
      if (type != "OperationOutcome") {
        Report(*entry.resource, IssueType::kInvalid, "an OperationOutcome is expected in an entry of mode outcome",
               issues);
      }
      continue;
    }
    if (entry.resource->ChildValue("id").empty() && (!mode.empty() || type != "OperationOutcome")) {
      Report(*entry.resource, IssueType::kInvalid, "an id is expected on what a search finds", issues,
             mode.empty() ? Severity::kWarning : Severity::kError);
    }
    if (mode != "include" && type != "OperationOutcome" && !types.empty() &&
        std::find(types.begin(), types.end(), type) == types.end()) {
      Report(*entry.resource, IssueType::kInvalid, "a resource of a type that was searched for is expected", issues,
             mode.empty() ? Severity::kWarning : Severity::kError);
    }
    if (mode == "match" && type == "OperationOutcome" && std::find(types.begin(), types.end(), type) == types.end()) {
      Report(*entry.resource, IssueType::kInvalid, "an OperationOutcome is expected in entries of mode outcome alone",
             issues);
    }
  }
}

}  // namespace fhir::validation
