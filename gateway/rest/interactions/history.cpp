// GET _history of an instance, a type and the system. Source: https://hl7.org/fhir/R4/http.html#history
#include <fmt/format.h>

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/bundle/writer.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

fhir::Result<port::HistoryQuery> ReadHistoryQuery(const Call& call) {
  port::HistoryQuery query;
  query.type = call.type;
  query.id = call.id;
  for (const auto& [name, value] : call.request.query) {
    if (name == "_since") {
      GW_ASSIGN(const fhir::DateTime since, fhir::ParseInstant(value));
      GW_ASSIGN(const fhir::UsRange range, fhir::ToRange(since, call.options().zone));
      query.since_us = range.low_us;
    } else if (name == "_at") {
      GW_ASSIGN(const fhir::DateTime at, fhir::ParseDateTime(value));
      GW_ASSIGN(query.at, fhir::ToRange(at, call.options().zone));
    } else if (name == "_sort") {
      if (value != "_lastUpdated" && value != "-_lastUpdated") {
        return fhir::Fail(fhir::ErrorCode::kMalformed, "history is sorted by _lastUpdated or -_lastUpdated");
      }
      query.oldest_first = value == "_lastUpdated";
    } else if (name == "_count") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), query.count);
      if (error != std::errc() || end != value.data() + value.size() || query.count < 1) {
        return fhir::Fail(fhir::ErrorCode::kMalformed, "_count must be a positive integer");
      }
    } else if (name == "_cursor") {
      query.cursor = value;
    } else if (name != "_format" && name != "_pretty" && !call.preferences.lenient.value_or(false)) {
      return fhir::Fail(fhir::ErrorCode::kUnsupported, "history takes _since, _at, _count, _sort, _format and _pretty");
    }
  }
  return query;
}

/// The query as it was used: a _count above the maximum is given as what it was lowered to.
std::string HistoryUrl(const Call& call, int page_size, std::string_view cursor) {
  std::string url = call.options().base_url + call.request.path.substr(call.options().base_path.size());
  char separator = '?';
  for (const auto& [name, value] : call.request.query) {
    if (name == "_since" || name == "_at" || name == "_count" || name == "_sort") {
      url += fmt::format("{}{}={}", separator, name,
                         name == "_count" ? std::to_string(page_size) : http::PercentEncode(value));
      separator = '&';
    }
  }
  if (!cursor.empty()) {
    url += fmt::format("{}_cursor={}", separator, http::PercentEncode(cursor));
  }
  return url;
}

/// The standard wants the request that made each version; a first version was made by POST, or by PUT with a client's
/// id, which history does not tell apart: PUT to the id is true of both in effect.
struct VersionRequest {
  std::string_view method;
  std::string_view status;
};

VersionRequest RequestOf(const port::StoredResource& version) {
  if (version.deleted) {
    return {"DELETE", "204 No Content"};
  }
  return {"PUT", version.version == 1 ? "201 Created" : "200 OK"};
}

fhir::Result<http::Response> AnswerHistory(Call& call) {
  auto query = ReadHistoryQuery(call);
  if (!query) {
    if (query.error().code == fhir::ErrorCode::kInvalid) {
      query.error().code = fhir::ErrorCode::kMalformed;
    }
    return std::unexpected(std::move(query).error());
  }
  GW_ASSIGN(const port::HistoryPage page, call.service.ports().store.History(call.actor, *query));
  if (!call.id.empty() && page.versions.empty() && query->cursor.empty() && !query->since_us && !query->at) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such resource");
  }
  const int page_size = page.page_size > 0 ? page.page_size : query->count;
  const std::string self = HistoryUrl(call, page_size, query->cursor);
  const std::string first = HistoryUrl(call, page_size, page.first_cursor);
  const std::string previous = HistoryUrl(call, page_size, page.previous_cursor);
  const std::string next = HistoryUrl(call, page_size, page.next_cursor);
  fhir::bundle::BundleHead head;
  head.type = fhir::bundle::BundleType::kHistory;
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
  std::size_t bytes = 1024;
  for (const port::StoredResource& version : page.versions) {
    bytes += version.body.size() + 512;
  }
  fhir::bundle::BundleWriter writer(head, bytes);
  for (const port::StoredResource& version : page.versions) {
    const std::string_view type_name = call.definitions().TypeName(version.type);
    const std::string full_url = FullUrl(call.options(), type_name, version.id);
    const std::string request_url = fmt::format("{}/{}", type_name, version.id);
    const std::string etag = FormatEtag(version.version);
    const std::string last_modified = fhir::FormatInstant(version.last_updated_us);
    const VersionRequest request = RequestOf(version);
    fhir::bundle::EntryOut entry;
    entry.full_url = full_url;
    entry.resource = version.deleted ? std::string_view() : std::string_view(version.body);
    entry.request_method = request.method;
    entry.request_url = request_url;
    entry.response_status = request.status;
    entry.response_etag = etag;
    entry.response_last_modified = last_modified;
    writer.Add(entry);
    call.audit.entities.push_back({version.type, version.id, version.version});
  }
  return JsonResponse(call, 200, std::move(writer).Finish());
}

}  // namespace

fhir::Result<http::Response> HistoryInstance(Call& call) {
  return AnswerHistory(call);
}
fhir::Result<http::Response> HistoryType(Call& call) {
  return AnswerHistory(call);
}
fhir::Result<http::Response> HistorySystem(Call& call) {
  return AnswerHistory(call);
}

}  // namespace gateway::rest
