#include "fhir/validation/coded_values.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;
using terminology::Coding;
using terminology::SystemRule;
using terminology::Terminology;
using terminology::Verdict;

/// How an element carries its code.
enum class Form : std::uint8_t { kNone, kText, kCoding, kConcept, kQuantity };

struct Forms {
  Forms()
      : coding(Definitions::R4().FindType("Coding")),
        concept_(Definitions::R4().FindType("CodeableConcept")),
        quantity(Definitions::R4().FindType("Quantity")) {}
  metadata::TypeId coding, concept_, quantity;
};

Form FormOf(const Node& node) {
  static const Forms forms;
  if (node.type == forms.coding) {
    return Form::kCoding;
  }
  if (node.type == forms.concept_) {
    return Form::kConcept;
  }
  if (node.type == metadata::kNoType) {
    return Form::kNone;
  }
  const Definitions& definitions = Definitions::R4();
  if (definitions.Kind(node.type) == metadata::TypeKind::kPrimitive) {
    return Form::kText;
  }
  return definitions.IsA(node.type, forms.quantity) ? Form::kQuantity : Form::kNone;
}

Coding CodingOf(const Node& node) {
  Coding coding;
  for (const Node& child : node.children()) {
    if (child.name == "system") {
      coding.system = child.value;
    } else if (child.name == "version") {
      coding.version = child.value;
    } else if (child.name == "code") {
      coding.code = child.value;
    } else if (child.name == "display") {
      coding.display = child.value;
    }
  }
  return coding;
}

/// The best of what several codings come to: one member is enough, and one that cannot be judged leaves it open.
Verdict Best(Verdict left, Verdict right) {
  const auto rank = [](Verdict verdict) {
    return verdict == Verdict::kMember ? 0 : verdict == Verdict::kNotMember ? 2 : 1;
  };
  return rank(left) <= rank(right) ? left : right;
}

struct Judged {
  Verdict verdict = Verdict::kNotMember;
  std::size_t codes = 0;
  std::string why;
};

Judged Judge(const Terminology& terminology, const Node& node, std::string_view value_set) {
  Judged judged;
  const auto ask = [&](const Coding& coding, SystemRule rule) {
    const terminology::Answer answer = terminology.ValidateCode(value_set, coding, rule);
    judged.verdict = judged.codes == 0 ? answer.verdict : Best(judged.verdict, answer.verdict);
    if (answer.verdict != Verdict::kMember && answer.verdict != Verdict::kNotMember) {
      judged.why = answer.why;
    }
    ++judged.codes;
  };
  switch (FormOf(node)) {
    case Form::kText:
      if (node.HasValue()) {
        ask({.system = {}, .version = {}, .code = node.value, .display = {}}, SystemRule::kInfer);
      }
      break;
    case Form::kCoding:
      if (const Coding coding = CodingOf(node); !coding.code.empty()) {
        ask(coding, SystemRule::kAsGiven);
      }
      break;
    case Form::kConcept:
      for (const Node& child : node.children()) {
        if (child.name != "coding" || (judged.codes > 0 && judged.verdict == Verdict::kMember)) {
          continue;
        }
        if (const Coding coding = CodingOf(child); !coding.code.empty()) {
          ask(coding, SystemRule::kAsGiven);
        }
      }
      break;
    case Form::kQuantity: {
      Coding coding;
      coding.system = node.ChildValue("system");
      coding.code = node.ChildValue("code");
      if (!coding.code.empty()) {
        ask(coding, SystemRule::kAsGiven);
      }
      break;
    }
    case Form::kNone:
      break;
  }
  return judged;
}

/// An element that has nothing but extensions makes no statement to check.
bool SaysNothing(const Node& node) {
  const auto children = node.children();
  return std::all_of(children.begin(), children.end(),
                     [](const Node& child) { return child.name == "extension" || child.name == "id"; });
}

}  // namespace

