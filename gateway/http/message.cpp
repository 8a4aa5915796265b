#include "gateway/http/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gateway::http {
namespace {

constexpr std::array<std::string_view, kMethodCount> kMethodNames = {"GET",   "HEAD",   "POST",   "PUT",
                                                                     "PATCH", "DELETE", "OPTIONS"};

struct ReasonRow {
  int status;
  std::string_view phrase;
};

// https://www.iana.org/assignments/http-status-codes, those in use.
constexpr ReasonRow kReasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// OperationOutcome.issue.code for the few codes the server layer uses itself.
std::string_view OutcomeCode(fhir::ErrorCode code) {
  switch (code) {
    case fhir::ErrorCode::kMalformed:
      return "structure";
    case fhir::ErrorCode::kNotFound:
      return "not-found";
    case fhir::ErrorCode::kUnsupported:
      return "not-supported";
    case fhir::ErrorCode::kTooLarge:
      return "too-long";
    case fhir::ErrorCode::kTimeout:
      return "timeout";
    case fhir::ErrorCode::kUnavailable:
      return "transient";
    case fhir::ErrorCode::kInternal:
      return "exception";
    default:
      return "processing";
  }
}

}  // namespace

std::string_view Name(Method method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

std::optional<Method> MethodOf(std::string_view name) {
  const auto found = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  if (found == kMethodNames.end()) {
    return std::nullopt;
  }
  return static_cast<Method>(found - kMethodNames.begin());
}

std::string_view ReasonPhrase(int status) {
  const auto row = std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                                    [](const ReasonRow& left, int right) { return left.status < right; });
  return row != std::end(kReasons) && row->status == status ? row->phrase : std::string_view();
}

bool EqualsIgnoringCase(std::string_view left, std::string_view right) {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(),
                                                   [](char a, char b) { return LowerAscii(a) == LowerAscii(b); });
}

std::optional<std::string_view> Headers::Get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (EqualsIgnoringCase(field.first, name)) {
      return field.second;
    }
  }
  return std::nullopt;
}

void Headers::Set(std::string_view name, std::string value) {
  Remove(name);
  Add(std::string(name), std::move(value));
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return EqualsIgnoringCase(field.first, name); });
}

std::string_view Request::PathParameter(std::string_view name) const {
  for (const auto& [key, value] : path_parameters) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::optional<std::string_view> Request::QueryValue(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

Handler Chain(const std::vector<Middleware>& middlewares, Handler innermost) {
  for (auto middleware = middlewares.rbegin(); middleware != middlewares.rend(); ++middleware) {
    innermost = (*middleware)(std::move(innermost));
  }
  return innermost;
}

std::string DefaultErrorBody(int status, fhir::ErrorCode code, std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '"' || c == '\\') {
      escaped += '\\';
    }
    escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return fmt::format(
      R"({{"resourceType":"OperationOutcome","issue":[{{"severity":"{}","code":"{}","diagnostics":"{}"}}]}})",
      status >= 500 ? "fatal" : "error", OutcomeCode(code), escaped);
}

Response ErrorResponse(int status, fhir::ErrorCode code, std::string_view text, const ErrorBody& body) {
  Response response;
  response.status = status;
  response.headers.Add("Content-Type", "application/fhir+json; charset=utf-8");
  response.body = body(status, code, text);
  return response;
}

}  // namespace gateway::http
