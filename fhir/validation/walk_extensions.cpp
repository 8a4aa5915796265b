// Extensions: known, in a place their definition allows, with the content it asks for.
// Source: https://hl7.org/fhir/R4/extensibility.html and https://hl7.org/fhir/R4/defining-extensions.html#context
#include <algorithm>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"
#include "fhir/validation/extension_context.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using model::Node;

namespace {

/// Domains that stand for examples by convention; their extensions have no definition anywhere.
constexpr std::string_view kExampleDomains[] = {"example.org", "acme.com"};
/// DICOM names its extensions so, and publishes no definitions of them.
constexpr std::string_view kUndefinedDomains[] = {"nema.org"};

/// HL7 publishes extensions of its own apart from the definitions of R4.
constexpr std::string_view kStandardDomain = "http://hl7.org/fhir/StructureDefinition/";

bool StartsWithOneOf(std::string_view url, auto&& prefixes) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](std::string_view prefix) { return url.starts_with(prefix); });
}

/// Where the extension may stand, as its definition says it.
std::string ContextsOf(const Profile& definition) {
  constexpr std::size_t kContextsMax = 5;
  std::string text;
  for (std::size_t i = 0; i < definition.contexts.size() && i <= kContextsMax; ++i) {
    text += i == 0 ? "" : ", ";
    text += i == kContextsMax ? "…" : definition.contexts[i].expression;
  }
  if (!definition.context_invariants.empty()) {
    text += text.empty() ? "" : ", ";
    text += fmt::format("where {}", fmt::join(definition.context_invariants, " and "));
  }
  return text;
}

/// Whether the element is, or is part of, a value that a definition fixes, asks for or shows.
bool IsValueOfDefinition(const Node& node) {
  constexpr std::string_view kValues[] = {"fixed", "pattern", "defaultValue"};
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  for (const Node* at = &node; at->parent != nullptr && at->row != nullptr; at = at->parent) {
    const std::string_view owner =
        at->parent->type == metadata::kNoType ? std::string_view{} : definitions.TypeName(at->parent->type);
    const std::string_view name = definitions.Text(at->row->base_name);
    if (owner == "ElementDefinition.example" ||
        (owner == "ElementDefinition" && std::ranges::find(kValues, name) != std::end(kValues))) {
      return true;
    }
  }
  return false;
}

bool HoldsOneOf(std::string_view url, auto&& parts) {
  return std::any_of(std::begin(parts), std::end(parts),
                     [&](std::string_view part) { return url.find(part) != std::string_view::npos; });
}

}  // namespace

void Walk::Extension(const Node& node) {
  const std::string_view url = node.ChildValue("url");
  if (url.empty()) {
    return;
  }
  const bool nested = node.parent != nullptr && node.parent->type == types_.extension;
  if (url.find(':') == std::string_view::npos) {
    if (!nested) {
      Error(node, IssueType::kInvalid, "expected an absolute URL in url");
    } else {
      ExtensionPart(node, url);
    }
    return;  // what the part holds is said by the definition of the whole
  }
  const Profile* definition = profiles_.Find(url);
  if (definition == nullptr) {
    if (ProfileStore::Missing why = profiles_.WhyMissing(url); why.faulty) {
      Error(node, IssueType::kExtension, std::move(why.text));
      return;
    }
  }
  if (definition == nullptr || !definition->is_extension) {
    if (!StartsWithOneOf(url, options_.extension_domains)) {
      const bool lenient = url.starts_with(kStandardDomain) || HoldsOneOf(url, kUndefinedDomains) ||
                           (options_.examples == Checking::kOff && HoldsOneOf(url, kExampleDomains));
      Report(node, lenient ? Severity::kWarning : options_.unknown_extension, IssueType::kExtension,
             "expected an extension whose definition is loaded");
    }
    if (options_.examples == Checking::kOn && HoldsOneOf(url, kExampleDomains)) {
      Error(*node.Child("url"), IssueType::kInvalid, "expected a URL that is not of a domain for examples");
    }
    return;
  }
  if (!InContext(node, *definition)) {
    Report(
        *node.parent, Severity::kError, IssueType::kStructure,
        fmt::format("the extension {} is not allowed here: expected on {}", definition->url, ContextsOf(*definition)));
  }
  const bool as_modifier = node.name == "modifierExtension";
  if (as_modifier != definition->modifier && !nested) {
    Error(node, IssueType::kStructure,
          as_modifier ? "expected in extension: its definition does not modify"
                      : "expected in modifierExtension: its definition modifies");
  }
  ByProfile(node, *definition);
}

/// A part of a complex extension is one that its definition has, whether the slicing is closed or not.
void Walk::ExtensionPart(const Node& node, std::string_view url) {
  const Profile* whole = profiles_.Find(node.parent->ChildValue("url"));
  if (whole == nullptr || !whole->is_extension) {
    return;
  }
  const RuleRef root{whole, &whole->root()};
  const RuleRef parts = ChildRule(root, "extension");
  const bool closed = parts && parts.rule->slicing && parts.rule->slicing->rules == SlicingRules::kClosed;
  if (!closed && !ExtensionRule(root, url)) {
    Error(node, IssueType::kInvalid, fmt::format("expected a part that the extension {} has", whole->url));
  }
}

/// Whether the resource is of the profile that a context such as "http://…/profile#Patient.name" names.
bool Walk::OfProfile(const Node& place, std::string_view expression) {
  const std::size_t hash = expression.find('#');
  return hash == std::string_view::npos || hash == 0 ||
         Conforms(fhirpath::EnclosingResource(place), expression.substr(0, hash)) == true;
}

bool Walk::InContext(const Node& extension, const Profile& definition) {
  const Node& place = *extension.parent;
  if (IsValueOfDefinition(place)) {
    return true;  // an example or pattern stands for an element elsewhere
  }
  const auto at_place = [&](const Profile::Context& context) {
    if (context.kind == "extension") {
      // The extension itself, or its value.
      const Node* outer = place.type == types_.extension ? &place : place.parent;
      return outer != nullptr && outer->type == types_.extension && outer->ChildValue("url") == context.expression;
    }
    if (context.kind != "fhirpath") {
      return IsElementContext(place, context.expression) && OfProfile(place, context.expression);
    }
    auto compiled = fhirpath::Compile(context.expression);
    if (!compiled) {
      return true;
    }
    const auto found = fhirpath::Evaluate(*compiled, PathContext(), fhirpath::EnclosingResource(place));
    return !found || std::any_of(found->begin(), found->end(),
                                 [&](const fhirpath::Item& item) { return item.IsNode() && item.node == &place; });
  };
  if (!definition.contexts.empty() && std::none_of(definition.contexts.begin(), definition.contexts.end(), at_place)) {
    return false;
  }
  for (const std::string& invariant : definition.context_invariants) {
    auto compiled = fhirpath::Compile(invariant);
    if (!compiled) {
      continue;
    }
    fhirpath::EvaluationContext context = PathContext();
    context.variables.insert_or_assign("extension", &extension);
    const auto holds = fhirpath::EvaluateBoolean(*compiled, context, place);
    if (holds && !*holds) {
      return false;
    }
  }
  return true;
}

}  // namespace fhir::validation
