#include "fhir/xml/tree_builder.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/decimal.hpp"
#include "fhir/base/xhtml.hpp"
#include "fhir/model/path.hpp"
#include "fhir/xml/errors.hpp"

namespace fhir::xml {
namespace {

using metadata::JsonShape;
using metadata::TypeKind;
using model::Node;
using model::ValueKind;

constexpr std::size_t kNameBytesShown = 64;

/// Only what looks like an element name is shown again; anything else might be data.
std::string Named(std::string_view what, std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= kNameBytesShown && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      });
  return plain ? fmt::format("{} '{}'", what, name) : std::string(what);
}

/// Declarations of namespaces and the hints of XML Schema may stand anywhere, and mean nothing here.
bool IsIgnored(const Attribute& attribute) {
  return attribute.space == Space::kDeclaration || attribute.space == Space::kSchemaInstance;
}

}  // namespace

TreeBuilder::TreeBuilder(std::string_view source, const std::vector<TagSpan>& spans, const Limits& limits,
                         IssueList& issues)
    : source_(source),
      spans_(spans),
      limits_(limits),
      issues_(issues),
      definitions_(metadata::Definitions::R4()),
      base64_(definitions_.FindType("base64Binary")),
      xhtml_(definitions_.FindType("xhtml")),
      resource_(definitions_.FindType("Resource")) {
  frames_.reserve(32);
}

bool TreeBuilder::Stop(Error error) {
  error_ = std::move(error);
  return false;
}

void TreeBuilder::ReportAt(std::string path, IssueType type, std::string text, std::size_t offset) {
  issues_.AddAt(std::move(path), Severity::kError, type, std::move(text), offset);
}

void TreeBuilder::Report(IssueType type, std::string text, std::size_t offset) {
  const bool pathless = frames_.empty() || !issues_.Keeps(Severity::kError);
  ReportAt(pathless ? std::string() : model::PathOf(*frames_.back().node), type, std::move(text), offset);
}

bool TreeBuilder::Skip() {
  ++skipped_depth_;
  return true;
}

std::size_t TreeBuilder::OffsetOf(const Attribute& attribute) const {
  return static_cast<std::size_t>(attribute.name.data() - source_.data());
}

bool TreeBuilder::Start(Space space, std::span<const Attribute> attributes) {
  if (next_tag_ >= spans_.size()) {
    return Stop(MalformedAt("a start tag that cannot be read", source_, source_.size()));
  }
  const TagSpan& tag = spans_[next_tag_++];
  if (skipped_depth_ > 0) {
    return Skip();
  }
  const std::string_view name = LocalName(source_.substr(tag.begin, tag.tag_end - tag.begin));
  if (frames_.empty()) {
    return StartRoot(space, name, attributes);
  }
  return frames_.back().slot ? StartResource(space, name, attributes) : StartElement(space, name, attributes);
}

bool TreeBuilder::StartRoot(Space space, std::string_view name, std::span<const Attribute> attributes) {
  const metadata::TypeId type = definitions_.FindType(name);
  if (space != Space::kFhir || !definitions_.IsResource(type)) {
    root_error_ =
        Error{.code = ErrorCode::kInvalid,
              .public_text = {space != Space::kFhir ? "the root element is not in the namespace http://hl7.org/fhir"
                                                    : "the root element is not a resource type of FHIR R4"},
              .offset = span().begin};
    return Skip();
  }
  document_.emplace(type, std::clamp<std::size_t>(source_.size() * 3, 1024, 1024 * 1024));
  document_->root().source_offset = span().begin;
  frames_.push_back({.node = &document_->root(), .type = type, .json_depth = 1});
  return TakeAttributes(frames_.back(), nullptr, attributes);
}

