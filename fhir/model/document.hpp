// The element tree: one generic in-memory form for every resource type, filled by the JSON and XML readers and by the
// mapping engine, read by FHIRPath, validation, search and the writers.
//
// A tree lives in an arena owned by its Document: nodes and strings are freed together, and nodes are never moved.
// A primitive keeps its text as sent ("1.00", "2024-05"), so that nothing is lost on the way back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <string_view>

#include "fhir/metadata/definitions.hpp"

namespace fhir::model {

/// What the source said the value was. An element with only children (or only an extension) has kNone.
enum class ValueKind : std::uint8_t { kNone, kString, kNumber, kBoolean };

/// One element. Repetitions are siblings of the same name in order. `extension` and `id` of a primitive are its
/// children, so `_birthDate` needs no node of its own.
struct Node {
  const metadata::ElementRow* row = nullptr;  ///< null for the root and for elements the definitions do not know
  std::string_view name;                      ///< as in JSON: "valueQuantity"; the resource type's name for the root
  std::string_view value;                     ///< text of a primitive, unescaped; empty when kind is kNone
  Node* parent = nullptr;
  Node* first_child = nullptr;
  Node* last_child = nullptr;
  Node* next = nullptr;
  metadata::TypeId type =
      metadata::kNoType;  ///< concrete type: of a contained resource its own, of a choice the chosen one
  ValueKind kind = ValueKind::kNone;
  std::uint32_t source_offset = 0;  ///< byte offset of the element in its source, 0 when made in memory

  bool HasValue() const { return kind != ValueKind::kNone; }
  /// First child of that JSON name, or nullptr.
  const Node* Child(std::string_view child_name) const;
  Node* Child(std::string_view child_name);
  /// Value of the first child of that name; empty when absent.
  std::string_view ChildValue(std::string_view child_name) const;
  /// Follows names separated by dots, first repetition at each step: "code.coding.system".
  const Node* Find(std::string_view dotted_path) const;
  std::string_view FindValue(std::string_view dotted_path) const;

  /// A forward iterator over siblings.
  template <typename NodeType>
  struct Iterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = NodeType;
    using difference_type = std::ptrdiff_t;
    using pointer = NodeType*;
    using reference = NodeType&;
    NodeType* node = nullptr;
    NodeType& operator*() const { return *node; }
    NodeType* operator->() const { return node; }
    Iterator& operator++() {
      node = node->next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      node = node->next;
      return before;
    }
    bool operator==(const Iterator&) const = default;
  };
  template <typename NodeType>
  struct Range {
    NodeType* first;
    Iterator<NodeType> begin() const { return {first}; }
    Iterator<NodeType> end() const { return {nullptr}; }
  };
  Range<const Node> children() const { return {first_child}; }
  Range<Node> children() { return {first_child}; }
};

/// Owns one resource. Movable, not copyable (Clone says what it costs). thread-compatible.
class Document {
 public:
  /// An empty document with a root of the given resource type.
  explicit Document(metadata::TypeId resource_type, std::size_t first_block_bytes = 4096);
  Document(Document&&) noexcept = default;
  Document& operator=(Document&&) noexcept = default;

  Node& root() { return *root_; }
  const Node& root() const { return *root_; }
  std::string_view type_name() const;
  std::string_view id() const { return root_->ChildValue("id"); }

  /// Copies text into the arena. The view lives as long as the document.
  std::string_view Intern(std::string_view text);

  /// Appends a child called json_name, placed after the last sibling that the definition orders before or with it.
  /// The row is looked up by the parent's type; type and kind follow from it. Unknown names give row == nullptr.
  Node& Add(Node& parent, std::string_view json_name);
  /// Add and set a primitive value. The kind follows from the definition (number, boolean, else string).
  Node& Add(Node& parent, std::string_view json_name, std::string_view value);
  /// Appends without looking for the definition order: for readers whose source order is kept. `row` may be null.
  Node& Append(Node& parent, std::string_view interned_name, const metadata::ElementRow* row);
  void SetValue(Node& node, std::string_view value);
  /// Adds a contained or entry resource of the given type below parent.
  Node& AddResource(Node& parent, std::string_view json_name, metadata::TypeId resource_type);
  /// Unlinks a child; its memory is freed with the document.
  void Remove(Node& child);
  /// Unlinks every child of that JSON name.
  void RemoveAll(Node& parent, std::string_view json_name);
  /// Deep copy of `source` (of any document) as a child of parent. Cost: O(nodes), strings are copied.
  Node& CopyInto(Node& parent, std::string_view json_name, const Node& source);
  /// Deep copy of a subtree whose root is a resource, as a document of its own.
  static Document CloneResource(const Node& resource);

 private:
  Node* NewNode();
  void CopyContent(Node& to, const Node& from);

  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  Node* root_;
};

}  // namespace fhir::model
