#include "fhir/validation/snapshot_merge.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <string>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Document;
using model::Node;

enum class MergeRule : std::uint8_t { kKeepBase, kReplace, kExtendText, kAddNew, kByKey, kByUrl, kBinding, kSlicing };

struct MergeRow {
  std::string_view part;
  MergeRule rule;
};

constexpr MergeRow kMergeRules[] = {
    {"id", MergeRule::kKeepBase},
    {"path", MergeRule::kKeepBase},
    {"base", MergeRule::kKeepBase},
    {"short", MergeRule::kExtendText},
    {"definition", MergeRule::kExtendText},
    {"comment", MergeRule::kExtendText},
    {"requirements", MergeRule::kExtendText},
    {"alias", MergeRule::kAddNew},
    {"code", MergeRule::kAddNew},
    {"condition", MergeRule::kAddNew},
    {"example", MergeRule::kAddNew},
    {"mapping", MergeRule::kAddNew},
    {"constraint", MergeRule::kByKey},
    {"extension", MergeRule::kByUrl},
    {"modifierExtension", MergeRule::kByUrl},
    {"binding", MergeRule::kBinding},
    {"slicing", MergeRule::kSlicing},
};

MergeRule RuleOf(std::string_view part) {
  const auto* const row = std::find_if(std::begin(kMergeRules), std::end(kMergeRules),
                                       [part](const MergeRow& candidate) { return candidate.part == part; });
  return row == std::end(kMergeRules) ? MergeRule::kReplace : row->rule;
}

/// "fixed" for fixedCode: what replaces what, whatever the type.
std::string_view BaseName(const Node& part) {
  return part.row == nullptr ? part.name : Definitions::R4().Text(part.row->base_name);
}

void RemoveAllOf(Document& document, Node& row, std::string_view base_name) {
  Node* next = nullptr;
  for (Node* child = row.first_child; child != nullptr; child = next) {
    next = child->next;
    if (BaseName(*child) == base_name) {
      document.Remove(*child);
    }
  }
}

Node* FindBy(Node& row, std::string_view name, std::string_view key_name, std::string_view key) {
  for (Node& child : row.children()) {
    if (child.name == name && child.ChildValue(key_name) == key) {
      return &child;
    }
  }
  return nullptr;
}

bool HasSame(const Node& row, const Node& part) {
  return std::any_of(row.children().begin(), row.children().end(),
                     [&part](const Node& child) { return child.name == part.name && SameContent(child, part); });
}

/// Types whose values a binding can be about.
constexpr std::string_view kBindable[] = {"code",     "Coding",   "CodeableConcept", "Quantity",      "string",
                                          "uri",      "url",      "canonical",       "Age",           "Count",
                                          "Distance", "Duration", "Money",           "SimpleQuantity"};

bool HasBindableType(const Node& row) {
  const auto types = row.children();
  return std::any_of(types.begin(), types.end(), [](const Node& child) {
    return child.name == "type" &&
           std::find(std::begin(kBindable), std::end(kBindable), child.ChildValue("code")) != std::end(kBindable);
  });
}

/// The value of a primitive and the url of an extension have types of FHIRPath, which profiles call by their FHIR
/// names.
constexpr std::string_view kSystemTypes = "http://hl7.org/fhirpath/System.";

std::uint64_t Count(std::string_view text, std::uint64_t otherwise) {
  std::uint64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// "*" and nothing are more than any number.
std::uint64_t MaxOf(const Node& row) {
  return Count(row.ChildValue("max"), UINT64_MAX);
}

const Node* FixedValue(const Node& row) {
  for (const Node& child : row.children()) {
    if (BaseName(child) == "fixed") {
      return &child;
    }
  }
  return nullptr;
}

bool AllowsType(const Node& base, std::string_view code) {
  const Definitions& definitions = Definitions::R4();
  const metadata::TypeId type = definitions.FindType(code);
  bool any = false;
  for (const Node& child : base.children()) {
    if (child.name != "type") {
      continue;
    }
    any = true;
    const std::string_view allowed = child.ChildValue("code");
    const metadata::TypeId allowed_type = definitions.FindType(allowed);
    if (allowed == code || allowed == "Element" || allowed == "*" || allowed.starts_with(kSystemTypes) ||
        (type != metadata::kNoType && allowed_type != metadata::kNoType && definitions.IsA(type, allowed_type))) {
      return true;
    }
  }
  return !any;
}

}  // namespace

