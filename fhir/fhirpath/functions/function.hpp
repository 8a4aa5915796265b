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
struct AstNode;

/// One call: what stands before the dot, and the arguments as positions in the tree, evaluated by the function itself.
struct Call {
  const Collection& input;
  const Frame& frame;  ///< $this of the surrounding expression: what arguments see
  std::span<const std::uint32_t> arguments;
  const AstNode& node;
};

/// Adds the answer to `out`. False: evaluation ends with the evaluator's error.
using Function = bool (*)(Evaluator&, const Call&, Collection& out);

/// What the type checker knows of an answer.
enum class Answer : std::uint8_t {
  kUnknown,
  kInput,          ///< items of the input, in their order
  kArgument,       ///< what the last argument comes to, and the one before it
  kInputAndFirst,  ///< items of the input and of the first argument
  kNamedType,      ///< items of the type that the argument names
  kUnordered,      ///< elements of any type, in no order
  kExtension,
  kBoolean,
  kInteger,
  kDecimal,
  kString,
  kDate,
  kDateTime,
  kTime,
  kQuantity,
};

/// What a function must be called on, as far as types can tell.
enum class Input : std::uint8_t { kAny, kString, kNumber, kOrdered };

/// Whether arguments are evaluated for each item of the input, with it as $this. A sort key besides may begin with a
/// minus sign, which is no arithmetic.
enum class Scope : std::uint8_t { kOuter, kEachItem, kSortKey };

struct FunctionRow {
  std::string_view name;
  std::uint8_t arguments_min;
  std::uint8_t arguments_max;
  Function function;
  Answer answer = Answer::kUnknown;
  Input input = Input::kAny;
  Scope scope = Scope::kOuter;
  bool type_argument = false;     ///< the argument names a type
  bool pattern_argument = false;  ///< the first argument is a regular expression
  bool condition_first = false;   ///< the first argument is a condition, and boolean
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
std::span<const FunctionRow> PatternFunctions();
std::span<const FunctionRow> EncodingFunctions();
std::span<const FunctionRow> MathFunctions();
std::span<const FunctionRow> BoundaryFunctions();
std::span<const FunctionRow> NavigationFunctions();
std::span<const FunctionRow> UtilityFunctions();
std::span<const FunctionRow> TypeFunctions();
std::span<const FunctionRow> FhirFunctions();
std::span<const FunctionRow> HostFunctions();

}  // namespace fhir::fhirpath
