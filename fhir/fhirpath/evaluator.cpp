#include "fhir/fhirpath/evaluator.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/operators.hpp"
#include "fhir/fhirpath/quantity.hpp"
#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::fhirpath {

Evaluator::Evaluator(const Ast& ast, const EvaluationContext& context, const model::Node& focus)
    : ast_(ast),
      context_(context),
      focus_(focus),
      steps_left_(context.steps_max),
      texts_(first_block_.data(), first_block_.size()) {}

bool Evaluator::FailWith(std::string_view what, ErrorCode code) {
  if (!error_) error_ = Error{.code = code, .public_text = {fmt::format("FHIRPath: {}", what)}};
  return false;
}

bool Evaluator::Spend(std::size_t steps) {
  if (steps > steps_left_) return FailWith("the expression takes too many steps", ErrorCode::kTooCostly);
  steps_left_ -= steps;
  return true;
}

bool Evaluator::Add(Collection& out, const Item& item) {
  if (out.size() >= context_.items_max) return FailWith("a collection has too many items", ErrorCode::kTooCostly);
  out.Add(item);
  return Spend(1);
}

std::string_view Evaluator::Intern(std::string_view text) {
  if (text.empty()) return {};
  if (!Spend(text.size() / kTextBytesPerStep)) {
    steps_left_ = 0;  // whoever goes on with the empty text is stopped by the next step
    return {};
  }
  char* const copy = static_cast<char*>(texts_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

bool Evaluator::AddChildren(const Item& item, std::string_view name, Collection& out) {
  if (item.kind == ItemKind::kTypeInfo) {
    if (name == "namespace") return Add(out, Item::Text(ItemKind::kString, item.text));
    if (name == "name") return Add(out, Item::Text(ItemKind::kString, item.unit));
    return true;
  }
  if (!item.IsNode()) return true;
  bool good = true;
  ForEachChild(*item.node, name, definitions(),
               [&](const model::Node& child) { good = good && Add(out, Item::Of(child)); });
  return good;
}

Item Evaluator::ToValue(const Item& item) const {
  if (!item.IsNode()) return item;
  const model::Node& node = *item.node;
  const CoreTypes& types = core();
  if (!node.HasValue()) {
    if (node.type == metadata::kNoType || types.quantity == metadata::kNoType ||
        !definitions().IsA(node.type, types.quantity)) {
      return item;
    }
    const std::string_view value = node.ChildValue("value");
    // A comparator says that the number is not the value: such a quantity stays an element.
    if (value.empty() || node.Child("comparator") != nullptr) return item;
    std::string_view unit = node.ChildValue("code");
    if (unit.empty()) unit = node.ChildValue("unit");
    return Item::Text(ItemKind::kQuantity, value, unit);
  }
  if (node.kind == model::ValueKind::kBoolean) return Item::Boolean(node.value == "true");
  if (node.kind == model::ValueKind::kNumber) {
    if (node.type == types.integer || node.type == types.positive_int || node.type == types.unsigned_int) {
      std::int32_t value = 0;
      const auto [end, error] = std::from_chars(node.value.data(), node.value.data() + node.value.size(), value);
      if (error == std::errc() && end == node.value.data() + node.value.size()) return Item::Integer(value);
    }
    return Item::Text(ItemKind::kDecimal, node.value);
  }
  if (node.type == types.date) return Item::Text(ItemKind::kDate, node.value);
  if (node.type == types.date_time || node.type == types.instant) return Item::Text(ItemKind::kDateTime, node.value);
  if (node.type == types.time) return Item::Text(ItemKind::kTime, node.value);
  return Item::Text(ItemKind::kString, node.value);
}

bool Evaluator::IsOfType(const Item& item, const TypeSpec& spec) const {
  if (item.kind == ItemKind::kNode || item.kind == ItemKind::kStub) {
    return spec.fhir != metadata::kNoType && item.type != metadata::kNoType && definitions().IsA(item.type, spec.fhir);
  }
  return spec.system && item.kind == spec.system_kind;
}

bool Evaluator::IsExactly(const Item& item, const TypeSpec& spec) const {
  if (item.type != metadata::kNoType && spec.fhir != metadata::kNoType && item.type != spec.fhir &&
      definitions().Kind(spec.fhir) == metadata::TypeKind::kPrimitive) {
    return false;
  }
  return IsOfType(item, spec);
}

bool Evaluator::KeepAs(const Collection& input, const TypeSpec& spec, Collection& out) {
  if (ast_.checked && input.size() > 1) return FailWith("`as` takes one item, several found");
  for (const Item& item : input) {
    if (IsExactly(item, spec) && !Add(out, item)) return false;
  }
  return true;
}

bool Evaluator::SingleOf(const Collection& collection, std::optional<Item>& out) {
  out.reset();
  if (collection.size() > 1) return FailWith("one item expected, several found");
  if (!collection.empty()) out = ToValue(collection.front());
  return true;
}

bool Evaluator::Single(std::uint32_t position, const Frame& frame, std::optional<Item>& out) {
  Collection collection;
  return Evaluate(position, frame, collection) && SingleOf(collection, out);
}

bool Evaluator::StringArgument(std::uint32_t position, const Frame& frame, std::optional<std::string_view>& out) {
  std::optional<Item> item;
  out.reset();
  if (!Single(position, frame, item)) return false;
  if (!item) return true;
  if (item->kind != ItemKind::kString) return FailWith("a string is expected as argument");
  out = item->text;
  return true;
}

bool Evaluator::IntegerArgument(std::uint32_t position, const Frame& frame, std::optional<std::int64_t>& out) {
  std::optional<Item> item;
  out.reset();
  if (!Single(position, frame, item)) return false;
  if (!item) return true;
  if (item->kind != ItemKind::kInteger) return FailWith("an integer is expected as argument");
  out = item->integer;
  return true;
}

bool Evaluator::Criterion(std::uint32_t position, const Frame& frame, std::optional<bool>& out) {
  std::optional<Item> item;
  out.reset();
  if (!Single(position, frame, item)) return false;
  if (item) out = item->kind == ItemKind::kBoolean ? item->boolean : true;
  return true;
}

bool Evaluator::Evaluate(std::uint32_t position, const Frame& frame, Collection& out) {
  if (depth_ >= context_.depth_max) return FailWith("evaluation is nested too deeply", ErrorCode::kTooCostly);
  if (!Spend(1)) return false;
  struct DepthScope {
    explicit DepthScope(std::size_t& value) : depth(value) { ++depth; }
    ~DepthScope() { --depth; }
    std::size_t& depth;
  } const scope(depth_);

  const AstNode& node = ast_.nodes[position];
  if (EvaluateNode(node, frame, out)) [[likely]]
    return true;
  if (error_ && !error_placed_) {  // the innermost node that fails is the first to come here
    error_placed_ = true;
    error_->public_text.text += fmt::format(" (byte {})", node.offset);
  }
  return false;
}

bool Evaluator::EvaluateNode(const AstNode& node, const Frame& frame, Collection& out) {
  switch (node.kind) {
    case AstKind::kLiteral:
      return Add(out, node.literal);
    case AstKind::kEmpty:
      return true;
    case AstKind::kThis:
      return frame.this_item == nullptr || Add(out, *frame.this_item);
    case AstKind::kIndex:
      return Add(out, Item::Integer(frame.index));
    case AstKind::kTotal:
      if (frame.total == nullptr) return true;
      for (const Item& item : *frame.total) {
        if (!Add(out, item)) return false;
      }
      return true;
    case AstKind::kExternal:
      return EvaluateExternal(node, out);
    case AstKind::kRoot:
      if (frame.this_item == nullptr) return true;
      if (node.type != metadata::kNoType) {
        const Item& focus = *frame.this_item;
        if (focus.type == metadata::kNoType || !definitions().IsA(focus.type, node.type)) return true;
        return Add(out, focus);
      }
      return AddChildren(*frame.this_item, node.text, out);
    case AstKind::kChild: {
      Collection input;
      if (!Evaluate(node.operands[0], frame, input)) return false;
      for (const Item& item : input) {
        if (!AddChildren(item, node.text, out)) return false;
      }
      return true;
    }
    case AstKind::kCall:
      return EvaluateCall(node, frame, out);
    case AstKind::kIndexer:
      return EvaluateIndexer(node, frame, out);
    case AstKind::kTypeName:
      return FailWith("a type's name is no value");
    default:
      return EvaluateOperator(node, frame, out);
  }
}

bool Evaluator::EvaluateCall(const AstNode& node, const Frame& frame, Collection& out) {
  Collection input;
  if (node.operands[0] == kNoOperand) {
    if (frame.this_item != nullptr) input.Add(*frame.this_item);
  } else if (!Evaluate(node.operands[0], frame, input)) {
    return false;
  }
  const Call call{input, frame, std::span(node.operands).subspan(1), node};
  return node.function->function(*this, call, out);
}

bool Evaluator::EvaluateIndexer(const AstNode& node, const Frame& frame, Collection& out) {
  Collection input;
  std::optional<std::int64_t> index;
  if (!Evaluate(node.operands[0], frame, input) || !IntegerArgument(node.operands[1], frame, index)) return false;
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= input.size()) return true;
  return Add(out, input[static_cast<std::size_t>(*index)]);
}

bool Evaluator::EvaluateExternal(const AstNode& node, Collection& out) {
  const std::string_view name = node.text;
  const auto text = [&](std::string_view value) { return Add(out, Item::Text(ItemKind::kString, value)); };
  if (const auto found = context_.variables.find(name); found != context_.variables.end()) {
    return found->second == nullptr || Add(out, Item::Of(*found->second));
  }
  if (name == "context") return Add(out, Item::Of(focus_));
  if (name == "resource") {
    return Add(out, Item::Of(context_.resource != nullptr ? *context_.resource : EnclosingResource(focus_)));
  }
  if (name == "rootResource") return Add(out, Item::Of(OutermostResource(focus_)));
  if (name == "ucum") return text("http://unitsofmeasure.org");
  if (name == "sct") return text("http://snomed.info/sct");
  if (name == "loinc") return text("http://loinc.org");
  if (name.starts_with("vs-")) return text(Intern(fmt::format("http://hl7.org/fhir/ValueSet/{}", name.substr(3))));
  if (name.starts_with("ext-")) {
    return text(Intern(fmt::format("http://hl7.org/fhir/StructureDefinition/{}", name.substr(4))));
  }
  return FailWith(fmt::format("unknown variable %{}", name));
}

namespace {

/// Walks "Type.name.name" without collections in between.
void WalkPath(const model::Node& node, std::span<const std::string> names, const metadata::Definitions& definitions,
              Collection& out) {
  const std::span<const std::string> rest = names.subspan(1);
  ForEachChild(node, names.front(), definitions, [&](const model::Node& child) {
    if (rest.empty())
      out.Add(Item::Of(child));
    else
      WalkPath(child, rest, definitions, out);
  });
}

/// Gives the result a copy of its texts, which stood in the expression or the evaluator.
void KeepTexts(Collection& out) {
  const auto has_text = [](const Item& item) {
    return !item.IsNode() && item.kind != ItemKind::kBoolean && item.kind != ItemKind::kInteger;
  };
  std::size_t bytes = 0;
  for (const Item& item : out) {
    if (has_text(item)) bytes += item.text.size() + item.unit.size();
  }
  if (bytes == 0) return;
  const std::shared_ptr<char[]> store(new char[bytes]);
  char* at = store.get();
  const auto keep = [&at](std::string_view& text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    text = {at, text.size()};
    at += text.size();
  };
  for (Item& item : out) {
    if (!has_text(item)) continue;
    keep(item.text);
    keep(item.unit);
  }
  out.Hold(store);
}

}  // namespace

Result<Collection> Evaluate(const Expression& expression, const EvaluationContext& context, const model::Node& focus) {
  const Ast& ast = expression.ast();
  Collection out;
  if (!ast.path.empty()) {
    // No budget here: the work is bounded by the elements of the tree, each visited at most once.
    if (focus.type != metadata::kNoType && ast.definitions.IsA(focus.type, ast.path_type)) {
      WalkPath(focus, ast.path, ast.definitions, out);
    }
    return out;
  }
  Evaluator evaluator(ast, context, focus);
  const Item focus_item = Item::Of(focus);
  Frame frame;
  frame.this_item = &focus_item;
  if (!evaluator.Evaluate(ast.root, frame, out)) return std::unexpected(evaluator.TakeError());
  KeepTexts(out);
  return out;
}

Result<bool> EvaluateBoolean(const Expression& expression, const EvaluationContext& context, const model::Node& focus) {
  GW_ASSIGN(const Collection result, Evaluate(expression, context, focus));
  if (result.empty()) return false;
  if (result.size() > 1) return Fail(ErrorCode::kInvalid, "FHIRPath: one item expected, several found");
  const Item& item = result.front();
  if (item.kind == ItemKind::kBoolean) return item.boolean;
  if (item.IsNode() && item.node->kind == model::ValueKind::kBoolean) return item.node->value == "true";
  return true;
}

std::string ItemText(const Item& item) {
  switch (item.kind) {
    case ItemKind::kNode:
      return std::string(item.node->value);
    case ItemKind::kBoolean:
      return item.boolean ? "true" : "false";
    case ItemKind::kInteger:
      return std::to_string(item.integer);
    case ItemKind::kQuantity:
      if (item.unit.empty()) return std::string(item.text);
      // A calendar word stands without quotes: with them it would be a UCUM unit.
      if (IsCalendarWord(item.unit)) return fmt::format("{} {}", item.text, item.unit);
      return fmt::format("{} '{}'", item.text, item.unit);
    case ItemKind::kTypeInfo:
      return fmt::format("{}.{}", item.text, item.unit);
    default:
      return std::string(item.text);
  }
}

std::string_view ItemTypeName(const Item& item, const metadata::Definitions& definitions) {
  switch (item.kind) {
    case ItemKind::kNode:
    case ItemKind::kStub:
      return item.type == metadata::kNoType ? std::string_view("Element") : definitions.TypeName(item.type);
    case ItemKind::kTypeInfo:
      return "System.SimpleTypeInfo";
    case ItemKind::kBoolean:
      return "System.Boolean";
    case ItemKind::kInteger:
      return "System.Integer";
    case ItemKind::kDecimal:
      return "System.Decimal";
    case ItemKind::kString:
      return "System.String";
    case ItemKind::kDate:
      return "System.Date";
    case ItemKind::kDateTime:
      return "System.DateTime";
    case ItemKind::kTime:
      return "System.Time";
    case ItemKind::kQuantity:
      return "System.Quantity";
  }
  return "";
}

}  // namespace fhir::fhirpath
