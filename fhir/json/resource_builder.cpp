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

using metadata::JsonShape;
using metadata::TypeKind;
using model::Node;
using model::ValueKind;

constexpr std::size_t kLinearKeysMax = 48;  // beyond, an object's keys go to a hash set
constexpr std::size_t kNameBytesShown = 64;

/// Only what looks like an element name is shown again; anything else might be data.
bool LooksLikeName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesShown && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view Expected(JsonShape shape) {
  switch (shape) {
    case JsonShape::kNumber:
      return "a JSON number is expected";
    case JsonShape::kBoolean:
      return "true or false is expected, without quotes";
    case JsonShape::kString:
      break;
  }
  return "a JSON string is expected";
}

ValueKind KindFor(JsonShape shape) {
  return shape == JsonShape::kNumber ? ValueKind::kNumber
                                     : (shape == JsonShape::kBoolean ? ValueKind::kBoolean : ValueKind::kString);
}

Error TooLargeAt(std::string_view what, std::size_t offset, std::string expression) {
  return Error{.code = ErrorCode::kTooLarge,
               .public_text = {fmt::format("{} at byte {}", what, offset)},
               .expression = std::move(expression),
               .offset = offset};
}

Error RootError(std::string_view problem, std::size_t offset) {
  return Error{.code = ErrorCode::kInvalid, .public_text = {std::string(problem)}, .offset = offset};
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

bool ResourceBuilder::IsPrimitive(const Row& row) const {
  return definitions_.Kind(row.type) == TypeKind::kPrimitive;
}

bool ResourceBuilder::CheckLength(std::string_view text, std::size_t offset) {
  if (text.size() <= limits_.string_bytes_max) {
    return true;
  }
  const Frame& frame = frames_.back();
  if (frame.row != nullptr && (frame.row->type == base64_ || frame.row->type == xhtml_)) {
    return true;
  }
  return Stop(TooLargeAt(fmt::format("a string is longer than {} bytes", limits_.string_bytes_max), offset, Place()));
}

void ResourceBuilder::CheckKind(ValueKind kind, std::size_t offset) {
  const JsonShape shape = definitions_.Shape(frames_.back().row->type);
  if (KindFor(shape) != kind) {
    Report(IssueType::kStructure, std::string(Expected(shape)), offset);
  }
}

Node& ResourceBuilder::Insert(Node& parent, const Row& row, Node* after, std::size_t offset) {
  Node* const old_last = parent.last_child;
  Node& node = document_->Append(parent, definitions_.Text(row.name), &row);
  node.source_offset = static_cast<std::uint32_t>(offset);
  if (after != nullptr && after != old_last) {  // its siblings stand earlier: a twin written far from its value
    old_last->next = nullptr;
    parent.last_child = old_last;
    node.next = after->next;
    after->next = &node;
  }
  return node;
}

Node& ResourceBuilder::NextNode(std::size_t offset) {
  Frame& frame = frames_.back();
  Node& parent = *frame.node;
  const Frame& object = frame.array ? frames_[frames_.size() - 2] : frame;
  if (!object.has_twins) {
    frame.last = &Insert(parent, *frame.row, nullptr, offset);
    return *frame.last;
  }
  // The other half of a value and its twin may have made the node already.
  Node* candidate = frame.array && frame.last != nullptr ? frame.last->next : nullptr;
  if (frame.last == nullptr || !frame.array) {
    candidate = parent.first_child;
    while (candidate != nullptr && candidate->row != frame.row) {
      candidate = candidate->next;
    }
  }
  if (candidate == nullptr || candidate->row != frame.row) {
    candidate = &Insert(parent, *frame.row, frame.array ? frame.last : nullptr, offset);
  }
  if (frame.array) {
    frame.last = candidate;
  }
  return *candidate;
}

bool ResourceBuilder::Null(std::size_t offset) {
  if (skipped_depth_ > 0) {
    return true;
  }
  if (frames_.empty()) {
    return Scalar(ValueKind::kNone, {}, offset);
  }
  Frame& frame = frames_.back();
  if (frame.type_key || frame.skip) {
    return Scalar(ValueKind::kNone, {}, offset);
  }
  if (frame.array && IsPrimitive(*frame.row)) {
    frames_[frames_.size() - 2].has_nulls = true;
    NextNode(offset);
    return true;
  }
  Report(IssueType::kStructure, "null is only allowed in arrays of values, to align them with their extensions",
         offset);
  return true;
}

bool ResourceBuilder::Boolean(bool value, std::size_t offset) {
  return Scalar(ValueKind::kBoolean, value ? "true" : "false", offset);
}

bool ResourceBuilder::Number(std::string_view text, std::size_t offset) {
  return Scalar(ValueKind::kNumber, text, offset);
}

bool ResourceBuilder::String(std::string_view text, std::size_t offset) {
  return Scalar(ValueKind::kString, text, offset);
}

bool ResourceBuilder::Scalar(ValueKind kind, std::string_view text, std::size_t offset) {
  if (skipped_depth_ > 0) {
    return true;
  }
  if (frames_.empty()) {
    root_error_ = RootError("a resource is a JSON object", offset);
    return true;
  }
  const Frame& frame = frames_.back();
  if (frame.type_key) {
    return TypeValue(kind, text, offset);
  }
  if (frame.skip) {
    return true;
  }
  if (frame.twin || !IsPrimitive(*frame.row)) {
    Report(IssueType::kStructure, "a JSON object is expected", offset);
    return true;
  }
  if (!CheckLength(text, offset)) {
    return false;
  }
  if (frame.row->repeats != 0 && !frame.array) {
    Report(IssueType::kStructure, "a JSON array is expected, since the element repeats", offset);
  }
  CheckKind(kind, offset);
  Node& node = NextNode(offset);
  node.kind = kind;
  node.value = kind == ValueKind::kBoolean ? text : document_->Intern(text);
  return true;
}

bool ResourceBuilder::TypeValue(ValueKind kind, std::string_view text, std::size_t offset) {
  Frame& frame = frames_.back();
  frame.type_key = false;
  frame.skip = true;
  if (frame.type != metadata::kNoType || frame.dead) {
    return true;  // looked ahead for it before
  }
  return SetType(frame, kind == ValueKind::kString ? text : std::string_view{}, offset);
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
    return TypeValue(ValueKind::kNone, {}, offset) && (++skipped_depth_, true);
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
    if (child.kind == ValueKind::kNone && child.first_child == nullptr && child.row != nullptr &&
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
    return TypeValue(ValueKind::kNone, {}, offset) && (++skipped_depth_, true);
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
