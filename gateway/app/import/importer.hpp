// Loads files into a running server over several connections.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "gateway/app/import/report.hpp"
#include "gateway/app/import/resource_files.hpp"
#include "gateway/app/import/server_link.hpp"

namespace gateway::app {

struct ImportOrder {
  std::vector<std::string> files;
  std::size_t connections = 2;
  GroupLimits limits;
  LinkOptions link;
  std::function<Transport()> connect;  ///< called once for each connection, on its thread
};

/// Begins the files in their order, as many at a time as there are connections; the lines of one NDJSON file go over
/// all of them. What the server refuses while something before it is still on its way is sent once more after that, as
/// it may refer to it. Stops where the server cannot be reached or does not know the caller. Memory: a file of a
/// request's size for each connection, and groups of lines. Returns why it stopped before the end; empty when it did
/// not.
std::string Import(const ImportOrder& order, ImportReport& report);

}  // namespace gateway::app
