// Reads plain JSON values.
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/scan.hpp"
#include "fhir/json/value.hpp"

namespace fhir::json {
namespace {

class ValueBuilder {
 public:
  explicit ValueBuilder(std::size_t depth_max) : depth_max_(depth_max) {}

  bool Null(std::size_t) { return Put(Value()); }
  bool Boolean(bool value, std::size_t) { return Put(Value::Boolean(value)); }
  bool Number(std::string_view text, std::size_t) { return Put(Value::Number(std::string(text))); }
  bool String(std::string_view text, std::size_t) { return Put(Value::String(std::string(text))); }
  bool Key(std::string_view name, bool, std::size_t offset) {
    Level& level = levels_.back();
    level.name = std::string(name);
    if (!level.names.insert(level.name).second) {
      error_ = MalformedAt("a member name for the second time in one object", offset);
      return false;
    }
    return true;
  }
  bool StartObject(std::size_t offset) { return Open(true, offset); }
  bool StartArray(std::size_t offset) { return Open(false, offset); }
  bool EndObject(std::size_t) { return Close(); }
  bool EndArray(std::size_t) { return Close(); }

  Error TakeError() { return std::move(*error_); }
  Value TakeRoot() { return std::move(root_); }

 private:
  struct Level {
    bool object = false;
    std::string name;
    std::unordered_set<std::string> names;
    std::vector<Value> items;
    std::vector<Member> members;
  };

  bool Open(bool object, std::size_t offset) {
    if (levels_.size() >= depth_max_) {
      error_ = Error{.code = ErrorCode::kTooLarge,
                     .public_text = {fmt::format("JSON nested too deeply at byte {}", offset)},
                     .offset = offset};
      return false;
    }
    levels_.emplace_back().object = object;
    return true;
  }
  bool Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return Put(level.object ? Value::Object(std::move(level.members)) : Value::Array(std::move(level.items)));
  }
  bool Put(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (levels_.back().object) {
      levels_.back().members.push_back({std::move(levels_.back().name), std::move(value)});
    } else {
      levels_.back().items.push_back(std::move(value));
    }
    return true;
  }

  std::size_t depth_max_;
  std::vector<Level> levels_;
  Value root_;
  std::optional<Error> error_;
};

}  // namespace

Result<Value> ReadValue(std::string_view text, const ValueLimits& limits) {
  if (auto error = CheckBytes(text, limits.bytes_max)) {
    return std::unexpected(*std::move(error));
  }
  std::string masked;
  std::string_view stream_text = text;
  for (;;) {
    ValueBuilder builder(limits.depth_max);
    ScanEnd end = Scan(text, stream_text, builder);
    if (end.number_too_big && masked.empty()) {
      masked = MaskBigNumbers(text);
      stream_text = masked;
      continue;
    }
    if (end.number_too_big) {
      return std::unexpected(MalformedAt("a number that cannot be read", 0));
    }
    if (end.stopped) {
      return std::unexpected(builder.TakeError());
    }
    if (end.error) {
      return std::unexpected(*std::move(end.error));
    }
    return builder.TakeRoot();
  }
}

}  // namespace fhir::json
