#include "gateway/store/transaction/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/bundle/references.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/store/transaction/conditions.hpp"

namespace gateway::store::transaction {
namespace {

using fhir::metadata::Definitions;
using Links = std::unordered_map<std::string, std::string>;

struct ConditionalReference {
  std::string text;
  std::string place;
  fhir::search::Query query;
};

std::string LocalReferenceTo(fhir::metadata::TypeId type, std::string_view id) {
  return fmt::format("{}/{}", Definitions::R4().TypeName(type), id);
}

/// "<base_url>/Type…" without its beginning, for a resource type; empty for anything else.
std::string_view BelowBase(std::string_view link, std::string_view base_url) {
  while (base_url.ends_with('/')) {
    base_url.remove_suffix(1);
  }
  if (base_url.empty() || !link.starts_with(base_url) || link.size() <= base_url.size() ||
      link[base_url.size()] != '/') {
    return {};
  }
  const std::string_view below = link.substr(base_url.size() + 1);
  const auto& r4 = Definitions::R4();
  return r4.IsResource(r4.FindType(below.substr(0, below.find_first_of("/?")))) ? below : std::string_view();
}

/// Every place that the index or a reaction follows: References, and urls of attachments.
void MakeRelative(fhir::model::Document& document, fhir::model::Node& node, std::string_view base_url) {
  if (node.HasValue() && node.parent != nullptr && (node.name == "reference" || node.name == "url")) {
    static const auto kReference = Definitions::R4().FindType("Reference");
    static const auto kAttachment = Definitions::R4().FindType("Attachment");
    if (node.parent->type == kReference || node.parent->type == kAttachment) {
      if (const std::string below(BelowBase(node.value, base_url)); !below.empty()) {
        document.SetValue(node, below);
      }
    }
  }
  for (auto& child : node.children()) {
    MakeRelative(document, child, base_url);
  }
}

bool IsBundle(const Step& step) {
  static const auto kBundle = Definitions::R4().FindType("Bundle");
  return step.change.type == kBundle;
}

// A transaction's urn:uuid must name one of its entries; without fullUrls, urns are the sender's own affair.
fhir::Result<void> CheckUuidsResolved(std::span<const Step> steps, const Links& links) {
  const bool named =
      std::any_of(steps.begin(), steps.end(), [](const Step& step) { return !step.change.full_url.empty(); });
  if (!named) {
    return {};
  }
  for (const auto& step : steps) {
    if (!step.change.resource || IsBundle(step)) {
      continue;
    }
    // What a resource had before it was patched stays its own affair.
    std::set<std::string_view> stored;
    if (step.before) {
      for (const auto& use : fhir::bundle::CollectReferences(step.before->root())) {
        stored.insert(use.reference);
      }
    }
    for (const auto& use : fhir::bundle::CollectReferences(step.change.resource->root())) {
      if (use.reference.starts_with("urn:uuid:") && !links.contains(std::string(use.reference)) &&
          !stored.contains(use.reference)) {
        fhir::Error error;
        error.code = fhir::ErrorCode::kInvalid;
        error.public_text.text = "A reference names an entry that the transaction does not have.";
        error.expression = step.change.place;
        return std::unexpected(std::move(error));
      }
    }
  }
  return {};
}

void CollectFullUrls(std::span<const Step> steps, Links& links) {
  for (const auto& step : steps) {
    if (step.change.full_url.empty() || step.id.empty()) {
      continue;
    }
    std::string target = LocalReferenceTo(step.change.type, step.id);
    // An entry that gets another id than its fullUrl says may be referred to by the relative form as well.
    const std::string_view full_url = step.change.full_url;
    const std::size_t slash = full_url.rfind('/');
    if (full_url.starts_with("http") && slash != std::string_view::npos) {
      links.emplace(LocalReferenceTo(step.change.type, full_url.substr(slash + 1)), target);
    }
    links.insert_or_assign(step.change.full_url, std::move(target));
  }
}

fhir::Result<void> CollectConditional(const ApplyContext& context, std::span<const Step> steps,
                                      std::vector<ConditionalReference>& found) {
  fhir::search::ParseOptions options;
  options.base_url = context.options.base_url;
  options.zone = context.options.zone;
  options.now_us = context.now_us;
  options.custom = context.search_parameters;
  std::unordered_map<std::string_view, bool> seen;
  for (const auto& step : steps) {
    if (!step.change.resource) {
      continue;
    }
    for (const auto& use : fhir::bundle::CollectReferences(step.change.resource->root())) {
      const std::size_t question = use.reference.find('?');
      if (question == std::string_view::npos) {
        continue;
      }
      const auto type = Definitions::R4().FindType(use.reference.substr(0, question));
      if (!Definitions::R4().IsResource(type) || !seen.emplace(use.reference, true).second) {
        continue;
      }
      auto query = fhir::search::ParseConditional(type, use.reference.substr(question + 1), options);
      if (!query) {
        query.error().expression = step.change.place;
        return std::unexpected(std::move(query).error());
      }
      found.push_back({std::string(use.reference), step.change.place, *std::move(query)});
    }
  }
  return {};
}

fhir::Result<void> ResolveConditional(const ApplyContext& context, std::span<const ConditionalReference> references,
                                      Links& links) {
  std::vector<const fhir::search::Query*> queries;
  for (const auto& reference : references) {
    queries.push_back(&reference.query);
  }
  GW_ASSIGN(const auto matches, ResolveConditions(context.session, context.grants, queries, ConditionLock::kNone));
  for (std::size_t i = 0; i < references.size(); ++i) {
    if (matches[i].size() == 1) {
      links.insert_or_assign(references[i].text, LocalReferenceTo(references[i].query.type, matches[i].front()));
      continue;
    }
    fhir::Error error;
    error.code = matches[i].empty() ? fhir::ErrorCode::kInvalid : fhir::ErrorCode::kMultipleMatches;
    error.public_text.text =
        fmt::format("A conditional reference to {} matches {}.", Definitions::R4().TypeName(references[i].query.type),
                    matches[i].empty() ? "nothing" : "more than one resource");
    error.expression = references[i].place;
    return std::unexpected(std::move(error));
  }
  return {};
}

}  // namespace

fhir::Result<void> RewriteLinks(const ApplyContext& context, std::span<Step> steps) {
  for (auto& step : steps) {
    if (step.change.resource && !IsBundle(step)) {
      MakeRelative(*step.change.resource, step.change.resource->root(), context.options.base_url);
    }
  }
  Links links;
  CollectFullUrls(steps, links);
  GW_TRY(CheckUuidsResolved(steps, links));
  std::vector<ConditionalReference> conditional;
  GW_TRY(CollectConditional(context, steps, conditional));
  if (!conditional.empty()) {
    GW_TRY(ResolveConditional(context, conditional, links));
  }
  if (links.empty()) {
    return {};
  }
  const auto lookup = [&](std::string_view link) -> std::optional<std::string> {
    const auto found = links.find(std::string(link));
    return found != links.end() ? std::optional(found->second) : std::nullopt;
  };
  for (auto& step : steps) {
    if (step.change.resource) {
      fhir::bundle::RewriteReferences(*step.change.resource, step.change.resource->root(), lookup);
    }
  }
  return {};
}

}  // namespace gateway::store::transaction
