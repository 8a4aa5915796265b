#include "gateway/http/middleware/middleware.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace gateway::http::middleware {
namespace {

Response Ok(Request& request) {
  request.route = "/fhir/{type}/{id}";
  return {.status = 200, .headers = {}, .body = "MARKED-BODY"};
}

TEST(RequestIdMiddleware, SaneIdIsKept_OtherIsReplaced) {
  const Handler handler = RequestId([] { return std::string("made-1"); })(Ok);
  Request request;
  request.headers.Add("x-request-id", "abc-1.2_3");
  EXPECT_EQ(handler(request).headers.Get("X-Request-Id"), "abc-1.2_3");
  for (const std::string& bad : {std::string(), std::string("a b"), std::string(65, 'a'), std::string("a\"b")}) {
    request.headers.Set("X-Request-Id", bad);
    EXPECT_EQ(handler(request).headers.Get("X-Request-Id"), "made-1");
    EXPECT_EQ(request.request_id, "made-1");
  }
  request.headers.Set("X-Request-Id", std::string(64, 'a'));
  EXPECT_EQ(handler(request).headers.Get("X-Request-Id"), std::string(64, 'a'));
}

TEST(AccessLogMiddleware, MarkedPatient_NowhereInTheLine) {
  std::string lines;
  telemetry::Logger logger(telemetry::Level::kInfo, [&lines](std::string_view line) { lines += line; });
  const Handler handler = AccessLog(logger, [](std::string_view name) { return name != "martin"; })(Ok);
  Request request;
  request.request_id = "r1";
  request.query = {{"family", "MARKED"}, {"martin", "MARKED"}, {"birthdate", "MARKED"}};
  request.body = "MARKED";
  request.path_parameters = {{"type", "Patient"}, {"id", "p-1"}};
  handler(request);
  EXPECT_NE(lines.find(R"("route":"/fhir/{type}/{id}")"), std::string::npos) << lines;
  EXPECT_NE(lines.find(R"("query":"?,birthdate,family")"), std::string::npos) << lines;
  EXPECT_NE(lines.find(R"("id":"p-1")"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("MARKED"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("martin"), std::string::npos) << lines;
}

TEST(LastResortMiddleware, Throwing_GivesAnOutcomeWithoutItsText) {
  std::string lines;
  telemetry::Metrics metrics;
  telemetry::Logger logger(telemetry::Level::kInfo, [&lines](std::string_view line) { lines += line; });
  const Middleware guard = LastResort(logger, metrics, DefaultErrorBody);
  Request request;
  const Response failed = guard([](Request&) -> Response { throw std::runtime_error("MARKED"); })(request);
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ((failed.body + lines).find("MARKED"), std::string::npos);
  const Response starved = guard([](Request&) -> Response { throw std::bad_alloc(); })(request);
  EXPECT_EQ(starved.status, 503);
  EXPECT_EQ(starved.headers.Get("Retry-After"), "5");
  EXPECT_EQ(guard([](Request&) -> Response { throw 1; })(request).status, 500);
  EXPECT_NE(metrics.Exposition().find("passerelle_http_exceptions_total 3\n"), std::string::npos);
}

TEST(CountRequestsMiddleware, OneRequest_IsCountedByRouteAndStatus) {
  telemetry::Metrics metrics;
  Request request;
  CountRequests(metrics)(Ok)(request);
  EXPECT_NE(metrics.Exposition().find(
                "passerelle_http_requests_total{method=\"GET\",route=\"/fhir/{type}/{id}\",status=\"200\"} 1\n"),
            std::string::npos);
}

TEST(ChainOfMiddleware, Order_FirstIsOutermost) {
  std::string order;
  const auto tag = [&order](char c) -> Middleware {
    return [&order, c](Handler next) -> Handler {
      return [&order, c, next](Request& request) {
        order += c;
        return next(request);
      };
    };
  };
  Request request;
  Chain({tag('a'), tag('b')}, Ok)(request);
  EXPECT_EQ(order, "ab");
}

}  // namespace
}  // namespace gateway::http::middleware
