#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {

const FunctionRow* FindFunction(std::string_view name) {
  using Chapter = std::span<const FunctionRow> (*)();
  static constexpr Chapter kChapters[] = {
      ExistenceFunctions,  FilteringFunctions, SubsettingFunctions, CombiningFunctions, ConversionFunctions,
      StringFunctions,     PatternFunctions,   EncodingFunctions,   MathFunctions,      BoundaryFunctions,
      NavigationFunctions, UtilityFunctions,   TypeFunctions,       FhirFunctions,      HostFunctions};
  for (const Chapter chapter : kChapters) {
    for (const FunctionRow& row : chapter()) {
      if (row.name == name) return &row;
    }
  }
  return nullptr;
}

}  // namespace fhir::fhirpath
