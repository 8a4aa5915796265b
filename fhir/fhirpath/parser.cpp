#include "fhir/fhirpath/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <utility>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/moment.hpp"
#include "fhir/fhirpath/quantity.hpp"

namespace fhir::fhirpath {
namespace {

struct BinaryOperator {
  std::string_view text;
  int precedence;  // larger binds tighter
  AstKind kind;
};

constexpr BinaryOperator kBinaryOperators[] = {
    {"implies", 1, AstKind::kImplies},
    {"or", 2, AstKind::kOr},
    {"xor", 2, AstKind::kXor},
    {"and", 3, AstKind::kAnd},
    {"in", 4, AstKind::kIn},
    {"contains", 4, AstKind::kContains},
    {"=", 5, AstKind::kEqual},
    {"~", 5, AstKind::kEquivalent},
    {"!=", 5, AstKind::kNotEqual},
    {"!~", 5, AstKind::kNotEquivalent},
    {"<", 6, AstKind::kLess},
    {"<=", 6, AstKind::kLessOrEqual},
    {">", 6, AstKind::kGreater},
    {">=", 6, AstKind::kGreaterOrEqual},
    {"|", 7, AstKind::kUnion},
    {"is", 8, AstKind::kIs},
    {"as", 8, AstKind::kAs},
    {"+", 9, AstKind::kAdd},
    {"-", 9, AstKind::kSubtract},
    {"&", 9, AstKind::kConcatenate},
    {"*", 10, AstKind::kMultiply},
    {"/", 10, AstKind::kDivide},
    {"div", 10, AstKind::kIntegerDivide},
    {"mod", 10, AstKind::kModulo},
};

class Parser {
 public:
  Parser(Ast& ast, std::vector<Token> tokens) : ast_(ast), tokens_(std::move(tokens)) {}

  Result<std::uint32_t> Run() {
    GW_ASSIGN(const std::uint32_t root, Binary(1));
    if (Current().kind != TokenKind::kEnd) return Bad("unexpected text after the expression");
    return root;
  }

 private:
  const Token& Current() const { return tokens_[at_]; }
  bool IsSymbol(std::string_view symbol) const {
    return Current().kind == TokenKind::kSymbol && Current().text == symbol;
  }
  bool IsWord(std::string_view word) const { return Current().kind == TokenKind::kWord && Current().text == word; }
  std::unexpected<Error> Bad(std::string_view what) const { return BadAt(Offset(), what); }
  static std::unexpected<Error> BadAt(std::uint32_t offset, std::string_view what) {
    return Fail(ErrorCode::kInvalid, fmt::format("FHIRPath, byte {}: {}", offset, what));
  }
  Result<void> Expect(std::string_view symbol) {
    if (!IsSymbol(symbol)) return Bad(fmt::format("'{}' expected", symbol));
    ++at_;
    return {};
  }

  std::uint32_t Offset() const { return static_cast<std::uint32_t>(Current().offset); }

  Result<std::uint32_t> Make(AstKind kind, std::uint32_t offset, std::vector<std::uint32_t> operands,
                             std::string text = {}) {
    std::size_t depth = 0;
    for (const std::uint32_t operand : operands) {
      if (operand != kNoOperand) depth = std::max<std::size_t>(depth, ast_.nodes[operand].depth);
    }
    if (++depth > kExpressionDepthMax) {
      return Fail(ErrorCode::kTooLarge, fmt::format("FHIRPath: nested deeper than {}", kExpressionDepthMax));
    }
    AstNode node;
    node.kind = kind;
    node.depth = static_cast<std::uint16_t>(depth);
    node.offset = offset;
    node.operands = std::move(operands);
    node.text = std::move(text);
    ast_.nodes.push_back(std::move(node));
    return static_cast<std::uint32_t>(ast_.nodes.size() - 1);
  }

  const BinaryOperator* OperatorHere() const {
    if (Current().kind != TokenKind::kSymbol && Current().kind != TokenKind::kWord) return nullptr;
    const auto* const found = std::ranges::find(kBinaryOperators, Current().text, &BinaryOperator::text);
    return found == std::end(kBinaryOperators) ? nullptr : found;
  }

  Result<std::uint32_t> Binary(int precedence_min) {
    if (++nesting_ > kExpressionDepthMax) {
      return Fail(ErrorCode::kTooLarge, fmt::format("FHIRPath: nested deeper than {}", kExpressionDepthMax));
    }
    GW_ASSIGN(std::uint32_t left, Unary());
    while (true) {
      const BinaryOperator* const found = OperatorHere();
      if (found == nullptr || found->precedence < precedence_min) break;
      const std::uint32_t offset = Offset();
      ++at_;
      if (found->kind == AstKind::kIs || found->kind == AstKind::kAs) {
        GW_ASSIGN(const TypeSpec spec, TypeSpecifier());
        GW_ASSIGN(left, Make(found->kind, offset, {left}));
        ast_.nodes[left].type_spec = spec;
      } else {
        GW_ASSIGN(const std::uint32_t right, Binary(found->precedence + 1));
        GW_ASSIGN(left, Make(found->kind, offset, {left, right}));
      }
    }
    --nesting_;
    return left;
  }