bool SameContent(const Node& left, const Node& right) {
  if (left.name != right.name || left.kind != right.kind || left.value != right.value) {
    return false;
  }
  const Node* mine = left.first_child;
  const Node* theirs = right.first_child;
  for (; mine != nullptr && theirs != nullptr; mine = mine->next, theirs = theirs->next) {
    if (!SameContent(*mine, *theirs)) {
      return false;
    }
  }
  return mine == theirs;
}

RowMaker::RowMaker()
    : document_(Definitions::R4().FindType("StructureDefinition")),
      holder_(&document_.Add(document_.root(), "snapshot")) {}

Node& RowMaker::Copy(const Node& row) {
  return document_.CopyInto(*holder_, "element", row);
}

void RowMaker::Set(Node& row, std::string_view name, std::string_view value) {
  Node* child = row.Child(name);
  if (child == nullptr) {
    document_.Add(row, name, value);
  } else {
    document_.SetValue(*child, value);
  }
}

void RowMaker::Remove(Node& row, std::string_view name) {
  document_.RemoveAll(row, name);
}

void RowMaker::RemoveChild(Node& child) {
  document_.Remove(child);
}

void RowMaker::CopyPart(Node& row, const Node& part) {
  document_.CopyInto(row, part.name, part);
}

void RowMaker::KeepType(Node& row, std::string_view code) {
  Node* next = nullptr;
  for (Node* child = row.first_child; child != nullptr; child = next) {
    next = child->next;
    if (child->name == "type" && child->ChildValue("code") != code) {
      document_.Remove(*child);
    }
  }
  if (row.Child("type") == nullptr) {
    document_.Add(document_.Add(row, "type"), "code", code);
  }
}

void RowMaker::AddSlicing(Node& row, const Slicing& slicing) {
  if (row.Child("slicing") != nullptr) {
    return;
  }
  Node& added = document_.Add(row, "slicing");
  Node& discriminator = document_.Add(added, "discriminator");
  document_.Add(discriminator, "type", slicing.discriminator);
  document_.Add(discriminator, "path", slicing.path);
  document_.Add(added, "ordered", "false");
  document_.Add(added, "rules", slicing.rules);
}

void RowMaker::MergeBinding(Node& to, const Node& from) {
  document_.RemoveAll(to, "description");
  for (const Node& part : from.children()) {
    if (part.name != "extension") {
      document_.RemoveAll(to, part.name);
      document_.CopyInto(to, part.name, part);
    } else if (!HasSame(to, part)) {
      document_.CopyInto(to, part.name, part);
    }
  }
}

void RowMaker::MergeSlicing(Node& to, const Node& from) {
  for (const Node& part : from.children()) {
    if (part.name != "discriminator") {
      document_.RemoveAll(to, part.name);
      document_.CopyInto(to, part.name, part);
    } else if (FindBy(to, "discriminator", "path", part.ChildValue("path")) == nullptr) {
      document_.CopyInto(to, part.name, part);
    }
  }
}

void RowMaker::MergePart(Node& row, const Node& part) {
  switch (RuleOf(part.name)) {
    case MergeRule::kKeepBase:
      return;
    case MergeRule::kExtendText:
      if (Node* text = row.Child(part.name); text != nullptr && part.value.starts_with("...")) {
        document_.SetValue(*text, std::string(text->value) + "\r\n" + std::string(part.value.substr(3)));
        return;
      }
      break;
    case MergeRule::kAddNew:
      if (!HasSame(row, part)) {
        document_.CopyInto(row, part.name, part);
      }
      return;
    case MergeRule::kByKey:
      if (Node* same = FindBy(row, part.name, "key", part.ChildValue("key")); same != nullptr) {
        document_.Remove(*same);
      }
      document_.CopyInto(row, part.name, part);
      return;
    case MergeRule::kByUrl:
      if (Node* same = FindBy(row, part.name, "url", part.ChildValue("url")); same != nullptr) {
        document_.Remove(*same);
      }
      document_.CopyInto(row, part.name, part);
      return;
    case MergeRule::kBinding:
    case MergeRule::kSlicing:
      if (Node* same = row.Child(part.name); same != nullptr) {
        part.name == "binding" ? MergeBinding(*same, part) : MergeSlicing(*same, part);
        return;
      }
      break;
    case MergeRule::kReplace:
      break;
  }
  document_.CopyInto(row, part.name, part);
}

