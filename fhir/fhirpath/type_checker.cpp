#include "fhir/fhirpath/type_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/static_type.hpp"

namespace fhir::fhirpath {
namespace {

class Checker {
 public:
  explicit Checker(const Ast& ast) : ast_(ast) {}

  Result<StaticType> Walk(std::uint32_t position, const StaticType& focus) {
    const AstNode& node = ast_.nodes[position];
    switch (node.kind) {
      case AstKind::kLiteral:
        return StaticType::System(node.literal.kind);
      case AstKind::kEmpty:
      case AstKind::kTotal:
      case AstKind::kTypeName:
        return StaticType::Unknown();
      case AstKind::kThis:
        return focus;
      case AstKind::kIndex:
        return StaticType::System(ItemKind::kInteger);
      case AstKind::kExternal:
        return StaticType::Unknown();
      case AstKind::kRoot:
        return node.type == metadata::kNoType ? Members(node, focus) : Root(node, focus);
      case AstKind::kChild: {
        GW_ASSIGN(const StaticType parent, Walk(node.operands[0], focus));
        return Members(node, parent);
      }
      case AstKind::kCall:
        return Call(node, focus);
      case AstKind::kIndexer: {
        GW_ASSIGN(StaticType input, Walk(node.operands[0], focus));
        GW_ASSIGN(const StaticType index, Walk(node.operands[1], focus));
        if (!Has(index, kIntegerClass)) return Bad(node, "an integer is expected as index");
        if (!input.ordered) return Bad(node, "an index needs a collection with an order");
        return input;
      }
      default:
        return Operator(node, focus);
    }
  }

 private:
  std::unexpected<Error> Bad(const AstNode& node, std::string_view what) const {
    return Fail(ErrorCode::kInvalid, fmt::format("FHIRPath, byte {}: {}", node.offset, what));
  }
  bool Has(const StaticType& type, std::uint16_t classes) const { return (type.Classes(ast_) & classes) != 0; }

  std::string NameOf(const StaticType& type) const {
    if (type.types.size() != 1) return "none of the types here";
    const TypeSpec& spec = type.types.front();
    return std::string(spec.fhir != metadata::kNoType ? ast_.definitions.TypeName(spec.fhir) : "a computed value");
  }

  Result<StaticType> Members(const AstNode& node, const StaticType& parent) const {
    StaticType found = MembersOf(ast_, parent, node.text);
    if (!found.types.empty() || found.unknown) return found;
    for (const TypeSpec& spec : parent.types) {
      const metadata::ElementRow* const row = ast_.definitions.FindChild(spec.fhir, node.text);
      if (row == nullptr) continue;
      return Bad(node, fmt::format("a choice is named by its base: '{}'", ast_.definitions.Text(row->base_name)));
    }
    return Bad(node, fmt::format("{} has no element '{}'", NameOf(parent), node.text));
  }

  /// A type's name at the start of a path: the focus, if it can be of that type.
  Result<StaticType> Root(const AstNode& node, const StaticType& focus) const {
    const metadata::Definitions& definitions = ast_.definitions;
    StaticType result;
    for (const TypeSpec& spec : focus.types) {
      if (spec.fhir == metadata::kNoType) continue;
      if (definitions.IsA(spec.fhir, node.type))
        result.Add(spec);
      else if (definitions.IsA(node.type, spec.fhir))
        result.Add({.fhir = node.type});
    }
    if (focus.unknown) result.Add({.fhir = node.type});
    if (result.types.empty()) return Bad(node, fmt::format("the focus is not of type {}", node.text));
    return result;
  }

  Result<void> CheckInput(const AstNode& node, const StaticType& input) const {
    switch (node.function->input) {
      case Input::kAny:
        return {};
      case Input::kString:
        if (!Has(input, kStringClass)) return Bad(node, fmt::format("{}() is called on strings", node.text));
        return {};
      case Input::kNumber:
        if (!Has(input, kNumberClass | kQuantityClass)) {
          return Bad(node, fmt::format("{}() is called on numbers", node.text));
        }
        return {};
      case Input::kOrdered:
        if (!input.ordered) return Bad(node, fmt::format("{}() needs a collection with an order", node.text));
        return {};
    }
    return {};
  }

  Result<StaticType> Call(const AstNode& node, const StaticType& focus) {
    const FunctionRow& function = *node.function;
    StaticType input = focus;
    if (node.operands[0] != kNoOperand) {
      GW_ASSIGN(input, Walk(node.operands[0], focus));
    }
    GW_TRY(CheckInput(node, input));
    std::vector<StaticType> arguments;
    if (!function.type_argument) {
      for (std::size_t i = 1; i < node.operands.size(); ++i) {
        std::uint32_t position = node.operands[i];
        if (function.scope == Scope::kSortKey && ast_.nodes[position].kind == AstKind::kNegate) {
          position = ast_.nodes[position].operands[0];
        }
        GW_ASSIGN(StaticType argument, Walk(position, function.scope == Scope::kOuter ? focus : input));
        arguments.push_back(std::move(argument));
      }
    }
    if (function.condition_first && !Has(arguments[0], kBooleanClass)) {
      return Bad(ast_.nodes[node.operands[1]], fmt::format("a boolean is expected as condition of {}()", node.text));
    }
    return AnswerOf(node, input, arguments);
  }

