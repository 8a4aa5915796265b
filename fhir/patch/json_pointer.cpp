#include "fhir/patch/json_pointer.hpp"

#include <algorithm>

namespace fhir::patch {

std::optional<Pointer> ReadPointer(std::string_view text) {
  Pointer pointer;
  if (text.empty()) {
    return pointer;
  }
  if (text.front() != '/') {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      pointer.emplace_back();
    } else if (text[i] != '~') {
      pointer.back() += text[i];
    } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      pointer.back() += text[++i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return pointer;
}

std::optional<std::size_t> ArrayIndex(std::string_view token) {
  constexpr std::size_t kDigitsMax = 9;
  if (token.empty() || token.size() > kDigitsMax || (token.size() > 1 && token.front() == '0')) {
    return std::nullopt;
  }
  std::size_t index = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index;
}

json::Value* Find(json::Value& document, const Pointer& pointer, std::size_t count) {
  json::Value* at = &document;
  for (std::size_t i = 0; i < count; ++i) {
    if (at->IsObject()) {
      auto& members = at->members();
      const auto found = std::ranges::find(members, pointer[i], &json::Member::name);
      if (found == members.end()) {
        return nullptr;
      }
      at = &found->value;
    } else {
      const auto index = ArrayIndex(pointer[i]);
      if (!at->IsArray() || !index || *index >= at->items().size()) {
        return nullptr;
      }
      at = &at->items()[*index];
    }
  }
  return at;
}

}  // namespace fhir::patch
