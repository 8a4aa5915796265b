// What goes over the wire to a platform, and which of its answers are worth another try.
#include "adapters/platform/rest_hook_sender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/platform/hook_server.hpp"

namespace tests::adapters_support {
namespace {

using adapters::platform::RestHookDestination;
using adapters::platform::RestHookSender;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

adapters::port::OutboxEntry HookEntry(std::string payload) {
  adapters::port::OutboxEntry entry;
  entry.id = 4711;
  entry.message.destination = "platform";
  entry.message.kind = "rest-hook";
  entry.message.payload = std::move(payload);
  return entry;
}

fhir::Result<std::string> SendTo(const std::string& url, std::string payload, std::string token = {}) {
  RestHookDestination destination;
  destination.url = url;
  destination.bearer_token = std::move(token);
  destination.connect_timeout_ms = 1'000;
  destination.answer_timeout_ms = 300;
  RestHookSender sender({{"platform", destination}});
  return sender.Send(HookEntry(std::move(payload)));
}

TEST(RestHookSender, Resource_IsPut_WithItsKeyAndToken) {
  HookServer server(HookServer::Status(200));
  const auto sent = SendTo(server.url(), "Appointment/a1\n{\"a\":1}", "secret-of-test");
  ASSERT_TRUE(sent) << sent.error().internal_text.text;
  EXPECT_EQ(*sent, "HTTP 200");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_THAT(requests[0], StartsWith("PUT /fhir/Appointment/a1 HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Idempotency-Key: outbox-4711\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Authorization: Bearer secret-of-test\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("Content-Type: application/fhir+json\r\n"));
  EXPECT_THAT(requests[0], EndsWith("\r\n\r\n{\"a\":1}"));
}

TEST(RestHookSender, EmptyBody_IsADelete_WithoutATokenNoAuthorization) {
  HookServer server(HookServer::Status(204));
  ASSERT_TRUE(SendTo(server.url() + "/", "Appointment/a1\n"));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_THAT(requests[0], StartsWith("DELETE /fhir/Appointment/a1 HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], Not(HasSubstr("Authorization")));
}

TEST(RestHookSender, Statuses_DecideAboutAnotherTry) {
  for (const int status : {200, 201, 204}) {
    HookServer server(HookServer::Status(status));
    EXPECT_TRUE(SendTo(server.url(), "Appointment/a1\n{}")) << status;
  }
  for (const int status : {408, 429, 500, 502, 503}) {
    HookServer server(HookServer::Status(status));
    const auto sent = SendTo(server.url(), "Appointment/a1\n{}");
    ASSERT_FALSE(sent) << status;
    EXPECT_EQ(sent.error().retry, fhir::Retry::kLater) << status;
    EXPECT_EQ(sent.error().code, fhir::ErrorCode::kUnavailable) << status;
  }
  for (const int status : {301, 400, 401, 404, 409, 422}) {
    HookServer server(HookServer::Status(status));
    const auto sent = SendTo(server.url(), "Appointment/a1\n{}");
    ASSERT_FALSE(sent) << status;
    EXPECT_EQ(sent.error().retry, fhir::Retry::kNever) << status;
    EXPECT_EQ(sent.error().code, fhir::ErrorCode::kPeerRefused) << status;
  }
}

TEST(RestHookSender, SilentPeer_IsTriedLater) {
  HookServer server("");
  const auto sent = SendTo(server.url(), "Appointment/a1\n{}");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().retry, fhir::Retry::kLater);
}

TEST(RestHookSender, AnswerThatIsNotHttp_IsTriedLater) {
  HookServer server("garbage\r\n\r\n");
  const auto sent = SendTo(server.url(), "Appointment/a1\n{}");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().retry, fhir::Retry::kLater);
}

TEST(RestHookSender, ConnectionRefused_IsTriedLater_AndTellsNoContent) {
  std::string url;
  {
    const HookServer closed(HookServer::Status(200));
    url = closed.url();
  }
  const auto sent = SendTo(url, "Appointment/a1\n{\"secret\":true}");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(sent.error().retry, fhir::Retry::kLater);
  EXPECT_THAT(sent.error().internal_text.text, Not(HasSubstr("secret")));
}

TEST(RestHookSender, UnknownDestination_IsAConfigurationFault_ThatAReloadMayMend) {
  RestHookSender sender({});
  const auto sent = sender.Send(HookEntry("Appointment/a1\n{}"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_EQ(sent.error().retry, fhir::Retry::kLater);
}

TEST(RestHookSender, PayloadWithoutAPathLine_IsNeverSent) {
  HookServer server(HookServer::Status(200));
  const auto sent = SendTo(server.url(), "Appointment/a1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().retry, fhir::Retry::kNever);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace tests::adapters_support
