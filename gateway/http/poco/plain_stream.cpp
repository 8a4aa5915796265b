#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "gateway/http/poco/stream.hpp"

namespace gateway::http::poco {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int descriptor) : descriptor_(descriptor) {}

  IoResult Read(char* buffer, std::size_t size, Deadline deadline, bool likely_ready) override {
    bool ready = likely_ready;
    for (;;) {
      if (!ready) {
        if (const IoStatus waited = WaitFor(descriptor_, POLLIN, deadline); waited != IoStatus::kOk) {
          return {waited, 0};
        }
      }
      const ssize_t count = ::recv(descriptor_, buffer, size, MSG_DONTWAIT);
      if (count > 0) {
        return {IoStatus::kOk, static_cast<std::size_t>(count)};
      }
      if (count == 0) {
        return {IoStatus::kClosed, 0};
      }
      if (errno != EAGAIN && errno != EINTR) {
        return {IoStatus::kError, 0};
      }
      ready = false;
    }
  }

  IoStatus Write(std::string_view head, std::string_view body, std::chrono::milliseconds stall) override {
    while (!head.empty() || !body.empty()) {
      // sendmsg does not write through the pointers; iovec has no const form.
      iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
      msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = 2;
      const ssize_t count = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count >= 0) {
        const auto sent = static_cast<std::size_t>(count);
        const std::size_t of_head = std::min(sent, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent - of_head);
        continue;
      }
      if (errno == EAGAIN) {
        const IoStatus waited = WaitFor(descriptor_, POLLOUT, std::chrono::steady_clock::now() + stall);
        if (waited != IoStatus::kOk) {
          return waited;
        }
      } else if (errno != EINTR) {
        return IoStatus::kError;
      }
    }
    return IoStatus::kOk;
  }

  void Finish() override {}

 private:
  int descriptor_;
};

}  // namespace

IoStatus WaitFor(int descriptor, short events, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waited{descriptor, events, 0};
    const int count = ::poll(&waited, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
    if (count > 0) {
      return IoStatus::kOk;
    }
    if (count == 0) {
      if (left <= 0 || std::chrono::steady_clock::now() >= deadline) {
        return IoStatus::kTimeout;
      }
    } else if (errno != EINTR) {
      return IoStatus::kError;
    }
  }
}

std::unique_ptr<Stream> MakePlainStream(int descriptor) {
  return std::make_unique<PlainStream>(descriptor);
}

}  // namespace gateway::http::poco
