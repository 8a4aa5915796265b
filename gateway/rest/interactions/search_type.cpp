// GET [type]?… and POST [type]/_search. Source: https://hl7.org/fhir/R4/http.html#search
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "fhir/bundle/writer.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/named_query.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/search_codes.hpp"
#include "gateway/rest/search_parameters.hpp"
#include "gateway/rest/searching.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;
namespace search = fhir::search;

/// The parameters of the URL, and of the form of a POST.
fhir::Result<http::Pairs> ReadParameters(const Call& call) {
  http::Pairs parameters = call.request.query;
  if (call.request.method == http::Method::kPost && !call.request.body.empty()) {
    const std::string_view type = MediaType(call.request.headers.Get("Content-Type").value_or(""));
    if (!http::EqualsIgnoringCase(type, "application/x-www-form-urlencoded")) {
      return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia,
                        "expected Content-Type application/x-www-form-urlencoded for _search");
    }
    GW_ASSIGN(http::Pairs form, http::ParseQuery(call.request.body));
    std::move(form.begin(), form.end(), std::back_inserter(parameters));
  }
  return parameters;
}

/// What `_cursor` of a link says: when the first page was asked for, and the store's own part. Values that depend on
/// the present (ap, age) are those of that moment on every page. The store's part is sealed together with the query,
/// those values included: a link of another moment is refused.
struct LinkCursor {
  std::int64_t present_us = 0;
  std::string sealed;
};

std::optional<LinkCursor> ReadLinkCursor(std::string_view text) {
  LinkCursor cursor;
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) {
    return std::nullopt;
  }
  const char* const end = text.data() + point;
  const auto [rest, error] = std::from_chars(text.data(), end, cursor.present_us);
  if (error != std::errc() || rest != end || cursor.present_us < 0) {
    return std::nullopt;
  }
  cursor.sealed = text.substr(point + 1);
  return cursor;
}

std::string WriteLinkCursor(std::int64_t present_us, std::string_view sealed) {
  return sealed.empty() ? std::string() : fmt::format("{}.{}", present_us, sealed);
}

struct ReadSearch {
  search::Query query;
  std::int64_t present_us = 0;  ///< what ap and age were measured from
};

/// `types`: of a search over several; empty for one within the type of the call.
fhir::Result<ReadSearch> ReadQuery(Call& call, const http::Pairs& asked,
                                   std::span<const fhir::metadata::TypeId> types = {}) {
  GW_ASSIGN(const WrittenOut written, WriteOutNamedQuery(call, asked));
  const http::Pairs& parameters = written.parameters;
  search::ParseOptions options;
  options.base_url = call.options().base_url;
  options.zone = call.options().zone;
  options.narrative_types = call.options().narrative_types;
  options.content_types = call.options().content_types;
  std::optional<LinkCursor> link;
  for (const auto& [name, value] : parameters) {
    if (name == "_cursor" && !value.empty()) {
      link = ReadLinkCursor(value);
      if (!link) {
        return fhir::Fail(fhir::ErrorCode::kMalformed,
                          "_cursor is not of a page link of this server. Start again: the same query without _cursor.");
      }
    }
  }
  if (link) {
    options.now_us = link->present_us;
  } else if (call.service.ports().clock != nullptr) {
    options.now_us = call.service.ports().clock->NowUs();
  }
  const SearchCodes codes(call);
  options.code_lists = &codes;
  const bool lenient = call.preferences.lenient.value_or(call.options().unknown_parameters_ignored);
  options.unknown = lenient ? search::UnknownParameter::kLenient : search::UnknownParameter::kStrict;
  auto query =
      ParseInForce(call, options, call.issues, [&](const search::ParseOptions& in_force, fhir::IssueList& issues) {
        return types.empty() ? search::ParseQuery(call.type, parameters, in_force, issues)
                             : search::ParseSystemQuery(types, parameters, in_force, issues);
      });
  if (!query) {
    fhir::Error error = std::move(query).error();
    error.code = error.code == fhir::ErrorCode::kInvalid ? fhir::ErrorCode::kMalformed : error.code;
    return std::unexpected(std::move(error));
  }
  const auto& always = call.options().total_always;
  const bool page_asked = query->count != 0 && query->summary != search::Summary::kCount;
  if (query->type != fhir::metadata::kNoType && !query->total_asked && page_asked &&
      std::find(always.begin(), always.end(), call.definitions().TypeName(query->type)) != always.end()) {
    query->total = search::Total::kEstimate;
  }
  query->self = SelfOfNamedQuery(std::move(query->self), written);
  if (link && query->cursor) {
    query->cursor = std::move(link->sealed);
  }
  return ReadSearch{*std::move(query), options.now_us.value_or(0)};
}

