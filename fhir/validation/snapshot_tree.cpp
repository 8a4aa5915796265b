#include "fhir/validation/snapshot_tree.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

struct Segment {
  std::string_view name;
  std::string_view slice;
};

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(dot + 1);
  }
}

/// Whether `in_id` names the element that the path calls `in_path`: the same, or "value[x]" for "valueQuantity".
bool NamesElement(std::string_view in_id, std::string_view in_path) {
  return in_id == in_path || (in_id.ends_with("[x]") && in_path.size() > in_id.size() - 3 &&
                              in_path.starts_with(in_id.substr(0, in_id.size() - 3)));
}

/// The segments as the id has them; empty when the id does not fit the path or the slice name.
std::vector<Segment> SegmentsOfId(std::string_view id, const std::vector<std::string_view>& path,
                                  std::string_view slice) {
  std::vector<Segment> segments;
  // A slice name may hold dots ("Bundle.entry:a.b"), so that the parts are taken by the path's names.
  for (std::size_t at = 0; at < path.size(); ++at) {
    std::size_t end = id.find('.');
    while (end != std::string_view::npos && at + 1 < path.size()) {
      const std::string_view rest = id.substr(end + 1);
      const std::string_view next = rest.substr(0, rest.find_first_of(".:"));
      if (NamesElement(next, path[at + 1])) {
        break;
      }
      end = id.find('.', end + 1);
    }
    if (at + 1 == path.size()) {
      end = std::string_view::npos;
    } else if (end == std::string_view::npos) {
      return {};
    }
    const std::string_view part = id.substr(0, end);
    const std::size_t colon = part.find(':');
    const std::string_view name = part.substr(0, colon);
    if (!NamesElement(name, path[at])) {
      return {};
    }
    segments.push_back({name, colon == std::string_view::npos ? std::string_view{} : part.substr(colon + 1)});
    id.remove_prefix(end == std::string_view::npos ? id.size() : end + 1);
  }
  const std::string_view last = segments.back().slice;
  return last == slice || slice.empty() || last.ends_with(slice) ? segments : std::vector<Segment>{};
}

class TreeBuilder {
 public:
  Result<void> Add(const model::Node& row, std::size_t position) {
    const std::string_view path = row.ChildValue("path");
    if (path.empty()) {
      return Fail(ErrorCode::kInvalid, fmt::format("element[{}] of the profile has no path", position));
    }
    const std::vector<std::string_view> names = Split(path);
    if (names.size() > kSnapshotLevelsMax || position >= kSnapshotElementsMax) {
      return Fail(ErrorCode::kTooCostly, fmt::format("a profile may have {} elements of at most {} levels",
                                                     kSnapshotElementsMax, kSnapshotLevelsMax));
    }
    if (chain_.empty()) {
      root_.name = names.front();
      chain_.push_back(&root_);
    } else if (root_.name != names.front()) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("element[{}] of the profile does not begin with its type", position));
    }
    const std::string_view slice = row.ChildValue("sliceName");
    const std::vector<Segment> segments = SegmentsOfId(row.ChildValue("id"), names, slice);
    if (names.size() == 1 && root_.row != nullptr) {
      return Fail(ErrorCode::kInvalid, fmt::format("element[{}] of the profile repeats its root", position));
    }
    SnapshotElement& element = segments.empty() ? PlaceByOrder(names, slice) : PlaceById(segments);
    if (element.row != nullptr) {
      SnapshotElement& again = parent_->children.emplace_back();
      again.name = element.name;
      again.slice = element.slice;
      chain_.back() = &again;
    }
    chain_.back()->row = &row;
    chain_.back()->position = position;
    return {};
  }

  SnapshotElement Take() { return std::move(root_); }

 private:
  SnapshotElement& Enter(SnapshotElement& parent, std::string_view name, std::string_view slice) {
    parent_ = &parent;
    SnapshotElement* found = parent.Find(name, slice);
    if (found == nullptr) {
      found = &parent.children.emplace_back();
      found->name = name;
      found->slice = slice;
    }
    chain_.push_back(found);
    return *found;
  }

  SnapshotElement& PlaceById(const std::vector<Segment>& segments) {
    chain_.resize(1);
    parent_ = &root_;
    SnapshotElement* at = &root_;
    for (std::size_t level = 1; level < segments.size(); ++level) {
      at = &Enter(*at, segments[level].name, segments[level].slice);
    }
    return *at;
  }

  SnapshotElement& PlaceByOrder(const std::vector<std::string_view>& names, std::string_view slice) {
    std::size_t kept = 1;
    while (kept + 1 < names.size() && kept < chain_.size() && chain_[kept]->name == names[kept]) {
      ++kept;
    }
    chain_.resize(kept);
    parent_ = &root_;
    SnapshotElement* at = chain_.back();
    for (; kept < names.size(); ++kept) {
      at = &Enter(*at, names[kept], kept + 1 == names.size() ? slice : std::string_view{});
    }
    return *at;
  }

  SnapshotElement root_;
  SnapshotElement* parent_ = nullptr;    // of the element placed last
  std::vector<SnapshotElement*> chain_;  // from the root to the element placed last
};

struct ElementNames {
  std::string path;
  std::string id;
};

Result<void> Write(model::Document& document, model::Node& snapshot, const SnapshotElement& element,
                   const ElementNames& names, std::size_t& count) {
  if (++count > kSnapshotElementsMax) {
    return Fail(ErrorCode::kTooCostly, fmt::format("a snapshot may have {} elements", kSnapshotElementsMax));
  }
  model::Node& row = document.CopyInto(snapshot, "element", *element.row);
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"id", names.id},
                                    {"path", names.path},
                                    {"sliceName", element.slice}}) {
    document.RemoveAll(row, name);
    if (!value.empty()) {
      document.Add(row, name, value);
    }
  }
  if (row.Child("base") == nullptr) {
    model::Node& base = document.Add(row, "base");
    document.Add(base, "path", names.path);
    document.Add(base, "min", row.ChildValue("min").empty() ? "0" : row.ChildValue("min"));
    document.Add(base, "max", row.ChildValue("max").empty() ? "*" : row.ChildValue("max"));
  }
  for (const SnapshotElement& child : element.children) {
    GW_TRY(Write(document, snapshot, child,
                 {.path = names.path + "." + child.name,
                  .id = names.id + "." + child.name + (child.slice.empty() ? "" : ":" + child.slice)},
                 count));
  }
  return {};
}

}  // namespace

SnapshotElement* SnapshotElement::Find(std::string_view child_name, std::string_view child_slice) {
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    if (child->name == child_name && child->slice == child_slice) {
      return &*child;
    }
  }
  return nullptr;
}

std::size_t SnapshotElement::Count() const {
  std::size_t count = 1;
  for (const SnapshotElement& child : children) {
    count += child.Count();
  }
  return count;
}

Result<SnapshotElement> ReadElementTree(const model::Node& list) {
  TreeBuilder builder;
  std::size_t position = 0;
  for (const model::Node& row : list.children()) {
    if (row.name == "element") {
      GW_TRY(builder.Add(row, position++));
    }
  }
  if (position == 0) {
    return Fail(ErrorCode::kInvalid, "the profile lists no elements");
  }
  return builder.Take();
}

Result<void> WriteElementTree(const SnapshotElement& root, model::Document& document, model::Node& list) {
  std::size_t count = 0;
  return Write(document, list, root, {.path = root.name, .id = root.name}, count);
}

}  // namespace fhir::validation
