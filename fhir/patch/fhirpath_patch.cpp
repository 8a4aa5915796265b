#include "fhir/patch/fhirpath_patch.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/patch/element_value.hpp"

namespace fhir::patch {
namespace {

using metadata::Definitions;
using model::Document;
using model::Node;
using Outcome = std::expected<void, Failure>;

/// The parts of one operation. Source: https://hl7.org/fhir/R4/fhirpatch.html#concept
struct OperationParts {
  std::string_view type;
  const Node* path = nullptr;
  const Node* name = nullptr;
  const Node* value = nullptr;  ///< the part itself
  const Node* index = nullptr;
  const Node* source = nullptr;
  const Node* destination = nullptr;
};

const Node* SimpleValue(const Node& part) {
  for (const Node& child : part.children()) {
    if (child.row != nullptr && Definitions::R4().Text(child.row->base_name) == "value" && child.HasValue()) {
      return &child;
    }
  }
  return nullptr;
}

Patched<OperationParts> ReadParts(const Node& operation) {
  OperationParts parts;
  for (const Node& part : operation.children()) {
    if (part.name != "part") {
      continue;
    }
    const std::string_view name = part.ChildValue("name");
    if (name == "value") {
      if (std::exchange(parts.value, &part) != nullptr) {
        return Refuse(FailureKind::kMalformed, "each part is expected once");
      }
      continue;
    }
    const Node* value = SimpleValue(part);
    const std::array<std::pair<std::string_view, const Node**>, 5> known = {{{"path", &parts.path},
                                                                             {"name", &parts.name},
                                                                             {"index", &parts.index},
                                                                             {"source", &parts.source},
                                                                             {"destination", &parts.destination}}};
    const auto* found = std::ranges::find(known, name, [](const auto& row) { return row.first; });
    if (name != "type" && found == known.end()) {
      return Refuse(FailureKind::kMalformed,
                    "a part named type, path, name, value, index, source or destination is expected");
    }
    if (value == nullptr) {
      return Refuse(FailureKind::kMalformed,
                    fmt::format("a value is expected in the part '{}'", name == "type" ? name : found->first));
    }
    if (name == "type" ? !parts.type.empty() : *found->second != nullptr) {
      return Refuse(FailureKind::kMalformed, "each part is expected once");
    }
    if (name == "type") {
      parts.type = value->value;
    } else {
      *found->second = value;
    }
  }
  return parts;
}

Patched<std::size_t> ReadIndex(const Node* node, std::string_view name) {
  std::size_t index = 0;
  if (node != nullptr) {
    const char* end = node->value.data() + node->value.size();
    const auto [stop, error] = std::from_chars(node->value.data(), end, index);
    if (error == std::errc() && stop == end) {
      return index;
    }
  }
  return Refuse(FailureKind::kMalformed, fmt::format("a whole number from 0 is expected as '{}'", name));
}

/// Siblings of one JSON name.
std::vector<Node*> Repetitions(Node& parent, std::string_view name) {
  std::vector<Node*> nodes;
  for (Node& child : parent.children()) {
    if (child.name == name) {
      nodes.push_back(&child);
    }
  }
  return nodes;
}

/// Puts the child at position `from` of its repetitions to position `to`; the others keep their order.
void Reorder(Node& parent, std::string_view name, std::size_t from, std::size_t to) {
  std::vector<Node*> order = Repetitions(parent, name);
  Node* moved = order[from];
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
  // Each place of the chain that had a repetition takes the next one of the order.
  std::vector<Node*> chain;
  std::size_t next = 0;
  for (Node& child : parent.children()) {
    chain.push_back(child.name == name ? order[next++] : &child);
  }
  parent.first_child = chain.front();
  parent.last_child = chain.back();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    chain[i]->next = i + 1 < chain.size() ? chain[i + 1] : nullptr;
  }
}

class FhirPathPatcher {
 public:
  FhirPathPatcher(Document& document, const fhirpath::EvaluationContext& context, const PatchLimits& limits)
      : document_(document), context_(context), limits_(limits) {
    context_.resource = &document.root();
  }

  Outcome Apply(const OperationParts& parts) {
    struct Row {
      std::string_view type;
      Outcome (FhirPathPatcher::*apply)(const OperationParts&);
    };
    static constexpr std::array<Row, 5> kOperations = {{{"add", &FhirPathPatcher::Add},
                                                        {"insert", &FhirPathPatcher::Insert},
                                                        {"delete", &FhirPathPatcher::Delete},
                                                        {"replace", &FhirPathPatcher::Replace},
                                                        {"move", &FhirPathPatcher::Move}}};
    const auto* row = std::ranges::find(kOperations, parts.type, &Row::type);
    if (row == kOperations.end()) {
      return Refuse(FailureKind::kMalformed, "add, insert, delete, replace or move is expected as 'type'");
    }
    return (this->*row->apply)(parts);
  }

