// The functions of FHIR that need value sets, profiles or the rules of narratives.
// Source: https://hl7.org/fhir/R4/fhirpath.html#functions
#include <optional>
#include <string_view>

#include "fhir/base/xhtml.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/services.hpp"

namespace fhir::fhirpath {
namespace {

constexpr std::string_view kBaseDefinitions = "http://hl7.org/fhir/StructureDefinition/";

bool AddAnswer(Evaluator& evaluator, std::optional<bool> answer, Collection& out) {
  return !answer || evaluator.Add(out, Item::Boolean(*answer));
}

bool MemberOfFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> value_set;
  if (call.input.size() > 1) return evaluator.FailWith("one item expected, several found");
  if (!evaluator.StringArgument(call.arguments[0], call.frame, value_set)) return false;
  const Services* const services = evaluator.context().services;
  if (call.input.empty() || !value_set || services == nullptr) return true;
  const Item& item = call.input.front();
  if (item.IsNode()) return AddAnswer(evaluator, services->MemberOf(*item.node, *value_set), out);
  if (item.kind != ItemKind::kString) return evaluator.FailWith("a code or concept is expected as input");
  return AddAnswer(evaluator, services->MemberOf(item.text, *value_set), out);
}

CodeRef CodeOf(const model::Node& coding) {
  return {coding.ChildValue("system"), coding.ChildValue("version"), coding.ChildValue("code")};
}

/// Calls visit(code) for a Coding, or each Coding of a CodeableConcept, until it returns true.
template <typename Visit>
bool AnyCode(const Item& item, Visit&& visit) {
  if (!item.IsNode()) return false;
  if (item.node->Child("code") != nullptr) return visit(CodeOf(*item.node));
  for (const model::Node& child : item.node->children()) {
    if (child.name == "coding" && visit(CodeOf(child))) return true;
  }
  return false;
}

/// True when a code of `general` subsumes one of `special`; false when each pair is known not to; else nothing.
std::optional<bool> AnySubsumes(const Services* services, const Item& general, const Item& special) {
  bool known = true;
  const bool found = AnyCode(general, [&](const CodeRef& upper) {
    return AnyCode(special, [&](const CodeRef& lower) {
      if (upper.system == lower.system && upper.code == lower.code) return true;
      const std::optional<bool> answer = services == nullptr ? std::nullopt : services->Subsumes(upper, lower);
      known = known && answer.has_value();
      return answer == true;
    });
  });
  if (found) return true;
  return known ? std::optional(false) : std::nullopt;
}

template <bool input_is_general>
bool SubsumesFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection other;
  if (!evaluator.Evaluate(call.arguments[0], call.frame, other)) return false;
  if (call.input.size() > 1 || other.size() > 1) return evaluator.FailWith("one item expected, several found");
  if (call.input.empty() || other.empty()) return true;
  if (!call.input.front().IsNode() || !other.front().IsNode()) {
    return evaluator.FailWith("a Coding or CodeableConcept is expected");
  }
  const Item& general = input_is_general ? call.input.front() : other.front();
  const Item& special = input_is_general ? other.front() : call.input.front();
  return AddAnswer(evaluator, AnySubsumes(evaluator.context().services, general, special), out);
}

bool ConformsToFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> profile;
  if (call.input.size() > 1) return evaluator.FailWith("one item expected, several found");
  if (!evaluator.StringArgument(call.arguments[0], call.frame, profile)) return false;
  if (call.input.empty() || !profile || !call.input.front().IsNode()) return true;
  const Item& item = call.input.front();
  // A base definition of another type is refused without asking anybody.
  if (profile->starts_with(kBaseDefinitions) && item.type != metadata::kNoType) {
    const std::string_view name = profile->substr(kBaseDefinitions.size());
    const metadata::TypeId type = evaluator.definitions().FindType(name.substr(0, name.find('|')));
    if (type != metadata::kNoType && !evaluator.definitions().IsA(item.type, type)) {
      return evaluator.Add(out, Item::Boolean(false));
    }
  }
  const Services* const services = evaluator.context().services;
  const std::optional<bool> answer = services == nullptr ? std::nullopt : services->ConformsTo(*item.node, *profile);
  if (!answer) return evaluator.FailWith("conformsTo() names a profile that is not known here", ErrorCode::kNotFound);
  return evaluator.Add(out, Item::Boolean(*answer));
}

bool HtmlChecksFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  if (call.input.empty()) return true;
  bool good = true;
  for (const Item& item : call.input) {
    if (!item.IsNode() || !item.node->HasValue()) return true;
    if (!evaluator.Spend(1 + item.node->value.size() / 16)) return false;
    good = good && XhtmlProblem(item.node->value).empty();
  }
  return evaluator.Add(out, Item::Boolean(good));
}

bool ElementDefinitionFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  const Services* const services = evaluator.context().services;
  if (services == nullptr) return true;
  for (const Item& item : call.input) {
    const model::Node* const definition = item.IsNode() ? services->ElementDefinition(*item.node) : nullptr;
    if (definition != nullptr && !evaluator.Add(out, Item::Of(*definition))) return false;
  }
  return true;
}

bool SliceFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> structure;
  std::optional<std::string_view> name;
  if (!evaluator.StringArgument(call.arguments[0], call.frame, structure) ||
      !evaluator.StringArgument(call.arguments[1], call.frame, name)) {
    return false;
  }
  const Services* const services = evaluator.context().services;
  if (!structure || !name || services == nullptr) return true;
  for (const Item& item : call.input) {
    const bool in = item.IsNode() && services->InSlice(*item.node, *structure, *name) == true;
    if (in && !evaluator.Add(out, item)) return false;
  }
  return true;
}

/// Whether `url` is one of the comma-separated urls.
bool IsListed(std::string_view list, std::string_view url) {
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == url) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

/// The input itself, unless one of its elements has a modifier extension that the arguments do not name.
bool CheckModifiersFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  for (const Item& item : call.input) {
    if (!item.IsNode()) continue;
    for (const model::Node& child : item.node->children()) {
      if (child.name != "modifierExtension") continue;
      bool listed = false;
      for (const std::uint32_t argument : call.arguments) {
        std::optional<std::string_view> urls;
        if (!evaluator.StringArgument(argument, call.frame, urls)) return false;
        listed = listed || (urls && IsListed(*urls, child.ChildValue("url")));
      }
      if (!listed) return evaluator.FailWith("checkModifiers() found a modifier extension that it does not name");
    }
  }
  for (const Item& item : call.input) {
    if (!evaluator.Add(out, item)) return false;
  }
  return true;
}

constexpr FunctionRow kHost[] = {
    {"memberOf", 1, 1, MemberOfFunction, Answer::kBoolean},
    {"subsumes", 1, 1, SubsumesFunction<true>, Answer::kBoolean},
    {"subsumedBy", 1, 1, SubsumesFunction<false>, Answer::kBoolean},
    {"conformsTo", 1, 1, ConformsToFunction, Answer::kBoolean},
    {"htmlChecks", 0, 0, HtmlChecksFunction, Answer::kBoolean},
    {"elementDefinition", 0, 0, ElementDefinitionFunction},
    {"slice", 2, 2, SliceFunction, Answer::kInput},
    {"checkModifiers", 1, 15, CheckModifiersFunction, Answer::kInput},
};

}  // namespace

std::span<const FunctionRow> HostFunctions() {
  return kHost;
}

}  // namespace fhir::fhirpath
