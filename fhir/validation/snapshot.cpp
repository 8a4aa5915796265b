#include "fhir/validation/snapshot.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/validation/base_chain.hpp"
#include "fhir/validation/differential_faults.hpp"
#include "fhir/validation/snapshot_merge.hpp"
#include "fhir/validation/snapshot_tree.hpp"
#include "fhir/validation/snapshot_types.hpp"

#include <fmt/format.h>

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Document;
using model::Node;
using Element = SnapshotElement;

constexpr std::string_view kTypeBase = "http://hl7.org/fhir/StructureDefinition/";

class SnapshotMaker {
 public:
  SnapshotMaker(const packages::Registry& registry, IssueList& issues) : registry_(registry), issues_(issues) {}

  /// The elements of a StructureDefinition, made of its base's.
  Result<Element> Make(const Node& definition) {
    const std::string_view base = definition.ChildValue("baseDefinition");
    const Node* differential = definition.Child("differential");
    if (base.empty() || differential == nullptr) {
      return Fail(ErrorCode::kInvalid,
                  "a snapshot is made from baseDefinition and differential: one of them is missing");
    }
    const std::string url(definition.ChildValue("url"));
    GW_TRY(CheckBases(definition, registry_));
    if (in_work_.size() >= kProfilesOnTheWayMax || InWork(url)) {
      return Fail(ErrorCode::kTooCostly,
                  fmt::format("profiles need each other, or too many others, for their snapshots: {}, {}",
                              fmt::join(in_work_, ", "), url));
    }
    const OnTheWay on_the_way(in_work_, url);
    return MakeFrom(definition, base, *differential);
  }

 private:
  struct Work {
    bool specialization = false;
    std::string_view type;  ///< canonical or name of the type the profile is on: where contentReference points
    DifferentialNames names;
  };

  /// The profile is in work as long as this lives.
  class OnTheWay {
   public:
    OnTheWay(std::vector<std::string>& in_work, std::string_view url) : in_work_(in_work) {
      in_work_.emplace_back(url);
    }
    ~OnTheWay() { in_work_.pop_back(); }
    OnTheWay(const OnTheWay&) = delete;
    OnTheWay& operator=(const OnTheWay&) = delete;

   private:
    std::vector<std::string>& in_work_;
  };

  Result<Element> MakeFrom(const Node& definition, std::string_view base, const Node& differential) {
    Result<const Element*> tree = TreeOf(base);
    if (!tree) {
      return std::unexpected(std::move(tree).error());
    }
    Element root = **tree;
    GW_ASSIGN(Element changes, ReadElementTree(differential));
    const Work work{.specialization = definition.ChildValue("derivation") == "specialization",
                    .type = definition.ChildValue("type"),
                    .names = {.url = definition.ChildValue("url"), .base = base}};
    if (work.specialization) {
      root.name = changes.name;
    } else if (root.name != changes.name) {
      return Fail(ErrorCode::kInvalid, fmt::format("the differential of {} is about {}, its base {} about {}",
                                                   work.names.url, changes.name, base, root.name));
    }
    GW_TRY(Apply(root, changes, work));
    return root;
  }

  /// The elements of a loaded StructureDefinition, with its snapshot made when it has none. Kept for the next time.
  Result<const Element*> TreeOf(std::string_view canonical) {
    const auto known = trees_.find(canonical);
    if (known != trees_.end()) {
      return &known->second;
    }
    const Node* definition = registry_.Find("StructureDefinition", canonical);
    if (definition == nullptr) {
      return Fail(ErrorCode::kNotFound, fmt::format("the profile {} is not loaded", canonical));
    }
    const Node* snapshot = definition->Child("snapshot");
    Result<Element> tree = snapshot != nullptr ? ReadElementTree(*snapshot) : Make(*definition);
    if (!tree) {
      return std::unexpected(std::move(tree).error());
    }
    return &trees_.emplace(std::string(canonical), *std::move(tree)).first->second;
  }

