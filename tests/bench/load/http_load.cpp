// Load on an HTTP server over kept connections, one request at a time on each.
//   http_load HOST PORT CLIENTS SECONDS read  FILE   one path a line; GET in turn, 200 expected
//   http_load HOST PORT CLIENTS SECONDS create FILE PATH   POST the file's bytes, 201 expected
//   http_load HOST PORT CLIENTS SECONDS transaction FILE PATH   POST the file's bytes, 200 expected
//   http_load HOST PORT CLIENTS SECONDS crud FILE PATH   one resource a line, without id and with its type first; for
//   each
//                                                        in turn POST, GET, PUT with a change, DELETE below PATH
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
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

std::string Request(std::string_view method, std::string_view target, std::string_view body) {
  return fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{}",
      method, target, body.size(), body);
}

std::vector<std::string> Lines(std::string_view content) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    if (end > at) {
      lines.emplace_back(content.substr(at, end - at));
    }
    at = end + 1;
  }
  return lines;
}

/// One client's loop of create, read, update and delete over the resources.
class CrudClient {
 public:
  CrudClient(const std::string& host, int port, const std::vector<std::string>& resources, std::string base)
      : connection_(host, port), resources_(resources), base_(std::move(base)) {}

  bool Next(std::uint64_t number) {
    const std::string& resource = resources_[number / 4 % resources_.size()];
    const std::size_t type_at = resource.find(':') + 2;
    const std::string type = resource.substr(type_at, resource.find('"', type_at) - type_at);
    switch (number % 4) {
      case 0:
        return Create(type, resource);
      case 1:
        return Send(Request("GET", target_, "")) == 200;
      case 2: {
        std::string changed = resource;
        changed.insert(changed.find(',') + 1, fmt::format(R"("id":"{}","language":"fr",)", id_));
        return Send(Request("PUT", target_, changed)) == 200;
      }
      default: {
        const int status = Send(Request("DELETE", target_, ""));
        return status == 200 || status == 204;
      }
    }
  }

 private:
  int Send(const std::string& request) {
    connection_.Send(request);
    return ReadResponse(connection_, buffer_);
  }
  bool Create(const std::string& type, const std::string& resource) {
    if (Send(Request("POST", base_ + "/" + type, resource)) != 201) {
      return false;
    }
    const std::string before = "/" + type + "/";
    const std::size_t location = buffer_.find("Location: ");
    const std::size_t begin = buffer_.find(before, location) + before.size();
    if (location == std::string::npos || begin < before.size()) {
      return false;
    }
    id_ = buffer_.substr(begin, buffer_.find_first_of("/\r", begin) - begin);
    target_ = base_ + before + id_;
    return true;
  }

  bench::Connection connection_;
  const std::vector<std::string>& resources_;
  const std::string base_;
  std::string buffer_;
  std::string id_;
  std::string target_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) {
    bench::Die("usage: http_load HOST PORT CLIENTS SECONDS read|create|transaction|crud FILE [PATH]");
  }
  const std::string host = argv[1];
  const int port = std::atoi(argv[2]);
  const std::string mode = argv[5];
  const std::string content = bench::ReadFile(argv[6]);
  std::vector<std::string> requests;
  int expected = 200;
  const std::string path = argc > 7 ? argv[7] : "/";
  if (mode == "read" || mode == "crud") {
    requests = Lines(content);
  } else {
    expected = mode == "create" ? 201 : 200;
    requests.push_back(Request("POST", path, content));
  }
  if (mode == "read") {
    for (std::string& request : requests) {
      request =
          fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nAccept: application/fhir+json\r\n\r\n", request, host, port);
    }
  }
  if (requests.empty()) {
    bench::Die("nothing to request");
  }
  const int clients = std::atoi(argv[3]);
  bench::Print(bench::RunClosedLoop(clients, std::atof(argv[4]), 0, [&](int client) -> bench::Exchange {
    if (mode == "crud") {
      auto crud = std::make_shared<CrudClient>(host, port, requests, path);
      return [crud](std::uint64_t number) { return crud->Next(number); };
    }
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
