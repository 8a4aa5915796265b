// The values among the events: where they go in the tree, and what they must look like.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/resource_builder.hpp"
#include "fhir/json/scan_errors.hpp"

namespace fhir::json {
namespace {

using metadata::JsonShape;
using model::ValueKind;

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

}  // namespace

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

model::Node& ResourceBuilder::Insert(Node& parent, const Row& row, Node* after, std::size_t offset) {
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

model::Node& ResourceBuilder::NextNode(std::size_t offset) {
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

}  // namespace fhir::json
