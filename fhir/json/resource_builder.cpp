#include "fhir/json/resource_builder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/lookahead.hpp"
#include "fhir/json/scan_errors.hpp"
#include "fhir/model/path.hpp"

namespace fhir::json {
namespace {

using model::Node;

constexpr std::size_t kLinearKeysMax = 48;  // beyond, an object's keys go to a hash set
constexpr std::size_t kNameBytesShown = 64;

/// Only what looks like an element name is shown again; anything else might be data.
bool LooksLikeName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesShown && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

ResourceBuilder::ResourceBuilder(std::string_view source, const Limits& limits, IssueList& issues)
    : source_(source),
      limits_(limits),
      issues_(issues),
      definitions_(metadata::Definitions::R4()),
      base64_(definitions_.FindType("base64Binary")),
      xhtml_(definitions_.FindType("xhtml")),
      resource_(definitions_.FindType("Resource")) {
  frames_.reserve(32);
  keys_.reserve(128);
}

bool ResourceBuilder::Stop(Error error) {
  error_ = std::move(error);
  return false;
}

std::string ResourceBuilder::Place() const {
  if (frames_.empty() || frames_.back().node == nullptr) {
    return {};
  }
  const Frame& frame = frames_.back();
  std::string place = model::PathOf(*frame.node);
  if (frame.row != nullptr) {
    fmt::format_to(std::back_inserter(place), ".{}", definitions_.Text(frame.row->base_name));
    if (frame.array) {
      std::size_t index = 0;
      for (const Node* at = frame.last == nullptr ? nullptr : frame.node->first_child; at != nullptr; at = at->next) {
        index += at->row == frame.row ? 1 : 0;
        if (at == frame.last) {
          break;
        }
      }
      fmt::format_to(std::back_inserter(place), "[{}]", index);
    }
  }
  return place;
}

void ResourceBuilder::Report(IssueType type, std::string text, std::size_t offset) {
  issues_.AddAt(issues_.Keeps(Severity::kError) ? Place() : std::string(), Severity::kError, type, std::move(text),
                offset);
}

bool ResourceBuilder::SetType(Frame& frame, std::string_view name, std::size_t offset) {
  const metadata::TypeId type = definitions_.FindType(name);
  if (definitions_.IsResource(type)) {
    frame.type = type;
    if (frames_.size() == 1) {
      document_.emplace(type, std::clamp<std::size_t>(source_.size() * 3, 1024, 1024 * 1024));
      frame.node = &document_->root();
    } else {
      frame.node->type = type;
    }
    return true;
  }
  frame.dead = true;
  const std::string_view problem =
      name.empty() ? "the resource has no resourceType" : "the resourceType is not one of FHIR R4";
  if (frames_.size() == 1) {
    root_error_ = RootError(problem, offset);
  } else {
    frame.row = nullptr;
    Report(IssueType::kStructure, std::string(problem), offset);
  }
  return true;
}

bool ResourceBuilder::FindTypeAhead(Frame& frame) {
  const Lookahead found = FindResourceType(source_, frame.offset + 1);
  looked_ahead_bytes_ += found.bytes;
  // Each level of nesting may be looked through once more, so the work is bounded apart from the depth.
  if (looked_ahead_bytes_ > 16 * source_.size()) {
    return Stop(Error{ErrorCode::kTooCostly,
                      {"resourceType stands too far behind in too many nested resources"},
                      {},
                      Retry::kNever,
                      {}});
  }
  return SetType(frame, found.resource_type, frame.offset);
}

bool ResourceBuilder::IsRepeatedKey(Frame& frame, std::string_view name) {
  const std::size_t count = keys_.size() - frame.keys_begin;
  if (count < kLinearKeysMax) {
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(frame.keys_begin);
    if (std::find(first, keys_.end(), name) != keys_.end()) {
      return true;
    }
    keys_.push_back(name);
    return false;
  }
  if (frame.many_keys == nullptr) {
    frame.many_keys = std::make_unique<std::unordered_set<std::string_view>>(
        keys_.begin() + static_cast<std::ptrdiff_t>(frame.keys_begin), keys_.end());
  }
  return !frame.many_keys->insert(name).second;
}

bool ResourceBuilder::Key(std::string_view name, bool in_source, std::size_t offset) {
  if (skipped_depth_ > 0) {
    return true;
  }
  if (!in_source) {
    name = escaped_keys_.emplace_back(name);
  }
  Frame& frame = frames_.back();
  ++frame.members;
  if (IsRepeatedKey(frame, name)) {
    Error error = MalformedAt("a member name for the second time in one object", offset);
    frame.row = nullptr;
    error.expression = Place();
    return Stop(std::move(error));
  }
  frame.row = nullptr;
  frame.twin = false;
  frame.skip = true;
  frame.type_key = frame.resource && name == "resourceType";
  if (frame.type_key || frame.dead) {
    return true;
  }
  if (frame.type == metadata::kNoType) {
    if (!FindTypeAhead(frame)) {
      return false;
    }
    if (frame.dead) {
      return true;
    }
  }
  const bool twin = name.starts_with('_');
  const Row* row = definitions_.FindChild(frame.type, twin ? name.substr(1) : name);
  if (row == nullptr || (twin && !IsPrimitive(*row))) {
    Report(IssueType::kStructure,
           LooksLikeName(name) ? fmt::format("unknown element '{}'", name) : std::string("unknown element"), offset);
    return true;
  }
  frame.row = row;
  frame.twin = twin;
  frame.skip = false;
  frame.last = nullptr;
  frame.has_twins = frame.has_twins || twin;
  return true;
}

bool ResourceBuilder::StartObject(std::size_t offset) {
  if (frames_.size() + skipped_depth_ >= limits_.depth_max) {
    return Stop(TooLargeAt("JSON nested too deeply", offset, {}));
  }
  if (skipped_depth_ > 0) {
    ++skipped_depth_;
    return true;
  }
  Frame child;
  child.offset = offset;
  child.keys_begin = keys_.size();
  if (frames_.empty()) {
    child.resource = true;
    frames_.push_back(std::move(child));
    return true;
  }
  Frame& frame = frames_.back();
  if (frame.type_key) {
    return TypeValue(model::ValueKind::kNone, {}, offset) && (++skipped_depth_, true);
  }
  if (!frame.skip && !frame.twin && IsPrimitive(*frame.row)) {
    Report(IssueType::kStructure, "a value is expected, not a JSON object", offset);
    ++skipped_depth_;
    return true;
  }
  if (frame.skip) {
    ++skipped_depth_;
    return true;
  }
  if (frame.row->repeats != 0 && !frame.array) {
    Report(IssueType::kStructure, "a JSON array is expected, since the element repeats", offset);
  }
  child.node = &NextNode(offset);
  child.resource = frame.row->type == resource_;
  child.type = child.resource ? metadata::kNoType : frame.row->type;
  frames_.push_back(std::move(child));
  return true;
}

void ResourceBuilder::CheckNulls(const Frame& frame) {
  for (const Node& child : frame.node->children()) {
    if (child.kind == model::ValueKind::kNone && child.first_child == nullptr && child.row != nullptr &&
        IsPrimitive(*child.row)) {
      issues_.AddAt(issues_.Keeps(Severity::kError) ? model::PathOf(child) : std::string(), Severity::kError,
                    IssueType::kStructure, "null stands for a value with an extension, and there is none",
                    child.source_offset);
    }
  }
}

bool ResourceBuilder::EndObject(std::size_t) {
  if (skipped_depth_ > 0) {
    --skipped_depth_;
    return true;
  }
  Frame& frame = frames_.back();
  frame.row = nullptr;
  if (frame.resource && frame.type == metadata::kNoType && !frame.dead && !SetType(frame, {}, frame.offset)) {
    return false;
  }
  if (frame.members == 0 && frame.node != nullptr && !frame.dead) {
    Report(IssueType::kStructure, "an object must not be empty", frame.offset);
  }
  if (frame.has_nulls && frame.node != nullptr) {
    CheckNulls(frame);
  }
  keys_.resize(frame.keys_begin);
  frames_.pop_back();
  return true;
}

bool ResourceBuilder::StartArray(std::size_t offset) {
  if (frames_.size() + skipped_depth_ >= limits_.depth_max) {
    return Stop(TooLargeAt("JSON nested too deeply", offset, {}));
  }
  if (skipped_depth_ > 0) {
    ++skipped_depth_;
    return true;
  }
  if (frames_.empty()) {
    root_error_ = RootError("a resource is a JSON object", offset);
    ++skipped_depth_;
    return true;
  }
  Frame& frame = frames_.back();
  if (frame.type_key) {
    return TypeValue(model::ValueKind::kNone, {}, offset) && (++skipped_depth_, true);
  }
  if (frame.skip) {
    ++skipped_depth_;
    return true;
  }
  if (frame.array) {
    Report(IssueType::kStructure, "an array must not stand directly in an array", offset);
    ++skipped_depth_;
    return true;
  }
  if (frame.row->repeats == 0) {
    Report(IssueType::kStructure, "the element does not repeat, so it must not be an array", offset);
  }
  Frame child;
  child.node = frame.node;
  child.row = frame.row;
  child.twin = frame.twin;
  child.array = true;
  child.offset = offset;
  child.keys_begin = keys_.size();
  frames_.push_back(std::move(child));
  return true;
}

bool ResourceBuilder::EndArray(std::size_t offset) {
  if (skipped_depth_ > 0) {
    --skipped_depth_;
    return true;
  }
  const bool empty = source_[source_.find_first_not_of(" \t\r\n", frames_.back().offset + 1)] == ']';
  frames_.pop_back();
  if (empty) {
    Report(IssueType::kStructure, "an array must not be empty", offset);
  }
  return true;
}

Result<model::Document> ResourceBuilder::Finish() {
  if (root_error_) {
    return std::unexpected(std::move(*root_error_));
  }
  return std::move(*document_);
}

}  // namespace fhir::json
