#include "gateway/rest/operations/searchset.hpp"

#include <fmt/format.h>

#include "fhir/bundle/writer.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {

http::Response SearchsetResponse(const Call& call, const Searchset& searchset) {
  fhir::bundle::BundleHead head;
  head.type = fhir::bundle::BundleType::kSearchset;
  head.total = searchset.total;
  head.links.push_back({"self", searchset.self});
  const std::pair<std::string_view, std::string_view> others[] = {
      {"first", searchset.first}, {"previous", searchset.previous}, {"next", searchset.next}};
  for (const auto& [relation, url] : others) {
    if (!url.empty()) {
      head.links.push_back({relation, url});
    }
  }
  std::size_t bytes = 1024 + searchset.warnings.size() + searchset.self.size() + searchset.next.size();
  for (const SearchsetEntry& each : searchset.entries) {
    bytes += each.body.size() + 256;
  }
  fhir::bundle::BundleWriter writer(head, bytes);
  for (const SearchsetEntry& each : searchset.entries) {
    const std::string full_url = FullUrl(call.options(), each.type_name, each.id);
    fhir::bundle::EntryOut entry;
    entry.full_url = full_url;
    entry.resource = each.body;
    entry.mode = each.included ? fhir::bundle::SearchMode::kInclude : fhir::bundle::SearchMode::kMatch;
    entry.score = each.score;
    entry.match_grade = each.match_grade;
    writer.Add(entry);
  }
  if (!searchset.warnings.empty()) {
    fhir::bundle::EntryOut entry;
    entry.resource = searchset.warnings;
    entry.mode = fhir::bundle::SearchMode::kOutcome;
    writer.Add(entry);
  }
  return JsonResponse(call, 200, std::move(writer).Finish());
}

std::string OperationUrl(const Call& call,
                         const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
  std::string url = call.options().base_url + call.request.path.substr(call.options().base_path.size());
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (!value.empty()) {
      url += fmt::format("{}{}={}", separator, name, http::PercentEncode(value));
      separator = '&';
    }
  }
  return url;
}

std::vector<SearchsetEntry> EntriesOf(Call& call, const std::vector<adapters::port::SearchHit>& hits) {
  std::vector<SearchsetEntry> entries;
  entries.reserve(hits.size());
  for (const auto& hit : hits) {
    entries.push_back({.type_name = call.definitions().TypeName(hit.resource.type),
                       .id = hit.resource.id,
                       .body = hit.resource.body,
                       .included = hit.included});
    call.audit.entities.push_back({hit.resource.type, hit.resource.id, hit.resource.version});
  }
  return entries;
}

}  // namespace gateway::rest::operations
