#include "fhir/bundle/request.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace fhir::bundle {
namespace {

using model::Node;

constexpr std::pair<std::string_view, HttpVerb> kVerbs[] = {
    {"GET", HttpVerb::kGet}, {"HEAD", HttpVerb::kHead},   {"POST", HttpVerb::kPost},
    {"PUT", HttpVerb::kPut}, {"PATCH", HttpVerb::kPatch}, {"DELETE", HttpVerb::kDelete},
};

Error InvalidPlace(std::string_view text, std::string expression, ErrorCode code = ErrorCode::kInvalid) {
  return Error{code, {std::string(text)}, {}, Retry::kNever, std::move(expression)};
}

/// Resource type and id of an entry's url: "Patient", "Patient/1", "Patient?…".
struct UrlParts {
  std::string_view type;
  std::string_view id;
  bool has_query = false;
};

UrlParts PartsOf(std::string_view url) {
  UrlParts parts;
  const std::size_t query = url.find('?');
  parts.has_query = query != std::string_view::npos;
  url = url.substr(0, query);
  const std::size_t slash = url.find('/');
  parts.type = url.substr(0, slash);
  if (slash != std::string_view::npos) {
    parts.id = url.substr(slash + 1);
  }
  return parts;
}

bool ChangesOne(HttpVerb verb) {
  return verb == HttpVerb::kPut || verb == HttpVerb::kPatch || verb == HttpVerb::kDelete;
}

/// Rules for the verbs that take a resource.
std::optional<Error> CheckResource(const RequestEntry& entry) {
  const bool wants = entry.verb == HttpVerb::kPost || entry.verb == HttpVerb::kPut || entry.verb == HttpVerb::kPatch;
  const UrlParts parts = PartsOf(entry.url);
  const bool operation = entry.url.find('$') != std::string_view::npos;
  if (!wants || operation || parts.id == "_search") {
    return std::nullopt;
  }
  if (entry.resource == nullptr) {
    return InvalidPlace("the entry's verb needs a resource", entry.place);
  }
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  if (entry.verb != HttpVerb::kPatch && definitions.TypeName(entry.resource->type) != parts.type) {
    return InvalidPlace("request.url and the resource are of different types", entry.place + ".request.url");
  }
  if (entry.verb == HttpVerb::kPut && !parts.has_query) {
    const std::string_view id = entry.resource->ChildValue("id");
    if (id != parts.id) {
      return InvalidPlace("the resource's id must be the id in request.url", entry.place + ".resource.id");
    }
  }
  return std::nullopt;
}

std::optional<Error> CheckUrl(const RequestEntry& entry) {
  const std::string place = entry.place + ".request.url";
  if (entry.url.find("://") != std::string_view::npos && entry.url.find("://") < entry.url.find('?')) {
    return InvalidPlace("request.url must be relative to the server's base", place);
  }
  const UrlParts parts = PartsOf(entry.url);
  if (ChangesOne(entry.verb) && (parts.type.empty() || (parts.id.empty() && !parts.has_query))) {
    return InvalidPlace("request.url must name one resource, or a search for it", place);
  }
  if (entry.verb == HttpVerb::kPost && entry.url.find('$') == std::string_view::npos && !parts.id.empty() &&
      parts.id != "_search") {
    return InvalidPlace("request.url of a POST is a resource type", place);
  }
  return std::nullopt;
}

/// Fills `entry` from its node; an error when it cannot stand.
std::optional<Error> ReadEntry(const Node& node, RequestEntry& entry) {
  entry.full_url = node.ChildValue("fullUrl");
  entry.resource = node.Child("resource");
  const Node* request = node.Child("request");
  if (request == nullptr) {
    return InvalidPlace("every entry of a transaction or batch needs a request", entry.place);
  }
  const std::string_view method = request->ChildValue("method");
  const auto* verb =
      std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const auto& row) { return row.first == method; });
  if (verb == std::end(kVerbs)) {
    return InvalidPlace("request.method is one of GET, HEAD, POST, PUT, PATCH and DELETE",
                        entry.place + ".request.method");
  }
  entry.verb = verb->second;
  entry.url = request->ChildValue("url");
  if (entry.url.starts_with('/')) {
    entry.url.remove_prefix(1);
  }
  entry.if_none_exist = request->ChildValue("ifNoneExist");
  entry.if_match = request->ChildValue("ifMatch");
  entry.if_none_match = request->ChildValue("ifNoneMatch");
  entry.if_modified_since = request->ChildValue("ifModifiedSince");
  if (entry.url.empty()) {
    return InvalidPlace("request.url is missing", entry.place + ".request");
  }
  if (auto error = CheckUrl(entry)) {
    return error;
  }
  if (!entry.if_none_exist.empty() && entry.verb != HttpVerb::kPost) {
    return InvalidPlace("ifNoneExist is for POST alone", entry.place + ".request.ifNoneExist");
  }
  return CheckResource(entry);
}

