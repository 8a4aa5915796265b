#include "gateway/rest/named_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/resource_views.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/search/query_text.hpp"
#include "gateway/http/target.hpp"

namespace gateway::rest {
namespace {

namespace search = fhir::search;
using fhir::model::Document;
using fhir::model::Node;

constexpr std::size_t kDefinitionsMax = 100;  // of one code
constexpr std::string_view kQueryName = "_query";

std::unexpected<fhir::Error> RefuseNamed(fhir::ErrorCode code, std::string text) {
  auto failure = fhir::Fail(code, std::move(text));
  failure.error().expression = std::string(kQueryName);
  return failure;
}

/// Whether a definition is of a query, in use, for what the path names.
bool IsFor(const Call& call, const Node& root) {
  if (root.ChildValue("kind") != "query" || root.ChildValue("status") != "active") {
    return false;
  }
  if (call.type == fhir::metadata::kNoType) {
    return root.ChildValue("system") == "true";
  }
  bool of_type = false;
  for (const Node& child : root.children()) {
    of_type = of_type || (child.name == "resource" && (child.value == call.type_name() || child.value == "Resource"));
  }
  return of_type && root.ChildValue("type") == "true";
}

fhir::Result<Document> FindDefinition(const Call& call, const std::string& code) {
  adapters::port::ResourceViews* const views = call.service.ports().operations.views;
  const auto unknown = [&] {
    return RefuseNamed(
        fhir::ErrorCode::kUnsupported,
        fmt::format("_query: no query of that name is known for {}",
                    call.type == fhir::metadata::kNoType ? std::string_view("the system") : call.type_name()));
  };
  if (views == nullptr) {
    return unknown();
  }
  search::Query query;
  query.type = call.definitions().FindType("OperationDefinition");
  search::Criterion criterion;
  criterion.parameter = call.definitions().FindSearchParameter(query.type, "code");
  criterion.values.push_back(search::TokenValue{.system = {}, .code = code});
  query.criteria.push_back(std::move(criterion));
  GW_ASSIGN(const auto heads, views->FindHeads(call.actor, std::span(&query, 1), kDefinitionsMax));
  std::vector<adapters::port::ResourceKey> keys;
  keys.reserve(heads.size());
  for (const auto& head : heads) {
    keys.push_back({head.type, head.id});
  }
  if (keys.empty()) {
    return unknown();
  }
  GW_ASSIGN(const auto resources, views->ReadMany(call.actor, keys));
  std::optional<Document> found;
  for (const auto& resource : resources) {
    fhir::IssueList ignored(1);
    GW_ASSIGN(Document document, fhir::json::ReadJson(resource.body, call.options().limits, ignored));
    if (!IsFor(call, document.root()) || document.root().ChildValue("code") != code) {
      continue;
    }
    if (found) {
      return RefuseNamed(fhir::ErrorCode::kInvalid, "_query: several active OperationDefinitions have that code");
    }
    found = std::move(document);
  }
  if (!found) {
    return unknown();
  }
  return *std::move(found);
}

/// A parameter of the definition, and the values given for it.
struct Place {
  std::string_view name;
  std::vector<std::string> values;
};

/// Takes the parameters of the query out of `given`.
fhir::Result<std::vector<Place>> TakePlaces(const Node& definition, http::Pairs& given) {
  std::vector<Place> places;
  for (const Node& parameter : definition.children()) {
    if (parameter.name != "parameter" || parameter.ChildValue("use") != "in") {
      continue;
    }
    Place place{.name = parameter.ChildValue("name"), .values = {}};
    std::erase_if(given, [&](const auto& pair) {
      if (pair.first != place.name) {
        return false;
      }
      if (!pair.second.empty()) {
        place.values.push_back(pair.second);
      }
      return true;
    });
    const std::string_view min = parameter.ChildValue("min");
    if (place.values.empty() && !min.empty() && min != "0") {
      return RefuseNamed(fhir::ErrorCode::kMalformed,
                         fmt::format("the parameter \"{}\" of the named query is missing", place.name));
    }
    if (place.values.size() > 1 && parameter.ChildValue("max") != "*") {
      return RefuseNamed(fhir::ErrorCode::kMalformed,
                         fmt::format("the parameter \"{}\" of the named query is given twice", place.name));
    }
    places.push_back(std::move(place));
  }
  return places;
}

/// The names between braces, in order; nullopt for braces that do not pair.
std::optional<std::vector<std::string_view>> PlacesIn(std::string_view text) {
  std::vector<std::string_view> names;
  while (true) {
    const std::size_t open = text.find_first_of("{}");
    if (open == std::string_view::npos) {
      return names;
    }
    const std::size_t close = text.find_first_of("{}", open + 1);
    if (text[open] != '{' || close == std::string_view::npos || text[close] != '}') {
      return std::nullopt;
    }
    names.push_back(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
}

/// `text` with values in its places: one text for each value of the first place, with the first value of the others.
/// None when one has no value.
std::vector<std::string> Fill(std::string_view text, const std::vector<const Place*>& in_order) {
  std::vector<std::string> filled;
  if (std::ranges::any_of(in_order, [](const Place* place) { return place->values.empty(); })) {
    return filled;
  }
  const std::size_t times = in_order.empty() ? 1 : in_order.front()->values.size();
  for (std::size_t i = 0; i < times; ++i) {
    std::string value;
    std::string_view rest = text;
    for (std::size_t at = 0; at < in_order.size(); ++at) {
      const std::size_t open = rest.find('{');
      value += rest.substr(0, open);
      value += in_order[at]->values[in_order[at] == in_order.front() ? i : 0];
      rest.remove_prefix(rest.find('}') + 1);
    }
    filled.push_back(value + std::string(rest));
  }
  return filled;
}

fhir::Result<http::Pairs> WriteSearch(const Node& definition, const std::vector<Place>& places) {
  const auto no_use = [](std::string_view why) {
    return RefuseNamed(fhir::ErrorCode::kInvalid, fmt::format("_query: the OperationDefinition is of no use: {}", why));
  };
  std::string_view text;
  for (const Node& child : definition.children()) {
    if (child.name == "extension" && child.ChildValue("url") == kNamedQueryExtension) {
      text = child.ChildValue("valueString");
    }
  }
  if (text.empty()) {
    return no_use("no extension says what it searches");
  }
  const auto pairs = http::ParseQuery(text);
  if (!pairs) {
    return no_use("its search is not one of a URL");
  }
  http::Pairs written;
  for (const auto& [name, value] : *pairs) {
    const auto names = PlacesIn(value);
    if (!names || name.find_first_of("{}") != std::string::npos || name == kQueryName) {
      return no_use("places are {name}, in values alone");
    }
    std::vector<const Place*> in_order;
    for (const std::string_view wanted : *names) {
      const auto place = std::ranges::find(places, wanted, &Place::name);
      if (place == places.end()) {
        return no_use("a place has the name of no parameter of use \"in\"");
      }
      in_order.push_back(&*place);
    }
    for (std::string& filled : Fill(value, in_order)) {
      written.emplace_back(name, std::move(filled));
    }
  }
  return written;
}

std::string PairText(const std::pair<std::string, std::string>& pair) {
  return search::PercentEncode(pair.first) + "=" + search::PercentEncode(pair.second);
}

}  // namespace

fhir::Result<WrittenOut> WriteOutNamedQuery(const Call& call, const http::Pairs& parameters) {
  WrittenOut written;
  std::string code;
  for (const auto& pair : parameters) {
    if (pair.first != kQueryName || pair.second.empty()) {
      written.parameters.push_back(pair);
      continue;
    }
    if (!code.empty()) {
      return RefuseNamed(fhir::ErrorCode::kMalformed, "_query is given twice");
    }
    code = pair.second;
  }
  if (code.empty()) {
    return written;
  }
  GW_ASSIGN(const Document definition, FindDefinition(call, code));
  http::Pairs rest = written.parameters;
  GW_ASSIGN(const std::vector<Place> places, TakePlaces(definition.root(), rest));
  GW_ASSIGN(written.instead, WriteSearch(definition.root(), places));
  written.asked.emplace_back(std::string(kQueryName), code);
  for (const Place& place : places) {
    for (const std::string& value : place.values) {
      written.asked.emplace_back(std::string(place.name), value);
    }
  }
  written.parameters = written.instead;
  written.parameters.insert(written.parameters.end(), rest.begin(), rest.end());
  return written;
}

std::string SelfOfNamedQuery(std::string self, const WrittenOut& written) {
  if (written.asked.empty()) {
    return self;
  }
  std::vector<std::string> pairs;
  for (std::string_view rest = self; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    pairs.emplace_back(pair);
  }
  for (const auto& each : written.instead) {
    // What the query became comes first, so that an equal pair that was asked for besides stays.
    if (const auto found = std::ranges::find(pairs, PairText(each)); found != pairs.end()) {
      pairs.erase(found);
    }
  }
  std::string told;
  for (const auto& each : written.asked) {
    told += (told.empty() ? "" : "&") + PairText(each);
  }
  for (const std::string& pair : pairs) {
    told += "&" + pair;
  }
  return told;
}

}  // namespace gateway::rest
