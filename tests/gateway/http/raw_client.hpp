// A client that sends exactly the bytes it is given, for what no proper client would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// One response with its body by Content-Length; empty when the connection ended first.
  std::string ReadResponse(bool head_only = false) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill()) {
        return {};
      }
    }
    std::size_t length = 0;
    const std::size_t at = buffer_.find("Content-Length: ");
    if (!head_only && at != std::string::npos && at < end) {
      length = std::stoul(buffer_.substr(at + 16));
    }
    while (buffer_.size() < end + 4 + length) {
      if (!Fill()) {
        return {};
      }
    }
    const std::string response = buffer_.substr(0, end + 4 + length);
    buffer_.erase(0, end + 4 + length);
    return response;
  }

  std::string Exchange(std::string_view bytes) {
    Send(bytes);
    return ReadResponse();
  }

  /// Whether the server ends the connection without another byte.
  bool ReadsEnd() { return buffer_.empty() && !Fill() && !timed_out_; }
  void EndSending() { ::shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }

 private:
  bool Fill() {
    pollfd waited{fd_, POLLIN, 0};
    if (::poll(&waited, 1, 10'000) != 1) {
      timed_out_ = true;
      return false;
    }
    char chunk[16 * 1024];
    const ssize_t count = ::recv(fd_, chunk, sizeof(chunk), 0);
    if (count <= 0) {
      return false;
    }
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string buffer_;
};

inline int StatusOf(std::string_view response) {
  return response.size() < 12 ? 0 : std::stoi(std::string(response.substr(9, 3)));
}

inline std::string_view BodyOf(std::string_view response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : response.substr(end + 4);
}

}  // namespace gateway::http
