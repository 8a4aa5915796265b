#include "fhir/search/extractor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "fhir/search/answering_rows.hpp"
#include "fhir/search/types/composite.hpp"
#include "fhir/search/types/date.hpp"
#include "fhir/search/types/full_text.hpp"
#include "fhir/search/types/near.hpp"
#include "fhir/search/types/number.hpp"
#include "fhir/search/types/quantity.hpp"
#include "fhir/search/types/reference.hpp"
#include "fhir/search/types/string.hpp"
#include "fhir/search/types/token.hpp"
#include "fhir/search/types/uri.hpp"

namespace fhir::search {
namespace {

/// Parameters that are columns of the resource, or not values at all.
bool IsColumn(std::string_view code) {
  return code == "_id" || code == "_lastUpdated";
}

void IndexItem(const IndexContext& context, const metadata::SearchParameter& parameter, const fhirpath::Item& item,
               IndexValues& out) {
  switch (parameter.type) {
    case metadata::SearchType::kString:
      return IndexString(context, parameter, item, out);
    case metadata::SearchType::kToken:
      return IndexToken(context, parameter.id, item, out);
    case metadata::SearchType::kReference:
      return IndexReference(context, parameter.id, item, out);
    case metadata::SearchType::kDate:
      return IndexDate(context, parameter.id, item, out);
    case metadata::SearchType::kNumber:
      return IndexNumber(context, parameter.id, item, out);
    case metadata::SearchType::kQuantity:
      return IndexQuantity(context, parameter.id, item, out);
    case metadata::SearchType::kUri:
      return IndexUri(context, parameter.id, item, out);
    case metadata::SearchType::kSpecial:
      return IndexPosition(context, parameter.id, item, out);
    case metadata::SearchType::kComposite:
      return;
  }
}

template <typename Row, typename Key>
void RemoveDuplicates(std::vector<Row>& rows, Key key) {
  std::ranges::sort(rows, [&](const Row& a, const Row& b) { return key(a) < key(b); });
  const auto rest = std::ranges::unique(rows, [&](const Row& a, const Row& b) { return key(a) == key(b); });
  rows.erase(rest.begin(), rest.end());
}

auto CompositeKey(const CompositeIndex& r) {
  return std::tie(r.parameter, r.token.code, r.token.system, r.second_token.code, r.second_token.system, r.quantity.low,
                  r.quantity.high, r.quantity.system, r.quantity.code, r.quantity.unit, r.second_number.low,
                  r.second_number.high, r.date.low_us, r.date.high_us, r.string.folded, r.reference.type,
                  r.reference.id, r.reference.url);
}

void RemoveAllDuplicates(IndexValues& out) {
  RemoveDuplicates(out.strings, [](const StringIndex& r) { return std::tie(r.parameter, r.folded, r.exact); });
  RemoveDuplicates(out.tokens, [](const TokenIndex& r) {
    return std::tie(r.parameter, r.system, r.code, r.identifier_type, r.text);
  });
  RemoveDuplicates(out.references, [](const ReferenceIndex& r) { return std::tie(r.parameter, r.type, r.id, r.url); });
  RemoveDuplicates(out.dates, [](const DateIndex& r) { return std::tie(r.parameter, r.low_us, r.high_us); });
  RemoveDuplicates(out.numbers, [](const NumberIndex& r) { return std::tie(r.parameter, r.low, r.high); });
  RemoveDuplicates(out.quantities, [](const QuantityIndex& r) {
    return std::tie(r.parameter, r.low, r.high, r.system, r.code, r.unit);
  });
  RemoveDuplicates(out.uris, [](const UriIndex& r) { return std::tie(r.parameter, r.uri); });
  RemoveDuplicates(out.composites, [](const CompositeIndex& r) { return CompositeKey(r); });
  RemoveDuplicates(out.positions,
                   [](const PositionIndex& r) { return std::tie(r.parameter, r.latitude, r.longitude); });
}

}  // namespace

Extractor::Extractor(const metadata::Definitions& definitions, std::shared_ptr<const CustomParameters> custom)
    : definitions_(definitions), custom_(std::move(custom)), types_(definitions) {
  for (const metadata::TypeId type : definitions.ResourceTypes()) {
    if (type >= by_type_.size()) by_type_.resize(type + std::size_t{1});
    by_type_[type] = std::make_unique<TypePlans>();
  }
}

const Extractor::TypePlans& Extractor::PlansOf(metadata::TypeId type) {
  TypePlans& plans = *by_type_[type];
  std::call_once(plans.once, [&] {
    for (const metadata::SearchParameter& parameter : definitions_.SearchParameters(type)) {
      AddPlan(type, parameter, plans);
    }
    if (custom_ == nullptr) return;
    for (const metadata::SearchParameter& parameter : custom_->Of(type)) AddPlan(type, parameter, plans);
  });
  return plans;
}

void Extractor::AddPlan(metadata::TypeId type, const metadata::SearchParameter& parameter, TypePlans& plans) {
  if (parameter.code == "_text") plans.narrative = &parameter;
  if (parameter.code == "_content") plans.content = &parameter;
  if (parameter.expression.empty() || IsColumn(parameter.code)) return;
  const bool answered = !RowsAnswering(type, parameter.id, parameter.type).own;
  if (answered && parameter.type != metadata::SearchType::kReference) return;
  auto compiled = fhirpath::Compile(parameter.expression, definitions_);
  if (!compiled) {
    plans.failures.emplace_back(parameter.code);
    return;
  }
  Plan plan{&parameter, *std::move(compiled)};
  plan.identifiers_only = answered;
  for (const metadata::SearchComponent& component : metadata::ComponentsOf(parameter)) {
    auto part = fhirpath::Compile(component.expression, definitions_);
    if (!part) {
      plans.failures.emplace_back(parameter.code);
      return;
    }
    plan.components.push_back(*std::move(part));
  }
  plans.plans.push_back(std::move(plan));
}

/// `part` is what the composite's expression gives: the components' expressions start there.
void Extractor::ExtractComposite(const Plan& plan, const fhirpath::Item& part, const IndexContext& context,
                                 const fhirpath::EvaluationContext& evaluation, IndexValues& out, IssueList& issues) {
  if (!part.IsNode()) return;
  const auto components = metadata::ComponentsOf(*plan.parameter);
  std::vector<IndexValues> values(components.size());
  for (std::size_t i = 0; i < components.size(); ++i) {
    const auto items = fhirpath::Evaluate(plan.components[i], evaluation, *part.node);
    if (!items) {
      issues.Add(Severity::kWarning, IssueType::kProcessing,
                 fmt::format("Search parameter '{}' is not indexed: {}", plan.parameter->code,
                             items.error().public_text.text));
      return;
    }
    metadata::SearchParameter component = *plan.parameter;
    component.type = components[i].type;
    component.code = components[i].code;
    for (const fhirpath::Item& item : *items) IndexItem(context, component, item, values[i]);
    // A text without a code is nothing a composite could ask for; an identifier, which a policy might hide, is none.
    std::erase_if(values[i].tokens,
                  [](const TokenIndex& row) { return row.code.empty() || !row.identifier_type.empty(); });
    if (components[i].type == metadata::SearchType::kToken && values[i].tokens.empty()) return;
  }
  if (!IndexComposite(plan.parameter->id, components, values, out)) {
    issues.Add(Severity::kWarning, IssueType::kProcessing,
               fmt::format("Search parameter '{}' has too many combinations of values here: {} are indexed.",
                           plan.parameter->code, kCombinationsMax));
  }
}

IndexValues Extractor::Extract(const model::Node& resource, const ExtractOptions& options, IssueList& issues) {
  IndexValues out;
  if (resource.type >= by_type_.size() || by_type_[resource.type] == nullptr) {
    issues.Add(Severity::kWarning, IssueType::kNotSupported, "Not a resource type: no search parameters.");
    return out;
  }
  const TimeZone* zone = &TimeZone::Utc();
  if (const auto found = TimeZone::Find(options.zone)) {
    zone = *found;
  } else {
    issues.Add(Severity::kWarning, IssueType::kProcessing, "The zone for dates without one is unknown; UTC is used.");
  }
  IndexValues identifiers;  // of references that other parameters' rows answer, whose identifiers are rows of their own
  const IndexContext context{definitions_, types_, *zone, options.base_url};
  fhirpath::EvaluationContext evaluation;
  evaluation.resource = &resource;
  const TypePlans& plans = PlansOf(resource.type);
  for (const std::string& code : plans.failures) {
    issues.Add(Severity::kWarning, IssueType::kProcessing,
               fmt::format("Search parameter '{}' has an expression that cannot be read.", code));
  }
  const auto wanted = [&](std::uint16_t parameter) {
    if (options.standard_only && parameter >= kCustomNumberFirst) return false;
    return !options.only || std::ranges::find(*options.only, parameter) != options.only->end();
  };
  for (const Plan& plan : plans.plans) {
    if (!wanted(plan.parameter->id)) continue;
    const auto items = fhirpath::Evaluate(plan.expression, evaluation, resource);
    if (!items) {
      issues.Add(Severity::kWarning, IssueType::kProcessing,
                 fmt::format("Search parameter '{}' is not indexed: {}", plan.parameter->code,
                             items.error().public_text.text));
      continue;
    }
    for (const fhirpath::Item& item : *items) {
      if (plan.parameter->type == metadata::SearchType::kComposite) {
        ExtractComposite(plan, item, context, evaluation, out, issues);
      } else {
        IndexItem(context, *plan.parameter, item, plan.identifiers_only ? identifiers : out);
      }
    }
  }
  const std::string_view type_name = definitions_.TypeName(resource.type);
  if (plans.narrative != nullptr && wanted(plans.narrative->id) && NamesType(options.narrative_types, type_name)) {
    IndexNarrative(plans.narrative->id, resource, out);
  }
  if (plans.content != nullptr && wanted(plans.content->id) && NamesType(options.content_types, type_name)) {
    IndexContent(definitions_, plans.content->id, resource, out);
  }
  std::ranges::move(identifiers.tokens, std::back_inserter(out.tokens));
  RemoveAllDuplicates(out);
  return out;
}

IndexValues ExtractIndexValues(Extractor& extractor, const model::Node& resource, const ExtractOptions& options,
                               IssueList& issues) {
  return extractor.Extract(resource, options, issues);
}

IndexValues ExtractIndexValues(const model::Node& resource, const ExtractOptions& options, IssueList& issues) {
  Extractor extractor;
  return extractor.Extract(resource, options, issues);
}

}  // namespace fhir::search