  Result<void> Apply(Element& target, const Element& change, const Work& work) {
    if (change.row != nullptr) {
      GW_TRY(ApplyRow(target, change, false));
      GW_TRY(CheckDiscriminators(target, change, work));
    }
    return ApplyChildren(target, change, work);
  }

  Result<void> ApplyRow(Element& target, const Element& change, bool new_slice) {
    CheckNarrower(*target.row, *change.row, {.position = change.position, .new_slice = new_slice}, issues_);
    const TypeOf type = TypeOfRow(*change.row);
    const Node* base = target.row;
    if (!type.profile.empty() && !IsReferenceType(type.code)) {
      if (Result<const Element*> tree = TreeOf(type.profile)) {
        base = &rows_.Root(*(*tree)->row, *target.row, type.code == "Extension");
        // What the profile says of the type's children holds from here on.
        target.children.clear();
      } else if (tree.error().code == ErrorCode::kTooCostly && !InWork(type.profile)) {
        return std::unexpected(std::move(tree).error());
      }
    }
    target.row = &rows_.Merge(*base, *change.row);
    return {};
  }

  /// The first name of a discriminator's path is a child of what is sliced.
  Result<void> CheckDiscriminators(const Element& sliced, const Element& change, const Work& work) {
    const Node* slicing = change.row == nullptr ? nullptr : change.row->Child("slicing");
    Element open = slicing == nullptr ? Element{} : sliced;
    if (slicing != nullptr && open.children.empty()) {
      GW_TRY(Unfold(open, work));
    }
    std::size_t number = 0;
    for (const Node& discriminator : slicing == nullptr ? Node::Range<const Node>{nullptr} : slicing->children()) {
      if (discriminator.name != "discriminator") {
        continue;
      }
      const std::string_view path = discriminator.ChildValue("path");
      const std::string_view name = path.substr(0, path.find('.'));
      const bool plain = !name.empty() && name.find_first_of("$(") == std::string_view::npos;
      if (plain && !open.children.empty() &&
          std::none_of(open.children.begin(), open.children.end(), [name](const Element& child) {
            return child.name == name ||
                   (child.name.ends_with("[x]") && name == child.name.substr(0, child.name.size() - 3));
          })) {
        issues_.AddAt(fmt::format("StructureDefinition.differential.element[{}].slicing.discriminator[{}]",
                                  change.position, number),
                      Severity::kError, IssueType::kInvalid, "a path below the sliced element is expected",
                      discriminator.source_offset);
      }
      ++number;
    }
    return {};
  }

  bool InWork(std::string_view url) const { return std::find(in_work_.begin(), in_work_.end(), url) != in_work_.end(); }

  Result<void> ApplyChildren(Element& target, const Element& change, const Work& work) {
    if (change.children.empty()) {
      return {};
    }
    if (target.children.empty()) {
      GW_TRY(Unfold(target, work));
    }
    std::map<const Element*, Element> before;  // an element as its slices find it: without what is said of itself
    std::vector<std::pair<Element*, std::string>> shortcuts;
    CheckOrder(target, change, work.names, issues_);
    for (const Element& child : change.children) {
      GW_TRY(ApplyChild(target, child, work, before, shortcuts));
    }
    NarrowChoices(shortcuts);
    return {};
  }

