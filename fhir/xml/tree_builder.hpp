// Turns XML events into the element tree, guided by the definitions. Knows nothing of Xerces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"
#include "fhir/xml/tag_index.hpp"

namespace fhir::xml {

/// The namespaces that mean something here.
enum class Space : std::uint8_t { kNone, kFhir, kXhtml, kDeclaration, kSchemaInstance, kOther };

struct Attribute {
  std::string_view name;   ///< without prefix, part of the source
  std::string_view value;  ///< references resolved; lives until the next event, or as long as the source
  Space space = Space::kNone;
};

/// One reading of one text. Not thread-safe; used once. Methods that return false stop the parser; TakeError says why.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view source, const std::vector<TagSpan>& spans, const Limits& limits, IssueList& issues);

  /// The next start tag of the source.
  bool Start(Space space, std::span<const Attribute> attributes);
  void End();
  /// Characters between tags that are not white space.
  void Text();
  /// True within what is not looked at: attributes may be left out.
  bool skipping() const { return skipped_depth_ > 0; }
  /// Index of the tag that Start takes next.
  std::size_t next_tag() const { return next_tag_; }

  Error TakeError() { return std::move(*error_); }
  /// The tree, once the text has ended well.
  Result<model::Document> Finish();

 private:
  using Node = model::Node;
  using Row = metadata::ElementRow;

  /// An open element that has a node.
  struct Frame {
    Node* node = nullptr;
    Node* before = nullptr;  // the sibling that the node was put behind
    metadata::TypeId type = metadata::kNoType;
    std::uint16_t last_group = 0;  // of the child elements so far
    std::uint32_t json_depth = 0;  // objects and arrays open around its children, were it JSON
    bool slot = false;             // stands around one resource: contained, Bundle.entry.resource
    bool resource = false;         // the resource in a slot: shares the slot's node
    bool primitive = false;
    bool unordered = false;
    bool has_text = false;
  };

  /// A child with what it is ordered by.
  struct Placed {
    std::uint16_t group;
    std::size_t position;
    Node* node;
  };

  bool Stop(Error error);
  void Report(IssueType type, std::string text, std::size_t offset);
  void ReportAt(std::string path, IssueType type, std::string text, std::size_t offset);
  bool Skip();
  bool StartRoot(Space space, std::string_view name, std::span<const Attribute> attributes);
  bool StartResource(Space space, std::string_view name, std::span<const Attribute> attributes);
  bool StartElement(Space space, std::string_view name, std::span<const Attribute> attributes);
  bool StartNarrative(const Row& row, const TagSpan& span, Space space);
  Node& AppendChild(Frame& parent, const Row& row, std::size_t offset);
  bool TakeAttributes(Frame& frame, const Row* row, std::span<const Attribute> attributes);
  bool TakeValue(Frame& frame, const Row& row, const Attribute& attribute);
  bool CheckLength(std::string_view text, const Row& row, const Attribute& attribute);
  void Order(Node& parent);
  std::size_t OffsetOf(const Attribute& attribute) const;
  const TagSpan& span() const { return spans_[next_tag_ - 1]; }

  std::string_view source_;
  const std::vector<TagSpan>& spans_;
  const Limits& limits_;
  IssueList& issues_;
  const metadata::Definitions& definitions_;
  metadata::TypeId base64_;
  metadata::TypeId xhtml_;
  metadata::TypeId resource_;
  std::optional<model::Document> document_;
  std::optional<Error> error_;
  std::optional<Error> root_error_;  // the root is no resource; the rest is only checked for its form
  std::vector<Frame> frames_;
  std::vector<Placed> ordered_;
  std::size_t next_tag_ = 0;
  std::size_t skipped_depth_ = 0;
};

}  // namespace fhir::xml
