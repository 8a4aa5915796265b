// The tree of a compiled expression. Nodes stand in one vector and refer to each other by position, so that a deep
// expression costs no deep destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/regular_expression.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/metadata/definitions.hpp"

namespace fhir::fhirpath {

struct FunctionRow;

enum class AstKind : std::uint8_t {
  kLiteral,   ///< `literal`
  kEmpty,     ///< {}
  kThis,      ///< $this
  kIndex,     ///< $index
  kTotal,     ///< $total
  kExternal,  ///< %text
  kRoot,      ///< a name at the start of a path: a type's name (`type`) or a child of $this
  kChild,     ///< operand 0 . text
  kCall,      ///< operand 0 . function(operands 1…); operand 0 is kNoOperand for a call at the start of a path
  kIndexer,   ///< operand 0 [ operand 1 ]
  kNegate,
  kPositive,  ///< a plus sign, which changes nothing and wants a number
  kMultiply,
  kDivide,
  kIntegerDivide,
  kModulo,
  kAdd,
  kSubtract,
  kConcatenate,
  kUnion,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kEqual,
  kNotEqual,
  kEquivalent,
  kNotEquivalent,
  kIn,
  kContains,
  kAnd,
  kOr,
  kXor,
  kImplies,
  kIs,  ///< operand 0 is `type_spec`
  kAs,
  kTypeName,  ///< argument of is(), as(), ofType()
};

/// A type named in an expression: one of FHIR, one of System, or both. Neither for a name that System lacks and FHIR
/// has
/// ("System.Patient"): nothing is of that type.
struct TypeSpec {
  metadata::TypeId fhir = metadata::kNoType;
  bool system = false;
  ItemKind system_kind = ItemKind::kNode;
};

inline constexpr std::uint32_t kNoOperand = 0xFFFFFFFF;

struct AstNode {
  AstKind kind = AstKind::kEmpty;
  std::uint16_t depth = 1;
  std::uint32_t offset = 0;  ///< byte offset in the text, for errors
  std::vector<std::uint32_t> operands;
  std::string text;  ///< name, or the text of a literal
  std::string unit;
  Item literal;  ///< its texts point at `text` and `unit`; set when the tree is complete
  metadata::TypeId type = metadata::kNoType;
  TypeSpec type_spec;
  const FunctionRow* function = nullptr;
  std::optional<RegularExpression> pattern;  ///< of matches() and its kin when the argument is a literal
};

/// Types that the evaluator has rules for, looked up once per expression.
struct CoreTypes {
  explicit CoreTypes(const metadata::Definitions& definitions);
  metadata::TypeId boolean, integer, positive_int, unsigned_int, decimal, date, date_time, instant, time, quantity,
      money, reference, extension, bundle, resource;
};

struct Ast {
  explicit Ast(const metadata::Definitions& from) : definitions(from), core(from) {}
  const metadata::Definitions& definitions;
  CoreTypes core;
  std::string text;
  std::vector<AstNode> nodes;
  std::uint32_t root = 0;
  bool checked = false;  ///< compiled for a context type: `as` takes one item, as N1 wants
  /// For "Type.name.name" alone: the type, and the names as positions of kChild nodes' texts. Empty otherwise.
  metadata::TypeId path_type = metadata::kNoType;
  std::vector<std::string> path;
};

/// Finds "Patient", "FHIR.Patient", "System.String", "String". Errors: kInvalid for an unknown name.
Result<TypeSpec> FindTypeSpec(const metadata::Definitions& definitions, std::string_view name);

}  // namespace fhir::fhirpath
