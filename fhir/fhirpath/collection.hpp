// What a FHIRPath expression works on: an ordered collection of elements of the tree and of computed values.
// Items are small and trivially copyable; text lives in the document, in the expression, or in the collection's own
// store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::fhirpath {

enum class ItemKind : std::uint8_t {
  kNode,      ///< an element; `node` is set
  kStub,      ///< what resolve() knows of a resource that is not at hand: its `type`, and `text` the reference
  kTypeInfo,  ///< the answer of type(): `text` is the namespace, `unit` the name
  kBoolean,
  kInteger,
  kDecimal,  ///< `text` is the decimal as written
  kString,
  kDate,  ///< `text` without the @, in partial precision
  kDateTime,
  kTime,      ///< `text` without the @T
  kQuantity,  ///< `text` is the number, `unit` the UCUM code or calendar word
};

struct Item {
  ItemKind kind = ItemKind::kNode;
  bool boolean = false;
  metadata::TypeId type = metadata::kNoType;  ///< of a node or stub
  const model::Node* node = nullptr;
  std::int64_t integer = 0;
  std::string_view text;
  std::string_view unit;

  static Item Of(const model::Node& node) {
    Item item;
    item.type = node.type;
    item.node = &node;
    return item;
  }
  static Item Boolean(bool value) {
    Item item;
    item.kind = ItemKind::kBoolean;
    item.boolean = value;
    return item;
  }
  static Item Integer(std::int64_t value) {
    Item item;
    item.kind = ItemKind::kInteger;
    item.integer = value;
    return item;
  }
  static Item Text(ItemKind kind, std::string_view text, std::string_view unit = {}) {
    Item item;
    item.kind = kind;
    item.text = text;
    item.unit = unit;
    return item;
  }
  bool IsNode() const { return kind == ItemKind::kNode; }
};
static_assert(std::is_trivially_copyable_v<Item>);

/// A small vector of items: four stand inline, since most paths of a resource end in fewer.
/// Views into it are valid until it is changed or destroyed. thread-compatible.
class Collection {
 public:
  Collection() {}
  Collection(const Collection&) = delete;
  Collection& operator=(const Collection&) = delete;
  Collection(Collection&& other) noexcept { Take(other); }
  Collection& operator=(Collection&& other) noexcept {
    if (this != &other) Take(other);
    return *this;
  }

  void Add(const Item& item) {
    if (size_ < kInline) {
      inline_.items[size_++] = item;
      return;
    }
    if (size_ == kInline) heap_.assign(inline_.items.begin(), inline_.items.end());
    heap_.push_back(item);
    ++size_;
  }
  void Append(const Collection& other) {
    for (const Item& item : other) Add(item);
  }
  void Clear() {
    size_ = 0;
    heap_.clear();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Item* begin() const { return size_ <= kInline ? inline_.items.data() : heap_.data(); }
  const Item* end() const { return begin() + size_; }
  Item* begin() { return size_ <= kInline ? inline_.items.data() : heap_.data(); }
  Item* end() { return begin() + size_; }
  const Item& operator[](std::size_t index) const { return begin()[index]; }
  const Item& front() const { return *begin(); }
  const Item& back() const { return begin()[size_ - 1]; }

  /// Keeps the store of computed texts alive as long as this collection.
  void Hold(std::shared_ptr<const void> store) { store_ = std::move(store); }

 private:
  static constexpr std::size_t kInline = 4;
  union Storage {  // items are left unset until used: an empty collection costs nothing
    Storage() {}
    std::array<Item, kInline> items;
  };

  void Take(Collection& other) noexcept {
    size_ = other.size_;
    for (std::size_t i = 0; i < size_ && i < kInline; ++i) inline_.items[i] = other.inline_.items[i];
    heap_ = std::move(other.heap_);
    store_ = std::move(other.store_);
    other.size_ = 0;
    other.heap_.clear();
  }

  std::size_t size_ = 0;
  Storage inline_;
  std::vector<Item> heap_;
  std::shared_ptr<const void> store_;
};

}  // namespace fhir::fhirpath
