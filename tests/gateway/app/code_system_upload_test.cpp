// The pieces that passerelle terminology load sends, and what it waits for.
#include "gateway/app/import/code_system_upload.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace gateway::app {
namespace {

/// Answers as told, in order; keeps what was asked.
struct UploadServer {
  std::vector<fhir::Result<http::ClientResponse>> answers;
  std::vector<std::string> asked;
  std::vector<std::int64_t> pauses;
  std::size_t next = 0;

  fhir::Result<LinkAnswer> Load(const std::string& text) {
    std::istringstream file(text);
    const LinkOptions link{.base_url = "http://gw/fhir",
                           .token = "t",
                           .attempts_max = 3,
                           .pause_first_ms = 10,
                           .pause = [this](std::int64_t ms) { pauses.push_back(ms); }};
    return UploadCodeSystem(
        file, {.parameters = {{"system", "urn:a b"}}, .upload = "u", .piece_bytes = 4, .poll_ms = 7}, link,
        [this](const http::ClientRequest& request) {
          asked.push_back(std::string(http::Name(request.method)) + " " + request.url + " " + request.body);
          return answers.at(next++);
        });
  }
};

fhir::Result<http::ClientResponse> UploadAnswer(int status, const std::string& location = "") {
  http::ClientResponse response{.status = status, .headers = {}, .body = std::to_string(status)};
  if (!location.empty()) {
    response.headers.Add("Content-Location", location);
  }
  return response;
}

fhir::Result<http::ClientResponse> Broken() {
  return fhir::Fail(fhir::ErrorCode::kUnavailable, {"broken"}, {}, fhir::Retry::kLater);
}

constexpr const char* kOperationUrl =
    "POST http://gw/fhir/CodeSystem/$upload-external-code-system?upload=u&system=urn%3Aa%20b&";

TEST(CodeSystemUploadClient, File_GoesInPiecesAndTheJobIsWaitedFor) {
  UploadServer server;
  server.answers = {UploadAnswer(200), UploadAnswer(503),
                    UploadAnswer(200), UploadAnswer(202, "https://elsewhere.example/fhir/_job/7"),
                    UploadAnswer(202), UploadAnswer(200)};
  const auto answer = server.Load("123456789");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  const std::string operation = kOperationUrl;
  EXPECT_EQ(server.asked, (std::vector<std::string>{operation + "piece=0 1234", operation + "piece=1 5678",
                                                    operation + "piece=1 5678", operation + "piece=2&last=true 9",
                                                    "GET http://gw/fhir/_job/7 ", "GET http://gw/fhir/_job/7 "}));
  EXPECT_EQ(server.pauses, (std::vector<std::int64_t>{10, 7}));
}

TEST(CodeSystemUploadClient, LastPieceThatIsFull_IsTheLast) {
  UploadServer server;
  server.answers = {UploadAnswer(200), UploadAnswer(202, "http://gw/fhir/_job/7"), UploadAnswer(422)};
  const auto answer = server.Load("12345678");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 422);
  EXPECT_EQ(server.asked.at(1), std::string(kOperationUrl) + "piece=1&last=true 5678");
}

TEST(CodeSystemUploadClient, Refusal_EndsIt) {
  UploadServer server;
  server.answers = {UploadAnswer(403)};
  const auto answer = server.Load("123456789");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_EQ(server.asked.size(), 1u);
}

TEST(CodeSystemUploadClient, ServerThatIsNotThere_IsNotWaitedFor) {
  UploadServer server;
  server.answers = {Broken()};
  EXPECT_FALSE(server.Load("1"));
  EXPECT_EQ(server.asked.size(), 1u);
}

TEST(CodeSystemUploadClient, ConnectionThatBreaks_IsTriedAgainSoOften) {
  UploadServer server;
  server.answers = {UploadAnswer(200), Broken(), Broken(), Broken()};
  EXPECT_FALSE(server.Load("123456789"));
  EXPECT_EQ(server.asked.size(), 4u);
}

TEST(CodeSystemUploadClient, EmptyFile_IsNotSent) {
  UploadServer server;
  EXPECT_FALSE(server.Load(""));
  EXPECT_TRUE(server.asked.empty());
}

}  // namespace
}  // namespace gateway::app
