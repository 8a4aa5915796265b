// passerelle COMMAND …: the words go to the library, so that tests can say them too.
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "gateway/app/commands/dispatch.hpp"

int main(int argc, char** argv) {
  try {
    return static_cast<int>(gateway::app::Dispatch(std::vector<std::string_view>(argv + 1, argv + argc)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "passerelle: %s\n", error.what());
    return static_cast<int>(gateway::app::ExitCode::kFailed);
  }
}
