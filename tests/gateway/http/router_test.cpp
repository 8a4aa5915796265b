#include "gateway/http/router/router.hpp"

#include <gtest/gtest.h>

namespace gateway::http {
namespace {

Route Row(Method method, std::string pattern) {
  return {method, pattern, [pattern](Request&) { return Response{.status = 200, .headers = {}, .body = pattern}; }};
}

Router FhirLike() {
  return *Router::Create({Row(Method::kGet, "/fhir/{type}/{id}"), Row(Method::kPut, "/fhir/{type}/{id}"),
                          Row(Method::kPost, "/fhir/{type}/_search"), Row(Method::kGet, "/fhir/{type}"),
                          Row(Method::kGet, "/fhir/metadata"), Row(Method::kGet, "/fhir/{type}/{id}/_history/{vid}"),
                          Row(Method::kPost, "/fhir"), Row(Method::kGet, "/console/{path*}")});
}

TEST(RouterMatch, LiteralAndName_BothFit_LiteralWins) {
  const Router router = FhirLike();
  EXPECT_EQ(router.Match(Method::kGet, "/fhir/metadata").route->pattern, "/fhir/metadata");
  const RouteMatch read = router.Match(Method::kGet, "/fhir/Patient/1");
  EXPECT_EQ(read.route->pattern, "/fhir/{type}/{id}");
  const Pairs expected = {{"type", "Patient"}, {"id", "1"}};
  EXPECT_EQ(read.parameters, expected);
  EXPECT_EQ(router.Match(Method::kPost, "/fhir/").route->pattern, "/fhir");
  EXPECT_EQ(router.Match(Method::kHead, "/fhir/Patient/1").route->pattern, "/fhir/{type}/{id}");
}

TEST(RouterMatch, WrongMethod_KnownPath_NamesTheAllowed) {
  const Router router = FhirLike();
  const RouteMatch match = router.Match(Method::kDelete, "/fhir/Patient/1");
  EXPECT_EQ(match.status, RouteMatch::Status::kMethodNotAllowed);
  EXPECT_EQ(match.allowed, (std::vector<Method>{Method::kGet, Method::kPut}));
  EXPECT_EQ(router.Match(Method::kGet, "/fhir/Patient/_search").status, RouteMatch::Status::kMethodNotAllowed);
  EXPECT_EQ(router.Match(Method::kGet, "/other").status, RouteMatch::Status::kNotFound);
  EXPECT_EQ(router.Match(Method::kGet, "/fhir//1").status, RouteMatch::Status::kNotFound);
}

TEST(RouterMatch, RestPattern_TakesEverythingBelow) {
  const Router router = FhirLike();
  EXPECT_EQ(router.Match(Method::kGet, "/console/a/b.js").parameters[0].second, "a/b.js");
  EXPECT_EQ(router.Match(Method::kGet, "/console").parameters[0].second, "");
}

TEST(RouterCreate, BadTables_EachKind_IsRefused) {
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "fhir")}));
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "/{}")}));
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "/{a}/{a}")}));
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "/{a*}/b")}));
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "/{a}"), Row(Method::kGet, "/{a}")}));
  EXPECT_FALSE(Router::Create({Row(Method::kGet, "/{a}"), Row(Method::kPut, "/{b}")}));
}

TEST(RouteWith, NotFoundAndNotAllowed_AnswerWithOutcome) {
  const Handler handler = RouteWith(FhirLike(), DefaultErrorBody);
  Request request;
  request.path = "/nowhere";
  EXPECT_EQ(handler(request).status, 404);
  request.path = "/fhir/Patient/1";
  request.method = Method::kDelete;
  const Response refused = handler(request);
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("allow"), "GET, PUT");
  EXPECT_NE(refused.body.find("OperationOutcome"), std::string::npos);
  request.method = Method::kOptions;
  EXPECT_EQ(handler(request).status, 204);
  request.method = Method::kGet;
  EXPECT_EQ(handler(request).body, "/fhir/{type}/{id}");
  EXPECT_EQ(request.route, "/fhir/{type}/{id}");
  EXPECT_EQ(request.PathParameter("id"), "1");
}

}  // namespace
}  // namespace gateway::http