  StaticType AnswerOf(const AstNode& node, const StaticType& input, const std::vector<StaticType>& arguments) const {
    StaticType result;
    switch (node.function->answer) {
      case Answer::kUnknown:
        result = StaticType::Unknown();
        result.ordered = input.ordered;
        return result;
      case Answer::kInput:
        return input;
      case Answer::kArgument:
        for (std::size_t i = arguments.size() > 1 ? 1 : 0; i < arguments.size(); ++i) result.Merge(arguments[i]);
        result.ordered = result.ordered && input.ordered;
        return result;
      case Answer::kInputAndFirst:
        result = input;
        result.Merge(arguments[0]);
        return result;
      case Answer::kNamedType:
        return Named(input, ast_.nodes[node.operands[1]].type_spec);
      case Answer::kUnordered:
        result = StaticType::Unknown();
        result.ordered = false;
        return result;
      case Answer::kExtension:
        return StaticType::Fhir(ast_.core.extension);
      case Answer::kBoolean:
        return StaticType::System(ItemKind::kBoolean);
      case Answer::kInteger:
        return StaticType::System(ItemKind::kInteger);
      case Answer::kDecimal:
        return StaticType::System(ItemKind::kDecimal);
      case Answer::kString:
        return StaticType::System(ItemKind::kString);
      case Answer::kDate:
        return StaticType::System(ItemKind::kDate);
      case Answer::kDateTime:
        return StaticType::System(ItemKind::kDateTime);
      case Answer::kTime:
        return StaticType::System(ItemKind::kTime);
      case Answer::kQuantity:
        return StaticType::System(ItemKind::kQuantity);
    }
    return StaticType::Unknown();
  }

  static StaticType Named(const StaticType& input, const TypeSpec& spec) {
    StaticType result;
    result.ordered = input.ordered;
    result.types.push_back(spec);
    return result;
  }

  Result<StaticType> Operator(const AstNode& node, const StaticType& focus) {
    GW_ASSIGN(const StaticType left, Walk(node.operands[0], focus));
    if (node.kind == AstKind::kNegate || node.kind == AstKind::kPositive) {
      if (!Has(left, kNumberClass | kQuantityClass)) return Bad(node, "only a number or quantity has a sign");
      return left;
    }
    if (node.kind == AstKind::kIs) return StaticType::System(ItemKind::kBoolean);
    if (node.kind == AstKind::kAs) return Named(left, node.type_spec);
    GW_ASSIGN(const StaticType right, Walk(node.operands[1], focus));
    switch (node.kind) {
      case AstKind::kUnion: {
        StaticType both = left;
        both.Merge(right);
        return both;
      }
      case AstKind::kConcatenate:
        if (!Has(left, kStringClass) || !Has(right, kStringClass)) return Bad(node, "& joins strings");
        return StaticType::System(ItemKind::kString);
      case AstKind::kLess:
      case AstKind::kLessOrEqual:
      case AstKind::kGreater:
      case AstKind::kGreaterOrEqual:
        if (!Ordered(left, right)) return Bad(node, "the operands have no order");
        return StaticType::System(ItemKind::kBoolean);
      case AstKind::kAdd:
      case AstKind::kSubtract:
      case AstKind::kMultiply:
      case AstKind::kDivide:
      case AstKind::kIntegerDivide:
      case AstKind::kModulo:
        return Arithmetic(node, left, right);
      default:
        return StaticType::System(ItemKind::kBoolean);
    }
  }

  /// A quantity, and a quantity or a number, which stands for one without unit.
  bool Measures(const StaticType& left, const StaticType& right) const {
    constexpr std::uint16_t kMeasure = kQuantityClass | kNumberClass;
    return Has(left, kMeasure) && Has(right, kMeasure) && (Has(left, kQuantityClass) || Has(right, kQuantityClass));
  }

  bool Ordered(const StaticType& left, const StaticType& right) const {
    for (const std::uint16_t classes :
         {std::uint16_t{kNumberClass}, std::uint16_t{kStringClass}, std::uint16_t{kDateClass},
          std::uint16_t{kTimeClass}, std::uint16_t{kQuantityClass}}) {
      if (Has(left, classes) && Has(right, classes)) return true;
    }
    return Measures(left, right);
  }

  Result<StaticType> Arithmetic(const AstNode& node, const StaticType& left, const StaticType& right) const {
    StaticType result;
    const bool numbers = Has(left, kNumberClass) && Has(right, kNumberClass);
    if (numbers) {
      if (node.kind != AstKind::kDivide) result.Add({.system = true, .system_kind = ItemKind::kInteger});
      if (node.kind != AstKind::kIntegerDivide) result.Add({.system = true, .system_kind = ItemKind::kDecimal});
    }
    const bool additive = node.kind == AstKind::kAdd || node.kind == AstKind::kSubtract;
    const bool scaling = node.kind == AstKind::kMultiply || node.kind == AstKind::kDivide;
    if ((additive || scaling) && Measures(left, right))
      result.Add({.system = true, .system_kind = ItemKind::kQuantity});
    if (additive && Has(left, kDateClass | kTimeClass) && Has(right, kQuantityClass)) result.Merge(left);
    if (node.kind == AstKind::kAdd && Has(left, kStringClass) && Has(right, kStringClass)) {
      result.Add({.system = true, .system_kind = ItemKind::kString});
    }
    if (result.types.empty() && !result.unknown) {
      return Bad(node, "the operands' types do not go with this operator");
    }
    return result;
  }

  const Ast& ast_;
};

}  // namespace

Result<void> CheckTypes(const Ast& ast, metadata::TypeId context_type) {
  GW_TRY(Checker(ast).Walk(ast.root, StaticType::Fhir(context_type)));
  return {};
}

}  // namespace fhir::fhirpath
