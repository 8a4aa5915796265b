// A named SQL statement, written as a constant beside the function that runs it. The name goes to metrics and errors.
#pragma once

#include <cstdint>
#include <string_view>

namespace gateway::store::pg {

/// One prepared statement. `name` is unique in the program: it names the server-side statement of each connection.
struct Statement {
  const char* name;
  const char* sql;
  const char* group = nullptr;  ///< what metrics and errors call it, where several statements do the same work

  constexpr const char* label() const { return group != nullptr ? group : name; }
};

/// Told of every statement that ran. thread-safe. Implemented by telemetry.
class StatementObserver {
 public:
  virtual ~StatementObserver() = default;
  virtual void OnStatement(std::string_view name, std::int64_t duration_us, bool ok) = 0;
};

}  // namespace gateway::store::pg
