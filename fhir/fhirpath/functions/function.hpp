// The functions of the language, one table per chapter of the specification.
// To add one: write it in its chapter's file, add its row to that chapter's table, and a case to the data test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/fhirpath/collection.hpp"

namespace fhir::fhirpath {

class Evaluator;
struct Frame;

/// One call: what stands before the dot, and the arguments as positions in the tree, evaluated by the function itself.
struct Call {
  const Collection& input;
  const Frame& frame;  ///< $this of the surrounding expression: what arguments see
  std::span<const std::uint32_t> arguments;
};

/// Adds the answer to `out`. False: evaluation ends with the evaluator's error.
using Function = bool (*)(Evaluator&, const Call&, Collection& out);

struct FunctionRow {
  std::string_view name;
  std::uint8_t arguments_min;
  std::uint8_t arguments_max;
  Function function;
  bool type_argument = false;  ///< the argument names a type
};

/// The row called `name`, or nullptr.
const FunctionRow* FindFunction(std::string_view name);

// The chapters (http://hl7.org/fhirpath/N1/#functions). Each table is sorted as in the specification.
std::span<const FunctionRow> ExistenceFunctions();
std::span<const FunctionRow> FilteringFunctions();
std::span<const FunctionRow> SubsettingFunctions();
std::span<const FunctionRow> CombiningFunctions();
std::span<const FunctionRow> ConversionFunctions();
std::span<const FunctionRow> StringFunctions();
std::span<const FunctionRow> MathFunctions();
std::span<const FunctionRow> NavigationFunctions();
std::span<const FunctionRow> UtilityFunctions();
std::span<const FunctionRow> TypeFunctions();
std::span<const FunctionRow> FhirFunctions();

}  // namespace fhir::fhirpath
