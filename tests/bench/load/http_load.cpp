// Load on an HTTP server over kept connections, one request at a time on each.
//   http_load HOST PORT CLIENTS SECONDS read  FILE   one path a line; GET in turn, 200 expected
//   http_load HOST PORT CLIENTS SECONDS create FILE PATH   POST the file's bytes, 201 expected
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/load/clients.hpp"

namespace {

/// Reads one response with a Content-Length; returns its status.
int ReadResponse(bench::Connection& connection, std::string& buffer) {
  buffer.clear();
  std::size_t head_end = std::string::npos;
  while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!connection.Receive(buffer)) {
      bench::Die("the connection ended inside a response");
    }
  }
  std::size_t body_bytes = 0;
  for (const std::string_view name : {"Content-Length: ", "content-length: "}) {
    if (const auto at = buffer.find(name); at < head_end) {
      body_bytes = std::strtoul(buffer.c_str() + at + name.size(), nullptr, 10);
    }
  }
  while (buffer.size() < head_end + 4 + body_bytes) {
    if (!connection.Receive(buffer)) {
      bench::Die("the connection ended inside a body");
    }
  }
  return std::atoi(buffer.c_str() + std::string_view("HTTP/1.1 ").size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    bench::Die("usage: http_load HOST PORT CLIENTS SECONDS read|create FILE [PATH]");
  }
  const std::string host = argv[1];
  const int port = std::atoi(argv[2]);
  const std::string mode = argv[5];
  const std::string content = bench::ReadFile(argv[6]);
  std::vector<std::string> requests;
  int expected = 200;
  if (mode == "read") {
    for (std::size_t at = 0; at < content.size();) {
      const std::size_t end = std::min(content.find('\n', at), content.size());
      requests.push_back(fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nAccept: application/fhir+json\r\n\r\n",
                                     content.substr(at, end - at), host, port));
      at = end + 1;
    }
  } else {
    expected = 201;
    requests.push_back(fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{}",
        argc > 7 ? argv[7] : "/", host, port, content.size(), content));
  }
  if (requests.empty()) {
    bench::Die("nothing to request");
  }
  const int clients = std::atoi(argv[3]);
  bench::Print(bench::RunClosedLoop(clients, std::atof(argv[4]), 0, [&](int client) -> bench::Exchange {
    auto connection = std::make_shared<bench::Connection>(host, port);
    auto buffer = std::make_shared<std::string>();
    // Clients begin at different places of the list, so that they do not walk in step.
    const std::size_t offset = requests.size() * static_cast<std::size_t>(client) / static_cast<std::size_t>(clients);
    return [&, connection, buffer, offset](std::uint64_t number) {
      connection->Send(requests[(offset + number) % requests.size()]);
      return ReadResponse(*connection, *buffer) == expected;
    };
  }));
}