Node& RowMaker::Merge(const Node& base, const Node& differential) {
  Node& row = Copy(base);
  for (const Node& part : differential.children()) {
    const bool extended = part.value.starts_with("...") && RuleOf(part.name) == MergeRule::kExtendText;
    const MergeRule rule = RuleOf(part.name);
    if (rule == MergeRule::kReplace || (rule == MergeRule::kExtendText && !extended)) {
      RemoveAllOf(document_, row, BaseName(part));
    }
  }
  for (const Node& part : differential.children()) {
    MergePart(row, part);
  }
  if (row.Child("binding") != nullptr && !HasBindableType(row)) {
    document_.RemoveAll(row, "binding");
  }
  return row;
}

Node& RowMaker::Root(const Node& definition, const Node& element, bool own_cardinality) {
  Node& row = Copy(definition);
  for (const std::string_view part : {"id", "path", "base", "sliceName", "type"}) {
    document_.RemoveAll(row, part);
  }
  if (!own_cardinality) {
    document_.RemoveAll(row, "min");
    document_.RemoveAll(row, "max");
  }
  for (const Node& part : element.children()) {
    const bool keyed = part.name == "constraint" || part.name == "alias" || part.name == "code";
    if (part.name == "constraint" && FindBy(row, "constraint", "key", part.ChildValue("key")) != nullptr) {
      continue;
    }
    if (keyed ? HasSame(row, part)
              : std::any_of(row.children().begin(), row.children().end(), [&part](const Node& child) {
                  return BaseName(child) == BaseName(part) && child.name != "type" && child.name != "condition";
                })) {
      continue;
    }
    if (part.name != "mapping" && part.name != "condition") {
      document_.CopyInto(row, part.name, part);
    }
  }
  return row;
}

void CheckNarrower(const Node& base, const Node& differential, const RowPlace& place, IssueList& issues) {
  const auto add = [&](std::string_view part, std::string text) {
    const Node* child = differential.Child(part);
    issues.AddAt(fmt::format("StructureDefinition.differential.element[{}].{}", place.position, part), Severity::kError,
                 IssueType::kBusinessRule, std::move(text), child->source_offset);
  };
  const std::uint64_t base_min = Count(base.ChildValue("min"), 0);
  if (differential.Child("min") != nullptr && !place.new_slice && Count(differential.ChildValue("min"), 0) < base_min) {
    add("min", fmt::format("a minimum of at least {} is expected, which the base asks for", base_min));
  }
  if (differential.Child("max") != nullptr && MaxOf(differential) > MaxOf(base)) {
    add("max", fmt::format("a maximum of at most {} is expected, which the base allows", MaxOf(base)));
  }
  for (const Node& part : differential.children()) {
    const Node* given = BaseName(part) == "fixed" ? FixedValue(base) : nullptr;
    if (given != nullptr && !SameContent(*given, part)) {
      add(part.name, "the value that the base fixes is expected");
    }
  }
  const Node& typed = differential.Child("type") == nullptr ? base : differential;
  if (differential.Child("binding") != nullptr && typed.Child("type") != nullptr && !HasBindableType(typed)) {
    const Node* binding = differential.Child("binding");
    issues.AddAt(fmt::format("StructureDefinition.differential.element[{}]", place.position), Severity::kError,
                 IssueType::kBusinessRule, "a binding is expected on coded types alone", binding->source_offset);
  }
  for (const Node& type : differential.children()) {
    if (type.name == "type" && !AllowsType(base, type.ChildValue("code"))) {
      add("type", "a type that the base allows is expected");
      return;
    }
  }
}

}  // namespace fhir::validation
