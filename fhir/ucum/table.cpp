#include "fhir/ucum/table.hpp"

#include <algorithm>

namespace fhir::ucum {

const UnitRow* FindUnit(std::string_view code) {
  const auto found =
      std::ranges::lower_bound(kTable.units, code, {}, [](const UnitRow& row) { return kTable.Text(row.code); });
  return found != kTable.units.end() && kTable.Text(found->code) == code ? &*found : nullptr;
}

}  // namespace fhir::ucum
