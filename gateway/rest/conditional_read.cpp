#include "gateway/rest/conditional_read.hpp"

#include "gateway/rest/convert.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/http_date.hpp"

namespace gateway::rest {
namespace {

constexpr std::int64_t kUsPerSecond = 1'000'000;

bool HasIt(const http::Request& request, const Validators& validators) {
  if (const auto none_match = request.headers.Get("If-None-Match")) {
    return NoneMatchNames(*none_match, validators.etag);
  }
  if (const auto since = request.headers.Get("If-Modified-Since")) {
    const auto since_s = ParseHttpDate(*since);
    return since_s && validators.last_modified_us / kUsPerSecond <= *since_s;
  }
  return false;
}

}  // namespace

void AddValidators(http::Response& response, const Validators& validators) {
  response.headers.Add("ETag", validators.etag);
  response.headers.Add("Last-Modified", FormatHttpDate(validators.last_modified_us));
}

std::optional<http::Response> NotModified(const http::Request& request, const Validators& validators) {
  if (!HasIt(request, validators)) {
    return std::nullopt;
  }
  http::Response response;
  response.status = 304;
  AddVaryAccept(response);
  AddValidators(response, validators);
  return response;
}

}  // namespace gateway::rest
