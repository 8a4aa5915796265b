#include "fhir/json/value.hpp"

#include <algorithm>
#include <charconv>

#include "fhir/json/writer.hpp"

namespace fhir::json {

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
  result.items_ = std::move(items);
  return result;
}

Value Value::Object(std::vector<Member> members) {
  Value result;
  result.kind_ = Kind::kObject;
  result.members_ = std::move(members);
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
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
  return found == members_.end() ? nullptr : &found->value;
}

std::string_view Value::FindText(std::string_view name) const {
  const Value* value = Find(name);
  return value != nullptr && value->IsString() ? std::string_view(value->text()) : std::string_view();
}

void Value::Set(std::string name, Value value) {
  if (kind_ == Kind::kNull) {
    kind_ = Kind::kObject;
  }
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.name == name; });
  if (found != members_.end()) {
    found->value = std::move(value);
  } else {
    members_.push_back({std::move(name), std::move(value)});
  }
}

bool Value::operator==(const Value& other) const {
  return kind_ == other.kind_ && boolean_ == other.boolean_ && text_ == other.text_ && items_ == other.items_ &&
         members_ == other.members_;
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
