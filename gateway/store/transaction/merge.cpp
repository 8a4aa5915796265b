#include "gateway/store/transaction/merge.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"

namespace gateway::store::transaction {
namespace {

using fhir::model::Document;
using fhir::model::Node;

std::string_view BaseName(const Node& node) {
  return node.row != nullptr ? fhir::metadata::Definitions::R4().Text(node.row->base_name) : node.name;
}

void RemoveBase(Document& document, Node& parent, std::string_view base_name) {
  for (Node* child = parent.first_child; child != nullptr;) {
    Node* const next = child->next;
    if (BaseName(*child) == base_name) {
      document.Remove(*child);
    }
    child = next;
  }
}

/// One item of a list by the value of a child: "link[type=replaced-by]".
struct ItemPath {
  std::string_view element, child, value;

  bool Names(const Node& item) const { return item.name == element && item.ChildValue(child) == value; }
};

std::optional<ItemPath> ReadItemPath(std::string_view path) {
  const auto open = path.find('[');
  const auto equals = path.find('=', std::min(open, path.size()));
  if (equals == std::string_view::npos || path.back() != ']') {
    return std::nullopt;
  }
  return ItemPath{path.substr(0, open), path.substr(open + 1, equals - open - 1),
                  path.substr(equals + 1, path.size() - equals - 2)};
}

/// Whether the change takes an item of a list away.
bool IsTakenAway(const Node& item, const adapters::port::Change& change) {
  return std::any_of(change.removals.begin(), change.removals.end(), [&](const std::string& path) {
    const auto named = ReadItemPath(path);
    return named && named->Names(item);
  });
}

/// Takes away what a path of element names leads to, and an element on the way that stays empty.
void RemovePath(Document& document, Node& parent, std::string_view path) {
  const auto item = ReadItemPath(path);
  const auto dot = path.find('.');
  if (!item && dot == std::string_view::npos) {
    RemoveBase(document, parent, path);
    return;
  }
  for (Node* child = parent.first_child; child != nullptr;) {
    Node* const next = child->next;
    if (item) {
      if (item->Names(*child)) {
        document.Remove(*child);
      }
    } else if (child->name == path.substr(0, dot)) {
      RemovePath(document, *child, path.substr(dot + 1));
      if (child->first_child == nullptr) {
        document.Remove(*child);
      }
    }
    child = next;
  }
}

bool IsSettled(const Node& stored, const adapters::port::Change& change, std::string_view element) {
  return std::any_of(change.settled.begin(), change.settled.end(), [&](const adapters::port::SettledValues& settled) {
    return settled.element == element &&
           std::find(settled.values.begin(), settled.values.end(), stored.ChildValue(element)) != settled.values.end();
  });
}

bool HasType(const Node& identifier, const std::vector<std::string>& type_codes) {
  const Node* const type = identifier.Child("type");
  if (type == nullptr) {
    return false;
  }
  const auto codings = type->children();
  return std::any_of(codings.begin(), codings.end(), [&](const Node& coding) {
    return std::find(type_codes.begin(), type_codes.end(), coding.ChildValue("code")) != type_codes.end();
  });
}

void RemoveIdentifiers(Document& document, const std::vector<std::string>& type_codes) {
  for (Node* child = document.root().first_child; child != nullptr;) {
    Node* const next = child->next;
    if (child->name == "identifier" && HasType(*child, type_codes)) {
      document.Remove(*child);
    }
    child = next;
  }
}

auto IdentifierKey(const Node& identifier) {
  return std::make_tuple(identifier.ChildValue("system"), identifier.FindValue("type.coding.code"));
}

void MergeIdentifiers(Document& merged, const Node& stored, const Node& change,
                      const std::vector<std::string>& type_codes_gone) {
  std::vector<const Node*> result;
  std::vector<const Node*> arriving;
  for (const Node& child : change.children()) {
    if (child.name == "identifier") {
      arriving.push_back(&child);
    }
  }
  // A number that arrives again keeps its place; only then does another one of its kind take that of a stored one. A
  // stored number that was replaced (use old) gives its place to nobody.
  std::vector<std::pair<const Node*, bool>> places;  // and whether what arrives stands there
  const auto take = [&](auto&& fits) -> const Node* {
    const auto found = std::find_if(arriving.begin(), arriving.end(), fits);
    const Node* const taken = found == arriving.end() ? nullptr : *found;
    if (taken != nullptr) {
      arriving.erase(found);
    }
    return taken;
  };
  for (const Node& child : stored.children()) {
    if (child.name == "identifier") {
      const Node* const same = take([&](const Node* candidate) {
        return IdentifierKey(*candidate) == IdentifierKey(child) &&
               candidate->ChildValue("value") == child.ChildValue("value");
      });
      places.emplace_back(same == nullptr ? &child : same, same != nullptr);
    }
  }
  for (const auto& [node, arrived] : places) {
    const Node* const other = arrived || node->ChildValue("use") == "old" ? nullptr : take([&](const Node* candidate) {
      return IdentifierKey(*candidate) == IdentifierKey(*node);
    });
    if (other != nullptr) {
      result.push_back(other);
    } else if (arrived || !HasType(*node, type_codes_gone)) {
      result.push_back(node);
    }
  }
  result.insert(result.end(), arriving.begin(), arriving.end());
  merged.RemoveAll(merged.root(), "identifier");
  for (const Node* identifier : result) {
    merged.CopyInto(merged.root(), "identifier", *identifier);
  }
}

bool SameLabel(const Node& left, const Node& right) {
  if (left.name != right.name) {
    return false;
  }
  if (left.name == "profile") {
    return left.value == right.value;
  }
  return left.ChildValue("system") == right.ChildValue("system") && left.ChildValue("code") == right.ChildValue("code");
}

void MergeMeta(Document& merged, const Node& change_meta) {
  Node* meta = merged.root().Child("meta");
  if (meta == nullptr) {
    merged.CopyInto(merged.root(), "meta", change_meta);
    return;
  }
  for (const Node& child : change_meta.children()) {
    if (child.name == "versionId" || child.name == "lastUpdated") {
      continue;
    }
    if (child.name == "profile" || child.name == "tag" || child.name == "security") {
      const auto known = meta->children();
      const bool present =
          std::any_of(known.begin(), known.end(), [&](const Node& other) { return SameLabel(other, child); });
      if (!present) {
        merged.CopyInto(*meta, child.name, child);
      }
      continue;
    }
    merged.RemoveAll(*meta, child.name);
    merged.CopyInto(*meta, child.name, child);
  }
}

const Node* ExtensionOf(const Node& item, std::string_view url) {
  for (const Node& child : item.children()) {
    if (child.name == "extension" && child.ChildValue("url") == url) {
      return &child;
    }
  }
  return nullptr;
}

/// Whether two subtrees say the same.
bool SameTree(const Node& left, const Node& right) {
  if (left.name != right.name || left.value != right.value) {
    return false;
  }
  const Node* a = left.first_child;
  const Node* b = right.first_child;
  for (; a != nullptr && b != nullptr; a = a->next, b = b->next) {
    if (!SameTree(*a, *b)) {
      return false;
    }
  }
  return a == b;
}

std::int64_t TimeOf(const Node& item, std::string_view path) {
  const auto time = fhir::ParseDateTime(item.FindValue(path));
  return time ? fhir::ToRange(*time, fhir::TimeZone::Utc()).low_us : std::numeric_limits<std::int64_t>::max();
}

/// Items of equal times keep their order.
void SortByTime(std::vector<const Node*>& items, std::string_view path) {
  std::vector<std::tuple<std::int64_t, std::size_t, const Node*>> keyed;
  keyed.reserve(items.size());
  for (const Node* const item : items) {
    keyed.emplace_back(TimeOf(*item, path), keyed.size(), item);
  }
  std::sort(keyed.begin(), keyed.end());
  std::transform(keyed.begin(), keyed.end(), items.begin(), [](const auto& each) { return std::get<2>(each); });
}

bool IsSameItem(const Node& left, const Node& right, const adapters::port::ListKey& key) {
  if (key.extension_url.empty()) {
    return SameTree(left, right);
  }
  const Node* const own = ExtensionOf(left, key.extension_url);
  const Node* const other = ExtensionOf(right, key.extension_url);
  return own != nullptr && other != nullptr && SameTree(*own, *other);
}

/// Stored items in their order, each replaced by the arriving one with an equal key; then the arriving ones that are
/// new. With `gone`, stored items without those that arrive.
void JoinList(Document& merged, const Node& stored, const adapters::port::Change& change,
              const adapters::port::ListKey& key) {
  std::vector<const Node*> arriving;
  for (const Node& child : change.resource->root().children()) {
    if (child.name == key.element) {
      arriving.push_back(&child);
    }
  }
  std::vector<const Node*> result;
  for (const Node& child : stored.children()) {
    if (child.name != key.element || IsTakenAway(child, change)) {
      continue;
    }
    const auto same = std::find_if(arriving.begin(), arriving.end(),
                                   [&](const Node* candidate) { return IsSameItem(child, *candidate, key); });
    if (same == arriving.end()) {
      result.push_back(&child);
    } else {
      if (!key.gone) {
        result.push_back(*same);
      }
      arriving.erase(same);
    }
  }
  if (!key.gone) {
    result.insert(result.end(), arriving.begin(), arriving.end());
  }
  if (!key.order.empty()) {
    SortByTime(result, key.order);
  }
  merged.RemoveAll(merged.root(), key.element);
  for (const Node* item : result) {
    merged.CopyInto(merged.root(), key.element, *item);
  }
}

/// An element whose children are facts of their own, known one by one.
bool MergesByChild(const Node& element) {
  if (element.row == nullptr || element.row->repeats != 0) {
    return false;
  }
  const auto& definitions = fhir::metadata::Definitions::R4();
  return definitions.Kind(element.type) == fhir::metadata::TypeKind::kBackbone ||
         definitions.TypeName(element.type) == "Period";
}

void MergeChildren(Document& merged, Node& into, const Node& change) {
  std::vector<std::string_view> done;
  for (const Node& child : change.children()) {
    const std::string_view base_name = BaseName(child);
    if (std::find(done.begin(), done.end(), base_name) == done.end()) {
      done.push_back(base_name);
      RemoveBase(merged, into, base_name);
    }
    merged.CopyInto(into, child.name, child);
  }
}

/// Extensions are facts of their own, known by their url: those that arrive take the place of the stored ones of that
/// url, others stay.
void MergeExtensions(Document& merged, const Node& stored, const Node& change) {
  std::vector<const Node*> result;
  std::vector<std::string_view> arrived;
  const auto take = [&](std::string_view url) {  // all that arrive under it; whether there are any
    const bool known = std::find(arrived.begin(), arrived.end(), url) != arrived.end();
    bool any = known;
    for (const Node& child : change.children()) {
      if (!known && child.name == "extension" && child.ChildValue("url") == url) {
        result.push_back(&child);
        any = true;
      }
    }
    if (any && !known) {
      arrived.push_back(url);
    }
    return any;
  };
  for (const Node& child : stored.children()) {
    if (child.name == "extension" && !take(child.ChildValue("url"))) {
      result.push_back(&child);
    }
  }
  for (const Node& child : change.children()) {
    if (child.name == "extension") {
      take(child.ChildValue("url"));
    }
  }
  merged.RemoveAll(merged.root(), "extension");
  for (const Node* const extension : result) {
    merged.CopyInto(merged.root(), "extension", *extension);
  }
}

}  // namespace

void TakeWhatIsGone(Document& document, const adapters::port::Change& change) {
  for (const auto& key : change.joined) {
    if (key.gone) {
      document.RemoveAll(document.root(), key.element);
    }
  }
}

Document Merge(const Node& stored, const adapters::port::Change& change) {
  const Node& arriving = change.resource->root();
  Document merged = Document::CloneResource(stored);
  for (const std::string& name : change.removals) {
    RemovePath(merged, merged.root(), name);
  }
  RemoveIdentifiers(merged, change.identifier_types_gone);
  std::vector<std::string_view> done;
  for (const Node& child : arriving.children()) {
    if (child.name == "id" || IsSettled(stored, change, child.name)) {
      continue;
    }
    if (child.name == "meta") {
      MergeMeta(merged, child);
      continue;
    }
    const std::string_view base_name = BaseName(child);
    const bool first = std::find(done.begin(), done.end(), base_name) == done.end();
    if (first) {
      done.push_back(base_name);
    }
    const auto joined = std::find_if(change.joined.begin(), change.joined.end(),
                                     [&](const adapters::port::ListKey& key) { return key.element == child.name; });
    if (child.name == "extension") {
      if (first) {
        MergeExtensions(merged, stored, arriving);
      }
    } else if (child.name == "identifier") {
      if (first) {
        MergeIdentifiers(merged, stored, arriving, change.identifier_types_gone);
      }
    } else if (joined != change.joined.end()) {
      if (first) {
        JoinList(merged, stored, change, *joined);
      }
    } else if (Node* const known = MergesByChild(child) ? merged.root().Child(child.name) : nullptr; known != nullptr) {
      MergeChildren(merged, *known, child);
    } else {
      if (first) {
        RemoveBase(merged, merged.root(), base_name);
      }
      merged.CopyInto(merged.root(), child.name, child);
    }
  }
  return merged;
}

}  // namespace gateway::store::transaction
