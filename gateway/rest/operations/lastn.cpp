// Observation/$lastn: the most recent observations of each kind.
// Source: https://hl7.org/fhir/R4/observation-operation-lastn.html
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/searchset.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/search_codes.hpp"
#include "gateway/rest/search_parameters.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
namespace search = fhir::search;

constexpr int kPerGroupMax = 1000;

/// Search parameters come as in a search; in a Parameters body each is a parameter with a primitive value.
fhir::Result<http::Pairs> LastnPairs(Call& call) {
  http::Pairs pairs = call.request.query;
  if (call.request.method != http::Method::kPost || call.request.body.empty()) {
    return pairs;
  }
  GW_ASSIGN(const fhir::model::Document body, ReadResource(call));
  if (body.type_name() != "Parameters") {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "the body must be a Parameters resource");
  }
  std::size_t position = 0;
  for (const fhir::model::Node& parameter : body.root().children()) {
    if (parameter.name != "parameter") {
      continue;
    }
    const std::string place = "Parameters.parameter[" + std::to_string(position++) + "]";
    const auto values = parameter.children();
    const auto value = std::find_if(values.begin(), values.end(), [](const fhir::model::Node& child) {
      return child.name.starts_with("value") && child.HasValue();
    });
    if (value == values.end()) {
      auto failure = fhir::Fail(fhir::ErrorCode::kMalformed, "a search parameter must have a primitive value");
      failure.error().expression = place;
      return failure;
    }
    pairs.emplace_back(parameter.ChildValue("name"), value->value);
  }
  return pairs;
}

/// Takes `max` out of the parameters.
fhir::Result<int> TakeMax(http::Pairs& pairs) {
  int max = 1;
  for (auto pair = pairs.begin(); pair != pairs.end();) {
    if (pair->first != "max") {
      ++pair;
      continue;
    }
    const std::string& text = pair->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), max);
    if (error != std::errc() || end != text.data() + text.size() || max < 1 || max > kPerGroupMax) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "max must be an integer from 1 to 1000");
    }
    pair = pairs.erase(pair);
  }
  return max;
}

/// The operation is about one subject, and about a category or codes: without them it would walk the whole record.
fhir::Result<void> CheckLastn(const search::Query& query) {
  bool has_subject = false;
  bool has_kind = false;
  for (const search::Criterion& criterion : query.criteria) {
    const bool positive = criterion.parameter != nullptr && criterion.kind != search::CriterionKind::kMissing &&
                          criterion.kind != search::CriterionKind::kHas &&
                          criterion.modifier != search::Modifier::kNot &&
                          criterion.modifier != search::Modifier::kNotIn;
    if (positive) {
      const std::string_view code = criterion.parameter->code;
      has_subject = has_subject || code == "patient" || code == "subject";
      has_kind = has_kind || code == "category" || code.find("code") != std::string_view::npos;
    }
  }
  if (!has_subject) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "one of the search parameters patient and subject is needed");
  }
  if (!has_kind) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "the search parameter category, or one with a code, is needed");
  }
  if (!query.includes.empty()) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "the operation takes no _include and no _revinclude");
  }
  if (query.contained != search::Contained::kFalse) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "the operation looks at no contained resources");
  }
  return {};
}

}  // namespace

fhir::Result<http::Response> Lastn(Call& call) {
  port::ResourceViews* views = call.service.ports().operations.views;
  if (views == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(http::Pairs pairs, LastnPairs(call));
  for (const auto& [name, value] : pairs) {
    call.audit.parameters.push_back(name);
  }
  port::LatestQuery query;
  GW_ASSIGN(query.per_group, TakeMax(pairs));
  search::ParseOptions options;
  options.base_url = call.options().base_url;
  options.zone = call.options().zone;
  const bool lenient = call.preferences.lenient.value_or(call.options().unknown_parameters_ignored);
  options.unknown = lenient ? search::UnknownParameter::kLenient : search::UnknownParameter::kStrict;
  const SearchCodes codes(call);
  options.code_lists = &codes;
  auto parsed =
      ParseInForce(call, options, call.issues, [&](const search::ParseOptions& in_force, fhir::IssueList& issues) {
        return search::ParseQuery(call.type, pairs, in_force, issues);
      });
  if (!parsed) {
    fhir::Error error = std::move(parsed).error();
    error.code = error.code == fhir::ErrorCode::kInvalid ? fhir::ErrorCode::kMalformed : error.code;
    return std::unexpected(std::move(error));
  }
  query.query = *std::move(parsed);
  GW_TRY(CheckLastn(query.query));
  query.group_by = call.definitions().FindSearchParameter(call.type, "code");
  query.order_by = call.definitions().FindSearchParameter(call.type, "date");
  GW_ASSIGN(std::vector<port::StoredResource> latest, views->Latest(call.actor, query));
  const SubsetOptions subset{.summary = query.query.summary, .elements = query.query.elements};
  Searchset searchset;
  searchset.total = static_cast<std::int64_t>(latest.size());
  for (port::StoredResource& resource : latest) {
    if (!subset.empty()) {
      GW_ASSIGN(resource.body, Subset(resource.body, subset, call.definitions(), call.options().limits));
    }
    if (query.query.summary != search::Summary::kCount) {
      searchset.entries.push_back({.type_name = call.type_name(), .id = resource.id, .body = resource.body});
    }
    call.audit.entities.push_back({resource.type, resource.id, resource.version});
  }
  searchset.self = OperationUrl(call, {{"max", std::to_string(query.per_group)}});
  if (!query.query.self.empty()) {
    searchset.self += "&" + query.query.self;
  }
  if (!call.issues.empty()) {
    searchset.warnings = fhir::operation_outcome::ToOperationOutcome(call.issues);
  }
  return SearchsetResponse(call, searchset);
}

}  // namespace gateway::rest::operations
