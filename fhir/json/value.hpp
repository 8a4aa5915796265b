// A plain JSON value: for settings, tokens, cursors and log lines. FHIR resources go through reader.hpp instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::json {

struct Member;

/// A value as a tree. Numbers keep their text. thread-compatible.
class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Value() noexcept;
  Value(const Value& other);
  Value& operator=(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value();
  static Value Boolean(bool value);
  /// `text` must be a JSON number.
  static Value Number(std::string text);
  static Value Integer(std::int64_t value);
  static Value String(std::string text);
  static Value Array(std::vector<Value> items);
  static Value Object(std::vector<Member> members);
  static Value Array();
  static Value Object();

  Kind kind() const { return kind_; }
  bool IsNull() const { return kind_ == Kind::kNull; }
  bool IsString() const { return kind_ == Kind::kString; }
  bool IsArray() const { return kind_ == Kind::kArray; }
  bool IsObject() const { return kind_ == Kind::kObject; }

  /// Text of a string or number; empty for the others.
  const std::string& text() const { return text_; }
  /// Value of a boolean, or nullopt.
  std::optional<bool> AsBoolean() const;
  /// A number written as an integer that fits, or nullopt.
  std::optional<std::int64_t> AsInteger() const;

  /// Empty for what is no array, or no object.
  const std::vector<Value>& items() const;
  std::vector<Value>& items();
  const std::vector<Member>& members() const;
  std::vector<Member>& members();

  /// The member of that name, or nullptr. Cost: linear.
  const Value* Find(std::string_view name) const;
  /// Text of a string member; empty when it is absent or of another kind.
  std::string_view FindText(std::string_view name) const;
  /// Adds or replaces a member; the value becomes an object if it was null.
  void Set(std::string name, Value value);

  bool operator==(const Value& other) const;

 private:
  Kind kind_ = Kind::kNull;
  bool boolean_ = false;
  // Apart, since most values are none of both, and hostile ones come a million to two megabytes.
  struct Parts;
  Parts& parts();
  const Parts& parts() const;

  std::string text_;
  std::unique_ptr<Parts> parts_;  // none until there is something in it
};

struct Member {
  std::string name;
  Value value;
  bool operator==(const Member&) const = default;
};

struct ValueLimits {
  std::size_t bytes_max = 1024 * 1024;
  std::size_t depth_max = 32;
};

/// Reads one JSON value, strictly: RFC 8259, UTF-8, no key twice in one object, no U+0000.
/// Errors: kMalformed with the byte offset, kTooLarge.
Result<Value> ReadValue(std::string_view text, const ValueLimits& limits = {});

/// Compact JSON, members in their order.
std::string WriteValue(const Value& value);

}  // namespace fhir::json
