// Load on an MLLP listener: each client sends the messages of its own file one after another and waits for each
// acknowledgement.
//   mllp_load HOST PORT SECONDS FILE...     one client per file; files hold MLLP frames; AA or CA expected
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load/clients.hpp"

namespace {

constexpr std::string_view kFrameEnd = "\x1c\r";

std::vector<std::string> SplitFrames(const std::string& bytes) {
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find(kFrameEnd, at);
    if (end == std::string::npos) {
      break;
    }
    frames.push_back(bytes.substr(at, end + kFrameEnd.size() - at));
    at = end + kFrameEnd.size();
  }
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    bench::Die("usage: mllp_load HOST PORT SECONDS FILE...");
  }
  const std::string host = argv[1];
  const int port = std::atoi(argv[2]);
  std::vector<std::vector<std::string>> work;
  std::uint64_t least = 0;
  for (int i = 4; i < argc; ++i) {
    work.push_back(SplitFrames(bench::ReadFile(argv[i])));
    least = least == 0 ? work.back().size() : std::min<std::uint64_t>(least, work.back().size());
  }
  bench::Print(bench::RunClosedLoop(
      static_cast<int>(work.size()), std::atof(argv[3]), least, [&](int client) -> bench::Exchange {
        auto connection = std::make_shared<bench::Connection>(host, port);
        auto answer = std::make_shared<std::string>();
        const std::vector<std::string>& frames = work[static_cast<std::size_t>(client)];
        return [connection, answer, &frames](std::uint64_t number) {
          connection->Send(frames[number]);
          answer->clear();
          while (answer->find(kFrameEnd) == std::string::npos) {
            if (!connection->Receive(*answer)) {
              bench::Die("the connection ended before the acknowledgement");
            }
          }
          return answer->find("MSA|AA") != std::string::npos || answer->find("MSA|CA") != std::string::npos;
        };
      }));
}
