// Walks the tree of an expression over collections, within budgets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/ast.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/fhirpath/expression.hpp"

namespace fhir::fhirpath {

/// What $this, $index and $total stand for.
struct Frame {
  const Item* this_item = nullptr;
  std::int64_t index = 0;
  const Collection* total = nullptr;
};

/// One evaluation. Functions report a failure by returning FailWith(…), which is false. thread-compatible.
class Evaluator {
 public:
  Evaluator(const Ast& ast, const EvaluationContext& context, const model::Node& focus);

  /// Evaluates the node at `position` into `out` (appended). False after an error.
  bool Evaluate(std::uint32_t position, const Frame& frame, Collection& out);

  bool FailWith(std::string_view what, ErrorCode code = ErrorCode::kInvalid);
  Error TakeError() { return std::move(*error_); }

  /// Appends within the limit on items.
  bool Add(Collection& out, const Item& item);
  bool Spend(std::size_t steps);

  const Ast& ast() const { return ast_; }
  const AstNode& node(std::uint32_t position) const { return ast_.nodes[position]; }
  const CoreTypes& core() const { return ast_.core; }
  const metadata::Definitions& definitions() const { return ast_.definitions; }
  const EvaluationContext& context() const { return context_; }

  /// Copies text so that it lives as long as this evaluation. Past the budget: an error, and empty text.
  std::string_view Intern(std::string_view text);
  /// Bytes of text that the budget still allows.
  std::size_t TextBytesLeft() const { return steps_left_ * kTextBytesPerStep; }

  /// Children called `name` of an element; a choice is found by its base name ("value" finds valueQuantity).
  bool AddChildren(const Item& item, std::string_view name, Collection& out);
  /// The system value of an element of a primitive type or a Quantity; other items come back as they are.
  Item ToValue(const Item& item) const;
  /// `is`: of the type or of one that specialises it.
  bool IsOfType(const Item& item, const TypeSpec& spec) const;
  /// `as` and ofType(): as IsOfType, but a primitive type stands for itself alone. A code is no string, and a canonical
  /// no uri: R4's search parameters read both sides of such a choice and must not meet one value twice.
  bool IsExactly(const Item& item, const TypeSpec& spec) const;
  /// Adds the items of a type. Several items are an error in a checked expression (N1), and a filter in others: search
  /// parameters of R4 ("Observation.component.value as Quantity") have no other reading.
  bool KeepAs(const Collection& input, const TypeSpec& spec, Collection& out);

  /// One argument that must come to at most one item; empty Collection is allowed.
  bool Single(std::uint32_t position, const Frame& frame, std::optional<Item>& out);
  /// The one item of a collection as a value; nothing when empty; an error when several.
  bool SingleOf(const Collection& collection, std::optional<Item>& out);
  bool StringArgument(std::uint32_t position, const Frame& frame, std::optional<std::string_view>& out);
  bool IntegerArgument(std::uint32_t position, const Frame& frame, std::optional<std::int64_t>& out);
  /// A criterion: the argument as three-valued boolean, by the rules of singleton evaluation.
  bool Criterion(std::uint32_t position, const Frame& frame, std::optional<bool>& out);

 private:
  static constexpr std::size_t kTextBytesPerStep = 16;

  bool EvaluateNode(const AstNode& node, const Frame& frame, Collection& out);
  bool EvaluateOperator(const AstNode& node, const Frame& frame, Collection& out);
  bool EvaluateLogic(const AstNode& node, const Frame& frame, Collection& out);
  bool EvaluateExternal(const AstNode& node, Collection& out);
  bool EvaluateCall(const AstNode& node, const Frame& frame, Collection& out);
  bool EvaluateIndexer(const AstNode& node, const Frame& frame, Collection& out);

  const Ast& ast_;
  const EvaluationContext& context_;
  const model::Node& focus_;
  std::optional<Error> error_;
  bool error_placed_ = false;  // the error names the byte of the node that failed
  std::size_t steps_left_;
  std::size_t depth_ = 0;
  alignas(std::max_align_t) std::array<std::byte, 512> first_block_;  // most computed texts fit: no heap
  std::pmr::monotonic_buffer_resource texts_;
};

/// Appends the children of an element under `name`; the part of Evaluator::AddChildren that simple paths share.
template <typename Sink>
void ForEachChild(const model::Node& parent, std::string_view name, const metadata::Definitions& definitions,
                  Sink&& sink) {
  for (const model::Node& child : parent.children()) {
    if (child.name == name) {
      sink(child);
    } else if (child.row != nullptr && (child.row->flags & metadata::kElementChoice) != 0 &&
               child.name.size() > name.size() && child.name.starts_with(name) &&
               definitions.Text(child.row->base_name) == name) {
      sink(child);
    }
  }
}

}  // namespace fhir::fhirpath