  Result<std::uint32_t> Unary() {
    const std::uint32_t offset = Offset();
    const bool has_sign = IsSymbol("+") || IsSymbol("-");
    bool negative = false;
    while (IsSymbol("+") || IsSymbol("-")) {
      if (IsSymbol("-")) negative = !negative;
      ++at_;
    }
    if (negative) negated_at_ = at_;
    GW_ASSIGN(const std::uint32_t operand, Postfix());
    if (!has_sign) return operand;
    return Make(negative ? AstKind::kNegate : AstKind::kPositive, offset, {operand});
  }

  Result<std::uint32_t> Postfix() {
    GW_ASSIGN(std::uint32_t left, Term());
    while (true) {
      if (IsSymbol(".")) {
        ++at_;
        GW_ASSIGN(left, Invocation(left));
      } else if (IsSymbol("[")) {
        const std::uint32_t offset = Offset();
        ++at_;
        GW_ASSIGN(const std::uint32_t index, Binary(1));
        GW_TRY(Expect("]"));
        GW_ASSIGN(left, Make(AstKind::kIndexer, offset, {left, index}));
      } else {
        return left;
      }
    }
  }

  Result<std::uint32_t> Invocation(std::uint32_t left) {
    const Token& token = Current();
    if (token.kind == TokenKind::kVariable) return Variable();
    if (token.kind != TokenKind::kWord && token.kind != TokenKind::kDelimited) return Bad("name expected");
    std::string name = token.text;
    const std::uint32_t offset = Offset();
    ++at_;
    if (IsSymbol("(")) return Call(left, std::move(name), offset);
    if (left == kNoOperand) {
      GW_ASSIGN(const std::uint32_t root, Make(AstKind::kRoot, offset, {}, std::move(name)));
      // A type's name stands for the focus if the focus is of that type. Element names begin in lower case, so the two
      // never meet; names of primitive types ("code") are always elements here.
      AstNode& node = ast_.nodes[root];
      if (!node.text.empty() && node.text[0] >= 'A' && node.text[0] <= 'Z') {
        node.type = ast_.definitions.FindType(node.text);
      }
      return root;
    }
    return Make(AstKind::kChild, offset, {left}, std::move(name));
  }

  Result<std::uint32_t> Variable() {
    const std::string& name = Current().text;
    AstKind kind = AstKind::kThis;
    if (name == "index")
      kind = AstKind::kIndex;
    else if (name == "total")
      kind = AstKind::kTotal;
    else if (name != "this")
      return Bad("unknown variable");
    const std::uint32_t offset = Offset();
    ++at_;
    return Make(kind, offset, {});
  }

  Result<std::uint32_t> Call(std::uint32_t left, std::string name, std::uint32_t offset) {
    const FunctionRow* const function = FindFunction(name);
    if (function == nullptr) return BadAt(offset, fmt::format("unknown function '{}'", name));
    ++at_;  // (
    std::vector<std::uint32_t> operands = {left};
    if (!IsSymbol(")")) {
      do {
        if (operands.size() > 1) ++at_;  // ,
        if (function->type_argument) {
          const std::uint32_t type_offset = Offset();
          GW_ASSIGN(const TypeSpec spec, TypeSpecifier());
          GW_ASSIGN(const std::uint32_t type_name, Make(AstKind::kTypeName, type_offset, {}));
          ast_.nodes[type_name].type_spec = spec;
          operands.push_back(type_name);
        } else {
          GW_ASSIGN(const std::uint32_t argument, Binary(1));
          operands.push_back(argument);
        }
      } while (IsSymbol(",") && operands.size() <= 16);
    }
    GW_TRY(Expect(")"));
    const std::size_t arguments = operands.size() - 1;
    if (arguments < function->arguments_min || arguments > function->arguments_max) {
      return BadAt(offset, fmt::format("function '{}' takes {} to {} arguments", name, function->arguments_min,
                                       function->arguments_max));
    }
    GW_ASSIGN(const std::uint32_t call, Make(AstKind::kCall, offset, std::move(operands), std::move(name)));
    ast_.nodes[call].function = function;
    GW_TRY(CompilePattern(ast_.nodes[call]));
    return call;
  }

