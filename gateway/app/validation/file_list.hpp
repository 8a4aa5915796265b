// The files that operands of a command mean.
#pragma once

#include <string>
#include <vector>

namespace gateway::app {

/// A file stands for itself, a directory for the .json and .xml files in it, in name order. An operand that is not
/// there stays in the list, so that reading it says so in its place.
std::vector<std::string> ListFiles(const std::vector<std::string>& operands);

}  // namespace gateway::app
