#include "fhir/validation/snapshot_types.hpp"

#include <cctype>

namespace fhir::validation {

TypeOf TypeOfRow(const model::Node& row) {
  TypeOf found;
  std::size_t profiles = 0;
  for (const model::Node& type : row.children()) {
    if (type.name != "type") {
      continue;
    }
    ++found.types;
    found.code = type.ChildValue("code");
    for (const model::Node& profile : type.children()) {
      if (profile.name == "profile") {
        found.profile = profile.value;
        ++profiles;
      }
    }
  }
  if (found.types != 1) {
    found.code = {};
  }
  if (found.types != 1 || profiles != 1) {
    found.profile = {};
  }
  return found;
}

bool IsReferenceType(std::string_view code) {
  return code == "Reference" || code == "canonical";
}

std::optional<std::string_view> ChosenType(const SnapshotElement& choice, std::string_view name) {
  if (!choice.name.ends_with("[x]")) {
    return std::nullopt;
  }
  const std::string_view stem = std::string_view(choice.name).substr(0, choice.name.size() - 3);
  if (name.size() <= stem.size() || !name.starts_with(stem)) {
    return std::nullopt;
  }
  const std::string_view suffix = name.substr(stem.size());
  for (const model::Node& type : choice.row->children()) {
    const std::string_view code = type.name == "type" ? type.ChildValue("code") : std::string_view{};
    if (code.size() == suffix.size() && code.substr(1) == suffix.substr(1) &&
        std::toupper(static_cast<unsigned char>(code.front())) == suffix.front()) {
      return code;
    }
  }
  return std::string_view{};
}

}  // namespace fhir::validation
