// Parameters laid out as the arrays that libpq takes. Private to this folder.
#pragma once

#include <vector>

#include "gateway/store/pg/connection.hpp"

namespace gateway::store::pg {

struct Connection::Wire {
  explicit Wire(const Parameters& parameters);

  int count() const { return static_cast<int>(values.size()); }

  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace gateway::store::pg
