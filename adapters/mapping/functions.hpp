// Conversion functions: the mechanisms that rules name with `using:`. A standard's adapter brings its own table of
// them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "adapters/mapping/source.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace adapters::mapping {

/// What functions know besides the message: the partner, its zone, its identifier systems. Each standard derives its
/// own.
class Context {
 public:
  virtual ~Context() = default;
};

struct CodeEntry {
  std::string code;
  std::string display;
  std::string system;
};

/// A named table of codes from a rule file.
struct CodeTable {
  std::string name;
  bool pass_through = false;  ///< a code that is not listed goes through as sent
  std::string system;
  std::string unlisted_code;  ///< what every code that is not listed becomes, instead of passing through
  std::string
      unlisted_system;  ///< of codes that go through; the system of the listed ones is checked against its codes
  std::unordered_map<std::string, CodeEntry> entries;

  /// The entry, or under pass_through the code itself; unset when the table does not know the code.
  std::optional<CodeEntry> Find(std::string_view code) const;
};

struct Input {
  const Source& source;
  Cell cell;
  int component = 0;
  int subcomponent = 0;
  const CodeTable* table = nullptr;  ///< the rule's `table:`; may be null
  const Context& context;
  std::optional<Cell> with = std::nullopt;  ///< the rule's `with:`, where it holds something

  /// A part of the repetition the rule stands on; without arguments, the part the rule's address names.
  std::string_view Text(int component_number, int subcomponent_number = 0) const {
    return source.Text(cell, component_number, subcomponent_number);
  }
  std::string_view Text() const { return source.Text(cell, component, subcomponent); }
};

struct Output {
  fhir::model::Document& document;
  fhir::model::Node& node;  ///< the element the rule's `to:` names; a primitive's value is set, a complex one filled
  fhir::IssueList& issues;
  const Cell& cell;

  /// Reports a data problem at a component of the repetition. The text never holds the value.
  void Fault(fhir::IssueType type, std::string text, int component = 0) {
    issues.AddAt(Place(cell, component), fhir::Severity::kError, type, std::move(text));
  }
};

/// Fills output.node. False: there was nothing to say (or a fault), and the node is taken away again.
using Function = bool (*)(const Input& input, Output& output);

struct FunctionRow {
  std::string_view name;
  Function function;
  std::string_view targets;  ///< FHIR types it fills, separated by spaces; empty: any. Checked when rules are loaded
  bool takes_field = false;  ///< it reads the repetitions behind the one it stands on
};

using FunctionTable = std::span<const FunctionRow>;

/// What rule files may speak of.
struct Vocabulary {
  FunctionTable functions;
  std::span<const std::string_view> groups;  ///< names of groups; those beginning with Z are always allowed
};

}  // namespace adapters::mapping
