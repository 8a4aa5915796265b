// What the functions on strings share.
#pragma once

#include <optional>
#include <string_view>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {

/// The input as a string; nothing when it is empty. False when it is something else.
inline bool InputString(Evaluator& evaluator, const Call& call, std::optional<std::string_view>& text) {
  std::optional<Item> item;
  text.reset();
  if (!evaluator.SingleOf(call.input, item)) return false;
  if (!item) return true;
  if (item->kind != ItemKind::kString) return evaluator.FailWith("a string is expected as input");
  text = item->text;
  return true;
}

/// Adds a computed text to the answer.
inline bool AddText(Evaluator& evaluator, std::string_view text, Collection& out) {
  return evaluator.Add(out, Item::Text(ItemKind::kString, evaluator.Intern(text)));
}

}  // namespace fhir::fhirpath
