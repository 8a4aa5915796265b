// Keeps the texts of a compiled code system or value set together, so that its rows are views and nothing is freed
// one by one.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <string_view>

namespace fhir::terminology {

/// Movable; views stay good when it moves. thread-compatible.
class TextArena {
 public:
  std::string_view Keep(std::string_view text) {
    if (text.empty()) {
      return {};
    }
    char* copy = static_cast<char*>(memory_->allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    bytes_ += text.size();
    return {copy, text.size()};
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>();
  std::size_t bytes_ = 0;
};

}  // namespace fhir::terminology
