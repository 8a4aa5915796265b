#include <algorithm>
#include <utility>

#include "gateway/http/middleware/middleware.hpp"

namespace gateway::http::middleware {
namespace {

bool IsSaneRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace

Middleware RequestId(std::function<std::string()> new_id) {
  return [new_id = std::move(new_id)](Handler next) -> Handler {
    return [new_id, next = std::move(next)](Request& request) {
      const auto sent = request.headers.Get("X-Request-Id");
      request.request_id = sent && IsSaneRequestId(*sent) ? std::string(*sent) : new_id();
      Response response = next(request);
      response.headers.Set("X-Request-Id", request.request_id);
      return response;
    };
  };
}

}  // namespace gateway::http::middleware
