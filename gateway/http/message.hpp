// Our own request and response: what the router, middleware and handlers see. http/poco fills and sends them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };

std::string_view Name(Method method);

/// Header fields in the order received; names compare without regard to case.
class Headers {
 public:
  void Add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// First value, or nullopt.
  std::optional<std::string_view> Get(std::string_view name) const;
  void Set(std::string_view name, std::string value);
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  Method method = Method::kGet;
  std::string target;                                        ///< as sent: path and query
  std::string path;                                          ///< percent-decoded, without query
  std::vector<std::pair<std::string, std::string>> query;    ///< decoded name=value pairs in order
  Headers headers;
  std::string body;
  std::string peer;                                          ///< address of the client
  bool tls = false;
  bool from_loopback = false;
  std::string request_id;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  bool close = false;  ///< end the connection after this response
};

/// thread-safe: called from many connections at once.
using Handler = std::function<Response(Request&)>;

/// Wraps a handler; listed in order in gateway/app/http_pipeline.cpp with the reason for its place.
using Middleware = std::function<Handler(Handler next)>;

}  // namespace gateway::http
