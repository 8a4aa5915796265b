// What the library and its tables cost a process that has just begun.
#pragma once

#include <vector>

#include "fhir/json/value.hpp"

namespace bench {

/// Rows for processor time until the tables are ready, and for memory. To be called before anything else is done.
std::vector<fhir::json::Value> StartFigures();

}  // namespace bench