void NoteForAudit(Call& call, const http::Pairs& parameters) {
  if (call.type != fhir::metadata::kNoType) {
    call.audit.searched_type = call.type_name();
  }
  for (const auto& [name, value] : parameters) {
    if (std::find(call.audit.parameters.begin(), call.audit.parameters.end(), name) == call.audit.parameters.end()) {
      call.audit.parameters.push_back(name);
    }
  }
}

/// Who reads a contained resource has read in its container.
void NoteRead(Call& call, const port::SearchPage& page) {
  for (const port::SearchHit& hit : page.hits) {
    const std::size_t slash = hit.container.find('/');
    if (slash == std::string::npos) {
      call.audit.entities.push_back({hit.resource.type, hit.resource.id, hit.resource.version});
    } else {
      const std::string_view container = hit.container;
      call.audit.entities.push_back({call.definitions().FindType(container.substr(0, slash)),
                                     std::string(container.substr(slash + 1)), hit.resource.version});
    }
  }
}

/// What was searched, below the base: "", "/Patient", "/Patient/1/Observation".
std::string SearchedPath(const Call& call) {
  std::string_view path = call.request.path;
  if (path.starts_with(call.options().base_path)) {
    path.remove_prefix(call.options().base_path.size());
  }
  constexpr std::string_view kForm = "/_search";
  if (path.ends_with(kForm)) {
    path.remove_suffix(kForm.size());
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return std::string(path);
}

/// The query as it was used: a _count above the maximum is given as what it was lowered to, and a total that is
/// estimated without having been asked for is called an estimate.
std::string SelfQuery(const search::Query& query, const port::SearchPage& page) {
  const bool lowered = query.count && *query.count > page.page_size && page.page_size != 0;
  std::string used;
  const auto add = [&](std::string_view pair) { (used += used.empty() ? "" : "&") += pair; };
  for (std::string_view rest = query.self; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    add(lowered && pair.starts_with("_count=") ? fmt::format("_count={}", page.page_size) : std::string(pair));
  }
  if (page.total_estimated && !query.total_asked) {
    add("_total=estimate");
  }
  return used;
}

std::string PageUrl(const Call& call, std::string_view query, std::string_view cursor) {
  std::string url = call.options().base_url + SearchedPath(call);
  char separator = '?';
  if (!query.empty()) {
    url += separator;
    url += query;
    separator = '&';
  }
  if (!cursor.empty()) {
    url += fmt::format("{}_cursor={}", separator, http::PercentEncode(cursor));
  }
  return url;
}

/// Warnings of the parser and of the store, as one OperationOutcome; empty when there are none.
std::string WarningsOf(Call& call, const search::Query& query, const port::SearchPage& page) {
  if (page.includes_truncated) {
    call.issues.Add(fhir::Severity::kWarning, fhir::IssueType::kIncomplete,
                    "not all included resources are on this page: narrow the search or ask for fewer includes");
  }
  if (query.total != search::Total::kNone && query.total_asked && !page.total) {
    call.issues.Add(fhir::Severity::kInformation, fhir::IssueType::kIncomplete,
                    "the matches are more than are counted: no total is given");
  }
  return call.issues.empty() ? std::string() : fhir::operation_outcome::ToOperationOutcome(call.issues);
}

std::string WriteSearchset(Call& call, const search::Query& query, std::int64_t present_us,
                           const port::SearchPage& page, const std::string& warnings) {
  const std::string used = SelfQuery(query, page);
  const auto url = [&](std::string_view sealed) { return PageUrl(call, used, WriteLinkCursor(present_us, sealed)); };
  const std::string self = url(query.cursor.value_or(""));
  const std::string first = url(page.first_cursor);
  const std::string previous = url(page.previous_cursor);
  const std::string next = url(page.next_cursor);
  fhir::bundle::BundleHead head;
  head.type = fhir::bundle::BundleType::kSearchset;
  head.total = page.total;
  head.links.push_back({"self", self});
  if (!page.next_cursor.empty() || !page.first_cursor.empty()) {
    head.links.push_back({"first", first});
  }
  if (!page.previous_cursor.empty()) {
    head.links.push_back({"previous", previous});
  }
  if (!page.next_cursor.empty()) {
    head.links.push_back({"next", next});
  }
  std::size_t bytes = 1024 + warnings.size() + 4 * next.size();
  for (const port::SearchHit& hit : page.hits) {
    bytes += hit.resource.body.size() + 256;
  }
  fhir::bundle::BundleWriter writer(head, bytes);
  for (const port::SearchHit& hit : page.hits) {
    // Of a contained resource the reference that leads to it. Source: https://hl7.org/fhir/R4/search.html#contained
    const std::string full_url =
        hit.container.empty() ? FullUrl(call.options(), call.definitions().TypeName(hit.resource.type), hit.resource.id)
                              : fmt::format("{}/{}#{}", call.options().base_url, hit.container, hit.resource.id);
    fhir::bundle::EntryOut entry;
    entry.full_url = full_url;
    entry.resource = hit.resource.body;
    entry.mode = hit.included ? fhir::bundle::SearchMode::kInclude : fhir::bundle::SearchMode::kMatch;
    writer.Add(entry);
  }
  if (!warnings.empty()) {
    fhir::bundle::EntryOut entry;
    entry.resource = warnings;
    entry.mode = fhir::bundle::SearchMode::kOutcome;
    writer.Add(entry);
  }
  return std::move(writer).Finish();
}

}  // namespace