CodedProblem CodedValueProblem(const Terminology& terminology, const Node& node, const Binding& binding) {
  CodedProblem problem;
  const bool required = binding.strength == BindingStrength::kRequired;
  const bool extensible = binding.strength == BindingStrength::kExtensible;
  const Form form = FormOf(node);
  if (form == Form::kNone || (!required && !extensible && binding.max_value_set.empty())) {
    return problem;
  }
  const std::string& wanted = required || extensible ? binding.value_set : binding.max_value_set;
  if (wanted.empty()) {
    return problem;
  }
  const Judged judged = Judge(terminology, node, wanted);
  if (judged.codes == 0) {
    if (form == Form::kText || form == Form::kQuantity || SaysNothing(node) || !(required || extensible)) {
      return problem;
    }
    problem.severity = required ? Severity::kError : Severity::kWarning;
    problem.text = fmt::format("expected a code of {}", wanted);
    return problem;
  }
  switch (judged.verdict) {
    case Verdict::kMember:
      return problem;
    case Verdict::kNotMember:
      problem.severity = extensible ? Severity::kWarning : Severity::kError;
      problem.of_max_value_set = !required && !extensible;
      problem.text = fmt::format("expected a code of {}", wanted);
      break;
    case Verdict::kUnknownValueSet:
    case Verdict::kUnknownCodeSystem:
    case Verdict::kUndecidable:
      problem.severity = Severity::kWarning;
      problem.type = IssueType::kNotFound;
      problem.text = fmt::format(
          "not checked against {}: expected {} to be loaded", wanted,
          judged.verdict == Verdict::kUnknownValueSet ? std::string_view("it") : std::string_view("its code systems"));
      break;
  }
  if (extensible && !binding.max_value_set.empty() &&
      Judge(terminology, node, binding.max_value_set).verdict == Verdict::kNotMember) {
    problem = {};
    problem.of_max_value_set = true;
    problem.text = fmt::format("expected a code of {} at least", binding.max_value_set);
  }
  return problem;
}

CodedProblem CodingProblem(const Terminology& terminology, const Node& node, Severity wrong_display) {
  CodedProblem problem;
  const Coding coding = CodingOf(node);
  if (coding.code.empty() || coding.system.empty()) {
    return problem;
  }
  const terminology::Answer answer = terminology.ValidateInCodeSystem(coding);
  if (answer.verdict == Verdict::kNotMember) {
    // NB: plain OIDs and words stand under the system of URIs in the standard's own examples and in much real data;
    // what they mean is not in doubt, and terminology servers take any text for one of its codes.
    problem.severity = coding.system == "urn:ietf:rfc:3986" ? Severity::kWarning : Severity::kError;
    problem.text = fmt::format("expected a code of {}", coding.system);
    problem.node = node.Child("code");
  } else if (answer.verdict == Verdict::kMember && answer.display_differs) {
    problem.severity = wrong_display;
    problem.type = IssueType::kInvalid;
    problem.text = fmt::format("expected the display \"{}\"", answer.found.display);
    problem.node = node.Child("display");
  }
  return problem;
}

std::optional<bool> IsMember(const Terminology& terminology, const Node& coded, std::string_view value_set) {
  const Judged judged = Judge(terminology, coded, value_set);
  if (judged.codes == 0) {
    return false;
  }
  if (judged.verdict != Verdict::kMember && judged.verdict != Verdict::kNotMember) {
    return std::nullopt;
  }
  return judged.verdict == Verdict::kMember;
}

std::optional<bool> IsMember(const Terminology& terminology, std::string_view code, std::string_view value_set) {
  const terminology::Answer answer = terminology.ValidateCode(
      value_set, {.system = {}, .version = {}, .code = code, .display = {}}, SystemRule::kInfer);
  if (answer.verdict != Verdict::kMember && answer.verdict != Verdict::kNotMember) {
    return std::nullopt;
  }
  return answer.verdict == Verdict::kMember;
}

std::optional<bool> Subsumes(const Terminology& terminology, const fhirpath::CodeRef& general,
                             const fhirpath::CodeRef& special) {
  if (general.system != special.system) {
    return std::nullopt;
  }
  const auto system = terminology.FindCodeSystem(general.system);
  if (!system) {
    return std::nullopt;
  }
  const auto above = system->Find(general.code);
  const auto below = system->Find(special.code);
  if (above == nullptr || below == nullptr) {
    return std::nullopt;
  }
  return system->IsA(*below, *above);
}

}  // namespace fhir::validation
