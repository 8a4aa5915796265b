#include "fhir/json/value.hpp"

#include <algorithm>
#include <charconv>

#include "fhir/json/writer.hpp"

namespace fhir::json {

struct Value::Parts {
  std::vector<Value> items;
  std::vector<Member> members;
};

Value::Value(const Value& other)
    : kind_(other.kind_),
      boolean_(other.boolean_),
      text_(other.text_),
      parts_(other.parts_ == nullptr ? nullptr : std::make_unique<Parts>(*other.parts_)) {}

Value& Value::operator=(const Value& other) {
  if (this != &other) {
    *this = Value(other);
  }
  return *this;
}

Value::Value() noexcept = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value::Parts& Value::parts() {
  if (parts_ == nullptr) {
    parts_ = std::make_unique<Parts>();
  }
  return *parts_;
}

const Value::Parts& Value::parts() const {
  static const Parts none;
  return parts_ == nullptr ? none : *parts_;
}

const std::vector<Value>& Value::items() const {
  return parts().items;
}
std::vector<Value>& Value::items() {
  return parts().items;
}
const std::vector<Member>& Value::members() const {
  return parts().members;
}
std::vector<Member>& Value::members() {
  return parts().members;
}

Value Value::Boolean(bool value) {
  Value result;
  result.kind_ = Kind::kBoolean;
  result.boolean_ = value;
  return result;
}

Value Value::Number(std::string text) {
  Value result;
  result.kind_ = Kind::kNumber;
  result.text_ = std::move(text);
  return result;
}

Value Value::Integer(std::int64_t value) {
  return Number(std::to_string(value));
}

Value Value::String(std::string text) {
  Value result;
  result.kind_ = Kind::kString;
  result.text_ = std::move(text);
  return result;
}

Value Value::Array(std::vector<Value> items) {
  Value result;
  result.kind_ = Kind::kArray;
  if (!items.empty()) {
    result.items() = std::move(items);
  }
  return result;
}

Value Value::Object(std::vector<Member> members) {
  Value result;
  result.kind_ = Kind::kObject;
  if (!members.empty()) {
    result.members() = std::move(members);
  }
  return result;
}

Value Value::Array() {
  return Array(std::vector<Value>());
}

Value Value::Object() {
  return Object(std::vector<Member>());
}

std::optional<bool> Value::AsBoolean() const {
  return kind_ == Kind::kBoolean ? std::optional(boolean_) : std::nullopt;
}

std::optional<std::int64_t> Value::AsInteger() const {
  std::int64_t number = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, number);
  return kind_ == Kind::kNumber && error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

const Value* Value::Find(std::string_view name) const {
  const auto found = std::ranges::find(members(), name, &Member::name);
  return found == members().end() ? nullptr : &found->value;
}

std::string_view Value::FindText(std::string_view name) const {
  const Value* value = Find(name);
  return value != nullptr && value->IsString() ? std::string_view(value->text()) : std::string_view();
}

void Value::Set(std::string name, Value value) {
  if (kind_ == Kind::kNull) {
    kind_ = Kind::kObject;
  }
  const auto found = std::ranges::find(members(), name, &Member::name);
  if (found != members().end()) {
    found->value = std::move(value);
  } else {
    members().push_back({std::move(name), std::move(value)});
  }
}

bool Value::operator==(const Value& other) const {
  return kind_ == other.kind_ && boolean_ == other.boolean_ && text_ == other.text_ && items() == other.items() &&
         members() == other.members();
}

namespace {

void AppendValue(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      out += "null";
      return;
    case Value::Kind::kBoolean:
      out += *value.AsBoolean() ? "true" : "false";
      return;
    case Value::Kind::kNumber:
      out += value.text();
      return;
    case Value::Kind::kString:
      AppendQuoted(out, value.text());
      return;
    case Value::Kind::kArray: {
      char separator = '[';
      for (const Value& item : value.items()) {
        out += separator;
        AppendValue(out, item);
        separator = ',';
      }
      out += value.items().empty() ? "[]" : "]";
      return;
    }
    case Value::Kind::kObject: {
      char separator = '{';
      for (const Member& member : value.members()) {
        out += separator;
        AppendQuoted(out, member.name);
        out += ':';
        AppendValue(out, member.value);
        separator = ',';
      }
      out += value.members().empty() ? "{}" : "}";
      return;
    }
  }
}

}  // namespace

std::string WriteValue(const Value& value) {
  std::string out;
  AppendValue(out, value);
  return out;
}

}  // namespace fhir::json