fhir::Result<void> CheckSearch(Call& call, const http::Pairs& parameters) {
  GW_TRY(ReadQuery(call, parameters));
  return {};
}

fhir::Result<http::Response> SearchWithinType(Call& call) {
  return RunSearch(call, {}, std::nullopt);
}

fhir::Result<http::Response> RunSearch(Call& call, std::span<const fhir::metadata::TypeId> types,
                                       std::optional<search::Criterion> besides) {
  GW_ASSIGN(const http::Pairs parameters, ReadParameters(call));
  NoteForAudit(call, parameters);
  GW_ASSIGN(ReadSearch read, ReadQuery(call, parameters, types));
  search::Query& query = read.query;
  if (besides) {
    query.criteria.push_back(*std::move(besides));
  }
  GW_ASSIGN(port::SearchPage page, call.service.ports().store.Search(call.actor, query));
  NoteRead(call, page);
  if (query.summary == search::Summary::kCount) {
    page.hits.clear();
    page.next_cursor.clear();
    page.previous_cursor.clear();
    page.first_cursor.clear();
  }
  const SubsetOptions subset{.summary = query.summary, .elements = query.elements};
  if (!subset.empty()) {
    for (port::SearchHit& hit : page.hits) {
      GW_ASSIGN(hit.resource.body, Subset(hit.resource.body, subset, call.definitions(), call.options().limits));
    }
  }
  const std::string warnings = WarningsOf(call, query, page);
  return JsonResponse(call, 200, WriteSearchset(call, query, read.present_us, page, warnings));
}

}  // namespace gateway::rest
