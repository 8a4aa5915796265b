#include "gateway/store/pg/parameters.hpp"

#include <fmt/format.h>

#include "gateway/store/pg/wire_format.hpp"

namespace gateway::store::pg {

Parameters& Parameters::Text(std::string_view value) {
  slots_.push_back({Kind::kBorrowed, value, {}});
  return *this;
}

Parameters& Parameters::Literal(std::string value) {
  slots_.push_back({Kind::kOwnedText, {}, std::move(value)});
  return *this;
}

Parameters& Parameters::Int(std::int64_t value) {
  return Literal(fmt::format_int(value).str());
}

Parameters& Parameters::Double(double value) {
  return Literal(fmt::format("{}", value));
}

Parameters& Parameters::Bool(bool value) {
  return Literal(value ? "t" : "f");
}

Parameters& Parameters::TimestampUs(std::int64_t unix_us) {
  std::string binary;
  wire::PutInt(binary, static_cast<std::uint64_t>(unix_us - wire::kPostgresEpochUs), 8);
  slots_.push_back({Kind::kOwnedBinary, {}, std::move(binary)});
  return *this;
}

Parameters& Parameters::Null() {
  slots_.push_back({Kind::kNull, {}, {}});
  return *this;
}

Parameters& Parameters::Add(const Array& array) {
  slots_.push_back({Kind::kOwnedBinary, {}, array.Encode()});
  return *this;
}

}  // namespace gateway::store::pg