 private:
  /// The elements of the copy that the path leads to.
  Patched<std::vector<Node*>> Targets(const OperationParts& parts) {
    if (parts.path == nullptr) {
      return Refuse(FailureKind::kMalformed, "a part 'path' is expected");
    }
    const auto expression = fhirpath::Compile(parts.path->value);
    if (!expression) {
      return Refuse(FailureKind::kMalformed, "a FHIRPath expression is expected as 'path'");
    }
    const auto items = fhirpath::Evaluate(*expression, context_, document_.root());
    if (!items) {
      const bool costly = items.error().code == ErrorCode::kTooCostly;
      return Refuse(costly ? FailureKind::kTooLarge : FailureKind::kMalformed,
                    costly ? "a path that costs less is expected" : "a path that can be evaluated is expected");
    }
    // The budgets of an evaluation are for one path: a long list that each of many operations moves costs them all.
    elements_reached_ += items->size();
    if (elements_reached_ > limits_.elements_reached_max) {
      return Refuse(FailureKind::kTooLarge, "fewer changes of long lists are expected");
    }
    std::vector<Node*> nodes;
    for (const fhirpath::Item& item : *items) {
      if (!item.IsNode() || !IsPartOfCopy(item.node)) {
        return Refuse(FailureKind::kMalformed, "a path to elements of the resource is expected");
      }
      nodes.push_back(const_cast<Node*>(item.node));  // it is our own copy, which the evaluator only reads
    }
    return nodes;
  }

  bool IsPartOfCopy(const Node* node) const {
    while (node->parent != nullptr) {
      node = node->parent;
    }
    return node == &document_.root();
  }

  Patched<Node*> OneTarget(const OperationParts& parts) {
    auto nodes = Targets(parts);
    if (!nodes) {
      return std::unexpected(std::move(nodes).error());
    }
    if (nodes->size() != 1) {
      return Refuse(FailureKind::kPathNotFound, "a path to exactly one element is expected");
    }
    return nodes->front();
  }

  /// For insert and move: a list, by all or some of its elements.
  Patched<Node*> ListTarget(const OperationParts& parts) {
    auto nodes = Targets(parts);
    if (!nodes) {
      return std::unexpected(std::move(nodes).error());
    }
    if (nodes->empty()) {
      return Refuse(FailureKind::kPathNotFound, "a path to the elements of a list is expected");
    }
    Node* first = nodes->front();
    const bool one_list = first->parent != nullptr && std::ranges::all_of(*nodes, [&](const Node* node) {
                            return node->parent == first->parent && node->name == first->name;
                          });
    if (!one_list || first->row == nullptr || first->row->repeats == 0) {
      return Refuse(FailureKind::kPathNotFound, "a path to the elements of one list is expected");
    }
    return first;
  }

  static Outcome NeedsValue(const OperationParts& parts) {
    return parts.value != nullptr ? Outcome() : Refuse(FailureKind::kMalformed, "a part 'value' is expected");
  }

  Outcome Add(const OperationParts& parts) {
    if (Outcome given = NeedsValue(parts); !given) {
      return given;
    }
    if (parts.name == nullptr) {
      return Refuse(FailureKind::kMalformed, "a part 'name' is expected");
    }
    auto target = OneTarget(parts);
    if (!target) {
      return std::unexpected(std::move(target).error());
    }
    Node& parent = **target;
    const ElementChoice choice = FindElement(parent.type, parts.name->value, *parts.value);
    if (choice.row != nullptr && choice.row->repeats == 0) {
      for (const Node& child : parent.children()) {
        if (child.row != nullptr && child.row->group == choice.row->group) {
          return Refuse(FailureKind::kResultInvalid, "an element that has no value yet is expected");
        }
      }
    }
    auto added = AddElement(document_, parent, parts.name->value, *parts.value);
    return added ? Outcome() : std::unexpected(std::move(added).error());
  }

  Outcome Insert(const OperationParts& parts) {
    if (Outcome given = NeedsValue(parts); !given) {
      return given;
    }
    const auto index = ReadIndex(parts.index, "index");
    if (!index) {
      return std::unexpected(index.error());
    }
    auto target = ListTarget(parts);
    if (!target) {
      return std::unexpected(std::move(target).error());
    }
    Node& parent = *(*target)->parent;
    const std::string_view name = (*target)->name;
    const std::size_t size = Repetitions(parent, name).size();
    if (*index > size) {
      return Refuse(FailureKind::kPathNotFound, "an index within the list, or its end, is expected");
    }
    auto added = AddElement(document_, parent, name, *parts.value);
    if (!added) {
      return std::unexpected(std::move(added).error());
    }
    Reorder(parent, name, size, *index);
    return {};
  }