bool TreeBuilder::StartResource(Space space, std::string_view name, std::span<const Attribute> attributes) {
  Frame& slot = frames_.back();
  const metadata::TypeId type = definitions_.FindType(name);
  if (space != Space::kFhir || !definitions_.IsResource(type)) {
    Report(IssueType::kStructure, Named("a resource of FHIR R4 is expected, not", name), span().begin);
    return Skip();
  }
  if (slot.node->type != resource_) {
    Report(IssueType::kStructure, "one resource is expected", span().begin);
    return Skip();
  }
  slot.node->type = type;
  frames_.push_back({.node = slot.node, .type = type, .json_depth = slot.json_depth, .resource = true});
  return TakeAttributes(frames_.back(), nullptr, attributes);
}

Node& TreeBuilder::AppendChild(Frame& parent, const Row& row, std::size_t offset) {
  Node& node = document_->Append(*parent.node, definitions_.Text(row.name), &row);
  node.source_offset = static_cast<std::uint32_t>(offset);
  return node;
}

bool TreeBuilder::StartElement(Space space, std::string_view name, std::span<const Attribute> attributes) {
  Frame& parent = frames_.back();
  const Row* row =
      space == Space::kFhir || space == Space::kXhtml ? definitions_.FindChild(parent.type, name) : nullptr;
  const bool narrative = row != nullptr && row->type == xhtml_;
  if (row == nullptr || (row->flags & metadata::kElementAttribute) != 0 || (space == Space::kXhtml && !narrative)) {
    Report(IssueType::kStructure,
           space == Space::kFhir ? Named("unknown element", name)
                                 : Named("an element that is not in the namespace http://hl7.org/fhir:", name),
           span().begin);
    return Skip();
  }
  if (row->group < parent.last_group) {
    Report(IssueType::kStructure, Named("out of the order of the definition: element", name), span().begin);
    parent.unordered = true;
  }
  parent.last_group = std::max(parent.last_group, row->group);
  if (narrative) {
    return StartNarrative(*row, span(), space);
  }
  Frame child;
  child.type = row->type;
  child.slot = row->type == resource_;
  child.primitive = definitions_.Kind(row->type) == TypeKind::kPrimitive;
  child.json_depth = parent.json_depth + row->repeats + (child.primitive ? 0 : 1) + (parent.primitive ? 1 : 0);
  if (child.json_depth > limits_.depth_max) {
    return Stop(TooLargeAt("XML nested too deeply", source_, span().begin, model::PathOf(*parent.node)));
  }
  child.before = parent.node->last_child;
  child.node = &AppendChild(parent, *row, span().begin);
  frames_.push_back(child);
  return TakeAttributes(frames_.back(), row, attributes);
}

bool TreeBuilder::StartNarrative(const Row& row, const TagSpan& tag, Space space) {
  const std::string_view bytes =
      tag.end > tag.begin ? source_.substr(tag.begin, tag.end - tag.begin) : std::string_view{};
  Node& node = AppendChild(frames_.back(), row, tag.begin);
  node.value = document_->Intern(bytes);
  node.kind = ValueKind::kString;
  const XhtmlFault fault =
      space == Space::kXhtml
          ? FirstXhtmlFault(bytes, XhtmlRules::kMarkup)
          : XhtmlFault{.expected = "expected the namespace http://www.w3.org/1999/xhtml on the <div>"};
  if (!fault.expected.empty()) {
    ReportAt(issues_.Keeps(Severity::kError) ? model::PathOf(node) : std::string(), IssueType::kInvalid,
             Describe(fault), tag.begin);
  }
  return Skip();
}

bool TreeBuilder::TakeAttributes(Frame& frame, const Row* row, std::span<const Attribute> attributes) {
  for (const Attribute& attribute : attributes) {
    if (IsIgnored(attribute)) {
      continue;
    }
    if (frame.primitive && attribute.space == Space::kNone && attribute.name == "value") {
      if (!TakeValue(frame, *row, attribute)) {
        return false;
      }
      continue;
    }
    const Row* own = attribute.space == Space::kNone ? definitions_.FindChild(frame.type, attribute.name) : nullptr;
    if (own == nullptr || (own->flags & metadata::kElementAttribute) == 0) {
      Report(IssueType::kStructure, Named("unknown attribute", attribute.name), OffsetOf(attribute));
      continue;
    }
    if (!CheckLength(attribute.value, *own, attribute)) {
      return false;
    }
    if (frame.primitive && frame.json_depth >= limits_.depth_max) {
      return Stop(TooLargeAt("XML nested too deeply", source_, OffsetOf(attribute), model::PathOf(*frame.node)));
    }
    Node& node = AppendChild(frame, *own, OffsetOf(attribute));
    node.value = document_->Intern(attribute.value);
    node.kind = ValueKind::kString;
  }
  return true;
}

