// The files that operands of a command mean.
#pragma once

#include <string>
#include <vector>

namespace gateway::app {

struct FileList {
  std::vector<std::string> files;
  std::vector<std::string> problems;  ///< one sentence for each directory that gave nothing or not all
};

/// A file stands for itself, a directory for the .json, .ndjson and .xml files in it (in either case), in name order.
/// An operand that is not there stays in the list, so that reading it says so in its place.
FileList ListFiles(const std::vector<std::string>& operands);

}  // namespace gateway::app
