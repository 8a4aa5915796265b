// From files to the groups that are sent: Bundles of all kinds that carry resources, single resources, and NDJSON.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/app/import/load_group.hpp"

namespace gateway::app {

struct GroupLimits {
  std::size_t body_bytes_max = 64u * 1024 * 1024;  ///< of one request: what a server takes by default
  std::size_t entries_max = 25'000;                ///< of one transaction that a file asks for
  std::size_t group_items_max = 200;               ///< of a group that is made here
  std::size_t group_bytes_max = 2u * 1024 * 1024;  ///< after which a group goes, whatever its items
};

/// Takes groups in order; false ends the reading.
using GroupSink = std::function<bool(LoadGroup group)>;
/// Takes what cannot be loaded: where it stands, and why.
using ProblemSink = std::function<void(std::string place, std::string_view why)>;

/// Names that are resources to load: .json and .ndjson, in either case, also with .gz or .bz2 after them.
bool IsLoadable(std::string_view path);
/// Whether the file holds a resource a line.
bool IsLineFile(std::string_view path);

/// One JSON file, plain or compressed.
/// Shape:  a transaction is one group, as it stands. A batch becomes groups of its entries. The resources of a
///         collection or searchset become one transaction, with their references to each other; those of one that is
///         larger than a request may be become several, without. Any other resource, a document among them, is a group
///         of its own. What has an id is put there, anything else posted. What is posted out of a collection in parts
///         goes alone: its key depends on nothing else.
/// Memory: a request at most, and twice that for a collection.
void ReadJsonFile(const std::string& path, const GroupLimits& limits, const GroupSink& take,
                  const ProblemSink& problem);

/// The lines of an NDJSON file as groups. A line without an id is a group of its own: its key depends on nothing else.
/// thread-compatible.
class LineGroups {
 public:
  LineGroups(std::string path, const GroupLimits& limits, ProblemSink problem);
  ~LineGroups();
  LineGroups(const LineGroups&) = delete;
  LineGroups& operator=(const LineGroups&) = delete;

  /// The next group; nothing at the end, and where the file cannot be read further.
  std::optional<LoadGroup> Next();

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace gateway::app
