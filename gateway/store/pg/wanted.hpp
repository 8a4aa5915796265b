// Whether anybody still waits for what a thread asks the database.
#pragma once

#include <functional>

namespace gateway::store::pg {

/// For the time of this scope: a statement of this thread whose answer takes long is given up when `wanted` says no.
/// Its connection is closed, which the caller sees as one that was lost (kUnavailable), and the server, which looks for
/// that every second, ends the statement. Any of them: a scope is for reads.
/// Cost: none for what is answered within a quarter of a second; then `wanted` is called, from this thread, as often.
/// Scopes do not nest.
class WhileWanted {
 public:
  /// `wanted` is borrowed for the time of the scope.
  explicit WhileWanted(const std::function<bool()>& wanted);
  ~WhileWanted();
  WhileWanted(const WhileWanted&) = delete;
  WhileWanted& operator=(const WhileWanted&) = delete;
};

}  // namespace gateway::store::pg
