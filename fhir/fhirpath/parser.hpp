// Words → tree, by recursive descent. Source: http://hl7.org/fhirpath/N1/#operator-precedence
#pragma once

#include <cstdint>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/token.hpp"

namespace fhir::fhirpath {

/// Adds the nodes of an expression to `ast`, and gives the position of its root. The texts of literals are not joined
/// to their items yet, since nodes still move.
/// Errors: kInvalid with the byte offset, kTooLarge past kExpressionDepthMax.
Result<std::uint32_t> ParseTokens(std::vector<Token> tokens, Ast& ast);

}  // namespace fhir::fhirpath
