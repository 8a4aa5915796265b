#include "gateway/app/version.hpp"

namespace gateway::app {

std::string_view Version() {
  return GW_VERSION;
}

}  // namespace gateway::app
