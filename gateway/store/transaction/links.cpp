#include "gateway/store/transaction/links.hpp"

#include <fmt/format.h>

#include <optional>
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
  const fhir::search::ParseOptions options{
      .base_url = context.options.base_url, .zone = context.options.zone, .now_us = context.now_us};
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
  Links links;
  CollectFullUrls(steps, links);
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