  Outcome Delete(const OperationParts& parts) {
    auto nodes = Targets(parts);
    if (!nodes) {
      return std::unexpected(std::move(nodes).error());
    }
    if (nodes->empty()) {
      return {};
    }
    if (nodes->size() > 1) {
      return Refuse(FailureKind::kPathNotFound, "a path to at most one element is expected");
    }
    return Remove(*nodes->front());
  }

  /// With the parents that it leaves without any content: FHIR has no empty elements.
  Outcome Remove(Node& node) {
    Node* at = &node;
    while (at->parent != nullptr && at->parent->parent != nullptr && at->parent->first_child == at &&
           at->next == nullptr && !at->parent->HasValue() && !Definitions::R4().IsResource(at->parent->type)) {
      at = at->parent;
    }
    if (at->parent == nullptr) {
      return Refuse(FailureKind::kResultInvalid, "a path below the resource itself is expected");
    }
    document_.Remove(*at);
    return {};
  }

  Outcome Replace(const OperationParts& parts) {
    if (Outcome given = NeedsValue(parts); !given) {
      return given;
    }
    auto target = OneTarget(parts);
    if (!target) {
      return std::unexpected(std::move(target).error());
    }
    Node& old = **target;
    if (old.parent == nullptr) {
      return Refuse(FailureKind::kResultInvalid, "a path below the resource itself is expected");
    }
    if (old.row == nullptr) {
      return Refuse(FailureKind::kResultInvalid, "an element that is defined there is expected");
    }
    Node& parent = *old.parent;
    const std::vector<Node*> list = Repetitions(parent, old.name);
    const auto position = static_cast<std::size_t>(std::ranges::find(list, &old) - list.begin());
    auto added = AddElement(document_, parent, Definitions::R4().Text(old.row->base_name), *parts.value);
    if (!added) {
      return std::unexpected(std::move(added).error());
    }
    const std::string_view name = (*added)->name;
    if (name == old.name) {
      Reorder(parent, name, list.size(), position);
    }
    document_.Remove(old);
    return {};
  }

  Outcome Move(const OperationParts& parts) {
    const auto source = ReadIndex(parts.source, "source");
    const auto destination = ReadIndex(parts.destination, "destination");
    if (!source || !destination) {
      return std::unexpected(!source ? source.error() : destination.error());
    }
    auto target = ListTarget(parts);
    if (!target) {
      return std::unexpected(std::move(target).error());
    }
    Node& parent = *(*target)->parent;
    const std::string_view name = (*target)->name;
    const std::size_t size = Repetitions(parent, name).size();
    if (*source >= size || *destination >= size) {
      return Refuse(FailureKind::kPathNotFound, "indexes within the list are expected");
    }
    Reorder(parent, name, *source, *destination);
    return {};
  }

  Document& document_;
  fhirpath::EvaluationContext context_;
  const PatchLimits& limits_;
  std::size_t elements_reached_ = 0;
};

}  // namespace

Patched<Document> PatchResource(const Node& resource, const Node& parameters,
                                const fhirpath::EvaluationContext& context, const PatchLimits& limits) {
  if (Definitions::R4().TypeName(parameters.type) != "Parameters") {
    return Refuse(FailureKind::kMalformed, "a Parameters resource is expected as FHIRPath Patch");
  }
  Document document = Document::CloneResource(resource);
  FhirPathPatcher patcher(document, context, limits);
  std::size_t count = 0;
  for (const Node& operation : parameters.children()) {
    if (operation.name != "parameter") {
      continue;
    }
    if (count == limits.operations_max) {
      return Refuse(FailureKind::kTooLarge, fmt::format("at most {} operations are expected", limits.operations_max));
    }
    Outcome outcome;
    std::string path;
    if (operation.ChildValue("name") != "operation") {
      outcome = Refuse(FailureKind::kMalformed, "parameters named operation are expected");
    } else if (auto parts = ReadParts(operation); !parts) {
      outcome = std::unexpected(std::move(parts).error());
    } else {
      path = parts->path != nullptr ? parts->path->value : std::string_view();
      outcome = patcher.Apply(*parts);
    }
    if (!outcome) {
      Failure failure = std::move(outcome).error();
      failure.operation = count;
      failure.path = std::move(path);
      return std::unexpected(std::move(failure));
    }
    ++count;
  }
  return document;
}

}  // namespace fhir::patch