  Result<void> ApplyChild(Element& target, const Element& change, const Work& work,
                          std::map<const Element*, Element>& before,
                          std::vector<std::pair<Element*, std::string>>& shortcuts) {
    Element* found = target.Find(change.name, {});
    std::string slice = change.slice;
    std::string_view chosen;
    if (found == nullptr) {
      for (Element& candidate : target.children) {
        const std::optional<std::string_view> type =
            candidate.slice.empty() ? ChosenType(candidate, change.name) : std::nullopt;
        if (!type || (type->empty() && found != nullptr)) {
          continue;
        }
        found = &candidate;
        chosen = *type;
      }
      if (found != nullptr && !chosen.empty()) {
        if (slice.empty() || slice == change.name) {
          shortcuts.emplace_back(found, std::string(chosen));
          slice = change.name;
        }
      } else if (work.specialization && change.row != nullptr) {
        return AddElement(target, change, work);
      } else {
        found = nullptr;
      }
    } else if (found->name.ends_with("[x]") && !slice.empty()) {
      chosen = ChosenType(*found, slice).value_or(std::string_view{});
    }
    if (found == nullptr) {
      ReportUnknown(change, work.names, issues_);
      return {};
    }
    if (slice.empty()) {
      before.try_emplace(found, *found);
      return Apply(*found, change, work);
    }
    if (Element* known = target.Find(found->name, slice); known != nullptr) {
      return Apply(*known, change, work);
    }
    const auto kept = before.find(found);
    Element& made = AddSlice(target, kept == before.end() ? *found : kept->second, slice, chosen);
    AddDefaultSlicing(*found, change.name);
    if (change.row != nullptr) {
      GW_TRY(ApplyRow(made, change, true));
      GW_TRY(CheckDiscriminators(made, change, work));
      const bool resliced = slice.find('/') != std::string::npos;
      if (change.row->Child("min") == nullptr && !resliced && !IsExtensionValue(made, target)) {
        Node& row = rows_.Copy(*made.row);
        rows_.Set(row, "min", "0");
        made.row = &row;
      }
    }
    return ApplyChildren(made, change, work);
  }

  /// NB: published snapshots leave the minimum of a sliced Extension.value[x] as it is.
  static bool IsExtensionValue(const Element& slice, const Element& parent) {
    return slice.name == "value[x]" &&
           (parent.name == "extension" || parent.name == "Extension" || parent.name == "modifierExtension");
  }

  /// A slice behind the last one of its element; a slice of a slice ("a/b") behind those of its slice.
  Element& AddSlice(Element& parent, const Element& sliced, const std::string& slice, std::string_view chosen) {
    Element made = sliced;
    const std::size_t slash = slice.rfind('/');
    const std::string of = slash == std::string::npos ? std::string{} : slice.substr(0, slash);
    if (const Element* outer = of.empty() ? nullptr : parent.Find(sliced.name, of)) {
      made = *outer;
    }
    auto place = parent.children.begin();
    for (auto at = parent.children.begin(); at != parent.children.end(); ++at) {
      if (at->name == sliced.name && (of.empty() || at->slice == of || at->slice.starts_with(of + "/"))) {
        place = std::next(at);
      }
    }
    made.slice = slice;
    Node& row = rows_.Copy(*made.row);
    rows_.Remove(row, "slicing");
    rows_.Set(row, "sliceName", slice);
    if (!chosen.empty()) {
      rows_.KeepType(row, chosen);
    }
    made.row = &row;
    return *parent.children.insert(place, std::move(made));
  }

  /// Extensions are sliced by url and choices by type, also where the differential does not say so.
  void AddDefaultSlicing(Element& sliced, std::string_view named) {
    if (sliced.row->Child("slicing") != nullptr) {
      return;
    }
    Node& row = rows_.Copy(*sliced.row);
    if (sliced.name == "extension" || sliced.name == "modifierExtension") {
      rows_.AddSlicing(row, {.discriminator = "value", .path = "url", .rules = "open"});
    } else if (sliced.name.ends_with("[x]")) {
      rows_.AddSlicing(row,
                       {.discriminator = "type", .path = "$this", .rules = named == sliced.name ? "open" : "closed"});
    } else {
      return;
    }
    sliced.row = &row;
  }

  /// A choice that the differential calls by the names of its types ("valueQuantity") allows these alone.
  void NarrowChoices(const std::vector<std::pair<Element*, std::string>>& shortcuts) {
    for (const auto& [choice, first] : shortcuts) {
      Node& row = rows_.Copy(*choice->row);
      Node* next = nullptr;
      for (Node* child = row.first_child; child != nullptr; child = next) {
        next = child->next;
        const std::string_view code = child->name == "type" ? child->ChildValue("code") : std::string_view{};
        if (!code.empty() && std::none_of(shortcuts.begin(), shortcuts.end(), [&](const auto& shortcut) {
              return shortcut.first == choice && shortcut.second == code;
            })) {
          rows_.RemoveChild(*child);
        }
      }
      choice->row = &row;
    }
  }

