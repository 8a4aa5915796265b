// MLLP over TLS: who gets through, who does not, and new certificates without a restart.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "adapters/hospital/hl7v2/mllp/client.hpp"
#include "adapters/hospital/hl7v2/mllp/framing.hpp"
#include "adapters/hospital/hl7v2/mllp/listener.hpp"

namespace {

namespace tls_mllp = adapters::hospital::hl7v2::mllp;
namespace tls_ack = adapters::hospital::hl7v2::ack;

/// Self-signed certificates of a folder that ends with the test.
class MllpTlsTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/mllp_tls_XXXXXX";
    folder_ = ::mkdtemp(path);
    ASSERT_TRUE(MakeCertificate("one"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return (folder_ / name).string(); }

  bool MakeCertificate(const std::string& name) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
        File(name + ".key") + " -out " + File(name + ".pem") + " 2>/dev/null";
    return std::system(command.c_str()) == 0;
  }

  std::unique_ptr<tls_mllp::Listener> Listen(const std::string& certificate, const std::string& client_ca = "") {
    tls_mllp::ListenerOptions options;
    options.frame_timeout_ms = 3'000;
    options.tls = {.enabled = true,
                   .certificate_file = File(certificate + ".pem"),
                   .key_file = File(certificate + ".key"),
                   .ca_file = client_ca.empty() ? "" : File(client_ca + ".pem")};
    auto listener = tls_mllp::Listener::Start(
        options, [](std::string frame, const tls_mllp::Session&) -> std::optional<std::string> {
          return tls_ack::Build(adapters::hospital::hl7v2::er7::ReadHeader(frame), {.code = tls_ack::Code::kAA});
        });
    if (!listener) {
      ADD_FAILURE() << listener.error().internal_text.text;
      return nullptr;
    }
    return *std::move(listener);
  }

  tls_mllp::ClientOptions To(std::uint16_t port, const std::string& trusted, const std::string& own = "") const {
    tls_mllp::ClientOptions options{.port = port, .connect_timeout_ms = 3'000, .answer_timeout_ms = 3'000};
    options.tls.enabled = true;
    options.tls.ca_file = File(trusted + ".pem");
    if (!own.empty()) {
      options.tls.certificate_file = File(own + ".pem");
      options.tls.key_file = File(own + ".key");
    }
    return options;
  }

  static fhir::Result<std::string> Exchange(tls_mllp::ClientOptions options) {
    tls_mllp::Client client(std::move(options));
    return client.Exchange("MSH|^~\\&|A|B|C|D|2025||ADT^A01|77|P|2.5\r");
  }

  std::filesystem::path folder_;
};

TEST_F(MllpTlsTest, ClientThatTrustsTheCertificate_IsAnswered) {
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  tls_mllp::Client client(To(listener->port(), "one"));
  for (const char* id : {"1", "2", "3"}) {
    const auto answer = client.Exchange(std::string("MSH|^~\\&|A|B|C|D|2025||ADT^A01|") + id + "|P|2.5\r");
    ASSERT_TRUE(answer) << answer.error().internal_text.text;
    EXPECT_EQ(tls_ack::Read(*answer)->control_id, id);
  }
  EXPECT_EQ(listener->counters().connections, 1u);
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, LargeMessage_ComesThroughWhole) {
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  tls_mllp::Client client(To(listener->port(), "one"));
  const auto answer =
      client.Exchange("MSH|^~\\&|A|B|C|D|2025||ADT^A01|9|P|2.5\rNTE|1||" + std::string(3'000'000, 'x') + "\r");
  ASSERT_TRUE(answer) << answer.error().internal_text.text;
  EXPECT_EQ(listener->counters().frames, 1u);
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, ClientThatTrustsAnother_SendsNothing) {
  ASSERT_TRUE(MakeCertificate("two"));
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  const auto answer = Exchange(To(listener->port(), "two"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry, fhir::Retry::kLater);
  EXPECT_EQ(listener->counters().frames, 0u);
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, ClientWithoutTls_IsNotAnswered) {
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  const auto answer = Exchange({.port = listener->port(), .answer_timeout_ms = 2'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().retry, fhir::Retry::kLater);
  EXPECT_EQ(listener->counters().frames, 0u);
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, ListenerThatAsksForCertificates_RefusesAClientWithoutOne) {
  ASSERT_TRUE(MakeCertificate("client"));
  const auto listener = Listen("one", "client");
  ASSERT_TRUE(listener);
  const auto without = Exchange(To(listener->port(), "one"));
  EXPECT_FALSE(without);
  const auto foreign = Exchange(To(listener->port(), "one", "one"));
  EXPECT_FALSE(foreign);
  EXPECT_EQ(listener->counters().frames, 0u);
  const auto with = Exchange(To(listener->port(), "one", "client"));
  EXPECT_TRUE(with) << with.error().internal_text.text;
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, ReloadTls_ShowsTheNewCertificate_AndKeepsOpenConnections) {
  ASSERT_TRUE(MakeCertificate("two"));
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  tls_mllp::Client open(To(listener->port(), "one"));
  const std::string ping = "MSH|^~\\&|A|B|C|D|2025||ADT^A01|5|P|2.5\r";
  ASSERT_TRUE(open.Exchange(ping));

  std::filesystem::copy_file(File("one.pem"), File("old.pem"));
  std::filesystem::rename(File("two.pem"), File("one.pem"));
  std::filesystem::rename(File("two.key"), File("one.key"));
  const auto reloaded = listener->ReloadTls();
  ASSERT_TRUE(reloaded) << reloaded.error().internal_text.text;
  EXPECT_TRUE(open.Exchange(ping));
  EXPECT_FALSE(Exchange(To(listener->port(), "old")));
  const auto after = Exchange(To(listener->port(), "one"));
  EXPECT_TRUE(after) << after.error().internal_text.text;
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, ReloadOfBrokenFiles_KeepsTheRunningCertificate) {
  const auto listener = Listen("one");
  ASSERT_TRUE(listener);
  std::filesystem::copy_file(File("one.pem"), File("good.pem"));
  std::filesystem::resize_file(File("one.pem"), 100);
  const auto reloaded = listener->ReloadTls();
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_TRUE(Exchange(To(listener->port(), "good")));
  listener->Stop(1'000);
}

TEST_F(MllpTlsTest, MissingFiles_AreAConfigurationFault) {
  tls_mllp::ListenerOptions options;
  options.tls = {.enabled = true, .certificate_file = File("none.pem"), .key_file = File("none.key")};
  const auto listener = tls_mllp::Listener::Start(
      options, [](std::string, const tls_mllp::Session&) { return std::optional<std::string>(); });
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, fhir::ErrorCode::kConfiguration);
}

}  // namespace
