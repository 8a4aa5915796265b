// A peer on loopback that keeps what it was sent and answers what the test says.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tests::adapters_support {

class HookServer {
 public:
  /// `answer` is the whole response; empty: says nothing, and closes when the peer does.
  explicit HookServer(std::string answer) : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~HookServer() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  HookServer(const HookServer&) = delete;
  HookServer& operator=(const HookServer&) = delete;

  static std::string Status(int code) {
    return "HTTP/1.1 " + std::to_string(code) + " Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/fhir"; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void Serve() {
    for (int peer = 0; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(peer)) {
      std::string request;
      char block[4096];
      for (ssize_t got = 0; !IsWhole(request) && (got = ::recv(peer, block, sizeof block, 0)) > 0;) {
        request.append(block, static_cast<std::size_t>(got));
      }
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      if (answer_.empty()) {
        (void)!::recv(peer, block, sizeof block, 0);  // until the peer gives up
      } else {
        (void)!::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      }
    }
  }

  static bool IsWhole(const std::string& request) {
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) {
      return false;
    }
    const auto length = request.find("Content-Length: ");
    const std::size_t body = length < head ? std::strtoul(request.c_str() + length + 16, nullptr, 10) : 0;
    return request.size() >= head + 4 + body;
  }

  const std::string answer_;
  int socket_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace tests::adapters_support
