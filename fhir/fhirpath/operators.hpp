// Operators on evaluated operands. Source: http://hl7.org/fhirpath/N1/#operations
#pragma once

#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/fhirpath/evaluator.hpp"

namespace fhir::fhirpath {

/// + - * / div mod on single values; empty when an operand is.
bool Arithmetic(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out);
/// = != ~ !~ on collections.
bool Equality(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out);
/// < <= > >= on single values.
bool Comparison(Evaluator& evaluator, AstKind kind, const Collection& left, const Collection& right, Collection& out);
/// The items of both without duplicates, those of `left` first.
bool Union(Evaluator& evaluator, const Collection& left, const Collection& right, Collection& out);

}  // namespace fhir::fhirpath
