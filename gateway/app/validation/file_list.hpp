// The files that operands of a command mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gateway::app {

struct FileList {
  std::vector<std::string> files;
  std::vector<std::string> problems;  ///< one sentence for each directory that gave nothing or not all
};

/// Whether a command reads files of that name.
using FileFilter = bool (*)(std::string_view path);

/// .json, .ndjson and .xml, in either case, but no name that begins with a full stop.
bool IsResourceFile(std::string_view path);

/// A file stands for itself, a directory for the files in it that `filter` takes, in name order. An operand that is not
/// there stays in the list, so that reading it says so in its place.
FileList ListFiles(const std::vector<std::string>& operands, FileFilter filter = IsResourceFile);

}  // namespace gateway::app