  /// A new element of a type or logical model.
  Result<void> AddElement(Element& target, const Element& change, const Work& work) {
    Element added;
    added.name = change.name;
    added.slice = change.slice;
    Node& row = rows_.Copy(*change.row);
    added.row = &row;
    GW_TRY(Grow(1));
    target.children.push_back(std::move(added));
    return ApplyChildren(target.children.back(), change, work);
  }

  Result<void> Grow(std::size_t count) {
    elements_ += count;
    if (elements_ > kSnapshotElementsMax) {
      return Fail(ErrorCode::kTooCostly, fmt::format("a snapshot may have {} elements", kSnapshotElementsMax));
    }
    return {};
  }

  /// Puts the children of an element's type, its profile or the element it refers to below it.
  Result<void> Unfold(Element& element, const Work& work) {
    if (const std::string_view reference = element.row->ChildValue("contentReference"); !reference.empty()) {
      return UnfoldReference(element, reference, work);
    }
    const TypeOf type = TypeOfRow(*element.row);
    std::string canonical(type.profile);
    if (canonical.empty() || IsReferenceType(type.code) ||
        registry_.Find("StructureDefinition", canonical) == nullptr || InWork(canonical)) {
      const std::string_view code = type.types == 1 ? type.code : std::string_view("Element");
      if (code.empty() || code.starts_with("http://hl7.org/fhirpath/")) {
        return {};
      }
      canonical =
          code.find(':') == std::string_view::npos ? std::string(kTypeBase) + std::string(code) : std::string(code);
    }
    Result<const Element*> tree = TreeOf(canonical);
    if (!tree) {
      if (tree.error().code == ErrorCode::kNotFound) {
        return {};
      }
      return std::unexpected(std::move(tree).error());
    }
    GW_TRY(Grow((*tree)->Count()));
    element.children = (*tree)->children;
    return {};
  }

  Result<void> UnfoldReference(Element& element, std::string_view reference, const Work& work) {
    const std::size_t hash = reference.find('#');
    std::string canonical(reference.substr(0, hash));
    if (canonical.empty()) {
      canonical = work.type.find(':') == std::string_view::npos ? std::string(kTypeBase) + std::string(work.type)
                                                                : std::string(work.type);
    }
    GW_ASSIGN(const Element* from, TreeOf(canonical));
    std::string_view path = hash == std::string_view::npos ? std::string_view{} : reference.substr(hash + 1);
    path.remove_prefix(
        std::min(path.size(), path.find('.') == std::string_view::npos ? path.size() : path.find('.') + 1));
    while (from != nullptr && !path.empty()) {
      const std::size_t dot = path.find('.');
      from = const_cast<Element*>(from)->Find(path.substr(0, dot), {});
      path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    }
    if (from == nullptr) {
      return Fail(ErrorCode::kInvalid, "a contentReference names no element");
    }
    Node& row = rows_.Copy(*element.row);
    rows_.Remove(row, "contentReference");
    for (const Node& part : from->row->children()) {
      if (part.name == "type" && TypeOfRow(row).types == 0) {
        rows_.CopyPart(row, part);
      }
    }
    element.row = &row;
    GW_TRY(Grow(from->Count()));
    element.children = from->children;
    return {};
  }

  const packages::Registry& registry_;
  IssueList& issues_;
  RowMaker rows_;
  std::map<std::string, Element, std::less<>> trees_;
  std::vector<std::string> in_work_;
  std::size_t elements_ = 0;
};

}  // namespace

Result<Document> GenerateSnapshot(const Node& structure_definition, const packages::Registry& registry,
                                  IssueList& issues) {
  SnapshotMaker maker(registry, issues);
  GW_ASSIGN(Element root, maker.Make(structure_definition));
  Document document = Document::CloneResource(structure_definition);
  document.RemoveAll(document.root(), "snapshot");
  Node& snapshot = document.Add(document.root(), "snapshot");
  GW_TRY(WriteElementTree(root, document, snapshot));
  return document;
}

}  // namespace fhir::validation
