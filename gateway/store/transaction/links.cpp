#include "gateway/store/transaction/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/bundle/references.hpp"
#include "fhir/search/query_parser.hpp"
#include "fhir/validation/expression.hpp"
#include "gateway/store/transaction/conditions.hpp"

namespace gateway::store::transaction {
namespace {

using fhir::metadata::Definitions;

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

std::string PlaceOf(const Step& step, const fhir::model::Node& node) {
  const std::string expression = fhir::validation::ExpressionOf(node);
  if (step.change.place.empty()) {
    return expression;
  }
  const std::size_t dot = expression.find('.');
  return step.change.place + (dot == std::string::npos ? std::string() : expression.substr(dot));
}

std::unexpected<fhir::Error> RefusedAt(fhir::ErrorCode code, std::string text, std::string place) {
  fhir::Error error;
  error.code = code;
  error.public_text.text = std::move(text);
  error.expression = std::move(place);
  return std::unexpected(std::move(error));
}

// A transaction's urn:uuid must name one of its entries; without fullUrls, urns are the sender's own affair.
fhir::Result<void> CheckUuidsResolved(const Step& step, const LinkTargets& links) {
  if (IsBundle(step)) {
    return {};
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
      return RefusedAt(fhir::ErrorCode::kInvalid, "A reference names an entry that the transaction does not have.",
                       PlaceOf(step, *use.node));
    }
  }
  return {};
}

void CollectFullUrls(std::span<const Step> steps, LinkTargets& links) {
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

/// The searches that stand in references, each once.
class ConditionalReferences {
 public:
  explicit ConditionalReferences(const ApplyContext& context) : context_(context) {
    options_.base_url = context.options.base_url;
    options_.zone = context.options.zone;
    options_.now_us = context.now_us;
    options_.custom = context.search_parameters;
  }

  fhir::Result<void> Collect(const Step& step) {
    for (const auto& use : fhir::bundle::CollectReferences(step.change.resource->root())) {
      const std::size_t question = use.reference.find('?');
      if (question == std::string_view::npos) {
        continue;
      }
      const auto type = Definitions::R4().FindType(use.reference.substr(0, question));
      if (!Definitions::R4().IsResource(type) || !seen_.emplace(use.reference).second) {
        continue;
      }
      auto query = fhir::search::ParseConditional(type, use.reference.substr(question + 1), options_);
      if (!query) {
        query.error().expression = PlaceOf(step, *use.node);
        return std::unexpected(std::move(query).error());
      }
      found_.push_back({std::string(use.reference), PlaceOf(step, *use.node), *std::move(query)});
    }
    return {};
  }

  fhir::Result<void> Resolve(LinkTargets& links) const {
    if (found_.empty()) {
      return {};
    }
    std::vector<const fhir::search::Query*> queries;
    queries.reserve(found_.size());
    for (const auto& reference : found_) {
      queries.push_back(&reference.query);
    }
    GW_ASSIGN(const auto matches, ResolveConditions(context_.session, context_.grants, queries, ConditionLock::kNone));
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const ConditionalReference& reference = found_[i];
      if (matches[i].size() != 1) {
        return RefusedAt(
            matches[i].empty() ? fhir::ErrorCode::kInvalid : fhir::ErrorCode::kMultipleMatches,
            fmt::format("A conditional reference to {} matches {}.", Definitions::R4().TypeName(reference.query.type),
                        matches[i].empty() ? "nothing" : "more than one resource"),
            reference.place);
      }
      links.insert_or_assign(reference.text, LocalReferenceTo(reference.query.type, matches[i].front()));
    }
    return {};
  }

 private:
  const ApplyContext& context_;
  fhir::search::ParseOptions options_;
  std::set<std::string, std::less<>> seen_;
  std::vector<ConditionalReference> found_;
};

void MakeLinksRelative(const ApplyContext& context, Step& step) {
  if (!IsBundle(step)) {
    MakeRelative(*step.change.resource, step.change.resource->root(), context.options.base_url);
  }
}

}  // namespace

fhir::Result<LinkTargets> CollectLinks(const ApplyContext& context, std::span<Step> steps) {
  LinkTargets targets;
  CollectFullUrls(steps, targets);
  const bool named =
      std::any_of(steps.begin(), steps.end(), [](const Step& step) { return !step.change.full_url.empty(); });
  ConditionalReferences conditional(context);
  for (Step& step : steps) {
    const bool held = IsHeldAsText(step);
    if (held) {
      GW_TRY(ReadHeld(context, step));
    }
    if (!step.change.resource) {
      continue;
    }
    MakeLinksRelative(context, step);
    if (named) {
      GW_TRY(CheckUuidsResolved(step, targets));
    }
    GW_TRY(conditional.Collect(step));
    if (held) {
      step.change.resource.reset();
    }
  }
  GW_TRY(conditional.Resolve(targets));
  return targets;
}

void RewriteLinks(const ApplyContext& context, const LinkTargets& targets, Step& step) {
  if (!step.change.resource) {
    return;
  }
  MakeLinksRelative(context, step);
  if (targets.empty()) {
    return;
  }
  fhir::bundle::RewriteReferences(*step.change.resource, step.change.resource->root(),
                                  [&](std::string_view link) -> std::optional<std::string> {
                                    const auto found = targets.find(std::string(link));
                                    return found != targets.end() ? std::optional(found->second) : std::nullopt;
                                  });
}

}  // namespace gateway::store::transaction
