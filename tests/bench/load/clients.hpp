// What both load generators share: sockets, threads that run a closed loop, and the summary of their latencies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A blocking TCP connection that ends the program on failure: a benchmark with errors has no figures.
class Connection {
 public:
  Connection(const std::string& host, int port);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(std::string_view bytes);
  /// Reads more bytes to the end of `buffer`; false at the end of the stream.
  bool Receive(std::string& buffer);

 private:
  int socket_ = -1;
};

struct Summary {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double seconds = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

/// One exchange with the server: returns false when the answer was not the good one.
using Exchange = std::function<bool(std::uint64_t number)>;

/// Runs `make(client)` once for each of `clients` threads and repeats its exchange until `seconds` have passed or
/// `exchanges_max` are done (0: no bound) in each thread. Figures are of all threads together.
Summary RunClosedLoop(int clients, double seconds, std::uint64_t exchanges_max,
                      const std::function<Exchange(int client)>& make);

/// One JSON object on standard output.
void Print(const Summary& summary);

/// The file's bytes; ends the program when it cannot be read.
std::string ReadFile(const std::string& path);

/// Ends the program with a message.
[[noreturn]] void Die(const std::string& message);

}  // namespace bench