bool TreeBuilder::CheckLength(std::string_view text, const Row& row, const Attribute& attribute) {
  if (text.size() <= limits_.string_bytes_max || row.type == base64_) {
    return true;
  }
  return Stop(TooLargeAt(fmt::format("a string is longer than {} bytes", limits_.string_bytes_max), source_,
                         OffsetOf(attribute), model::PathOf(*frames_.back().node)));
}

bool TreeBuilder::TakeValue(Frame& frame, const Row& row, const Attribute& attribute) {
  if (!CheckLength(attribute.value, row, attribute)) {
    return false;
  }
  Node& node = *frame.node;
  node.value = document_->Intern(attribute.value);
  node.kind = ValueKind::kString;
  // What is no number or boolean stays a string, so that it can be written as JSON all the same.
  switch (definitions_.Shape(row.type)) {
    case JsonShape::kNumber:
      if (IsDecimal(node.value)) {
        node.kind = ValueKind::kNumber;
      } else {
        Report(IssueType::kStructure, "a number is expected", OffsetOf(attribute));
      }
      break;
    case JsonShape::kBoolean:
      if (node.value == "true" || node.value == "false") {
        node.kind = ValueKind::kBoolean;
      } else {
        Report(IssueType::kStructure, "true or false is expected", OffsetOf(attribute));
      }
      break;
    case JsonShape::kString:
      break;
  }
  return true;
}

void TreeBuilder::Text() {
  if (skipped_depth_ > 0 || frames_.empty() || frames_.back().has_text) {
    return;
  }
  frames_.back().has_text = true;
  Report(IssueType::kStructure, "text is expected in attributes and narratives alone", span().begin);
}

/// Puts the children into the order of the definition; repetitions keep theirs.
void TreeBuilder::Order(Node& parent) {
  ordered_.clear();
  for (Node& child : parent.children()) {
    ordered_.push_back({child.row->group, ordered_.size(), &child});
  }
  if (ordered_.empty()) {  // all of them were empty, and are gone
    return;
  }
  std::sort(ordered_.begin(), ordered_.end(), [](const Placed& a, const Placed& b) {
    return a.group != b.group ? a.group < b.group : a.position < b.position;
  });
  parent.first_child = ordered_.front().node;
  parent.last_child = ordered_.back().node;
  for (std::size_t i = 0; i < ordered_.size(); ++i) {
    ordered_[i].node->next = i + 1 < ordered_.size() ? ordered_[i + 1].node : nullptr;
  }
}

void TreeBuilder::End() {
  if (skipped_depth_ > 0) {
    --skipped_depth_;
    return;
  }
  const Frame frame = frames_.back();
  Node& node = *frame.node;
  if (frame.unordered) {
    Order(node);
  }
  const bool empty = frame.slot ? node.type == resource_ : !node.HasValue() && node.first_child == nullptr;
  if (empty && !frame.resource && node.parent != nullptr) {
    Report(IssueType::kStructure,
           frame.slot ? "a resource is expected" : "an element must have a value, an attribute or children",
           node.source_offset);
    Node& parent = *node.parent;  // a JSON document could not hold it either
    (frame.before == nullptr ? parent.first_child : frame.before->next) = nullptr;
    parent.last_child = frame.before;
  }
  frames_.pop_back();
}

Result<model::Document> TreeBuilder::Finish() {
  if (root_error_) {
    return std::unexpected(std::move(*root_error_));
  }
  if (!document_ || !frames_.empty() || next_tag_ != spans_.size()) {
    return std::unexpected(MalformedAt("an element is expected", source_, source_.size()));
  }
  return std::move(*document_);
}

}  // namespace fhir::xml
