// Literal references in the forms the store keeps them.
#pragma once

#include <string>
#include <string_view>

namespace adapters::port {

/// "Patient/123" or "Patient/123/_history/2" split in two; both empty for anything else (absolute, urn, fragment).
struct LocalReference {
  std::string_view type;
  std::string_view id;
  bool empty() const { return type.empty(); }
};

inline LocalReference SplitReference(std::string_view reference) {
  const auto slash = reference.find('/');
  if (slash == std::string_view::npos || slash == 0 || reference.find(':') != std::string_view::npos) {
    return {};
  }
  std::string_view id = reference.substr(slash + 1);
  id = id.substr(0, id.find('/'));
  return id.empty() ? LocalReference{} : LocalReference{reference.substr(0, slash), id};
}

inline std::string MakeReference(std::string_view type, std::string_view id) {
  std::string reference(type);
  reference += '/';
  reference += id;
  return reference;
}

}  // namespace adapters::port
