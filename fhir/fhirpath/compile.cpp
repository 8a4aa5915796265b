// Text → expression: words, tree, types, and the short way for plain paths.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/expression.hpp"
#include "fhir/fhirpath/parser.hpp"
#include "fhir/fhirpath/token.hpp"
#include "fhir/fhirpath/type_checker.hpp"

namespace fhir::fhirpath {

std::string_view Expression::text() const {
  return ast_->text;
}

namespace {

/// Fills path_type and path when the tree is "Type.name.name" alone.
void FindSimplePath(Ast& ast) {
  std::vector<std::string> names;
  std::uint32_t at = ast.root;
  while (ast.nodes[at].kind == AstKind::kChild) {
    names.push_back(ast.nodes[at].text);
    at = ast.nodes[at].operands[0];
  }
  const AstNode& root = ast.nodes[at];
  if (root.kind != AstKind::kRoot || root.type == metadata::kNoType || names.empty()) return;
  std::ranges::reverse(names);
  ast.path_type = root.type;
  ast.path = std::move(names);
}

Result<std::shared_ptr<Ast>> Parse(std::string_view text, const metadata::Definitions& definitions) {
  if (text.size() > kExpressionBytesMax) {
    return Fail(ErrorCode::kTooLarge, fmt::format("FHIRPath: longer than {} bytes", kExpressionBytesMax));
  }
  GW_ASSIGN(std::vector<Token> tokens, Tokenize(text));
  auto ast = std::make_shared<Ast>(definitions);
  ast->text = text;
  GW_ASSIGN(ast->root, ParseTokens(std::move(tokens), *ast));
  for (AstNode& node : ast->nodes) {
    if (node.kind != AstKind::kLiteral) continue;
    node.literal.text = node.text;
    node.literal.unit = node.unit;
  }
  return ast;
}

}  // namespace

Result<Expression> Compile(std::string_view text, const metadata::Definitions& definitions) {
  GW_ASSIGN(std::shared_ptr<Ast> ast, Parse(text, definitions));
  FindSimplePath(*ast);
  return Expression(std::move(ast));
}

Result<Expression> CompileChecked(std::string_view text, metadata::TypeId context_type,
                                  const metadata::Definitions& definitions) {
  GW_ASSIGN(std::shared_ptr<Ast> ast, Parse(text, definitions));
  GW_TRY(CheckTypes(*ast, context_type));
  ast->checked = true;
  FindSimplePath(*ast);
  return Expression(std::move(ast));
}

}  // namespace fhir::fhirpath
