// Turns JSON events into the element tree, guided by the definitions. Knows nothing of RapidJSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace fhir::json {

/// One reading of one text. Not thread-safe; used once.
class ResourceBuilder {
 public:
  ResourceBuilder(std::string_view source, const Limits& limits, IssueList& issues);

  bool Null(std::size_t offset);
  bool Boolean(bool value, std::size_t offset);
  bool Number(std::string_view text, std::size_t offset);
  bool String(std::string_view text, std::size_t offset);
  bool Key(std::string_view name, bool in_source, std::size_t offset);
  bool StartObject(std::size_t offset);
  bool EndObject(std::size_t offset);
  bool StartArray(std::size_t offset);
  bool EndArray(std::size_t offset);

  /// Why an event returned false.
  Error TakeError() { return std::move(*error_); }
  /// The tree, once the text has ended well.
  Result<model::Document> Finish();

 private:
  using Node = model::Node;
  using Row = metadata::ElementRow;

  /// An open object or array. `row`, `twin` and `skip` of an object say what its latest key stands for.
  struct Frame {
    Node* node = nullptr;      // object: the element; array: the parent of the items
    const Row* row = nullptr;  // the element that values go to
    Node* last = nullptr;      // array: the item before the next
    metadata::TypeId type = metadata::kNoType;
    std::size_t keys_begin = 0;
    std::size_t members = 0;
    std::size_t offset = 0;
    bool array = false;
    bool twin = false;      // values belong to "_name"
    bool skip = false;      // values are left out
    bool resource = false;  // an object that must say its resourceType
    bool type_key = false;  // the latest key is resourceType
    bool dead = false;      // an object of unknown type: all of it is left out
    bool has_twins = false;
    bool has_nulls = false;
    std::unique_ptr<std::unordered_set<std::string_view>> many_keys;
  };

  bool Stop(Error error);
  void Report(IssueType type, std::string text, std::size_t offset);
  std::string Place() const;
  bool Scalar(model::ValueKind kind, std::string_view text, std::size_t offset);
  bool TypeValue(model::ValueKind kind, std::string_view text, std::size_t offset);
  bool SetType(Frame& frame, std::string_view name, std::size_t offset);
  bool FindTypeAhead(Frame& frame);
  bool IsRepeatedKey(Frame& frame, std::string_view name);
  bool CheckLength(std::string_view text, std::size_t offset);
  void CheckKind(model::ValueKind kind, std::size_t offset);
  /// The node for the next value of the open element, made where needed.
  Node& NextNode(std::size_t offset);
  Node& Insert(Node& parent, const Row& row, Node* after, std::size_t offset);
  bool IsPrimitive(const Row& row) const { return definitions_.Kind(row.type) == metadata::TypeKind::kPrimitive; }
  void CheckNulls(const Frame& frame);

  std::string_view source_;
  const Limits& limits_;
  IssueList& issues_;
  const metadata::Definitions& definitions_;
  metadata::TypeId base64_;
  metadata::TypeId xhtml_;
  metadata::TypeId resource_;
  std::optional<model::Document> document_;
  std::optional<Error> error_;
  std::optional<Error> root_error_;  // the root has no known type; the rest is only checked for syntax
  std::vector<Frame> frames_;
  std::vector<std::string_view> keys_;
  std::deque<std::string> escaped_keys_;
  std::size_t skipped_depth_ = 0;  // open objects and arrays below a value that is left out
  std::size_t looked_ahead_bytes_ = 0;
};

}  // namespace fhir::json