  /// A literal pattern is compiled here, once.
  Result<void> CompilePattern(AstNode& call) {
    if (!call.function->pattern_argument) return {};
    const AstNode& argument = ast_.nodes[call.operands[1]];
    if (argument.kind != AstKind::kLiteral || argument.literal.kind != ItemKind::kString) return {};
    auto compiled = RegularExpression::Compile(argument.text);
    if (!compiled) return BadAt(argument.offset, compiled.error().public_text.text);
    call.pattern = *std::move(compiled);
    return {};
  }

  Result<TypeSpec> TypeSpecifier() {
    const std::uint32_t offset = Offset();
    if (Current().kind != TokenKind::kWord && Current().kind != TokenKind::kDelimited) return Bad("type name expected");
    std::string name = Current().text;
    ++at_;
    if (IsSymbol(".")) {
      ++at_;
      if (Current().kind != TokenKind::kWord && Current().kind != TokenKind::kDelimited)
        return Bad("type name expected");
      name += "." + Current().text;
      ++at_;
    }
    auto spec = FindTypeSpec(ast_.definitions, name);
    if (!spec) return BadAt(offset, fmt::format("unknown type '{}'", name));
    return spec;
  }

  Result<std::uint32_t> Literal(ItemKind kind) {
    std::string text = Current().text;
    const bool moment = kind == ItemKind::kDate || kind == ItemKind::kDateTime;
    if ((moment && !Moment::Parse(text)) || (kind == ItemKind::kTime && !Moment::ParseTime(text))) {
      return Bad("no such date or time");
    }
    GW_ASSIGN(const std::uint32_t made, Make(AstKind::kLiteral, Offset(), {}, std::move(text)));
    ast_.nodes[made].literal.kind = kind;
    ++at_;
    return made;
  }

  Result<std::uint32_t> Number(ItemKind kind) {
    const std::uint32_t offset = Offset();
    const std::int64_t integer_max = at_ == negated_at_ ? -std::int64_t{INT32_MIN} : INT32_MAX;
    GW_ASSIGN(const std::uint32_t made, Literal(kind));
    AstNode& node = ast_.nodes[made];
    std::string unit;
    if (Current().kind == TokenKind::kString)
      unit = Current().text.empty() ? "1" : Current().text;
    else if (Current().kind == TokenKind::kWord && IsCalendarWord(Current().text))
      unit = Current().text;
    if (!unit.empty()) {
      ++at_;
      node.literal.kind = ItemKind::kQuantity;
      node.unit = std::move(unit);
      return made;
    }
    if (kind == ItemKind::kInteger) {
      const auto [end, error] =
          std::from_chars(node.text.data(), node.text.data() + node.text.size(), node.literal.integer);
      if (error != std::errc() || node.literal.integer > integer_max) {
        return BadAt(offset, "expected an integer of 32 bits");
      }
    }
    return made;
  }

  Result<std::uint32_t> Term() {
    const Token& token = Current();
    switch (token.kind) {
      case TokenKind::kString:
        return Literal(ItemKind::kString);
      case TokenKind::kDate:
        return Literal(ItemKind::kDate);
      case TokenKind::kDateTime:
        return Literal(ItemKind::kDateTime);
      case TokenKind::kTime:
        return Literal(ItemKind::kTime);
      case TokenKind::kInteger:
        return Number(ItemKind::kInteger);
      case TokenKind::kDecimal:
        return Number(ItemKind::kDecimal);
      case TokenKind::kVariable:
        return Variable();
      case TokenKind::kExternal: {
        std::string name = token.text;
        const std::uint32_t offset = Offset();
        ++at_;
        return Make(AstKind::kExternal, offset, {}, std::move(name));
      }
      case TokenKind::kWord:
        if (IsWord("true") || IsWord("false")) {
          const bool value = IsWord("true");
          GW_ASSIGN(const std::uint32_t made, Literal(ItemKind::kBoolean));
          ast_.nodes[made].literal.boolean = value;
          return made;
        }
        return Invocation(kNoOperand);
      case TokenKind::kDelimited:
        return Invocation(kNoOperand);
      case TokenKind::kSymbol:
        if (IsSymbol("(")) {
          ++at_;
          GW_ASSIGN(const std::uint32_t inner, Binary(1));
          GW_TRY(Expect(")"));
          return inner;
        }
        if (IsSymbol("{")) {
          const std::uint32_t offset = Offset();
          ++at_;
          GW_TRY(Expect("}"));
          return Make(AstKind::kEmpty, offset, {});
        }
        break;
      case TokenKind::kEnd:
        break;
    }
    return Bad("expression expected");
  }

  Ast& ast_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t negated_at_ = SIZE_MAX;  // the token behind a minus: only there is 2147483648 an integer
  std::size_t nesting_ = 0;
};

}  // namespace

Result<std::uint32_t> ParseTokens(std::vector<Token> tokens, Ast& ast) {
  return Parser(ast, std::move(tokens)).Run();
}

}  // namespace fhir::fhirpath
