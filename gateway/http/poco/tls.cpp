#include "gateway/http/poco/tls.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <mutex>

namespace gateway::http::poco {
namespace {

using ContextPointer = std::shared_ptr<SSL_CTX>;  // shared by TlsContext and the connections made with it

fhir::Result<ContextPointer> LoadContext(const settings::Tls& tls) {
  const auto fail = [](std::string_view why) {
    ERR_clear_error();
    return fhir::Fail(fhir::ErrorCode::kConfiguration, std::string(why));
  };
  const ContextPointer context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return fail("TLS cannot be set up");
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context.get(), tls.certificate_file.c_str()) != 1) {
    return fail("tls.certificate_file cannot be used: it must hold a PEM certificate chain");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return fail("tls.key_file cannot be used: it must hold the PEM private key of the certificate");
  }
  if (!tls.client_ca_file.empty()) {
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(tls.client_ca_file.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context.get(), tls.client_ca_file.c_str()) != 1) {
      return fail("tls.client_ca_file cannot be used: it must hold PEM certificates");
    }
    SSL_CTX_set_client_CA_list(context.get(), names);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    constexpr unsigned char kSessionContext[] = "passerelle";
    SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext) - 1);
  }
  return context;
}

class TlsStream final : public Stream {
 public:
  TlsStream(ContextPointer context, SSL* ssl, int descriptor)
      : context_(std::move(context)), ssl_(ssl, SSL_free), descriptor_(descriptor) {}

  bool Handshake(Deadline deadline) {
    for (;;) {
      ERR_clear_error();
      const int result = SSL_accept(ssl_.get());
      if (result == 1) {
        return true;
      }
      if (Wait(SSL_get_error(ssl_.get(), result), deadline) != IoStatus::kOk) {
        ERR_clear_error();
        return false;
      }
    }
  }

  IoResult Read(char* buffer, std::size_t size, Deadline deadline, bool /*likely_ready*/) override {
    for (;;) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), buffer, size, &count);
      if (result == 1) {
        return {IoStatus::kOk, count};
      }
      if (const IoStatus waited = Wait(SSL_get_error(ssl_.get(), result), deadline); waited != IoStatus::kOk) {
        return {waited, 0};
      }
    }
  }

  IoStatus Write(std::string_view head, std::string_view body, std::chrono::milliseconds stall) override {
    // A small body joins its head, so that both leave in one record.
    if (body.size() <= kJoinedBytesMax) {
      joined_.assign(head);
      joined_.append(body);
      return WriteAll(joined_, stall);
    }
    const IoStatus status = WriteAll(head, stall);
    return status == IoStatus::kOk ? WriteAll(body, stall) : status;
  }

  void Finish() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }

  std::string PeerCertificateSubject() const override {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    if (!certificate) {
      return {};
    }
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(memory.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

 private:
  static constexpr std::size_t kJoinedBytesMax = 16 * 1024;

  IoStatus WriteAll(std::string_view bytes, std::chrono::milliseconds stall) {
    while (!bytes.empty()) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
      if (result == 1) {
        bytes.remove_prefix(count);
        continue;
      }
      const IoStatus waited = Wait(SSL_get_error(ssl_.get(), result), std::chrono::steady_clock::now() + stall);
      if (waited != IoStatus::kOk) {
        return waited;
      }
    }
    return IoStatus::kOk;
  }

  IoStatus Wait(int error, Deadline deadline) const {
    switch (error) {
      case SSL_ERROR_WANT_READ:
        return WaitFor(descriptor_, POLLIN, deadline);
      case SSL_ERROR_WANT_WRITE:
        return WaitFor(descriptor_, POLLOUT, deadline);
      case SSL_ERROR_ZERO_RETURN:
        return IoStatus::kClosed;
      default:
        return IoStatus::kError;
    }
  }

  ContextPointer context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int descriptor_;
  std::string joined_;
};

class FileTlsContext final : public TlsContext {
 public:
  FileTlsContext(settings::Tls tls, std::chrono::milliseconds check_interval)
      : tls_(std::move(tls)), check_interval_(check_interval) {}

  fhir::Result<void> Load() {
    const Times times = ReadTimes();
    GW_ASSIGN(ContextPointer context, LoadContext(tls_));
    current_ = std::move(context);
    times_ = times;
    return {};
  }

  std::unique_ptr<Stream> Accept(int descriptor, Deadline deadline) override {
    ContextPointer context = Current();
    const int flags = ::fcntl(descriptor, F_GETFL);
    ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    SSL* ssl = SSL_new(context.get());
    if (ssl == nullptr) {
      return nullptr;
    }
    auto stream = std::make_unique<TlsStream>(std::move(context), ssl, descriptor);
    if (SSL_set_fd(ssl, descriptor) != 1 || !stream->Handshake(deadline)) {
      return nullptr;
    }
    return stream;
  }

  std::uint64_t reload_failures() const override { return failures_.load(); }

 private:
  using Times = std::array<std::int64_t, 6>;  // modification time in ns and inode of the three files

  Times ReadTimes() const {
    Times times{};
    std::size_t i = 0;
    for (const std::string* file : {&tls_.certificate_file, &tls_.key_file, &tls_.client_ca_file}) {
      struct stat status{};
      if (!file->empty() && ::stat(file->c_str(), &status) == 0) {
        times[i] = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
        times[i + 1] = static_cast<std::int64_t>(status.st_ino);
      }
      i += 2;
    }
    return times;
  }

  ContextPointer Current() {
    const std::scoped_lock lock(mutex_);
    const auto at = std::chrono::steady_clock::now();
    if (at - looked_ >= check_interval_) {
      looked_ = at;
      // Key and certificate are two files: while only one of them is in place loading fails, and is tried again.
      if (const Times times = ReadTimes(); times != times_) {
        if (auto context = LoadContext(tls_)) {
          current_ = *std::move(context);
          times_ = times;
        } else {
          ++failures_;
        }
      }
    }
    return current_;
  }

  const settings::Tls tls_;
  const std::chrono::milliseconds check_interval_;
  std::mutex mutex_;
  ContextPointer current_;  // guarded by mutex_, as are the two below
  Times times_{};
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace

fhir::Result<std::unique_ptr<TlsContext>> TlsContext::Create(const settings::Tls& tls,
                                                             std::chrono::milliseconds check_interval) {
  auto context = std::make_unique<FileTlsContext>(tls, check_interval);
  GW_TRY(context->Load());
  return context;
}

}  // namespace gateway::http::poco

namespace gateway::http {

fhir::Result<void> CheckTls(const settings::Tls& tls) {
  GW_TRY(poco::TlsContext::Create(tls, std::chrono::milliseconds(0)));
  return {};
}

}  // namespace gateway::http