/// Whether two entries of a transaction claim one fullUrl or change one resource.
class RepeatCheck {
 public:
  std::optional<Error> Check(const RequestEntry& entry) {
    if (!entry.full_url.empty() && entry.verb != HttpVerb::kGet && entry.verb != HttpVerb::kHead &&
        !full_urls_.insert(entry.full_url).second) {
      return InvalidPlace("fullUrl stands in the Bundle twice", entry.place + ".fullUrl");
    }
    if (ChangesOne(entry.verb) && !targets_.insert(entry.url).second) {
      return InvalidPlace("the Bundle changes one resource twice", entry.place + ".request.url");
    }
    return std::nullopt;
  }

 private:
  std::unordered_set<std::string_view> full_urls_;
  std::unordered_set<std::string_view> targets_;
};

int RankOf(HttpVerb verb) {
  switch (verb) {
    case HttpVerb::kDelete:
      return 0;
    case HttpVerb::kPost:
      return 1;
    case HttpVerb::kPut:
    case HttpVerb::kPatch:
      return 2;
    case HttpVerb::kGet:
    case HttpVerb::kHead:
      return 3;
  }
  return 3;
}

}  // namespace

std::string_view Code(HttpVerb verb) {
  const auto* row = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const auto& r) { return r.second == verb; });
  return row->first;
}

Result<RequestBundle> ReadRequestBundle(const model::Node& bundle, const Limits& limits) {
  if (metadata::Definitions::R4().TypeName(bundle.type) != "Bundle") {
    return std::unexpected(InvalidPlace("a Bundle is expected", {}));
  }
  const std::string_view type = bundle.ChildValue("type");
  if (type != "transaction" && type != "batch") {
    return std::unexpected(InvalidPlace("the Bundle's type must be transaction or batch", "Bundle.type"));
  }
  RequestBundle result;
  result.transaction = type == "transaction";
  RepeatCheck repeats;
  for (const Node& child : bundle.children()) {
    if (child.name != "entry") {
      continue;
    }
    if (result.entries.size() >= limits.entries_max) {
      return std::unexpected(InvalidPlace(fmt::format("the Bundle has more than {} entries", limits.entries_max),
                                          "Bundle.entry", ErrorCode::kTooLarge));
    }
    RequestEntry& entry = result.entries.emplace_back();
    entry.place = fmt::format("Bundle.entry[{}]", result.entries.size() - 1);
    auto error = ReadEntry(child, entry);
    if (!error && result.transaction) {
      error = repeats.Check(entry);
    }
    if (error && result.transaction) {
      return std::unexpected(*std::move(error));
    }
    entry.error = std::move(error);
  }
  return result;
}

std::vector<std::size_t> ProcessingOrder(std::span<const RequestEntry> entries) {
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(RankOf(entries[a].verb), a) < std::pair(RankOf(entries[b].verb), b);
  });
  return order;
}

}  // namespace fhir::bundle
