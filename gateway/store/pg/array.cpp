#include "gateway/store/pg/array.hpp"

#include "gateway/store/pg/wire_format.hpp"

namespace gateway::store::pg {
namespace {

/// pg_type.oid of the element types; fixed in PostgreSQL's catalogue.
std::uint32_t OidOf(ElementType type) {
  switch (type) {
    case ElementType::kText:
      return 25;
    case ElementType::kBytea:
      return 17;
    case ElementType::kInt2:
      return 21;
    case ElementType::kInt4:
      return 23;
    case ElementType::kInt8:
      return 20;
    case ElementType::kFloat8:
      return 701;
    case ElementType::kBool:
      return 16;
    case ElementType::kTimestamp:
      return 1184;
  }
  return 25;
}

}  // namespace

Array::Array(ElementType type) : type_(type) {}

void Array::AddText(std::string_view value) {
  wire::PutInt(elements_, value.size(), 4);
  elements_.append(value);
  ++count_;
}

void Array::AddInt(std::int64_t value) {
  const int width = type_ == ElementType::kInt2 ? 2 : type_ == ElementType::kInt4 ? 4 : 8;
  wire::PutInt(elements_, static_cast<std::uint64_t>(width), 4);
  wire::PutInt(elements_, static_cast<std::uint64_t>(value), width);
  ++count_;
}

void Array::AddDouble(double value) {
  wire::PutInt(elements_, 8, 4);
  wire::PutInt(elements_, std::bit_cast<std::uint64_t>(value), 8);
  ++count_;
}

void Array::AddBool(bool value) {
  wire::PutInt(elements_, 1, 4);
  wire::PutInt(elements_, value ? 1 : 0, 1);
  ++count_;
}

void Array::AddTimestampUs(std::int64_t unix_us) {
  wire::PutInt(elements_, 8, 4);
  wire::PutInt(elements_, static_cast<std::uint64_t>(unix_us - wire::kPostgresEpochUs), 8);
  ++count_;
}

void Array::AddNull() {
  wire::PutInt(elements_, 0xffffffffu, 4);
  has_null_ = true;
  ++count_;
}

Array Array::Texts(std::span<const std::string> values) {
  Array array(ElementType::kText);
  for (const std::string& value : values) {
    array.AddText(value);
  }
  return array;
}

Array Array::Int64s(std::span<const std::int64_t> values) {
  Array array(ElementType::kInt8);
  for (const std::int64_t value : values) {
    array.AddInt(value);
  }
  return array;
}

Array Array::Int32s(std::span<const std::int32_t> values) {
  Array array(ElementType::kInt4);
  for (const std::int32_t value : values) {
    array.AddInt(value);
  }
  return array;
}

std::vector<std::string_view> Array::Elements() const {
  constexpr std::size_t kLengthBytes = 4;
  std::vector<std::string_view> elements;
  elements.reserve(static_cast<std::size_t>(count_));
  for (std::string_view rest = elements_; !rest.empty();) {
    const auto bytes = static_cast<std::size_t>(wire::GetInt(rest.data(), kLengthBytes));
    elements.push_back(rest.substr(kLengthBytes, bytes));
    rest.remove_prefix(kLengthBytes + bytes);
  }
  return elements;
}

std::string Array::Encode() const {
  std::string wire_form;
  wire_form.reserve(20 + elements_.size());
  wire::PutInt(wire_form, count_ == 0 ? 0 : 1, 4);  // dimensions
  wire::PutInt(wire_form, has_null_ ? 1 : 0, 4);
  wire::PutInt(wire_form, OidOf(type_), 4);
  if (count_ != 0) {
    wire::PutInt(wire_form, static_cast<std::uint64_t>(count_), 4);
    wire::PutInt(wire_form, 1, 4);  // lower bound
    wire_form.append(elements_);
  }
  return wire_form;
}

}  // namespace gateway::store::pg
