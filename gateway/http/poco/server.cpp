// The server on Poco's TCPServer: a thread for each connection, and a filter in front for the flood.
#include "gateway/http/server.hpp"

#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>

#include <mutex>

#include "gateway/http/poco/connection.hpp"
#include "gateway/http/poco/core.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::http {
namespace poco {

void Core::CountRefusal(int status) {
  if (options.metrics != nullptr) {
    options.metrics
        ->GetCounter("passerelle_http_refusals_total", "Requests answered by the server layer itself.",
                     {{"status", fmt::format("{}", status)}})
        .Add();
  }
  if (options.logger != nullptr) {
    options.logger->Info("http", "refused by the server layer", {telemetry::Count("status", status)});
  }
}

namespace {

std::size_t ThreadsMax(const settings::Http& http) {
  return http.connections_max + http.connections_queue_max + kRefusingThreads;
}

/// Counts an accepted connection while it lives.
class OpenCount {
 public:
  explicit OpenCount(std::atomic<std::size_t>& open) : open_(open) {}
  ~OpenCount() { --open_; }
  OpenCount(const OpenCount&) = delete;
  OpenCount& operator=(const OpenCount&) = delete;

 private:
  std::atomic<std::size_t>& open_;
};

class PocoConnection final : public Poco::Net::TCPServerConnection {
 public:
  PocoConnection(const Poco::Net::StreamSocket& socket, std::shared_ptr<Core> core)
      : TCPServerConnection(socket), core_(std::move(core)), open_(core_->open) {}

  void run() override {
    try {
      // OpenSSL writes without MSG_NOSIGNAL; a peer that is gone must not end the process.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      socket().setNoDelay(true);
      const auto address = socket().peerAddress().host();
      const int descriptor = socket().impl()->sockfd();
      ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
      Connection(*core_, {descriptor, address.toString(), address.isLoopback()}).Run();
    } catch (const Poco::Exception&) {
      // The peer left between accept and here.
    }
  }

 private:
  std::shared_ptr<Core> core_;  // shared by the server and its connections
  OpenCount open_;
};

class PocoConnectionFactory final : public Poco::Net::TCPServerConnectionFactory {
 public:
  explicit PocoConnectionFactory(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  Poco::Net::TCPServerConnection* createConnection(const Poco::Net::StreamSocket& socket) override {
    return new PocoConnection(socket, core_);  // Poco's dispatcher owns it
  }

 private:
  std::shared_ptr<Core> core_;
};

/// Runs on the accepting thread, so it must not wait.
class FloodFilter final : public Poco::Net::TCPServerConnectionFilter {
 public:
  explicit FloodFilter(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  bool accept(const Poco::Net::StreamSocket& socket) override {
    if (core_->open.fetch_add(1) < ThreadsMax(core_->options.http)) {
      return true;
    }
    --core_->open;
    core_->CountRefusal(503);
    if (!core_->tls) {
      constexpr std::string_view kAnswer =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      ::send(socket.impl()->sockfd(), kAnswer.data(), kAnswer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return false;
  }

 private:
  std::shared_ptr<Core> core_;
};

class PocoServer final : public Server {
 public:
  PocoServer(std::shared_ptr<Core> core, const Poco::Net::ServerSocket& socket)
      : core_(std::move(core)),
        socket_(socket),
        port_(socket_.address().port()),
        pool_(2, static_cast<int>(ThreadsMax(core_->options.http)) + 1, 10) {}

  ~PocoServer() override {
    Stop(std::chrono::milliseconds(0));
    tcp_.reset();
    pool_.joinAll();
  }

  void Start() override {
    const std::scoped_lock lock(mutex_);
    if (tcp_ || core_->stopping) {
      return;
    }
    Poco::Net::TCPServerParams::Ptr params = new Poco::Net::TCPServerParams;
    params->setMaxThreads(static_cast<int>(ThreadsMax(core_->options.http)));
    params->setMaxQueued(static_cast<int>(ThreadsMax(core_->options.http)));
    tcp_ = std::make_unique<Poco::Net::TCPServer>(new PocoConnectionFactory(core_), pool_, socket_, params);
    tcp_->setConnectionFilter(new FloodFilter(core_));
    tcp_->start();
  }

  std::size_t Stop(std::chrono::milliseconds grace) override {
    const std::scoped_lock lock(mutex_);
    if (core_->stopping.exchange(true)) {
      return 0;
    }
    if (tcp_) {
      tcp_->stop();
    }
    socket_.close();
    core_->registry.EvictAllIdle();
    if (core_->registry.WaitUntilEmpty(std::chrono::steady_clock::now() + grace)) {
      return 0;
    }
    return core_->registry.CutAll();
  }

  std::uint16_t port() const override { return port_; }

 private:
  std::shared_ptr<Core> core_;
  std::mutex mutex_;  // serializes Start and Stop
  Poco::Net::ServerSocket socket_;
  const std::uint16_t port_;
  Poco::ThreadPool pool_;
  std::unique_ptr<Poco::Net::TCPServer> tcp_;
};

}  // namespace
}  // namespace poco

fhir::Result<std::unique_ptr<Server>> Server::Create(ServerOptions options, Handler handler) {
  GW_ASSIGN(const settings::HostPort address, settings::ParseHostPort(options.http.address));
  try {
    auto core = std::make_shared<poco::Core>(std::move(options), std::move(handler));
    if (core->options.http.tls.enabled()) {
      GW_ASSIGN(core->tls, poco::TlsContext::Create(core->options.http.tls, core->options.certificate_check_interval));
    }
    Poco::Net::ServerSocket socket;
    const Poco::Net::SocketAddress at(address.host, address.port);
    // Not reusePort, which would let a second gateway share the port unseen.
    socket.bind(at, true, false);
    ::fcntl(socket.impl()->sockfd(), F_SETFD, FD_CLOEXEC);
    socket.listen(1'024);
    if (core->options.metrics != nullptr) {
      core->options.metrics->AddGauge("passerelle_http_connections", "Open connections.", [weak = std::weak_ptr(core)] {
        const auto alive = weak.lock();
        return alive ? static_cast<double>(alive->registry.size()) : 0.0;
      });
      core->options.metrics->AddGauge("passerelle_http_large_body_bytes", "Share of the body budget in use.",
                                      [weak = std::weak_ptr(core)] {
                                        const auto alive = weak.lock();
                                        return alive ? static_cast<double>(alive->body_bytes.taken()) : 0.0;
                                      });
    }
    return std::make_unique<poco::PocoServer>(std::move(core), socket);
  } catch (const Poco::Net::DNSException&) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("http.address: unknown host {}", address.host));
  } catch (const Poco::Exception& exception) {
    if (exception.code() == EADDRINUSE) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable,
                        fmt::format("port {} on {} is already in use", address.port, address.host));
    }
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fhir::PublicText{fmt::format("cannot listen on {}:{}", address.host, address.port)},
                      fhir::InternalText{exception.displayText()});
  }
}

}  // namespace gateway::http
