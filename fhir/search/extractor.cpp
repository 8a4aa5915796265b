#include "fhir/search/extractor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "fhir/search/types/date.hpp"
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
      return IndexString(context, parameter.id, item, out);
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
    case metadata::SearchType::kComposite:
    case metadata::SearchType::kSpecial:
      return;
  }
}

template <typename Row, typename Key>
void RemoveDuplicates(std::vector<Row>& rows, Key key) {
  std::ranges::sort(rows, [&](const Row& a, const Row& b) { return key(a) < key(b); });
  const auto rest = std::ranges::unique(rows, [&](const Row& a, const Row& b) { return key(a) == key(b); });
  rows.erase(rest.begin(), rest.end());
}

void RemoveAllDuplicates(IndexValues& out) {
  RemoveDuplicates(out.strings, [](const StringIndex& r) { return std::tie(r.parameter, r.folded, r.exact); });
  RemoveDuplicates(out.tokens,
                   [](const TokenIndex& r) { return std::tie(r.parameter, r.system, r.code, r.identifier_type); });
  RemoveDuplicates(out.references, [](const ReferenceIndex& r) { return std::tie(r.parameter, r.type, r.id, r.url); });
  RemoveDuplicates(out.dates, [](const DateIndex& r) { return std::tie(r.parameter, r.low_us, r.high_us); });
  RemoveDuplicates(out.numbers, [](const NumberIndex& r) { return std::tie(r.parameter, r.low, r.high); });
  RemoveDuplicates(out.quantities,
                   [](const QuantityIndex& r) { return std::tie(r.parameter, r.low, r.high, r.system, r.code); });
  RemoveDuplicates(out.uris, [](const UriIndex& r) { return std::tie(r.parameter, r.uri); });
}

}  // namespace

Extractor::Extractor(const metadata::Definitions& definitions) : definitions_(definitions), types_(definitions) {
  for (const metadata::TypeId type : definitions.ResourceTypes()) {
    if (type >= by_type_.size()) by_type_.resize(type + std::size_t{1});
    by_type_[type] = std::make_unique<TypePlans>();
  }
}

const Extractor::TypePlans& Extractor::PlansOf(metadata::TypeId type) {
  TypePlans& plans = *by_type_[type];
  std::call_once(plans.once, [&] {
    for (const metadata::SearchParameter& parameter : definitions_.SearchParameters(type)) {
      if (parameter.expression.empty() || IsColumn(parameter.code) ||
          parameter.type == metadata::SearchType::kComposite || parameter.type == metadata::SearchType::kSpecial) {
        continue;
      }
      if (auto compiled = fhirpath::Compile(parameter.expression, definitions_)) {
        plans.plans.push_back({&parameter, *std::move(compiled)});
      } else {
        plans.failures.emplace_back(parameter.code);
      }
    }
  });
  return plans;
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
  const IndexContext context{definitions_, types_, *zone, options.base_url};
  const fhirpath::EvaluationContext evaluation;
  const TypePlans& plans = PlansOf(resource.type);
  for (const std::string& code : plans.failures) {
    issues.Add(Severity::kWarning, IssueType::kProcessing,
               fmt::format("Search parameter '{}' has an expression that cannot be read.", code));
  }
  for (const Plan& plan : plans.plans) {
    const auto items = fhirpath::Evaluate(plan.expression, evaluation, resource);
    if (!items) {
      issues.Add(Severity::kWarning, IssueType::kProcessing,
                 fmt::format("Search parameter '{}' is not indexed: {}", plan.parameter->code,
                             items.error().public_text.text));
      continue;
    }
    for (const fhirpath::Item& item : *items) IndexItem(context, *plan.parameter, item, out);
  }
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
