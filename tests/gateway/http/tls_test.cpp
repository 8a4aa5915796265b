// HTTPS: a certificate that is swapped under a running server, TLS versions, and mutual TLS.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "gateway/http/client.hpp"
#include "gateway/http/server.hpp"
#include "raw_client.hpp"

namespace gateway::http {
namespace {

/// Writes a key and a self-signed certificate for 127.0.0.1 with this serial number and common name.
void WriteCertificate(const std::string& certificate_file, const std::string& key_file, long serial, const char* name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  for (const auto& [id, value] :
       {std::pair{NID_subject_alt_name, "IP:127.0.0.1"}, {NID_basic_constraints, "CA:TRUE"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

/// Serial number the server shows; -1 when the handshake fails.
long ShownSerial(std::uint16_t port, int version = TLS1_3_VERSION) {
  const RawClient client(port);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, client.fd());
  long serial = -1;
  if (SSL_connect(ssl) == 1) {
    X509* certificate = SSL_get1_peer_certificate(ssl);
    serial = ASN1_INTEGER_get(X509_get_serialNumber(certificate));
    X509_free(certificate);
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  return serial;
}

class HttpsServer : public testing::Test {
 protected:
  HttpsServer() {
    WriteCertificate(certificate_, key_, 1, "server");
    options_.http.address = "127.0.0.1:0";
    options_.http.tls.certificate_file = certificate_;
    options_.http.tls.key_file = key_;
    options_.certificate_check_interval = std::chrono::milliseconds(0);
  }
  ~HttpsServer() override {
    for (const std::string& file : {certificate_, key_, folder_ + "client.pem", folder_ + "client.key"}) {
      std::remove(file.c_str());
    }
  }

  void Serve() {
    auto server = Server::Create(options_, [](Request& request) {
      return Response{.status = 200, .headers = {}, .body = request.body + "|" + request.client_certificate_subject};
    });
    ASSERT_TRUE(server) << server.error().public_text.text;
    server_ = *std::move(server);
    server_->Start();
    url_ = "https://127.0.0.1:" + std::to_string(server_->port()) + "/";
  }

  const std::string folder_ = testing::TempDir() + "tls_test." + std::to_string(::getpid()) + ".";
  const std::string certificate_ = folder_ + "server.pem";
  const std::string key_ = folder_ + "server.key";
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::string url_;
};

TEST_F(HttpsServer, OwnClient_LargeBodyBothWays) {
  Serve();
  Client client(ClientOptions{.ca_file = certificate_});
  const std::string body(3'000'000, 'x');
  const auto response = client.Send({Method::kPost, url_, {}, body});
  ASSERT_TRUE(response) << response.error().public_text.text;
  EXPECT_EQ(response->body, body + "|");
  EXPECT_EQ(client.Send({Method::kPost, url_, {}, "b"})->body, "b|");
}

TEST_F(HttpsServer, OwnClient_UntrustedServer_IsRefused) {
  Serve();
  Client client;
  const auto response = client.Send({Method::kGet, url_, {}, {}});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, fhir::ErrorCode::kUnavailable);
}

TEST_F(HttpsServer, CertificateSwapped_NewConnectionsSeeIt_HalfASwapChangesNothing) {
  Serve();
  EXPECT_EQ(ShownSerial(server_->port()), 1);
  Client open_before(ClientOptions{.ca_file = certificate_});
  ASSERT_TRUE(open_before.Send({Method::kGet, url_, {}, {}}));
  const std::string other = folder_ + "client.key";
  WriteCertificate(certificate_, other, 2, "server");  // the certificate alone: it does not fit the key
  EXPECT_EQ(ShownSerial(server_->port()), 1);
  ASSERT_EQ(std::rename(other.c_str(), key_.c_str()), 0);
  EXPECT_EQ(ShownSerial(server_->port()), 2);
  EXPECT_TRUE(open_before.Send({Method::kGet, url_, {}, {}}));
}

TEST_F(HttpsServer, TlsVersions_From12) {
  Serve();
  EXPECT_EQ(ShownSerial(server_->port(), TLS1_1_VERSION), -1);
  EXPECT_EQ(ShownSerial(server_->port(), TLS1_2_VERSION), 1);
}

TEST_F(HttpsServer, MutualTls_OnlyKnownClients) {
  WriteCertificate(folder_ + "client.pem", folder_ + "client.key", 3, "partner");
  options_.http.tls.client_ca_file = folder_ + "client.pem";
  Serve();
  Client known(ClientOptions{
      .ca_file = certificate_, .certificate_file = folder_ + "client.pem", .key_file = folder_ + "client.key"});
  const auto response = known.Send({Method::kPost, url_, {}, "b"});
  ASSERT_TRUE(response) << response.error().public_text.text;
  EXPECT_EQ(response->body, "b|CN=partner");
  Client unknown(ClientOptions{.ca_file = certificate_});
  EXPECT_FALSE(unknown.Send({Method::kPost, url_, {}, "b"}));
}

TEST_F(HttpsServer, PlainTextOnTheTlsPort_EndsWithoutAnAnswer) {
  Serve();
  RawClient client(server_->port());
  EXPECT_EQ(StatusOf(client.Exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 0);
  EXPECT_EQ(ShownSerial(server_->port()), 1);
}

TEST_F(HttpsServer, SilentHandshake_EndsAtTheHeaderDeadline) {
  options_.http.header_timeout_ms = 50;
  Serve();
  RawClient client(server_->port());
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpsServer, KeyOfAnotherCertificate_IsAConfigurationError) {
  WriteCertificate(folder_ + "client.pem", key_, 3, "other");
  const auto server = Server::Create(options_, [](Request&) { return Response{}; });
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_NE(server.error().public_text.text.find("tls.key_file"), std::string::npos);
}

}  // namespace
}  // namespace gateway::http
