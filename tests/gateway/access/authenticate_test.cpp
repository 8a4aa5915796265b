#include "gateway/access/authenticate.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gateway::access {
namespace {

namespace port = adapters::port;

std::shared_ptr<const PartyTable> OneOperator() {
  PartyOptions party;
  party.name = "ops";
  party.kind = "operator";
  party.token = "token-of-operator";
  auto table = PartyTable::Create({.policies_directory = GW_SOURCE_DIR "/config/policies", .parties = {party}},
                                  fhir::metadata::Definitions::R4());
  return std::make_shared<const PartyTable>(*std::move(table));
}

struct Answer {
  int status = 0;
  std::string challenge;
  std::string party;  // as the next handler saw it; empty when it was not called
  bool unrestricted = false;
};

Answer Ask(http::Request request, bool open = false) {
  Answer answer;
  AuthenticateOptions options;
  options.open_on_loopback = open;
  const http::Handler handler = Authenticate(OneOperator(), options)([&](http::Request& seen) {
    answer.party = seen.actor->party;
    answer.unrestricted = seen.actor->grants->unrestricted;
    EXPECT_EQ(seen.actor->request_id, seen.request_id);
    return http::Response{};
  });
  request.request_id = "r-1";
  const http::Response response = handler(request);
  EXPECT_EQ(request.actor, nullptr) << "the actor must not outlive the call";
  answer.status = response.status;
  answer.challenge = response.headers.Get("WWW-Authenticate").value_or("");
  return answer;
}

http::Request Get(std::string path, std::string authorization = "", bool loopback = true) {
  http::Request request;
  request.path = std::move(path);
  request.from_loopback = loopback;
  if (!authorization.empty()) {
    request.headers.Add("Authorization", std::move(authorization));
  }
  return request;
}

TEST(Authenticate, KnownToken_SetsTheParty) {
  const Answer answer = Ask(Get("/fhir/AuditEvent", "Bearer token-of-operator"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.party, "ops");
  EXPECT_FALSE(answer.unrestricted);
}

TEST(Authenticate, SchemeName_IsCaseBlind) {
  EXPECT_EQ(Ask(Get("/fhir/AuditEvent", "bearer  token-of-operator")).party, "ops");
}

TEST(Authenticate, NoToken_Is401WithChallenge) {
  const Answer answer = Ask(Get("/fhir/AuditEvent"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.challenge, R"(Bearer realm="passerelle")");
  EXPECT_EQ(answer.party, "");
}

TEST(Authenticate, UnknownToken_Is401EvenWhereNoneIsNeeded) {
  for (const char* path : {"/fhir/AuditEvent", "/fhir/metadata"}) {
    const Answer answer = Ask(Get(path, "Bearer token-of-nobody"), true);
    EXPECT_EQ(answer.status, 401) << path;
    EXPECT_NE(answer.challenge.find("invalid_token"), std::string::npos);
  }
}

TEST(Authenticate, OtherScheme_Is401) {
  EXPECT_EQ(Ask(Get("/fhir/Patient", "Basic YTpi"), true).status, 401);
}

TEST(Authenticate, OpenMode_IsForLoopbackOnly) {
  const Answer near = Ask(Get("/fhir/Patient"), true);
  EXPECT_EQ(near.status, 200);
  EXPECT_TRUE(near.unrestricted);
  EXPECT_EQ(Ask(Get("/fhir/Patient", "", false), true).status, 401);
}

TEST(Authenticate, PublicPath_IsReadWithoutGrants) {
  const Answer answer = Ask(Get("/fhir/metadata", "", false));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.party, "anonymous");
  EXPECT_FALSE(answer.unrestricted);
  http::Request post = Get("/fhir/metadata", "", false);
  post.method = http::Method::kPost;
  EXPECT_EQ(Ask(post).status, 401);
}

TEST(Authenticate, WhetherARequestIsFromAParty_IsKnownFromItsHead) {
  const auto asks = [](const http::Request& request, bool open) {
    AuthenticateOptions options;
    options.open_on_loopback = open;
    return IsFromParty(OneOperator(), options)(request);
  };
  EXPECT_TRUE(asks(Get("/fhir/AuditEvent", "Bearer token-of-operator"), false));
  EXPECT_FALSE(asks(Get("/fhir/AuditEvent", "Bearer token-of-nobody"), false));
  EXPECT_FALSE(asks(Get("/fhir/AuditEvent", "Bearer token-of-nobody"), true));
  EXPECT_FALSE(asks(Get("/fhir/AuditEvent", "Basic YTpi"), true));
  EXPECT_FALSE(asks(Get("/fhir/AuditEvent"), false));
  EXPECT_TRUE(asks(Get("/fhir/AuditEvent"), true));
  EXPECT_FALSE(asks(Get("/fhir/AuditEvent", "", false), true));
  EXPECT_FALSE(asks(Get("/fhir/metadata"), false)) << "nobody needs to send a body there";
}

}  // namespace
}  // namespace gateway::access
