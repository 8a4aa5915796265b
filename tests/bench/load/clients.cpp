#include "tests/bench/load/clients.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

void Die(const std::string& message) {
  std::fprintf(stderr, "bench: %s\n", message.c_str());
  std::_Exit(1);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    Die(path + " cannot be read");
  }
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Connection::Connection(const std::string& host, int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Die(fmt::format("cannot connect to {}:{}", host, port));
  }
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  close(socket_);
}

void Connection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      Die("the server closed the connection while a request was sent");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Connection::Receive(std::string& buffer) {
  char block[65536];
  const ssize_t received = recv(socket_, block, sizeof block, 0);
  if (received <= 0) {
    return false;
  }
  buffer.append(block, static_cast<std::size_t>(received));
  return true;
}

Summary RunClosedLoop(int clients, double seconds, std::uint64_t exchanges_max,
                      const std::function<Exchange(int client)>& make) {
  using Clock = std::chrono::steady_clock;
  std::mutex mutex;
  std::vector<float> latencies_ms;
  Summary summary;
  std::vector<std::thread> threads;
  std::vector<Exchange> exchanges;
  exchanges.reserve(static_cast<std::size_t>(clients));
  for (int client = 0; client < clients; ++client) {
    exchanges.push_back(make(client));
  }
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  threads.reserve(static_cast<std::size_t>(clients));
  for (int client = 0; client < clients; ++client) {
    threads.emplace_back([&, client] {
      std::vector<float> own;
      std::uint64_t failed = 0;
      Exchange& exchange = exchanges[static_cast<std::size_t>(client)];
      for (std::uint64_t number = 0; exchanges_max == 0 || number < exchanges_max; ++number) {
        const auto start = Clock::now();
        if (start >= end && number > 0) {  // one at least, however long a thread waited for its turn
          break;
        }
        if (!exchange(number)) {
          ++failed;
        }
        own.push_back(std::chrono::duration<float, std::milli>(Clock::now() - start).count());
      }
      const std::lock_guard lock(mutex);
      latencies_ms.insert(latencies_ms.end(), own.begin(), own.end());
      summary.failed += failed;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  summary.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  summary.done = latencies_ms.size();
  if (!latencies_ms.empty()) {
    std::sort(latencies_ms.begin(), latencies_ms.end());
    summary.p50_ms = latencies_ms[latencies_ms.size() / 2];
    summary.p99_ms = latencies_ms[latencies_ms.size() * 99 / 100];
  }
  return summary;
}

void Print(const Summary& summary) {
  fmt::print(
      "{{\"done\": {}, \"failed\": {}, \"seconds\": {:.3f}, \"rate\": {:.1f}, \"p50_ms\": {:.3f}, \"p99_ms\": "
      "{:.3f}}}\n",
      summary.done, summary.failed, summary.seconds, static_cast<double>(summary.done) / summary.seconds,
      summary.p50_ms, summary.p99_ms);
}

}  // namespace bench
